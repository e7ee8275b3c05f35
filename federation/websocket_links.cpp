// federation/websocket_links.cpp: binds, leads in, reloads and ends.
#include "federation/websocket_links.hpp"

#include "actors/core.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/local_urls.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::federation {

namespace log = actors::log;

namespace {

constexpr auto longest_answer = std::chrono::seconds{5};

std::vector<std::string> read_tls(const config::websocket_options& from,
                                  security::tls_context_ptr& out) {
  out = {};
  if (!from.tls)
    return {};
  auto built = security::tls_context::build(*from.tls, security::tls_role::server, "websocket.tls");
  out = std::move(built.context);
  return std::move(built.problems);
}

} // namespace

std::vector<std::string> websocket_links::prepare(const config::options& options) {
  const auto& from = options.websocket;
  if (!from.enabled())
    return {};
  if (auto problems = read_tls(from, terms_.tls); !problems.empty())
    return problems;
  terms_.what = "Websocket";
  terms_.timeout = from.handshake_timeout;
  terms_.same_origin = from.same_origin;
  for (const auto& each : from.allowed_origins)
    terms_.origins.push_back(protocol::parse_web_origin(each));
  terms_.deflate = from.compression;
  terms_.cookies = from.cookies;
  for (const auto& [name, text] : from.headers)
    terms_.headers += fmt::format("{}: {}\r\n", name, text);
  try {
    socket_ = actors::bind_and_listen(from.host, static_cast<uint16_t>(std::max(from.port, 0)));
  } catch (const std::exception& e) {
    return {fmt::format("Unable to listen for websocket connections: {}", e.what())};
  }
  port_ = socket_->port;
  return {};
}

std::vector<std::string> websocket_links::urls(const config::websocket_options& from) const {
  if (port_ == 0)
    return {};
  if (from.advertise.empty())
    return local_urls(from.host, port_);
  auto host = from.host;
  int64_t at = port_;
  advertised(from.advertise, host, at);
  return {host_and_port(host, at)};
}

actors::websocket_door_terms websocket_links::terms_now() const {
  std::lock_guard guard{mutex_};
  return terms_;
}

void websocket_links::start(caf::actor_system& sys, actors::core& shared,
                            const actors::settings_ptr&, const actors::link_keeper::changed&) {
  system_ = &sys;
  terms_.takes_leafs = to_leafs_ != nullptr;
  log::info("Listening for websocket clients on {}://{}", terms_.tls ? "wss" : "ws",
            host_and_port(socket_->host, port_));
  if (!terms_.tls)
    log::warn("Websocket not configured with TLS. DO NOT USE IN PRODUCTION!");
  auto through = [this, &shared](actors::accepted_ptr peer, bool leaf) {
    if (leaf)
      to_leafs_(std::move(peer));
    else
      actors::hand_to_emptiest(shared, std::move(peer));
  };
  // TLS and the upgrade are done where a peer was accepted, so on all reactors.
  for (const auto& each : shared.reactors)
    listeners_.push_back(actors::spawn_listener(
        sys, *each, socket_, "websocket",
        [this, &sys, &home = *each, through](actors::accepted_ptr peer) {
          spawn_websocket_door(sys, home, std::move(peer), terms_now(), {through, {}});
        }));
}

std::vector<std::string> websocket_links::check(const config::options& options) {
  security::tls_context_ptr fresh;
  auto problems = read_tls(options.websocket, fresh);
  if (problems.empty()) {
    std::lock_guard guard{mutex_};
    next_tls_ = std::move(fresh);
  }
  return problems;
}

void websocket_links::apply(const actors::settings_ptr&) {
  std::lock_guard guard{mutex_};
  terms_.tls = next_tls_;
}

void websocket_links::lame_duck() {
  socket_->refuse();
  for (const auto& each : listeners_)
    caf::anon_send(each, atom::shut_down_v);
}

void websocket_links::stop() {
  lame_duck();
}

std::vector<actors::actor_snapshot> websocket_links::tree() const {
  std::vector<actors::actor_snapshot> out;
  caf::scoped_actor self{*system_, true};
  for (const auto& each : listeners_)
    self->request(each, longest_answer, atom::tree_v)
        .receive(
            [&](const actors::tree_ptr& part) {
              out.insert(out.end(), part->begin(), part->end());
            },
            [](const caf::error&) {}); // it ends in lame duck mode
  return out;
}

} // namespace troupe::federation
