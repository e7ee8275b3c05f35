// cli/header_block.cpp: reads and writes header blocks.
#include "cli/header_block.hpp"

namespace troupe::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void read_status(std::string_view line, header_list& out) {
  auto blank = line.find(' ');
  if (blank == line.npos)
    return;
  auto rest = trimmed(line.substr(blank));
  size_t at = 0;
  for (; at < rest.size() && at < 3 && rest[at] >= '0' && rest[at] <= '9'; ++at)
    out.status = out.status * 10 + (rest[at] - '0');
  out.description = trimmed(rest.substr(at));
}

} // namespace

std::string write_header_block(const header_list& headers) {
  if (headers.fields.empty())
    return {};
  std::string out = "NATS/1.0\r\n";
  for (const auto& [key, value] : headers.fields)
    out.append(key).append(": ").append(value).append("\r\n");
  return out + "\r\n";
}

header_list read_header_block(std::string_view block) {
  header_list out;
  bool first = true;
  while (!block.empty()) {
    auto end = block.find("\r\n");
    auto line = block.substr(0, end);
    block.remove_prefix(end == block.npos ? block.size() : end + 2);
    if (first) {
      read_status(line, out);
      first = false;
    } else if (auto colon = line.find(':'); colon != line.npos && colon > 0) {
      out.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
  }
  return out;
}

bool parse_header_argument(std::string_view text, std::pair<std::string, std::string>& out) {
  auto colon = text.find(':');
  if (colon == text.npos || text.find_first_of("\r\n") != text.npos)
    return false;
  out = {std::string{trimmed(text.substr(0, colon))}, std::string{trimmed(text.substr(colon + 1))}};
  return !out.first.empty();
}

} // namespace troupe::cli
