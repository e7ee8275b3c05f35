// config/gateway_options.cpp: reads what links between clusters are made from.
#include "config/gateway_options.hpp"
#include "config/peer_options.hpp"
#include "config/words.hpp"

namespace troupe::config {

namespace {

remote_gateway read_remote(const value& item, dialect from, reading& to) {
  link_block block{"gateway.gateways", from, to};
  remote_gateway remote;
  for (auto& one : item.members) {
    auto key = lower(one.key);
    if (key == "name")
      block.assign_text(one, remote.name);
    else if (key == "url" || key == "urls")
      block.add_urls(one, "gateway", 0, remote.urls);
    else if (key == "tls")
      remote.tls = block.read_tls_block(one, true);
    else
      block.unknown(one, {"name", "url", "urls", "tls"});
  }
  return remote;
}

void read_remotes(const member& one, link_block& block, dialect from, reading& to) {
  if (one.val.kind != value::type::list) {
    block.error(one, "Expected gateways field to be an array, got " + describe(one.val));
    return;
  }
  block.note("gateway.gateways", one);
  for (auto& item : one.val.items)
    if (item.kind == value::type::map)
      to.out.gateway.remotes.push_back(read_remote(item, from, to));
    else
      to.found.error(item.where,
                     "Expected gateway entry to be a map/struct, got " + describe(item));
}

} // namespace

void read_gateway(const member& one, dialect from, reading& to) {
  link_block block{"gateway", from, to};
  if (!block.is_map(one))
    return;
  for (auto& each : one.val.members) {
    auto key = lower(each.key);
    if (key == "listen")
      block.read_listen(each);
    else if (key == "authorization")
      block.read_authorization(each, [](const member&) { return false; });
    else if (key == "tls")
      to.out.gateway.tls = block.read_tls_block(each, true);
    else if (key == "gateways")
      read_remotes(each, block, from, to);
    else if (!block.read_scalar(each))
      block.unknown(each, {"listen", "authorization", "tls", "gateways"});
  }
}

} // namespace troupe::config
