// federation/leaf_links.cpp: binds, starts, reloads and ends what leaf nodes consist of.
#include "federation/leaf_links.hpp"
#include "federation/asking.hpp"

#include "actors/core.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/local_urls.hpp"
#include "security/creds_file.hpp"
#include "security/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace troupe::federation {

namespace log = actors::log;

namespace {

std::string where_of(const config::leaf_remote& from) {
  return fmt::format("leafnodes.remotes ({})", to_string(from.urls));
}

/// Who we are there; a problem in a sentence without a secret.
std::string read_identity(const config::leaf_remote& from, leaf_identity& out) {
  if (!from.urls.empty()) {
    out.user = from.urls.front().user;
    out.password = from.urls.front().password;
  }
  if (!from.nkey.empty())
    out.key = security::key_pair::from_seed(from.nkey);
  if (from.credentials.empty())
    return {};
  std::ifstream file{from.credentials};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return fmt::format("{}: credentials {} cannot be read", where_of(from), from.credentials);
  auto content = text.str();
  auto read = security::parse_creds(content);
  security::wipe(content);
  if (const auto* fault = std::get_if<std::string>(&read))
    return fmt::format("{}: credentials {}: {}", where_of(from), from.credentials, *fault);
  auto& creds = std::get<security::credentials_text>(read);
  out.jwt = std::move(creds.jwt);
  out.key.emplace(creds.seed);
  return {};
}

/// A remote without a tls block of its own shows the certificate of this broker's leaf node
/// listener, or else that of its clients' listener.
std::optional<security::tls_settings> tls_of(const config::leaf_remote& from,
                                             const config::options& options) {
  if (from.tls)
    return from.tls;
  return options.leafnodes.tls ? options.leafnodes.tls : options.client.tls;
}

std::vector<std::string> read_hub(const config::leaf_remote& from, const config::options& options,
                                  hub_plan& out) {
  std::vector<std::string> problems;
  auto terms = std::make_shared<hub_terms>();
  if (auto problem = read_identity(from, terms->identity); !problem.empty())
    problems.push_back(std::move(problem));
  auto tls = tls_of(from, options).value_or(security::tls_settings{});
  auto built = security::tls_context::build(tls, security::tls_role::client, where_of(from));
  problems.insert(problems.end(), built.problems.begin(), built.problems.end());
  terms->account = from.account.empty() ? "$G" : from.account;
  terms->hub = from.hub;
  terms->deny_imports = from.deny_imports;
  terms->deny_exports = from.deny_exports;
  terms->isolate = from.isolate;
  terms->request_isolation = from.request_isolation;
  terms->tls = std::move(built.context);
  terms->demands_tls =
      from.tls.has_value() || std::any_of(from.urls.begin(), from.urls.end(), [](const auto& url) {
        return url.scheme == "tls" || url.scheme == "wss";
      });
  terms->websocket = !from.urls.empty() && is_websocket(from.urls.front());
  terms->no_masking = from.ws_no_masking;
  terms->deflate = from.ws_compression;
  terms->tls_first =
      terms->websocket || (from.tls && from.tls->order != security::handshake_order::info_first);
  terms->tls_timeout = tls.timeout;
  terms->first_info_timeout = from.first_info_timeout;
  if (!from.proxy.url.empty()) {
    std::string problem;
    out.proxy = read_proxy(from.proxy, problem);
    if (std::any_of(from.urls.begin(), from.urls.end(),
                    [](const auto& url) { return is_service_name(url.host); }))
      problem = "an SRV record cannot be looked up behind a proxy; name the hub's host and port";
    if (!problem.empty())
      problems.push_back(where_of(from) + ".proxy: " + problem);
  }
  out.from = from;
  out.terms = std::move(terms);
  out.dial_timeout =
      from.dial_timeout.count() > 0 ? from.dial_timeout : options.leafnodes.dial_timeout;
  return problems;
}

std::vector<std::string> read_material(const config::options& options, leaf_links::material& out) {
  const auto& from = options.leafnodes;
  std::vector<std::string> problems;
  auto add = [&](std::vector<std::string> more) {
    for (auto& each : more)
      problems.push_back(std::move(each));
  };
  out = {};
  if (from.port != 0)
    add(read_certificates(from.tls, "leafnodes.tls", out.own));
  for (const auto& each : from.remotes)
    if (!each.disabled)
      add(read_hub(each, options, out.hubs.emplace_back()));
  return problems;
}

/// Null: the users of clients.
std::shared_ptr<const security::authenticator> users_of(const config::leafnode_options& from) {
  security::authentication_settings out;
  auto add = [&](const std::string& name, const std::string& password, const std::string& nkey,
                 const std::string& account) {
    security::user one;
    one.name = name;
    one.password = password;
    one.nkey = nkey;
    if (!account.empty())
      one.account = account;
    out.users.push_back(std::move(one));
  };
  for (const auto& each : from.users)
    add(each.name, each.password, {}, each.account);
  if (!from.authorization.user.empty())
    add(from.authorization.user, from.authorization.password, {}, from.account);
  if (!from.nkey.empty())
    add({}, {}, from.nkey, from.account);
  if (out.users.empty())
    return {};
  out.map_certificates = from.tls && from.tls->verify_and_map;
  return std::make_shared<const security::authenticator>(std::move(out));
}

leaf_terms_ptr make_terms(const actors::settings_ptr& now, uint16_t port,
                          std::vector<std::string> urls, std::vector<std::string> websockets,
                          const actors::cluster_view& cluster, link_certificates tls) {
  const auto& options = now->options;
  const auto& from = options.leafnodes;
  auto out = std::make_shared<leaf_terms>();
  out->settings = now;
  auto& info = out->info;
  info.server_id = now->info.server_id;
  info.server_name = now->info.server_name;
  info.version = now->info.version;
  info.troupe = now->info.troupe;
  info.git_commit = now->info.git_commit;
  info.go = now->info.runtime;
  info.host = from.host;
  info.port = port;
  info.headers = !options.no_header_support;
  info.max_payload = options.limits.max_payload;
  info.cluster = cluster.name.empty() ? now->info.cluster : cluster.name;
  if (!urls.empty())
    info.ip = urls.front();
  if (!from.no_advertise)
    urls.insert(urls.end(), cluster.leafnode_urls.begin(), cluster.leafnode_urls.end());
  info.leafnode_urls = std::move(urls);
  info.ws_connect_urls = std::move(websockets);
  info.ws_connect_urls.insert(info.ws_connect_urls.end(), cluster.other_websockets.begin(),
                              cluster.other_websockets.end());
  info.tls_required = from.tls.has_value();
  info.tls_verify = from.tls && from.tls->verify;
  out->own_cluster = info.cluster.empty() ? info.server_name : info.cluster;
  out->min_version = from.min_version;
  out->isolate = from.isolate;
  out->max_subscriptions = options.limits.max_subscriptions;
  out->users = users_of(from);
  out->open_account = from.account;
  take_general(options, from.tls, from.authorization, *out);
  out->parsing.max_payload = options.limits.max_payload;
  if (from.write_deadline.count() > 0)
    out->write_deadline = from.write_deadline;
  out->close_when_behind = from.write_timeout == "close";
  out->map_certificates = from.tls && from.tls->verify_and_map;
  auto order = from.tls ? from.tls->order : security::handshake_order::info_first;
  if (order == security::handshake_order::automatic)
    out->hello_wait = from.tls->first_fallback;
  if (order != security::handshake_order::tls_first)
    out->tls_behind_info = tls.accepting;
  if (order != security::handshake_order::info_first)
    out->tls.accepting = std::move(tls.accepting);
  return out;
}

} // namespace

std::vector<std::string> leaf_links::prepare(const config::options& options) {
  const auto& from = options.leafnodes;
  if (!from.enabled())
    return {};
  if (auto problems = read_material(options, now_); !problems.empty())
    return problems;
  served_ = true;
  if (from.port == 0)
    return {};
  try {
    socket_ = actors::bind_and_listen(from.host, static_cast<uint16_t>(std::max(from.port, 0)));
  } catch (const std::exception& e) {
    return {fmt::format("Error listening on leafnode port: {}", e.what())};
  }
  port_ = socket_->port;
  return {};
}

std::vector<protocol::peer_role> leaf_links::served() const {
  if (!served_)
    return {};
  return {protocol::peer_role::leaf_down, protocol::peer_role::leaf_up};
}

std::vector<std::string> leaf_links::urls(const config::leafnode_options& from) const {
  if (port_ == 0 || from.no_advertise)
    return {};
  if (from.advertise.empty())
    return local_urls(from.host, port_);
  auto host = from.host;
  int64_t at = port_;
  advertised(from.advertise, host, at);
  return {host_and_port(host, at)};
}

void leaf_links::cluster_changed(const actors::cluster_view& now) {
  std::lock_guard guard{mutex_};
  if (now.name == cluster_.name && now.leafnode_urls == cluster_.leafnode_urls
      && now.other_websockets == cluster_.other_websockets)
    return;
  cluster_ = now;
  if (told_)
    caf::anon_send(told_, atom::apply_v, settings_);
}

leafs_plan_ptr leaf_links::plan_for(const actors::settings_ptr& now) {
  std::lock_guard guard{mutex_};
  auto out = std::make_shared<leafs_plan>();
  out->mine = make_terms(now, port_, urls(now->options.leafnodes), websockets_, cluster_, now_.own);
  out->hubs = now_.hubs;
  out->reconnect = now->options.leafnodes.reconnect;
  return out;
}

void leaf_links::start(caf::actor_system& sys, actors::core& shared,
                       const actors::settings_ptr& now, const actors::link_keeper::changed&) {
  system_ = &sys;
  {
    std::lock_guard guard{mutex_};
    settings_ = now;
  }
  leafs_ = spawn_leafs(sys, shared, now,
                       [this](const actors::settings_ptr& current) { return plan_for(current); });
  {
    std::lock_guard guard{mutex_};
    told_ = leafs_;
    caf::anon_send(told_, atom::apply_v, settings_); // the cluster may have changed meanwhile
  }
  if (!socket_)
    return;
  log::info("Listening for leafnode connections on {}", host_and_port(socket_->host, port_));
  listener_ = actors::spawn_listener(sys, *shared.reactors.front(), socket_, "leafnode",
                                     [boss = leafs_](actors::accepted_ptr peer) {
                                       caf::anon_send(boss, atom::adopt_v, std::move(peer));
                                     });
}

std::vector<std::string> leaf_links::check(const config::options& options) {
  material fresh;
  auto problems = read_material(options, fresh);
  if (problems.empty()) {
    std::lock_guard guard{mutex_};
    next_ = std::move(fresh);
  }
  return problems;
}

void leaf_links::apply(const actors::settings_ptr& next) {
  {
    std::lock_guard guard{mutex_};
    now_ = next_;
    settings_ = next;
  }
  caf::anon_send(leafs_, atom::apply_v, next);
}

void leaf_links::adopt(actors::accepted_ptr peer) {
  caf::anon_send(leafs_, atom::adopt_v, std::move(peer));
}

void leaf_links::stop() {
  if (socket_) {
    socket_->refuse();
    caf::anon_send(listener_, atom::shut_down_v);
  }
  caf::anon_send(leafs_, atom::shut_down_v); // others may still ask for its handle
}

void leaf_links::account_changed(const actors::account_ptr& which) {
  caf::anon_send(leafs_, atom::watch_v, which);
}

std::vector<actors::leaf_snapshot> leaf_links::leafs(bool subscriptions) const {
  auto all = ask<leafs_ptr>(*system_, leafs_, atom::describe_v, subscriptions);
  if (!all)
    return {};
  std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) { return a.lid < b.lid; });
  return std::move(*all);
}

std::vector<actors::actor_snapshot> leaf_links::tree() const {
  std::vector<actors::actor_snapshot> out;
  for (const auto& part : {ask<actors::tree_ptr>(*system_, leafs_, atom::tree_v),
                           ask<actors::tree_ptr>(*system_, listener_, atom::tree_v)})
    if (part)
      out.insert(out.end(), part->begin(), part->end());
  return out;
}

} // namespace troupe::federation
