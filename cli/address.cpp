// cli/address.cpp: reads server URLs.
#include "cli/address.hpp"

#include <fmt/core.h>

namespace troupe::cli {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size()) {
      int high = hex_digit(text[at + 1]);
      int low = hex_digit(text[at + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high * 16 + low));
        at += 2;
        continue;
      }
    }
    out.push_back(text[at]);
  }
  return out;
}

problem bad_url(std::string_view url, std::string_view why) {
  return {fmt::format("\"{}\" is not a server URL: {}", url, why),
          "write nats://[user:password@]host[:port] or tls://…", exit_code::usage};
}

outcome parse_port(std::string_view url, std::string_view text, uint16_t& out) {
  uint32_t port = 0;
  for (char c : text) {
    if (c < '0' || c > '9' || port > 65535)
      return bad_url(url, fmt::format("\"{}\" is not a port", text));
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port == 0 || port > 65535)
    return bad_url(url, fmt::format("\"{}\" is not a port between 1 and 65535", text));
  out = static_cast<uint16_t>(port);
  return std::nullopt;
}

void read_user_info(std::string_view info, server_address& out) {
  auto colon = info.find(':');
  if (colon == info.npos) {
    out.token = decode_percent(info);
    return;
  }
  out.user = decode_percent(info.substr(0, colon));
  out.password = decode_percent(info.substr(colon + 1));
}

outcome read_host(std::string_view url, std::string_view rest, server_address& out) {
  auto after = std::string_view{};
  if (!rest.empty() && rest.front() == '[') {
    auto end = rest.find(']');
    if (end == rest.npos)
      return bad_url(url, "the IPv6 address has no ]");
    out.host = rest.substr(1, end - 1);
    after = rest.substr(end + 1);
  } else {
    auto colon = rest.find(':');
    out.host = rest.substr(0, colon);
    if (colon != rest.npos)
      after = rest.substr(colon);
  }
  if (out.host.empty())
    return bad_url(url, "the host is missing");
  if (after.empty())
    return std::nullopt;
  if (after.front() != ':')
    return bad_url(url, "only :PORT may follow the host");
  return parse_port(url, after.substr(1), out.port);
}

outcome parse_one(std::string_view url, server_address& out) {
  auto rest = url;
  if (auto mark = url.find("://"); mark != url.npos) {
    auto scheme = url.substr(0, mark);
    if (scheme == "ws" || scheme == "wss")
      return bad_url(url, "the client tools do not speak websocket");
    if (scheme != "nats" && scheme != "tls")
      return bad_url(url, fmt::format("the scheme \"{}\" is unknown", scheme));
    out.tls = scheme == "tls";
    rest = url.substr(mark + 3);
  }
  while (!rest.empty() && rest.back() == '/')
    rest.remove_suffix(1);
  if (auto at = rest.rfind('@'); at != rest.npos) {
    read_user_info(rest.substr(0, at), out);
    rest = rest.substr(at + 1);
  }
  return read_host(url, rest, out);
}

} // namespace

std::string server_address::show() const {
  bool v6 = host.find(':') != host.npos;
  return fmt::format("{}://{}{}{}:{}", tls ? "tls" : "nats", v6 ? "[" : "", host, v6 ? "]" : "",
                     port);
}

outcome parse_servers(std::string_view text, std::vector<server_address>& out) {
  while (true) {
    auto comma = text.find(',');
    auto one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ')
      one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ')
      one.remove_suffix(1);
    server_address address;
    if (auto wrong = parse_one(one, address))
      return wrong;
    out.push_back(std::move(address));
    if (comma == text.npos)
      return std::nullopt;
    text.remove_prefix(comma + 1);
  }
}

} // namespace troupe::cli
