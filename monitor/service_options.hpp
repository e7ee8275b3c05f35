// monitor/service_options.hpp: what the body of a request to a service asks for.
#pragma once

#include "monitor/connz.hpp"
#include "monitor/healthz.hpp"
#include "monitor/server_card.hpp"
#include "monitor/subsz.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::monitor {

/// One flat JSON object of options; keys fold case, absent ones and null are empty, false or 0. An
/// empty body asks for nothing in particular. Keeps the first fault, a sentence.
class service_options {
public:
  explicit service_options(std::string_view body);

  std::string text(const char* key);
  bool flag(const char* key);
  uint64_t number(const char* key);
  std::vector<std::string> texts(const char* key);

  void fail(std::string text) {
    if (fault_.empty())
      fault_ = std::move(text);
  }
  const std::string& fault() const noexcept { return fault_; }

private:
  const nlohmann::json* find(const char* key) const;
  void wrong_type(const char* key, const nlohmann::json& value, std::string_view wanted);

  nlohmann::json values_;
  std::string fault_;
};

server_filter read_filter(service_options& from);
connz_request read_connz_options(service_options& from);
subsz_request read_subsz_options(service_options& from);
healthz_request read_healthz_options(service_options& from);

} // namespace troupe::monitor
