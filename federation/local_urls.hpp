// federation/local_urls.hpp: where this broker can be reached, as others are told.
#pragma once

#include "actors/settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// "host:port", an IPv6 address in brackets.
std::string host_and_port(std::string_view host, int64_t port);

/// An address, rather than a name.
bool is_plain_address(std::string_view host) noexcept;

/// Whether a host is the name of an SRV record: "_mcollective-broker._tcp.example.net".
bool is_service_name(std::string_view host) noexcept;

/// What the certificate of a server has to name that was dialled as `host`: certificates name
/// hosts, so an address stands for the first name in `urls`, an SRV record for the host `reached`.
std::string certificate_name(const std::string& host, const std::string& reached,
                             const std::vector<config::peer_url>& urls);

/// Reads an `advertise` of host[:port] over what is there.
void advertised(std::string_view text, std::string& host, int64_t& port);

/// "host:port", or if `host` stands for all addresses of this machine, each that others may know.
std::vector<std::string> local_urls(const std::string& host, int64_t port);

/// Where clients connect, "host:port" each: what is advertised, or the listener's host, for which
/// `0.0.0.0` and `::` stand for the addresses of this machine that others may know.
std::vector<std::string> client_urls(const actors::settings& now);

} // namespace troupe::federation
