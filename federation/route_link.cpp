// federation/route_link.cpp: the actor between a route's socket and its session.
#include "federation/route_link.hpp"

#include "actors/log.hpp"
#include "actors/peer_stream.hpp"
#include "actors/pinned.hpp"
#include "federation/route_session.hpp"
#include "protocol/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::federation {

namespace log = actors::log;
using actors::loop_clock;
using actors::outgoing_ptr;
using protocol::close_reason;

namespace {

constexpr auto first_ping_after = std::chrono::seconds{1};

actors::wall_time wall(const actors::event_loop& loop, loop_clock::time_point when) {
  return std::chrono::system_clock::now()
         - std::chrono::duration_cast<std::chrono::system_clock::duration>(loop.now() - when);
}

class route_link final : public actors::pinned<route_actor::base>,
                         public actors::peer_stream,
                         public route_host {
public:
  route_link(caf::actor_config& cfg, actors::reactor& home, actors::accepted_ptr socket,
             actors::link_destination_ptr dest, terms_ptr mine,
             std::optional<dialled_remote> remote, cluster_actor boss)
      : actors::pinned<route_actor::base>(cfg), actors::peer_stream{home, std::move(socket), dest},
        link_{std::move(dest)}, mine_{std::move(mine)}, remote_{std::move(remote)}, boss_{std::move(
                                                                                        boss)},
        session_{*this,
                 {home.shared.accounts, *home.shared.links, home.routes, link_},
                 mine_,
                 link_->cid,
                 remote_.has_value(),
                 remote_ ? std::exchange(remote_->user, {}) : std::string{},
                 remote_ ? std::exchange(remote_->password, {}) : std::string{}} {
    dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(ctrl());
  }

  const char* name() const override { return "route"; }

  behavior_type make_behavior() override {
    start();
    return {
        [this](atom::deliver, const outgoing_ptr& batch) { take(batch); },
        [this](atom::await_drain, const caf::strong_actor_ptr& whom) { await_drain(whom); },
        [this](atom::drained) { drained(); },
        [](atom::fenced) {},
        [this](atom::overrun) { close(close_reason::slow_consumer_pending_bytes, true); },
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
          mine_ = next;
          if (phase_ == phase::talking)
            session_.apply(next);
        },
        [this](atom::cut, const std::string& why) {
          end(close_reason::route_removed, "", why, false);
        },
        [this](atom::watch, const actors::account_ptr& which) { session_.account_changed(which); },
        [this](atom::shut_down) { close(close_reason::server_shutdown); },
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
    boss_ = nullptr;
  }

  void on_fault(const char* what) noexcept override {
    try {
      log::error("{} - Internal error, closing this route: {}", who(), what);
      close(close_reason::internal_error, true);
    } catch (...) { // even the log failed: the socket must still go
      destroy();
    }
  }

  void on_timer(actors::timer& which) override {
    try {
      if (!stream_timer(which))
        life_due();
    } catch (const std::exception& e) {
      on_fault(e.what());
    }
  }

  // -- route_host --------------------------------------------------------------------------------

  void say(std::string_view line) override { actors::peer_stream::say(line); }

  void introduce(introduction who) override {
    pause(pause_login);
    who.ip = socket_->ip;
    send(boss_, introduction_ptr{std::make_shared<introduction>(std::move(who))});
  }

  void pass_on(peer_news news) override {
    send(boss_, peer_news_ptr{std::make_shared<peer_news>(std::move(news))});
  }

  void ponged() override {
    if (pings_out_ > 0) {
      rtt_ = loop_clock::now() - ping_sent_;
      link_->rtt.store(rtt_.count(), std::memory_order_relaxed);
    }
    pings_out_ = 0;
  }

  void go_on_telling() override { caf::anon_send(handle(), atom::go_on_v); }

  void end(close_reason why, std::string_view error, std::string_view text, bool loudly) override {
    if (phase_ >= phase::lingering)
      return;
    if (!text.empty())
      log::line(loudly ? config::log_level::error : config::log_level::debug, "{} - {}", who(),
                text);
    if (!error.empty())
      say_error(error);
    close(why);
  }

private:
  // -- peer_stream -------------------------------------------------------------------------------

  caf::strong_actor_ptr me() override { return caf::actor_cast<caf::strong_actor_ptr>(this); }

  void consume(actors::block& data, size_t size) override {
    last_activity_ = home_.loop.now();
    parsing_ = true;
    size_t at = 0;
    size_t wanted = 0;
    while (at < size && paused_ == 0 && phase_ == phase::talking) {
      auto progress = session_.parse({data.data() + at, size - at}, &data);
      at += progress.used;
      wanted = progress.wanted;
      if (!session_.has_enough())
        break; // everything used, or an unfinished operation
      flush_batch();
    }
    parsing_ = false;
    if (phase_ == phase::talking && at < size)
      keep(data, at, size, wanted);
    end_batch();
  }

  void flush_batch() override { home_.routes.flush(); }

  void take(const outgoing_ptr& batch) override {
    if (phase_ == phase::closed) {
      dest_->pending.fetch_sub(static_cast<int64_t>(batch->bytes_so_far()),
                               std::memory_order_relaxed);
      return;
    }
    out_messages_ += batch->messages;
    out_bytes_ += batch->payload_bytes;
    queue(batch);
  }

  void sniff() override {}

  void tls_failed() override {
    log::error("{} - TLS route handshake error: {}", who(), tls_->problem());
    close(close_reason::tls_handshake_error, true);
  }

  void tls_done() override {
    log::debug("{} - TLS handshake complete, version {}", who(), SSL_get_version(tls_->native()));
    talk();
  }

  void retire(close_reason reason) override {
    if (retired_)
      return;
    retired_ = true;
    dest_->doom();
    dest_->gate.close();
    stop_reading();
    session_.retire();
    home_.routes.flush(); // others hear at once that its interest has gone
    log::info("{} - Router connection closed: {}", who(), to_string(reason));
    release_waiters();
  }

  void gone() override { caf::anon_send_exit(handle(), caf::exit_reason::user_shutdown); }

  loop_clock::duration write_deadline() const override { return mine_->write_deadline; }

  // -- life --------------------------------------------------------------------------------------

  route_actor handle() { return caf::actor_cast<route_actor>(me()); }

  std::string who() const { return fmt::format("{} - rid:{}", peer(), link_->cid); }

  void start() {
    set_down_handler([this](caf::down_msg&) { // nobody would end this link later
      end(close_reason::internal_error, "", "The actor of the cluster has failed", true);
    });
    monitor(boss_);
    open();
    started_ = last_activity_;
    log::info("{} - Route connection created", who());
    const auto& tls = remote_ ? mine_->tls_dialling : mine_->tls_accepting;
    if (!tls) {
      talk();
      return;
    }
    begin_handshake(tls->make_session(remote_ ? remote_->host : std::string{}), mine_->tls_timeout);
    if (remote_)
      continue_tls();
  }

  void talk() {
    phase_ = phase::talking;
    home_.loop.timers().start(life_timer_, mine_->auth_timeout);
    session_.begin();
    home_.loop.flush_later(token_);
  }

  void settle(const admission& answer) {
    if (phase_ != phase::talking)
      return;
    session_.settle(answer);
    if (!session_.admitted() || phase_ != phase::talking)
      return;
    if (!tls_)
      dest_->gate.open(fd_);
    // Up to a fifth more, so that the routes of one broker do not ping in one moment.
    auto spread = std::chrono::milliseconds{200 * (link_->cid % 16) / 16};
    home_.loop.timers().start(life_timer_,
                              std::min<loop_clock::duration>(first_ping_after, mine_->ping_interval)
                                  + spread);
    home_.loop.flush_later(token_);
    unpause(pause_login);
  }

  void hear(const actors::interest_changes& changes) {
    if (phase_ == phase::talking) {
      session_.tell(changes);
      queue_own();
    }
    dest_->pending.fetch_sub(changes.cost, std::memory_order_relaxed);
  }

  void life_due() {
    switch (phase_) {
    case phase::handshaking:
      log::error("{} - TLS route handshake error: no handshake within the time limit", who());
      close(close_reason::tls_handshake_error, true);
      return;
    case phase::talking: break;
    case phase::lingering: destroy(); return;
    case phase::sniffing:
    case phase::refusing:
    case phase::closed: return;
    }
    if (session_.introduced()) { // the cluster has not made up its mind
      home_.loop.timers().start(life_timer_, mine_->auth_timeout);
      return;
    }
    if (!session_.admitted()) {
      end(close_reason::authentication_timeout, "Authentication Timeout", "Authentication Timeout",
          true);
      return;
    }
    if (static_cast<int64_t>(pings_out_) + 1 > mine_->ping_max) {
      home_.shared.sums.stale_connections.fetch_add(1, std::memory_order_relaxed);
      end(close_reason::stale_connection, "Stale Connection", "Stale Client Connection - Closing",
          false);
      return;
    }
    ++pings_out_;
    ping_sent_ = home_.loop.now();
    say("PING\r\n");
    home_.loop.timers().start(life_timer_, mine_->ping_interval);
  }

  // -- looking at it -----------------------------------------------------------------------------

  void settle_figures() {
    dest_->gate.hold([&] {
      out_messages_ += std::exchange(dest_->direct.messages, 0);
      out_bytes_ += std::exchange(dest_->direct.payload_bytes, 0);
      dest_->direct.counts.clear();
    });
  }

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
    if (blocked_)
      out.state += fmt::format(" blocked with {} bytes", queued_bytes_);
    out.mailbox = mailbox().size();
    out.in_messages = session_.in_messages;
    out.in_bytes = session_.in_bytes;
    out.out_messages = out_messages_;
    out.out_bytes = out_bytes_;
    return out;
  }

  actors::link_destination_ptr link_;
  terms_ptr mine_;
  std::optional<dialled_remote> remote_;
  cluster_actor boss_;
  route_session session_;
  bool retired_ = false;
  uint64_t out_messages_ = 0, out_bytes_ = 0;
  uint32_t pings_out_ = 0;
  loop_clock::time_point started_;
  loop_clock::time_point ping_sent_;
  std::chrono::nanoseconds rtt_{0};
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
