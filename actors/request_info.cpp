// actors/request_info.cpp: puts one header into a block that a client has written.
#include "actors/request_info.hpp"

namespace troupe::actors {
namespace {

constexpr std::string_view status_line = "NATS/1.0\r\n";
constexpr std::string_view line_end = "\r\n";

/// Header names fold their case, so that no client passes its own as ours.
bool is_request_info(std::string_view line) noexcept {
  if (line.size() <= request_info_header.size())
    return false;
  for (size_t i = 0; i < request_info_header.size(); ++i) {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(line[i]) != lower(request_info_header[i]))
      return false;
  }
  auto next = line.find_first_not_of(" \t", request_info_header.size());
  return next != line.npos && line[next] == ':';
}

/// Takes the first line out of `block`.
std::string_view next_line(std::string_view& block) noexcept {
  auto end = block.find(line_end);
  auto line = block.substr(0, end);
  block.remove_prefix(end == block.npos ? block.size() : end + line_end.size());
  return line;
}

} // namespace

const std::string* known_introductions::find(const description_scope& scope) const {
  for (const auto& each : all_)
    if (each.detailed == scope.detailed && each.server == scope.server
        && each.service == scope.service)
      return &each.text;
  return nullptr;
}

const std::string& known_introductions::keep(const description_scope& scope, std::string text) {
  if (all_.size() == most)
    all_.clear();
  all_.push_back({scope.detailed, scope.server, std::string{scope.service}, std::move(text)});
  return all_.back().text;
}

void write_request_info(std::string& out, std::string_view old, std::string_view info) {
  out.clear();
  out.reserve(std::max(old.size(), status_line.size()) + request_info_header.size() + info.size()
              + 8);
  if (old.empty()) {
    out = status_line;
  } else {
    while (!old.empty()) {
      auto line = next_line(old);
      if (line.empty())
        break;
      if (!is_request_info(line))
        out.append(line).append(line_end);
    }
  }
  out.append(request_info_header).append(": ").append(info).append("\r\n\r\n");
}

bool has_request_info(std::string_view block) noexcept {
  while (!block.empty())
    if (is_request_info(next_line(block)))
      return true;
  return false;
}

} // namespace troupe::actors
