// config/cluster_options.cpp: reads what routes are made from.
#include "config/cluster_options.hpp"
#include "config/authorization_options.hpp"
#include "config/peer_options.hpp"
#include "config/words.hpp"

namespace troupe::config {

namespace {

constexpr auto longest_ping = std::chrono::seconds{30};

void refuse_queues(const std::vector<std::string>& subjects, const member& one,
                   std::string_view which, findings& found) {
  for (auto& subject : subjects)
    if (subject.find_first_of(" \t") != subject.npos)
      found.error(one.where, "cluster " + std::string{which} + ": subject \"" + subject
                                 + "\" is not a valid subject; routes know no queue groups here");
}

void read_cluster_permissions(const member& one, reading& to) {
  auto rules = read_permissions(one, to.found);
  if (rules.responses)
    to.found.error(one.where, "Cluster permissions do not support dynamic responses");
  refuse_queues(rules.subscribe.allow, one, "export allow", to.found);
  refuse_queues(rules.subscribe.deny, one, "export deny", to.found);
  to.out.cluster.import_ = std::move(rules.publish);
  to.out.cluster.export_ = std::move(rules.subscribe);
  to.found.note_origin("cluster.permissions", one.key, to_string(one.where));
}

/// What is taken, but never agreed upon with a peer.
void note_declined(const member& one, const std::string& key, reading& to) {
  auto& cluster = to.out.cluster;
  if (key == "compression" && cluster.compression.starts_with("s2_"))
    to.found.note_inactive("cluster." + one.key, to_string(one.where));
}

} // namespace

void read_cluster(const member& one, dialect from, reading& to) {
  link_block block{"cluster", from, to};
  if (!block.is_map(one))
    return;
  auto& cluster = to.out.cluster;
  const member* permissions = nullptr;
  const member* old_permissions = nullptr;
  for (auto& each : one.val.members) {
    auto key = lower(each.key);
    if (key == "listen") {
      block.read_listen(each);
    } else if (key == "authorization") {
      block.read_authorization(each, [&](const member& inside) {
        bool known =
            any_of(lower(inside.key), {"permissions", "default_permissions", "default_permission"});
        if (known) {
          old_permissions = &inside;
          to.found.warning(inside.where, "invalid use of field \"authorization\": setting "
                                         "\"permissions\" within cluster authorization block is "
                                         "deprecated");
        }
        return known;
      });
    } else if (key == "routes") {
      cluster.routes = block.read_urls(each, "route");
      block.note("cluster.routes", each);
    } else if (key == "tls") {
      cluster.tls = block.read_tls_block(each, true);
    } else if (key == "permissions") {
      permissions = &each;
    } else if (key == "compression") {
      block.read_compression(each, cluster.compression, "s2_fast");
    } else if (!block.read_scalar(each)) {
      block.unknown(each,
                    {"listen", "authorization", "routes", "tls", "permissions", "compression"});
    }
    note_declined(each, key, to);
    if (key == "ping_interval" && cluster.ping_interval > longest_ping)
      to.found.warning(each.where,
                       "Cluster 'ping_interval' will reset to 30s which is the max for routes");
  }
  if (permissions != nullptr || old_permissions != nullptr)
    read_cluster_permissions(permissions != nullptr ? *permissions : *old_permissions, to);
}

} // namespace troupe::config
