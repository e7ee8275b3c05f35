// cli/json_fields.cpp: reads without trust.
#include "cli/json_fields.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::cli {

using nlohmann::json;

const json& at(const json& of, const char* key) {
  static const json nothing = json::object();
  auto it = of.is_object() ? of.find(key) : of.end();
  return it == of.end() ? nothing : *it;
}

std::string text(const json& of, const char* key) {
  const auto& value = at(of, key);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

uint64_t number(const json& of, const char* key) {
  const auto& value = at(of, key);
  if (value.is_number_unsigned())
    return value.get<uint64_t>();
  return value.is_number_integer()
             ? static_cast<uint64_t>(std::max(value.get<int64_t>(), int64_t{0}))
             : 0;
}

bool flag(const json& of, const char* key) {
  const auto& value = at(of, key);
  return value.is_boolean() && value.get<bool>();
}

std::string round_trip(const json& of) {
  auto said = text(of, "rtt");
  return said == "0s" ? std::string{} : said;
}

std::string address(const json& of, const char* host) {
  auto name = text(of, host);
  bool bare = name.find(':') == name.npos;
  return fmt::format("{}{}{}:{}", bare ? "" : "[", name, bare ? "" : "]", number(of, "port"));
}

} // namespace troupe::cli
