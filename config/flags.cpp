// config/flags.cpp: reads nats-server's flags and says what they ask for.
#include "config/flags.hpp"
#include "config/flag_table.hpp"
#include "config/words.hpp"

#include <charconv>
#include <optional>

namespace troupe::config {

namespace {

command_line refuse_with_usage(std::string error) {
  command_line result;
  result.what = command_line::action::refuse;
  result.error = std::move(error);
  result.bare_error = true;
  result.usage = true; // the original ends with 0 here, and test harnesses know it
  return result;
}

command_line refuse(std::string error) {
  command_line result;
  result.what = command_line::action::refuse;
  result.error = std::move(error);
  result.exit_code = 1;
  return result;
}

std::optional<bool> parse_switch(std::string_view text) {
  if (any_of(text, {"1", "t", "T", "true", "TRUE", "True"}))
    return true;
  if (any_of(text, {"0", "f", "F", "false", "FALSE", "False"}))
    return false;
  return std::nullopt;
}

/// Empty for a whole number, else the original's word for what is wrong.
std::string_view number_fault(std::string_view text) {
  int64_t number = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc::result_out_of_range)
    return "value out of range";
  return code == std::errc{} && end == text.data() + text.size() ? "" : "parse error";
}

/// `cmd[=pid or pid file]`
command_line read_signal(command_line result, const std::string& text) {
  auto equals = text.find('=');
  result.signal = text.substr(0, equals);
  result.signal_target = equals == text.npos ? "" : text.substr(equals + 1);
  if (!any_of(result.signal, {"stop", "quit", "term", "reload", "reopen", "ldm"}))
    return refuse("unknown signal \"" + result.signal + "\"");
  result.what = command_line::action::send_signal;
  return result;
}

/// One flag cut from the arguments.
struct cut_flag {
  std::string name;
  std::optional<std::string> text;
};

cut_flag cut(std::string_view argument) {
  argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
  auto equals = argument.find('=');
  if (equals == argument.npos)
    return {std::string{argument}, std::nullopt};
  return {std::string{argument.substr(0, equals)}, std::string{argument.substr(equals + 1)}};
}

/// Puts the flag's value where the flag says; an error as the original words it.
std::string take_value(const flag_row& row, cut_flag& flag, std::span<const std::string>& rest) {
  if (row.kind == flag_kind::flag) {
    auto on = parse_switch(flag.text.value_or("true"));
    if (!on)
      return "invalid boolean value \"" + *flag.text + "\" for -" + flag.name + ": parse error";
    flag.text = *on ? "true" : "false";
    return {};
  }
  if (!flag.text) {
    if (rest.empty())
      return "flag needs an argument: -" + flag.name;
    flag.text = rest.front();
    rest = rest.subspan(1);
  }
  auto fault = row.kind == flag_kind::number ? number_fault(*flag.text) : std::string_view{};
  if (fault.empty())
    return {};
  return "invalid value \"" + *flag.text + "\" for flag -" + flag.name + ": " + std::string{fault};
}

const std::string* last_of(const command_line& line,
                           std::initializer_list<std::string_view> names) {
  const std::string* result = nullptr;
  for (auto& one : line.settings)
    if (any_of(one.name, names))
      result = &one.text;
  return result;
}

bool is_on(const command_line& line, std::initializer_list<std::string_view> names) {
  auto* text = last_of(line, names);
  return text != nullptr && *text == "true";
}

command_line decide(command_line result, std::span<const std::string> words) {
  using action = command_line::action;
  if (is_on(result, {"v", "version"}))
    result.what = action::show_version;
  else if (is_on(result, {"h", "help"}))
    result.what = action::show_help;
  else if (is_on(result, {"help_tls"}))
    result.what = action::show_help_tls;
  if (result.what != action::run)
    return result;
  for (auto& word : words) {
    if (lower(word) == "version")
      result.what = action::show_version;
    else if (lower(word) == "help")
      result.what = action::show_help;
    else
      return refuse("unrecognized command: \"" + word + "\"");
    return result;
  }
  if (auto* signal = last_of(result, {"sl", "signal"}); signal != nullptr && !signal->empty())
    return read_signal(std::move(result), *signal);
  if (auto* file = last_of(result, {"c", "config"}))
    result.config_file = *file;
  if (!is_on(result, {"t"}))
    return result;
  if (result.config_file.empty())
    return refuse("must specify [-c, --config] option to check configuration file syntax");
  result.what = action::check;
  return result;
}

} // namespace

command_line parse_flags(std::span<const std::string> arguments) {
  command_line result;
  while (!arguments.empty() && arguments.front().starts_with('-') && arguments.front() != "-") {
    auto argument = arguments.front();
    arguments = arguments.subspan(1);
    if (argument == "--")
      break;
    auto flag = cut(argument);
    if (flag.name.empty() || flag.name.starts_with('-'))
      return refuse_with_usage("bad flag syntax: " + argument);
    auto* row = find_flag(flag.name);
    if (row == nullptr)
      return refuse_with_usage("flag provided but not defined: -" + flag.name);
    if (auto error = take_value(*row, flag, arguments); !error.empty())
      return refuse_with_usage(error);
    result.settings.push_back({flag.name, *flag.text});
  }
  return decide(std::move(result), arguments);
}

} // namespace troupe::config
