// federation/gateway_link.cpp: the actor between a gateway's socket and its session.
#include "federation/gateway_link.hpp"

#include "actors/log.hpp"
#include "actors/pinned.hpp"
#include "federation/gateway_session.hpp"
#include "federation/peer_link.hpp"

#include <fmt/format.h>

namespace troupe::federation {

namespace log = actors::log;
using actors::outgoing_ptr;
using protocol::close_reason;

namespace {

constexpr link_words words{"Gateway connection created", "Gateway connection closed",
                           "TLS gateway handshake error", "gid"};

/// The times and certificates of one link: those of a remote may be its own.
link_terms_ptr common_terms(const gateway_terms_ptr& mine,
                            const std::optional<dialled_gateway>& remote) {
  if (!remote)
    return mine;
  auto out = std::make_shared<link_terms>(*mine);
  out->tls.dialling = remote->tls;
  if (remote->tls)
    out->tls_timeout = remote->tls_timeout;
  return out;
}

class gateway_link final : public actors::pinned<gateway_actor::base>,
                           public peer_link,
                           public gateway_host {
public:
  gateway_link(caf::actor_config& cfg, actors::reactor& home, actors::accepted_ptr socket,
               actors::link_destination_ptr dest, gateway_terms_ptr mine,
               std::optional<dialled_gateway> remote, gateways_actor boss)
      : actors::pinned<gateway_actor::base>(cfg), peer_link{home,
                                                            std::move(socket),
                                                            std::move(dest),
                                                            common_terms(mine, remote),
                                                            words,
                                                            remote ? &remote->host : nullptr},
        remote_{remote}, boss_{std::move(boss)}, session_{*this,
                                                          {home.shared.accounts, *home.shared.links,
                                                           home.routes, link_},
                                                          std::move(mine),
                                                          std::move(remote)} {
    if (remote_)
      remote_->password.clear(); // the session has it
    dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(ctrl());
  }

  const char* name() const override { return "gateway"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg&) { // nobody would end this link later
      end(close_reason::internal_error, "", "The actor of the gateways has failed");
    });
    monitor(boss_);
    start();
    return {
        [this](atom::deliver, const outgoing_ptr& batch) { take(batch); },
        [this](atom::await_drain, const caf::strong_actor_ptr& whom) { await_drain(whom); },
        [this](atom::drained) { drained(); },
        [](atom::fenced) {},
        [this](atom::overrun) { close(close_reason::slow_consumer_pending_bytes, true); },
        [this](atom::shut_down) { close(close_reason::server_shutdown); },
        [](const actors::login_result_ptr&) {},
        [this](atom::interest, const actors::interest_changes_ptr& changes) { hear(*changes); },
        [this](const gateway_admission_ptr& answer) { settle(*answer); },
        [this](atom::tell, const std::string& line) {
          if (phase_ == phase::talking && session_.admitted())
            say(line);
        },
        [this](atom::go_on) {
          if (phase_ == phase::talking)
            session_.tell_more();
        },
        [this](atom::rules, const gateway_terms_ptr& next) {
          common_ = common_terms(next, remote_);
          if (phase_ == phase::talking)
            session_.apply(next);
        },
        [this](atom::cut, const std::string& why) { end(close_reason::route_removed, "", why); },
        [this](atom::watch, const actors::account_ptr& which) {
          if (phase_ == phase::talking)
            session_.account_changed(which);
        },
        [this](atom::describe, bool accounts, bool subscriptions) {
          return describe(accounts, subscriptions);
        },
        [this](atom::tree) {
          return std::make_shared<std::vector<actors::actor_snapshot>>(1, as_actor());
        },
    };
  }

  void on_exit() override {
    if (phase_ != phase::closed)
      close(close_reason::internal_error, true);
    waiters_.clear();
    if (boss_) // which else remembers, and with it keeps the memory of, each link that ever was
      demonitor(boss_.address());
    boss_ = nullptr;
  }

  // -- gateway_host ------------------------------------------------------------------------------

  void say(std::string_view line) override { peer_link::say(line); }

  void introduce(gateway_introduction who) override {
    pause(pause_login);
    send(boss_, gateway_introduction_ptr{std::make_shared<gateway_introduction>(std::move(who))});
  }

  void pass_on(gateway_news news) override {
    send(boss_, gateway_news_ptr{std::make_shared<gateway_news>(std::move(news))});
  }

  void ponged() override { note_pong(); }

  void go_on_telling() override { tell_when_read(); }

  void end(close_reason why, std::string_view error, std::string_view text) override {
    peer_link::end(why, error, text, true);
  }

private:
  // -- peer_link ---------------------------------------------------------------------------------

  caf::strong_actor_ptr me() override { return caf::actor_cast<caf::strong_actor_ptr>(this); }
  void gone() override { caf::anon_send_exit(handle(), caf::exit_reason::user_shutdown); }
  void begin() override { session_.begin(); }
  protocol::parse_progress parse(std::string_view in, actors::block& owner) override {
    return session_.parse(in, &owner);
  }
  bool has_enough() const override { return session_.has_enough(); }
  bool admitted() const override { return session_.admitted(); }
  bool awaits_decision() const override { return session_.introduced(); }
  void withdraw() override { session_.retire(); }
  void tell_next() override { caf::anon_send(handle(), atom::go_on_v); }

  // -- life --------------------------------------------------------------------------------------

  gateway_actor handle() { return caf::actor_cast<gateway_actor>(me()); }

  void settle(const gateway_admission& answer) {
    if (phase_ != phase::talking)
      return;
    session_.settle(answer);
    if (!session_.admitted() || phase_ != phase::talking)
      return;
    configured_ = remote_ && answer.configured; // of those who come nobody says it
    const auto& other = session_.peer();
    log::info("{} - {} gateway connection {} \"{}\" ({}) registered", who(),
              remote_ ? "Outbound" : "Inbound", remote_ ? "to" : "from",
              log::printable(other.gateway, 64), log::printable(other.server_id, 64));
    let_in();
    unpause(pause_login);
  }

  void hear(const actors::interest_changes& changes) {
    if (phase_ == phase::talking)
      session_.tell(changes);
    told(changes);
  }

  // -- looking at it -----------------------------------------------------------------------------

  gateways_ptr describe(bool accounts, bool subscriptions) {
    auto all = std::make_shared<std::vector<actors::gateway_snapshot>>();
    if (!session_.admitted())
      return all;
    settle_figures();
    auto& out = all->emplace_back();
    out.gid = link_->cid;
    out.cluster = session_.peer().gateway;
    out.outbound = remote_.has_value();
    out.configured = configured_;
    out.remote_id = session_.peer().server_id;
    out.remote_name = session_.peer().server_name;
    out.ip = socket_->ip;
    out.port = socket_->port;
    out.start = wall(home_.loop, started_);
    out.last_activity = wall(home_.loop, last_activity_);
    out.rtt = rtt_;
    out.pending_bytes = dest_->pending.load(std::memory_order_relaxed);
    out.in_messages = session_.in_messages;
    out.in_bytes = session_.in_bytes;
    out.out_messages = out_messages_;
    out.out_bytes = out_bytes_;
    out.subscriptions = session_.interests();
    if (accounts)
      out.accounts = session_.accounts(subscriptions);
    return all;
  }

  actors::actor_snapshot as_actor() {
    settle_figures();
    actors::actor_snapshot out;
    out.path = fmt::format("broker/reactor/{}/gateway/{}", home_.index, link_->cid);
    out.place = fmt::format("reactor {}", home_.index);
    out.state = fmt::format("{} {}{} {} {} subs, rtt {} us", peer(),
                            session_.admitted() ? "" : "handshake ", remote_ ? "to" : "from",
                            log::printable(session_.peer().gateway, 64), session_.interests(),
                            std::chrono::duration_cast<std::chrono::microseconds>(rtt_).count());
    if (blocked_)
      out.state += fmt::format(" blocked with {} bytes", queued_bytes_);
    out.mailbox = mailbox().size();
    out.in_messages = session_.in_messages;
    out.in_bytes = session_.in_bytes;
    out.out_messages = out_messages_;
    out.out_bytes = out_bytes_;
    return out;
  }

  std::optional<dialled_gateway> remote_;
  gateways_actor boss_;
  bool configured_ = false;
  gateway_session session_;
};

} // namespace

gateway_actor spawn_gateway(caf::actor_system& sys, actors::reactor& home,
                            actors::accepted_ptr socket, uint64_t gid, gateway_terms_ptr mine,
                            std::optional<dialled_gateway> remote, gateways_actor boss) {
  caf::actor_config where{&home.loop};
  auto role = remote ? protocol::peer_role::gateway_out : protocol::peer_role::gateway_in;
  auto dest = protocol::make_ref<actors::link_destination>(gid, home.shared.slots.take(), role,
                                                           mine->max_pending);
  return sys.spawn_class<gateway_link, caf::no_spawn_options>(where, home, std::move(socket),
                                                              std::move(dest), std::move(mine),
                                                              std::move(remote), std::move(boss));
}

} // namespace troupe::federation
