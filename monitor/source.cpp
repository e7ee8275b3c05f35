// monitor/source.cpp: asks a running broker.
#include "monitor/source.hpp"

#include "actors/account_actor.hpp"
#include "actors/account_policy.hpp"
#include "actors/broker.hpp"
#include "actors/broker_services.hpp"
#include "actors/jwt_login.hpp"
#include "security/certificate.hpp"

#include <openssl/pem.h>

#include <cstdio>
#include <memory>
#include <set>

namespace troupe::monitor {
namespace {

std::optional<actors::wall_time> end_of_certificate(const config::options& options) {
  if (!options.client.tls)
    return std::nullopt;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
      std::fopen(options.client.tls->cert_file.c_str(), "re"), std::fclose};
  if (!file)
    return std::nullopt;
  std::unique_ptr<X509, void (*)(X509*)> certificate{
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free};
  if (!certificate)
    return std::nullopt;
  return security::not_after(certificate.get());
}

} // namespace

bool broker_source::ready() const {
  return from_.accepting() && !from_.lame_duck();
}

server_facts broker_source::server() const {
  server_facts out;
  out.server_id = from_.server_id();
  out.server_name = from_.server_name();
  out.nats_version = actors::nats_version;
  out.troupe_version = TROUPE_VERSION;
  out.git_commit = TROUPE_COMMIT;
  out.host = from_.host();
  out.port = from_.port();
  out.reactors = from_.reactor_count();
  out.options = from_.options();
  out.figures = from_.describe();
  out.cluster_name = from_.cluster_name();
  out.cluster_port = from_.cluster_port();
  out.gateway_port = from_.gateway_port();
  out.leafnode_port = from_.leafnode_port();
  out.websocket_port = from_.websocket_port();
  out.leafs = from_.leafs(false).size();
  out.connect_urls = from_.connect_urls();
  std::set<std::string> remotes;
  for (const auto& each : from_.routes(false)) {
    ++out.routes;
    remotes.insert(each.remote_id);
  }
  out.remotes = remotes.size();
  out.certificate_end = end_of_certificate(out.options);
  return out;
}

std::string broker_source::server_id() const {
  return from_.server_id();
}

std::string broker_source::system_account() const {
  return from_.system_account();
}

size_t broker_source::reactors() const {
  return from_.reactor_count();
}

actors::server_snapshot broker_source::figures() const {
  return from_.describe();
}

std::vector<actors::connection_snapshot>
broker_source::connections(const actors::connection_query& which) const {
  return from_.connections(which);
}

std::vector<actors::route_snapshot> broker_source::routes(bool subscriptions) const {
  return from_.routes(subscriptions);
}

std::vector<actors::gateway_snapshot> broker_source::gateways(bool accounts,
                                                              bool subscriptions) const {
  return from_.gateways(accounts, subscriptions);
}

std::vector<actors::leaf_snapshot> broker_source::leafs(bool subscriptions) const {
  return from_.leafs(subscriptions);
}

std::optional<account_facts> broker_source::account(const std::string& name) const {
  auto which = from_.account_named(name);
  if (!which)
    return std::nullopt;
  auto policy = which->policy();
  account_facts out;
  out.rules = policy->rules;
  out.trust = policy->trust;
  out.expired = out.trust && !out.trust->is_valid_at(actors::unix_now());
  out.shared = policy->shared;
  out.is_system = which->is_system;
  if (which->is_system)
    for (auto& each : actors::broker_exports())
      out.rules.exports.push_back(std::move(each));
  for (const auto& each : policy->of_the_broker) {
    auto& import = out.of_the_broker.emplace_back();
    import.kind = security::share_kind::service;
    import.account = each->exporter->name;
    import.subject = each->target();
    import.local_subject = each->subject();
    import.share = each->share;
  }
  out.figures = actors::snapshot_of(*which);
  out.interest = which->interests.stats();
  out.changed = from_.describe().config_loaded;
  return out;
}

protocol::sublist_stats broker_source::sublist_stats(const std::string& account) const {
  return from_.sublist_stats(account);
}

std::vector<actors::subscription_snapshot>
broker_source::subscriptions(const std::string& account) const {
  return from_.subscriptions(account);
}

std::vector<actors::actor_snapshot> broker_source::tree() const {
  return from_.tree();
}

} // namespace troupe::monitor
