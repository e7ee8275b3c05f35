// federation/route_link.cpp: the actor between a route's socket and its session.
#include "federation/route_link.hpp"

#include "actors/log.hpp"
#include "actors/pinned.hpp"
#include "federation/peer_link.hpp"
#include "federation/route_session.hpp"
#include "protocol/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::federation {

namespace log = actors::log;
using actors::outgoing_ptr;
using protocol::close_reason;

namespace {

constexpr link_words words{"Route connection created", "Router connection closed",
                           "TLS route handshake error", "rid"};

class route_link final : public actors::pinned<route_actor::base>,
                         public peer_link,
                         public route_host {
public:
  route_link(caf::actor_config& cfg, actors::reactor& home, actors::accepted_ptr socket,
             actors::link_destination_ptr dest, terms_ptr mine,
             std::optional<dialled_remote> remote, cluster_actor boss)
      : actors::pinned<route_actor::base>(cfg), peer_link{home,
                                                          std::move(socket),
                                                          std::move(dest),
                                                          mine,
                                                          words,
                                                          remote ? &remote->host : nullptr},
        remote_{std::move(remote)}, boss_{std::move(boss)},
        session_{*this,
                 {home.shared.accounts, *home.shared.links, home.routes, link_},
                 std::move(mine),
                 link_->cid,
                 remote_.has_value(),
                 remote_ ? std::exchange(remote_->user, {}) : std::string{},
                 remote_ ? std::exchange(remote_->password, {}) : std::string{}} {
    dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(ctrl());
  }

  const char* name() const override { return "route"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg&) { // nobody would end this link later
      end(close_reason::internal_error, "", "The actor of the cluster has failed", true);
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
        [this](const admission_ptr& answer) { settle(*answer); },
        [this](atom::tell, const std::string& line) {
          if (phase_ == phase::talking && session_.admitted())
            say(line);
        },
        [this](atom::go_on) {
          if (phase_ == phase::talking)
            session_.tell_more();
        },
        [this](atom::rules, const terms_ptr& next) {
          common_ = next;
          if (phase_ == phase::talking)
            session_.apply(next);
        },
        [this](atom::cut, const std::string& why) {
          end(close_reason::route_removed, "", why, false);
        },
        [this](atom::watch, const actors::account_ptr& which) { session_.account_changed(which); },
        [this](atom::pin, const std::string& account, bool there) {
          if (phase_ == phase::talking)
            session_.pin(account, there);
        },
        [this](atom::describe, bool subscriptions) { return describe(subscriptions); },
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

  // -- route_host --------------------------------------------------------------------------------

  void say(std::string_view line) override { peer_link::say(line); }

  void introduce(introduction who) override {
    pause(pause_login);
    who.ip = socket_->ip;
    send(boss_, introduction_ptr{std::make_shared<introduction>(std::move(who))});
  }

  void offer_name(introduction who) override {
    send(boss_, introduction_ptr{std::make_shared<introduction>(std::move(who))});
  }

  void pass_on(peer_news news) override {
    send(boss_, peer_news_ptr{std::make_shared<peer_news>(std::move(news))});
  }

  /// Other clusters hear from one server what this whole cluster wants, so that it has to know all
  /// accounts.
  void miss(const std::string& account) override {
    const auto& shared = home_.shared;
    if (shared.keeper && !shared.links->identity().gateway.empty())
      caf::anon_send(shared.keeper, atom::fetch_v, account);
  }

  /// Nobody reads on before he has let us in.
  void ponged() override {
    note_pong();
    session_.miss_again();
    if (session_.admitted() && !std::exchange(taken_, true))
      send(boss_, atom::taken_v, link_->cid);
  }

  void go_on_telling() override { tell_when_read(); }

  void end(close_reason why, std::string_view error, std::string_view text, bool loudly) override {
    peer_link::end(why, error, text, loudly);
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

  route_actor handle() { return caf::actor_cast<route_actor>(me()); }

  void settle(const admission& answer) {
    if (phase_ != phase::talking)
      return;
    session_.settle(answer);
    if (!session_.admitted() || phase_ != phase::talking)
      return;
    let_in();
    unpause(pause_login);
  }

  void hear(const actors::interest_changes& changes) {
    if (phase_ == phase::talking)
      session_.tell(changes);
    told(changes);
  }

  // -- looking at it -----------------------------------------------------------------------------

  routes_ptr describe(bool subscriptions) {
    auto all = std::make_shared<std::vector<actors::route_snapshot>>();
    if (!session_.admitted())
      return all;
    settle_figures();
    auto& out = all->emplace_back();
    out.rid = link_->cid;
    out.remote_id = session_.peer().server_id;
    out.remote_name = session_.peer().server_name;
    out.solicited = remote_.has_value();
    out.configured = remote_ && remote_->configured;
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
    const auto& place = session_.place();
    out.account = place.account;
    if (place.pooled && place.has_slot())
      out.pool_index = place.slot;
    if (subscriptions)
      out.subscription_list = session_.interest_list();
    return all;
  }

  actors::actor_snapshot as_actor() {
    settle_figures();
    actors::actor_snapshot out;
    out.path = fmt::format("broker/reactor/{}/route/{}", home_.index, link_->cid);
    out.place = fmt::format("reactor {}", home_.index);
    out.state =
        fmt::format("{} {}{} {} subs, rtt {} us", peer(), session_.admitted() ? "" : "handshake ",
                    log::printable(session_.peer().server_name, 64), session_.interests(),
                    std::chrono::duration_cast<std::chrono::microseconds>(rtt_).count());
    if (const auto& place = session_.place(); !place.has_slot())
      out.state += fmt::format(", account {}", log::printable(place.account, 64));
    else if (place.pooled)
      out.state += fmt::format(", slot {}", place.slot);
    if (blocked_)
      out.state += fmt::format(" blocked with {} bytes", queued_bytes_);
    out.mailbox = mailbox().size();
    out.in_messages = session_.in_messages;
    out.in_bytes = session_.in_bytes;
    out.out_messages = out_messages_;
    out.out_bytes = out_bytes_;
    return out;
  }

  std::optional<dialled_remote> remote_;
  cluster_actor boss_;
  bool taken_ = false; ///< the peer has let this link in
  route_session session_;
};

} // namespace

route_actor spawn_route(caf::actor_system& sys, actors::reactor& home, actors::accepted_ptr socket,
                        uint64_t rid, terms_ptr mine, std::optional<dialled_remote> remote,
                        cluster_actor boss) {
  caf::actor_config where{&home.loop};
  auto dest = protocol::make_ref<actors::link_destination>(
      rid, home.shared.slots.take(), protocol::peer_role::route, mine->max_pending);
  return sys.spawn_class<route_link, caf::no_spawn_options>(where, home, std::move(socket),
                                                            std::move(dest), std::move(mine),
                                                            std::move(remote), std::move(boss));
}

} // namespace troupe::federation
