// actors/self_description.cpp: version, address, cluster.
#include "actors/self_description.hpp"

#include "actors/broker.hpp"
#include "security/callout.hpp"

#include <cstdlib>

namespace troupe::actors {

void describe_server(settings& s, std::shared_ptr<const security::server_keys> keys,
                     const std::string& host, uint16_t port, bool lame_duck) {
  s.keys = std::move(keys);
  s.info.server_id = s.keys->identity.public_text();
  s.info.xkey = s.keys->xkey.public_text();
  s.info.server_name = s.options.server_name.empty() ? s.info.server_id : s.options.server_name;
  s.info.version = nats_version;
  s.info.troupe = TROUPE_VERSION;
  s.info.git_commit = TROUPE_COMMIT;
  s.info.runtime = "c++20";
  s.info.host = host;
  s.info.port = port;
  s.info.lame_duck = lame_duck;
  if (const auto& public_address = s.options.client.advertise; !public_address.empty()) {
    auto colon = public_address.rfind(':');
    bool has_port = colon != std::string::npos
                    && public_address.find(']', colon) == std::string::npos
                    && public_address.find(':') == colon;
    s.info.host = public_address.substr(0, has_port ? colon : std::string::npos);
    if (has_port)
      s.info.port = std::atoi(public_address.c_str() + colon + 1);
  }
}

void describe_websocket(settings& s, uint16_t port) {
  const auto& from = s.options.websocket;
  s.websocket_info = s.info;
  auto& info = s.websocket_info;
  info.host = from.host;
  info.port = port;
  info.tls_required = from.tls.has_value();
  info.tls_available = false;
  info.tls_verify = from.tls && (from.tls->verify || from.tls->verify_and_map);
  info.auth_required = info.auth_required || from.login.differs(); // as nats-server says it
}

void describe_cluster(settings& s, const cluster_view& now, bool lame_duck) {
  if (now.name.empty())
    return;
  auto describe = [&](protocol::server_info& info, const std::vector<std::string>& own,
                      const std::vector<std::string>& others) {
    info.cluster = now.name;
    info.lame_duck = s.info.lame_duck;
    info.connect_urls.clear();
    if (others.empty())
      return;
    if (!lame_duck) // who is sent away must not come back
      info.connect_urls = own;
    info.connect_urls.insert(info.connect_urls.end(), others.begin(), others.end());
  };
  describe(s.info, now.own, now.others);
  describe(s.websocket_info, now.own_websocket, now.other_websockets);
}

} // namespace troupe::actors
