// config/choria_format.cpp: cuts key = value files into settings.
#include "config/choria_format.hpp"

namespace troupe::config {

namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  auto first = text.find_first_not_of(blanks);
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

void parse_choria(std::string_view text, const std::string& file, std::string_view prefix,
                  std::vector<choria_setting>& settings, findings& found) {
  place where{std::make_shared<const std::string>(file), 0, -1};
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  while (!text.empty()) {
    ++where.line;
    auto end = std::min(text.find('\n'), text.size());
    auto raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (raw.size() > max_choria_line) {
      found.error(where, "a line may not be longer than 64 KiB, this one has "
                             + std::to_string(raw.size()) + " bytes");
      continue;
    }
    auto line = trim(raw);
    if (line.empty() || line.front() == '#')
      continue;
    auto equals = line.find('=');
    if (equals == line.npos || equals == 0) {
      found.warning(where, "skipped: this line is no \"key = value\"");
      continue;
    }
    auto key = trim(line.substr(0, equals));
    auto value = trim(line.substr(equals + 1));
    if (value.empty())
      found.warning(where, "skipped: " + std::string{key} + " has no value");
    else
      settings.push_back({std::string{prefix} + std::string{key}, std::string{value}, where});
  }
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto end = std::min(text.find(separator), text.size());
    if (auto item = trim(text.substr(0, end)); !item.empty())
      result.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

} // namespace troupe::config
