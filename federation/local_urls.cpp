// federation/local_urls.cpp: hosts and ports, and the machine's own addresses.
#include "federation/local_urls.hpp"

#include "config/peer_options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <memory>

namespace troupe::federation {
namespace {

/// But for those that mean nothing to other machines: loopback and link-local ones.
std::vector<std::string> addresses(bool v6_too) {
  std::vector<std::string> out;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0)
    return out;
  std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{first, &::freeifaddrs};
  for (auto* at = first; at; at = at->ifa_next) {
    if (!at->ifa_addr || (at->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (at->ifa_addr->sa_family == AF_INET) {
      const auto& v4 = *reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
      ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
      out.emplace_back(text.data());
    } else if (v6_too && at->ifa_addr->sa_family == AF_INET6) {
      const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
        continue;
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
      out.emplace_back(text.data());
    }
  }
  return out;
}

} // namespace

std::string host_and_port(std::string_view host, int64_t port) {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port)
                                     : fmt::format("[{}]:{}", host, port);
}

bool is_plain_address(std::string_view host) noexcept {
  return host.find_first_not_of("0123456789.") == host.npos || host.find(':') != host.npos;
}

bool is_service_name(std::string_view host) noexcept {
  return config::is_service_name(host);
}

std::string certificate_name(const std::string& host, const std::string& reached,
                             const std::vector<config::peer_url>& urls) {
  if (is_service_name(host))
    return reached;
  if (is_plain_address(host))
    for (const auto& each : urls)
      if (!is_plain_address(each.host) && !is_service_name(each.host))
        return each.host;
  return host;
}

void advertised(std::string_view text, std::string& host, int64_t& port) {
  auto colon = text.rfind(':');
  bool bracketed = !text.empty() && text.front() == '[';
  bool has_port = colon != text.npos && colon > 0
                  && (bracketed ? text[colon - 1] == ']' : text.find(':') == colon);
  auto name = text.substr(0, has_port ? colon : text.npos);
  if (bracketed && name.size() > 2)
    name = name.substr(1, name.size() - 2);
  if (!name.empty())
    host = name;
  if (has_port)
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
}

std::vector<std::string> local_urls(const std::string& host, int64_t port) {
  std::vector<std::string> out;
  if (host.empty() || host == "0.0.0.0" || host == "::")
    for (const auto& each : addresses(host == "::"))
      out.push_back(host_and_port(each, port));
  if (out.empty())
    out.push_back(host_and_port(host, port));
  return out;
}

std::vector<std::string> client_urls(const actors::settings& now) {
  const auto& client = now.options.client;
  auto host = client.host;
  int64_t port = now.info.port;
  if (!client.advertise.empty()) {
    advertised(client.advertise, host, port);
    return {host_and_port(host, port)};
  }
  return local_urls(host, port);
}

} // namespace troupe::federation
