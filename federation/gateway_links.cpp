// federation/gateway_links.cpp: binds, starts, reloads and ends what gateways consist of.
#include "federation/gateway_links.hpp"

#include "actors/core.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/asking.hpp"
#include "federation/local_urls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;

namespace {

/// gateways.md section 11.
constexpr auto time_to_form = std::chrono::seconds{1};
constexpr auto longest_ping_interval = std::chrono::seconds{15};

std::vector<std::string> read_remote(const config::remote_gateway& from,
                                     const config::gateway_options& general, remote_plan& out) {
  out.from = from;
  auto tls = from.plain ? std::nullopt : from.tls ? from.tls : general.tls;
  if (!tls)
    return {};
  auto built = security::tls_context::build(*tls, security::tls_role::client,
                                            fmt::format("gateway.gateways ({}).tls", from.name));
  out.tls = std::move(built.context);
  out.tls_timeout = tls->timeout;
  return std::move(built.problems);
}

std::vector<std::string> read_material(const config::options& options,
                                       gateway_links::material& out) {
  const auto& from = options.gateway;
  out = {};
  auto problems = read_certificates(from.tls, "gateway.tls", out.own);
  for (const auto& each : from.remotes) {
    if (each.name == from.name)
      continue; // so all clusters can share one file
    for (auto& one : read_remote(each, from, out.remotes.emplace_back()))
      problems.push_back(std::move(one));
  }
  return problems;
}

/// host and port that other clusters dial.
std::pair<std::string, int64_t> public_address(const config::gateway_options& from, uint16_t port) {
  auto host = from.host;
  int64_t at = port;
  if (!from.advertise.empty())
    advertised(from.advertise, host, at);
  return {host, at};
}

gateway_terms_ptr make_terms(const actors::settings& now, uint16_t port, const std::string& url,
                             const std::vector<std::string>& other_urls, link_certificates tls) {
  const auto& options = now.options;
  const auto& from = options.gateway;
  auto out = std::make_shared<gateway_terms>();
  auto& info = out->info;
  info.server_id = now.info.server_id;
  info.server_name = now.info.server_name;
  info.version = now.info.version;
  info.troupe = now.info.troupe;
  info.git_commit = now.info.git_commit;
  info.go = now.info.runtime;
  std::tie(info.host, info.port) = public_address(from, port);
  info.headers = !options.no_header_support;
  info.max_payload = options.limits.max_payload;
  info.auth_required = !from.authorization.user.empty();
  info.tls_required = info.tls_verify = from.tls.has_value();
  info.gateway = from.name;
  info.gateway_url = url;
  info.gateway_urls = other_urls;
  info.gateway_urls.insert(info.gateway_urls.begin(), url);
  out->user = from.authorization.user;
  out->password = from.authorization.password;
  take_general(options, from.tls, from.authorization, *out);
  out->ping_interval =
      std::min<std::chrono::nanoseconds>(out->ping_interval, longest_ping_interval);
  if (from.write_deadline.count() > 0)
    out->write_deadline = from.write_deadline;
  out->close_when_behind = from.write_timeout == "close";
  out->tls = std::move(tls);
  return out;
}

} // namespace

std::vector<std::string> gateway_links::prepare(const config::options& options) {
  const auto& from = options.gateway;
  if (!from.enabled())
    return {};
  if (auto problems = read_material(options, now_); !problems.empty())
    return problems;
  try {
    socket_ = actors::bind_and_listen(from.host, static_cast<uint16_t>(std::max(from.port, 0)));
  } catch (const std::exception& e) {
    return {fmt::format("Error listening on gateway port: {}", e.what())};
  }
  port_ = socket_->port;
  return {};
}

std::vector<protocol::peer_role> gateway_links::served() const {
  if (port_ == 0)
    return {};
  return {protocol::peer_role::gateway_in, protocol::peer_role::gateway_out};
}

gateways_plan_ptr gateway_links::plan_for(const actors::settings_ptr& now) {
  std::lock_guard guard{mutex_};
  const auto& from = now->options.gateway;
  auto out = std::make_shared<gateways_plan>();
  out->mine = make_terms(*now, port_, url(from), members_.gateway_urls, now_.own);
  out->member_names = members_.server_names;
  out->remotes = now_.remotes;
  if (now->options.cluster.enabled())
    out->first_dial = time_to_form;
  out->reject_unknown = from.reject_unknown;
  out->retries = from.connect_retries;
  out->backoff = from.connect_backoff;
  return out;
}

void gateway_links::start(caf::actor_system& sys, actors::core& shared,
                          const actors::settings_ptr& now, const actors::link_keeper::changed&) {
  system_ = &sys;
  gateways_ = spawn_gateways(
      sys, shared, now, [this](const actors::settings_ptr& current) { return plan_for(current); },
      gossip_);
  {
    std::lock_guard guard{mutex_};
    told_ = gateways_;
  }
  log::info("Gateway name is {}", now->options.gateway.name);
  log::info("Listening for gateways connections on {}", host_and_port(socket_->host, port_));
  listener_ = actors::spawn_listener(sys, *shared.reactors.front(), socket_, "gateway",
                                     [boss = gateways_](actors::accepted_ptr peer) {
                                       caf::anon_send(boss, atom::adopt_v, std::move(peer));
                                     });
}

std::string gateway_links::url(const config::gateway_options& from) const {
  if (port_ == 0)
    return {};
  auto [host, port] = public_address(from, port_);
  return from.advertise.empty() ? local_urls(host, port).front() : host_and_port(host, port);
}

void gateway_links::hear(const protocol::link_info& said) {
  gateway_news news;
  news.gossip = true;
  news.name = said.gateway;
  news.urls = said.gateway_urls;
  std::lock_guard guard{mutex_};
  if (told_)
    caf::anon_send(told_, gateway_news_ptr{std::make_shared<gateway_news>(std::move(news))});
}

void gateway_links::members_changed(fellow_members now) {
  std::lock_guard guard{mutex_};
  if (now == members_)
    return;
  members_ = std::move(now);
  if (told_)
    caf::anon_send(told_, atom::apply_v);
}

std::vector<std::string> gateway_links::check(const config::options& options) {
  material fresh;
  auto problems = read_material(options, fresh);
  if (problems.empty()) {
    std::lock_guard guard{mutex_};
    next_ = std::move(fresh);
  }
  return problems;
}

void gateway_links::apply(const actors::settings_ptr& next) {
  {
    std::lock_guard guard{mutex_};
    now_ = next_;
  }
  caf::anon_send(gateways_, atom::apply_v, next);
}

void gateway_links::stop() {
  socket_->refuse();
  caf::anon_send(listener_, atom::shut_down_v);
  caf::anon_send(gateways_, atom::shut_down_v); // others may still ask for its handle
}

void gateway_links::account_changed(const actors::account_ptr& which) {
  caf::anon_send(gateways_, atom::watch_v, which);
}

std::vector<actors::gateway_snapshot> gateway_links::gateways(bool accounts,
                                                              bool subscriptions) const {
  auto all = ask<gateways_ptr>(*system_, gateways_, atom::describe_v, accounts, subscriptions);
  if (!all)
    return {};
  std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) { return a.gid < b.gid; });
  return std::move(*all);
}

std::vector<actors::actor_snapshot> gateway_links::tree() const {
  std::vector<actors::actor_snapshot> out;
  for (const auto& part : {ask<actors::tree_ptr>(*system_, gateways_, atom::tree_v),
                           ask<actors::tree_ptr>(*system_, listener_, atom::tree_v)})
    if (part)
      out.insert(out.end(), part->begin(), part->end());
  return out;
}

} // namespace troupe::federation
