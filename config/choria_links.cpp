// config/choria_links.cpp: peers of a cluster.
#include "config/choria_links.hpp"
#include "config/choria_keys.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

constexpr int usual_peer_port = 5222;
constexpr std::string_view usual_name = "CHORIA";

/// Every broker of a site may have the same list, which then names the broker itself: a route to
/// oneself is recognised when it is dialled.
std::vector<peer_url> read_peers(const choria_setting& peers, findings& found) {
  std::vector<peer_url> urls;
  for (auto& text : split_list(peers.text, ',')) {
    auto [url, wrong] = parse_peer_url(text);
    if (wrong.empty() && url.port == 0)
      wrong = "it names no port; write " + to_string(url) + ":" + std::to_string(usual_peer_port);
    if (!wrong.empty())
      found.error(peers.where, peers.key + ": \"" + without_user(text) + "\": " + wrong);
    else if (std::find(urls.begin(), urls.end(), url) == urls.end())
      urls.push_back(std::move(url));
  }
  return urls;
}

} // namespace

bool asks_for_links(const choria_values& values) {
  auto* port = values.find(network_key("peer_port"));
  return values.find(network_key("peers")) != nullptr || (port != nullptr && port->text != "0");
}

void read_choria_links(choria_values& values, const std::optional<security::tls_settings>& own,
                       reading& to) {
  if (!asks_for_links(values))
    return;
  auto& cluster = to.out.cluster;
  to.out.cluster_name = usual_name;
  values.take_text(network_key("gateway_name"), "cluster.name", to.out.cluster_name);
  cluster.host = to.out.client.host;
  cluster.no_advertise = true; // clients learn of brokers by SRV or middleware_hosts
  values.take_int(network_key("peer_port"), "cluster.port", cluster.port);
  if (auto* peers = values.find(network_key("peers"))) {
    to.found.note_origin("cluster.routes", peers->key, to_string(peers->where));
    cluster.routes = read_peers(*peers, to.found);
    if (cluster.port == 0)
      cluster.port = usual_peer_port;
  }
  auto& auth = cluster.authorization;
  values.take_text(network_key("peer_user"), "cluster.authorization.user", auth.user);
  values.take_text(network_key("peer_password"), "cluster.authorization.password", auth.password);
  for (auto& route : cluster.routes)
    if (route.user.empty()) {
      route.user = auth.user;
      route.password = auth.password;
    }
  cluster.tls = own;
  if (cluster.tls)
    cluster.tls->verify = true;
}

} // namespace troupe::config
