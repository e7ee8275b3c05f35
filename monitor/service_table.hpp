// monitor/service_table.hpp: which services the system account has, and what each answers.
#pragma once

#include "monitor/announcer.hpp"
#include "monitor/reports.hpp"
#include "monitor/service_options.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace troupe::monitor {

struct service_request {
  service_options& options;
  std::string account; ///< of an account's or user's service: whom the subject names
  uint64_t asker = 0;  ///< the cid of the peer that asks; 0: unknown
};

struct service_answer {
  enum class shape : uint8_t {
    silence,
    enveloped, ///< {"server", "data"}
    beside,    ///< {"server", "statsz"}
    bare,
    done, ///< {"server"}, or with an error
  };
  shape how = shape::enveloped;
  nlohmann::ordered_json data;
  std::string problem = {}; ///< why there is no data
};

struct service {
  std::string_view name;
  service_answer (*answer)(const stage& on, reports& from, const service_request& request);
  enum class body_use : uint8_t { ignored, optional, needed };
  body_use body = body_use::optional;
  /// For users of the system account alone; whoever sends what cannot be read gets no answer.
  bool changes = false;
};

/// `$SYS.REQ.SERVER.PING.<name>` and `$SYS.REQ.SERVER.<id>.<name>`.
std::span<const service> server_services();
/// `$SYS.REQ.SERVER.<id>.<name>`: what changes the broker.
std::span<const service> control_services();
/// `$SYS.REQ.ACCOUNT.<account>.<name>`.
std::span<const service> account_services();
/// `$SYS.REQ.USER.<account>.<name>`.
std::span<const service> user_services();

} // namespace troupe::monitor
