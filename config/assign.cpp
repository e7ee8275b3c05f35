// config/assign.cpp: turns a value of a file into a field of the options, and back into words.
#include "config/duration.hpp"
#include "config/registry.hpp"
#include "config/size.hpp"
#include "config/words.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace troupe::config {

namespace {

constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info",
                                                 "warn",  "error", "fatal"};
constexpr std::array<std::string_view, 3> formats{"text", "nats", "json"};

assignment mismatch(std::string_view key, std::string_view wanted, const value& val) {
  return {std::string{key} + " must be " + std::string{wanted} + ", not " + describe(val), {}};
}

std::optional<int64_t> as_integer(const value& val) {
  if (val.kind == value::type::integer)
    return val.integer;
  return val.plain ? parse_size(val.text) : std::nullopt;
}

std::optional<bool> as_flag(const value& val) {
  if (val.kind == value::type::boolean)
    return val.boolean;
  auto word = val.plain ? lower(val.text) : std::string{};
  if (word == "true" || word == "yes" || word == "on")
    return true;
  if (word == "false" || word == "no" || word == "off")
    return false;
  return std::nullopt;
}

/// Setting one field; a visitor, because each field type takes other values.
struct setter {
  unit kind;
  std::string_view key;
  const value& val;
  dialect from;

  assignment operator()(std::string* target) const {
    if (!val.is_scalar())
      return mismatch(key, "text", val);
    if (val.kind != value::type::text && kind == unit::secret)
      return {std::string{key} + " must be text; put it in quotes", {}};
    if (val.kind != value::type::text)
      return {std::string{key} + " must be text; put " + val.text + " in quotes", {}};
    *target = val.text;
    return {};
  }

  template <class Integer>
  assignment set_integer(Integer* target) const {
    auto number = as_integer(val);
    if (!number)
      return mismatch(key, kind == unit::bytes ? "a size such as 1048576 or 1MB" : "a whole number",
                      val);
    if (!std::in_range<Integer>(*number))
      return mismatch(key, "a smaller number", val);
    *target = static_cast<Integer>(*number);
    return {};
  }

  assignment operator()(int* target) const { return set_integer(target); }
  assignment operator()(int64_t* target) const { return set_integer(target); }

  assignment operator()(bool* target) const {
    auto flag = as_flag(val);
    if (!flag)
      return mismatch(key, from == dialect::nats ? "true or false without quotes" : "true or false",
                      val);
    *target = *flag;
    return {};
  }

  assignment operator()(nanoseconds* target) const {
    if (val.kind == value::type::text) {
      auto [span, error] = parse_duration(val.text);
      if (error.empty())
        *target = span;
      return {error.empty() ? "" : "error parsing " + std::string{key} + ": " + error, {}};
    }
    bool number = val.kind == value::type::integer || val.kind == value::type::number;
    if (!number || kind == unit::text_duration
        || (kind == unit::duration && val.kind == value::type::number))
      return mismatch(key, "a duration such as 30s", val);
    return set_seconds(target);
  }

  assignment set_seconds(nanoseconds* target) const {
    double seconds =
        val.kind == value::type::integer ? static_cast<double>(val.integer) : val.number;
    if (std::fabs(seconds) > 9e9)
      return mismatch(key, "a shorter duration", val);
    *target = nanoseconds{std::llround(seconds * 1e9)};
    std::string name{key};
    if (kind == unit::duration)
      return {{},
              "invalid use of field \"" + name + "\": " + name
                  + " should be converted to a duration"};
    return {};
  }

  assignment operator()(std::optional<nanoseconds>* target) const {
    nanoseconds span{0};
    auto result = (*this)(&span);
    if (result.error.empty())
      *target = span;
    return result;
  }

  assignment operator()(std::vector<std::string>* target) const {
    std::vector<std::string> texts;
    if (val.kind == value::type::text)
      texts.push_back(val.text);
    else if (val.kind != value::type::list)
      return mismatch(key, "a list", val);
    for (auto& item : val.items) {
      if (!item.is_scalar())
        return mismatch(key, "a list of texts", item);
      texts.push_back(item.text);
    }
    *target = std::move(texts);
    return {};
  }

  assignment operator()(std::map<std::string, std::string>* target) const {
    if (val.kind != value::type::map)
      return mismatch(key, "a map of texts", val);
    target->clear();
    for (auto& [name, where, one, used] : val.members) {
      if (one.kind != value::type::text)
        return mismatch(std::string{key} + "." + name, "text", one);
      (*target)[name] = one.text;
    }
    return {};
  }

  template <class Enum, size_t N>
  assignment set_word(Enum* target, const std::array<std::string_view, N>& words,
                      std::string_view wanted) const {
    for (size_t i = 0; i < N; ++i)
      if (val.text == words[i]) {
        *target = static_cast<Enum>(i);
        return {};
      }
    return mismatch(key, wanted, val);
  }

  assignment operator()(log_level* target) const {
    return set_word(target, levels, "one of trace, debug, info, warn, error, fatal");
  }
  assignment operator()(log_format* target) const {
    return set_word(target, formats, "one of text, nats, json");
  }
};

struct shower {
  std::string operator()(const std::string* text) const { return *text; }
  std::string operator()(const int* number) const { return std::to_string(*number); }
  std::string operator()(const int64_t* number) const { return std::to_string(*number); }
  std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
  std::string operator()(const nanoseconds* span) const { return format_duration(*span); }
  std::string operator()(const std::optional<nanoseconds>* span) const {
    return *span ? format_duration(**span) : "";
  }
  std::string operator()(const std::vector<std::string>* texts) const {
    std::string result;
    for (auto& text : *texts)
      result += (result.empty() ? "" : ", ") + text;
    return result;
  }
  std::string operator()(const std::map<std::string, std::string>* texts) const {
    std::string result;
    for (auto& [name, text] : *texts)
      result += (result.empty() ? "" : ", ") + name + ": " + text;
    return result;
  }
  std::string operator()(const log_level* level) const { return std::string{to_string(*level)}; }
  std::string operator()(const log_format* format) const { return std::string{to_string(*format)}; }
};

} // namespace

assignment assign(field target, unit kind, std::string_view key, const value& val, dialect from) {
  return std::visit(setter{kind, key, val, from}, target);
}

std::string show(field source) {
  return std::visit(shower{}, source);
}

std::string_view to_string(log_level level) {
  return levels[static_cast<size_t>(level)];
}

std::string_view to_string(log_format format) {
  return formats[static_cast<size_t>(format)];
}

} // namespace troupe::config
