// monitor/endpoints.hpp: which path is answered with what.
#pragma once

#include "monitor/reports.hpp"

#include <mutex>
#include <string_view>

namespace troupe::monitor {

struct answer {
  int status = 200;
  std::string type;
  std::string body;
  bool any_origin = false; ///< scripts of any web page may read it
};

/// Knows no HTTP library. Any thread.
class endpoints {
public:
  /// `base_path` as configured: "", "mon", "/mon".
  endpoints(const source& from, std::string_view base_path);

  /// `path` is decoded, `query_text` is what follows the `?`, still encoded. The method does not
  /// matter.
  answer respond(std::string_view path, std::string_view query_text);

private:
  answer root_page();
  answer varz_answer();
  answer connz_answer(std::string_view query_text);
  answer subsz_answer(std::string_view query_text);
  answer healthz_answer(std::string_view query_text);
  answer accountz_answer(std::string_view query_text);
  answer accstatz_answer(std::string_view query_text);
  void count(const char* path);

  reports reports_;
  std::string base_path_; ///< "" or "/mon"
  std::mutex mutex_;
  request_counts requests_;
};

/// "" for the root, else with one leading and no trailing slash, empty and dot segments resolved.
std::string clean_base_path(std::string_view configured);

} // namespace troupe::monitor
