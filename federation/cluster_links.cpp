// federation/cluster_links.cpp: binds, starts, reloads and ends what the cluster consists of.
#include "federation/cluster_links.hpp"

#include "actors/core.hpp"
#include "actors/link_registry.hpp"
#include "actors/listener.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/asking.hpp"
#include "federation/cluster.hpp"
#include "federation/local_urls.hpp"
#include "security/nkey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;

namespace {

constexpr auto longest_ping_interval = std::chrono::seconds{30};
constexpr int64_t usual_slots = 3;

security::permissions_ptr rules_of(const config::cluster_options& from) {
  if (from.import_ == security::subject_rules{} && from.export_ == security::subject_rules{})
    return {};
  security::permission_rules rules;
  rules.publish = from.import_;
  rules.subscribe = from.export_;
  return protocol::make_ref<const security::permissions>(std::move(rules));
}

std::optional<protocol::link_permissions> told(const security::subject_rules& rules) {
  if (rules == security::subject_rules{})
    return {};
  protocol::link_permissions out;
  out.allow = rules.allow;
  out.deny = rules.deny;
  return out;
}

terms_ptr make_terms(const actors::settings& now, const std::string& given, uint16_t port,
                     const std::vector<std::string>& leafnode_urls, const std::string& gateway_url,
                     std::vector<std::string> websockets, link_certificates tls) {
  const auto& options = now.options;
  const auto& from = options.cluster;
  auto out = std::make_shared<terms>();
  auto& info = out->info;
  info.server_id = now.info.server_id;
  info.server_name = now.info.server_name;
  info.version = now.info.version;
  info.troupe = now.info.troupe;
  info.git_commit = now.info.git_commit;
  info.go = now.info.runtime;
  info.host = from.host;
  info.port = port;
  if (!from.advertise.empty()) {
    advertised(from.advertise, info.host, info.port);
    info.ip = fmt::format("nats-route://{}/", host_and_port(info.host, info.port));
  }
  info.headers = !options.no_header_support;
  info.max_payload = options.limits.max_payload;
  info.cluster = options.cluster_name.empty() ? given : options.cluster_name;
  info.cluster_dynamic = options.cluster_name.empty();
  info.auth_required = !from.authorization.user.empty();
  info.tls_required = info.tls_verify = from.tls.has_value();
  if (!from.no_advertise) {
    info.connect_urls = client_urls(now);
    info.ws_connect_urls = std::move(websockets);
  }
  if (!leafnode_urls.empty())
    info.leafnode_urls = leafnode_urls;
  info.gateway_url = gateway_url;
  info.import_ = told(from.import_);
  info.export_ = told(from.export_);
  out->user = from.authorization.user;
  out->password = from.authorization.password;
  out->permissions = rules_of(from);
  info.route_pool_size = from.pool_size < 0    ? 0
                         : from.pool_size == 0 ? usual_slots
                                               : from.pool_size;
  if (info.route_pool_size > 0) {
    out->pinned = from.accounts;
    out->pinned.push_back(options.system_account.empty() ? "$SYS" : options.system_account);
    std::sort(out->pinned.begin(), out->pinned.end());
    out->pinned.erase(std::unique(out->pinned.begin(), out->pinned.end()), out->pinned.end());
  }
  take_general(options, from.tls, from.authorization, *out);
  if (from.ping_interval.count() > 0)
    out->ping_interval = std::min<config::nanoseconds>(from.ping_interval, longest_ping_interval);
  if (from.ping_max > 0)
    out->ping_max = from.ping_max;
  if (from.write_deadline.count() > 0)
    out->write_deadline = from.write_deadline;
  out->close_when_behind = from.write_timeout == "close";
  out->tls = std::move(tls);
  return out;
}

std::string in_words(const std::vector<service_target>& targets) {
  std::string out;
  for (const auto& each : targets)
    out += (out.empty() ? "" : ", ") + host_and_port(each.host, each.port);
  return out;
}

configured_remote remote_of(const config::peer_url& route) {
  return {route.host, static_cast<uint16_t>(route.port), route.user, route.password};
}

} // namespace

std::vector<std::string> cluster_links::prepare(const config::options& options) {
  const auto& from = options.cluster;
  if (!from.enabled())
    return {};
  if (auto problems = read_certificates(from.tls, "cluster.tls", tls_); !problems.empty())
    return problems;
  try {
    socket_ = actors::bind_and_listen(from.host, static_cast<uint16_t>(std::max(from.port, 0)));
  } catch (const std::exception& e) {
    return {fmt::format("Error listening on router port: {}", e.what())};
  }
  port_ = socket_->port;
  return {};
}

std::vector<protocol::peer_role> cluster_links::served() const {
  if (!socket_)
    return {};
  return {protocol::peer_role::route};
}

void cluster_links::start(caf::actor_system& sys, actors::core& shared,
                          const actors::settings_ptr& now,
                          const actors::link_keeper::changed& tell) {
  system_ = &sys;
  auto given = security::make_server_id().substr(1, 22); // as good a name as any
  const auto& name = now->options.cluster_name.empty() ? given : now->options.cluster_name;
  tell({name, {}, {}, {}});
  log::info("Cluster name is {}", name);
  if (now->options.cluster_name.empty())
    log::warn("Cluster name was dynamically generated, consider setting one");
  cluster_ = spawn_cluster(sys, shared, now, given,
                           [this](const actors::settings& current, const std::string& chosen) {
                             auto plan = std::make_shared<cluster_plan>();
                             plan->mine = make_terms(current, chosen, port_, leafnode_urls_,
                                                     gateway_url_, websockets_, certificates_now());
                             plan->remotes = remotes_now(current.options.cluster);
                             plan->connect_retries = current.options.cluster.connect_retries;
                             plan->connect_backoff = current.options.cluster.connect_backoff;
                             return plan;
                           },
                           {tell, members_changed_, heard_});
  {
    std::lock_guard guard{mutex_};
    told_ = cluster_;
    shared_ = &shared;
    settings_ = now;
    follow_records(now->options.cluster);
  }
  log::info("Listening for route connections on {}", host_and_port(socket_->host, port_));
  auto& home = *shared.reactors.front();
  listener_ = actors::spawn_listener(sys, home, socket_, "route",
                                     [boss = cluster_](actors::accepted_ptr peer) {
                                       caf::anon_send(boss, atom::adopt_v, std::move(peer));
                                     });
}

void cluster_links::follow_records(const config::cluster_options& from) {
  for (auto it = searches_.begin(); it != searches_.end();) {
    bool wanted = std::any_of(from.routes.begin(), from.routes.end(),
                              [&](const auto& each) { return each.host == it->first; });
    if (!wanted)
      caf::anon_send(it->second.finder, atom::shut_down_v);
    it = wanted ? std::next(it) : searches_.erase(it);
  }
  for (const auto& each : from.routes)
    if (is_service_name(each.host) && !searches_.contains(each.host))
      searches_[each.host].finder =
          spawn_member_finder(*system_, *shared_->reactors.front(), each.host,
                              [this, record = each.host](const service_answer& answer) {
                                members_found(record, answer);
                              });
}

/// On the finder's loop. The cluster's actor is sent its settings again, and asks for the remotes.
void cluster_links::members_found(const std::string& record, const service_answer& answer) {
  auto found = answer.targets;
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.host, a.port) < std::tie(b.host, b.port);
  });
  std::lock_guard guard{mutex_};
  auto known = searches_.find(record);
  if (known == searches_.end())
    return;
  auto& mine = known->second;
  bool first = !std::exchange(mine.asked, true);
  bool same =
      std::equal(found.begin(), found.end(), mine.found.begin(), mine.found.end(),
                 [](const auto& a, const auto& b) { return a.host == b.host && a.port == b.port; });
  if (found.empty() ? !first : same)
    return;
  if (found.empty())
    log::warn("The SRV record {} names nobody ({}): the other configured routes are dialled",
              record, answer.problem);
  else
    log::info("The SRV record {} names the members of the cluster: {}", record, in_words(found));
  mine.found = std::move(found);
  caf::anon_send(cluster_, atom::apply_v, settings_);
}

/// Those that DNS names. Only if it names nobody those with an address, and until it has answered
/// nobody.
std::vector<configured_remote> cluster_links::remotes_now(const config::cluster_options& from) {
  std::vector<configured_remote> found, addresses;
  bool asking = false;
  std::lock_guard guard{mutex_};
  for (const auto& each : from.routes) {
    if (!is_service_name(each.host)) {
      addresses.push_back(remote_of(each));
      continue;
    }
    auto known = searches_.find(each.host);
    asking = asking || known == searches_.end() || !known->second.asked;
    if (known != searches_.end())
      for (const auto& target : known->second.found)
        found.push_back({target.host, target.port, each.user, each.password});
  }
  if (!found.empty())
    return found;
  return asking ? std::vector<configured_remote>{} : addresses;
}

void cluster_links::offer_gateway(std::string url,
                                  std::function<void(const protocol::link_info&)> heard,
                                  std::function<void(fellow_members)> changed) {
  gateway_url_ = std::move(url);
  heard_ = std::move(heard);
  members_changed_ = std::move(changed);
}

void cluster_links::tell_members(const std::string& cluster, const std::string& line) {
  std::lock_guard guard{mutex_};
  if (told_)
    caf::anon_send(told_, atom::tell_v, cluster, line);
}

std::vector<std::string> cluster_links::check(const config::options& options) {
  link_certificates fresh;
  auto problems = read_certificates(options.cluster.tls, "cluster.tls", fresh);
  if (problems.empty()) {
    std::lock_guard guard{mutex_};
    next_tls_ = std::move(fresh);
  }
  return problems;
}

void cluster_links::apply(const actors::settings_ptr& next) {
  {
    std::lock_guard guard{mutex_};
    tls_ = next_tls_;
    settings_ = next;
    follow_records(next->options.cluster);
    caf::anon_send(cluster_, atom::apply_v, next); // in the order of those that the finder sends
  }
}

void cluster_links::lame_duck() {
  caf::anon_send(cluster_, atom::lame_duck_v);
}

void cluster_links::stop() {
  socket_->refuse();
  caf::anon_send(listener_, atom::shut_down_v);
  for (const auto& each : finders())
    caf::anon_send(each, atom::shut_down_v);
  caf::anon_send(cluster_, atom::shut_down_v); // others may still ask for its handle
}

void cluster_links::account_changed(const actors::account_ptr& which) {
  caf::anon_send(cluster_, atom::watch_v, which);
}

std::vector<actors::route_snapshot> cluster_links::routes(bool subscriptions) const {
  auto all = ask<routes_ptr>(*system_, cluster_, atom::describe_v, subscriptions);
  if (!all)
    return {};
  std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) { return a.rid < b.rid; });
  return std::move(*all);
}

std::vector<actors::actor_snapshot> cluster_links::tree() const {
  std::vector<actors::actor_snapshot> out;
  for (const auto& part : {ask<actors::tree_ptr>(*system_, cluster_, atom::tree_v),
                           ask<actors::tree_ptr>(*system_, listener_, atom::tree_v)})
    if (part)
      out.insert(out.end(), part->begin(), part->end());
  for (const auto& each : finders())
    if (auto part = ask<actors::tree_ptr>(*system_, each, atom::tree_v))
      out.insert(out.end(), part->begin(), part->end());
  return out;
}

std::vector<member_finder_actor> cluster_links::finders() const {
  std::lock_guard guard{mutex_};
  std::vector<member_finder_actor> out;
  for (const auto& [record, each] : searches_)
    out.push_back(each.finder);
  return out;
}

link_certificates cluster_links::certificates_now() {
  std::lock_guard guard{mutex_};
  return tls_;
}

} // namespace troupe::federation
