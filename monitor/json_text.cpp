// monitor/json_text.cpp: numbers and text as they stand in a body.
#include "monitor/json_text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace troupe::monitor {

nlohmann::ordered_json number(double value) {
  constexpr double exact = 9007199254740992.0; // 2^53: beyond it whole numbers have gaps
  if (std::trunc(value) == value && std::abs(value) < exact)
    return static_cast<int64_t>(value);
  return value;
}

std::string json_text(const nlohmann::ordered_json& value, layout how) {
  auto plain = value.dump(how == layout::indented ? 2 : -1, ' ', false,
                          nlohmann::ordered_json::error_handler_t::replace);
  if (plain.find_first_of("<>&") == plain.npos)
    return plain;
  std::string out;
  out.reserve(plain.size() + 64);
  for (char c : plain) // all three occur inside of strings only
    switch (c) {
    case '<': out += "\\u003c"; break;
    case '>': out += "\\u003e"; break;
    case '&': out += "\\u0026"; break;
    default: out += c;
    }
  return out;
}

void add_write_limits(nlohmann::ordered_json& out, std::chrono::nanoseconds deadline,
                      const std::string& policy) {
  if (deadline.count() > 0)
    out["write_deadline"] = deadline.count();
  if (!policy.empty() && policy != "default")
    out["write_timeout"] = policy;
}

} // namespace troupe::monitor
