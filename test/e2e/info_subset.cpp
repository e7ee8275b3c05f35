// test/e2e/info_subset.cpp: does an INFO say what a case asks of it?
#include "info_subset.hpp"

#include <regex>

#include <nlohmann/json.hpp>

namespace troupe::e2e {
namespace {
using nlohmann::json;

bool fits(const json& value, const json& wanted) {
  if (!wanted.is_string() || !wanted.get_ref<const std::string&>().starts_with('~'))
    return value == wanted;
  auto text = value.is_string() ? value.get<std::string>() : value.dump();
  return std::regex_match(text, std::regex{wanted.get<std::string>().substr(1)});
}
} // namespace

std::string differs_from(const std::string& info, const std::string& wanted) {
  auto have = json::parse(info, nullptr, false);
  auto want = json::parse(wanted, nullptr, false);
  if (!have.is_object())
    return "INFO is not a JSON object";
  if (!want.is_object())
    return "the case's subset is not a JSON object: " + wanted;
  for (auto& [key, value] : want.items()) {
    auto found = have.find(key);
    if (value.is_null() && found != have.end())
      return "INFO has " + key + ": " + found->dump();
    if (!value.is_null() && found == have.end())
      return "INFO has no " + key;
    if (!value.is_null() && !fits(*found, value))
      return "INFO has " + key + ": " + found->dump() + " instead of " + value.dump();
  }
  return {};
}
} // namespace troupe::e2e
