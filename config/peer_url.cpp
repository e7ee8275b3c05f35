// config/peer_url.cpp: cuts URLs of peers apart.
#include "config/peer_url.hpp"

#include "config/words.hpp"

#include <charconv>
#include <optional>

namespace troupe::config {

namespace {

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned code = 0;
    if (at + 3 > text.size())
      return std::nullopt;
    auto [end, error] = std::from_chars(text.data() + at + 1, text.data() + at + 3, code, 16);
    if (error != std::errc{} || end != text.data() + at + 3)
      return std::nullopt;
    out += static_cast<char>(code);
    at += 2;
  }
  return out;
}

bool is_scheme(std::string_view text) {
  return !text.empty()
         && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == text.npos;
}

/// "user", "user:password"; an error or an empty text.
std::string read_user(std::string_view text, peer_url& out) {
  auto colon = text.find(':');
  auto user = percent_decoded(text.substr(0, colon));
  auto password = colon == text.npos ? std::string{} : percent_decoded(text.substr(colon + 1));
  if (!user || !password)
    return "its user or password holds a % that is no escape; write %25";
  out.user = std::move(*user);
  out.password = std::move(*password);
  return {};
}

std::string read_address(std::string_view text, peer_url& out) {
  std::string_view port;
  if (text.starts_with('[')) {
    auto end = text.find(']');
    if (end == text.npos)
      return "its [ has no ]";
    out.host = text.substr(1, end - 1);
    auto rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':')
      return "only :port may stand behind the ]";
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    auto colon = text.find(':');
    if (colon != text.npos && text.find(':', colon + 1) != text.npos)
      return "an IPv6 address needs brackets, as in [::1]:4222";
    out.host = text.substr(0, colon);
    port = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  }
  if (out.host.empty())
    return "it names no host";
  if (port.empty())
    return {};
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size() || out.port < 1 || out.port > 65535)
    return "its port is no number from 1 to 65535";
  return {};
}

} // namespace

parsed_peer_url parse_peer_url(std::string_view text) {
  parsed_peer_url result;
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  if (text.empty())
    return {{}, "it is empty"};
  if (text.find_first_of(" \t\r\n") != text.npos)
    return {{}, "it holds a blank"};
  if (auto mark = text.find("://"); mark != text.npos) {
    result.url.scheme = lower(text.substr(0, mark));
    if (!is_scheme(result.url.scheme))
      return {{}, "what stands before :// is no scheme"};
    text.remove_prefix(mark + 3);
  }
  auto slash = text.find_first_of("/?#");
  if (slash != text.npos && text[slash] != '/')
    return {{}, "a ? or # means nothing here"};
  if (slash != text.npos && slash + 1 < text.size())
    result.url.path = text.substr(slash);
  text = text.substr(0, slash);
  auto at = text.rfind('@');
  if (at != text.npos)
    result.error = read_user(text.substr(0, at), result.url);
  if (result.error.empty())
    result.error = read_address(at == text.npos ? text : text.substr(at + 1), result.url);
  return result;
}

bool is_websocket(const peer_url& url) noexcept {
  return url.scheme == "ws" || url.scheme == "wss";
}

std::string to_string(const peer_url& url) {
  std::string out = url.scheme.empty() ? "" : url.scheme + "://";
  out += url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  return out + (url.port == 0 ? "" : ":" + std::to_string(url.port)) + url.path;
}

std::string to_string(const std::vector<peer_url>& urls) {
  std::string out;
  for (const auto& url : urls)
    out += (out.empty() ? "" : ", ") + to_string(url);
  return out;
}

std::string without_user(std::string_view text) {
  auto at = text.rfind('@');
  if (at == text.npos)
    return std::string{text};
  auto mark = text.find("://");
  auto begin = mark == text.npos || mark > at ? 0 : mark + 3;
  return std::string{text.substr(0, begin)} + "[REDACTED]" + std::string{text.substr(at)};
}

} // namespace troupe::config
