// config/choria_values.cpp: reads Choria's kinds of values.
#include "config/choria_values.hpp"
#include "config/duration.hpp"
#include "config/size.hpp"
#include "config/words.hpp"

#include <utility>

namespace troupe::config {

const choria_setting* choria_values::find(std::string_view key) const {
  for (auto one = settings_.rbegin(); one != settings_.rend(); ++one)
    if (one->key == key)
      return &*one;
  return nullptr;
}

const choria_setting* choria_values::take(std::string_view key, std::string_view option) {
  auto* one = find(key);
  if (one != nullptr && !option.empty())
    found_.note_origin(option, key, to_string(one->where));
  return one;
}

std::string choria_values::home() const {
  return around_.variable("HOME").value_or("");
}

bool choria_values::take_text(std::string_view key, std::string_view option, std::string& target) {
  auto* one = take(key, option);
  if (one != nullptr)
    target = one->text;
  return one != nullptr;
}

bool choria_values::take_path(std::string_view key, std::string_view option, std::string& target) {
  if (!take_text(key, option, target))
    return false;
  if (target.starts_with('~'))
    target.replace(0, 1, home());
  return true;
}

bool choria_values::take_flag(std::string_view key, std::string_view option, bool& target) {
  auto* one = take(key, option);
  if (one != nullptr)
    target = any_of(lower(one->text), {"1", "yes", "true", "y", "t", "on"});
  return one != nullptr;
}

bool choria_values::take_number(std::string_view key, std::string_view option, int64_t& target) {
  auto* one = take(key, option);
  auto number = one != nullptr ? parse_size(one->text) : std::nullopt;
  if (number)
    target = *number;
  return number.has_value();
}

bool choria_values::take_int(std::string_view key, std::string_view option, int& target) {
  int64_t number = 0;
  if (!take_number(key, option, number))
    return false;
  if (!std::in_range<int>(number)) {
    found_.error(find(key)->where, std::string{key} + " is out of range");
    return false;
  }
  target = static_cast<int>(number);
  return true;
}

bool choria_values::take_duration(std::string_view key, std::string_view option,
                                  nanoseconds& target) {
  auto* one = take(key, option);
  if (one == nullptr)
    return false;
  auto [span, error] = parse_choria_duration(one->text);
  if (error.empty())
    target = span;
  return error.empty();
}

bool choria_values::take_list(std::string_view key, std::string_view option,
                              std::vector<std::string>& target) {
  auto* one = take(key, option);
  if (one != nullptr)
    target = split_list(one->text, ',');
  return one != nullptr;
}

void choria_values::refuse_above(std::string_view key, nanoseconds span, nanoseconds highest) {
  if (span > highest)
    found_.error(find(key)->where, std::string{key} + " may not be longer than "
                                       + format_duration(highest) + ", it is "
                                       + format_duration(span));
}

} // namespace troupe::config
