// federation/leaf_link.cpp: the actor between a leaf node's socket and its session.
#include "federation/leaf_link.hpp"

#include "actors/callout_login.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/observer.hpp"
#include "actors/pinned.hpp"
#include "federation/leaf_login.hpp"
#include "federation/leaf_session.hpp"
#include "federation/peer_link.hpp"
#include "protocol/errc.hpp"
#include "security/nkey.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::federation {

namespace log = actors::log;
using actors::outgoing_ptr;
using protocol::close_reason;

namespace {

constexpr link_words words{"Leafnode connection created", "Leafnode connection closed",
                           "TLS leafnode handshake error", "lid"};
/// A wrong password is answered late, so that guessing is slow; nothing else waits for it.
constexpr auto refusal_delay = std::chrono::milliseconds{200};
/// No timer is set for longer, so that a clock that is put right is noticed.
constexpr int64_t longest_wait_for_expiry = 3600;

/// The times and certificates of one link: those of a hub may be its own.
link_terms_ptr common_terms(const leaf_terms_ptr& mine, const std::optional<dialled_hub>& hub,
                            bool websocket) {
  auto pings = mine->settings->options.websocket.ping_interval;
  bool own_pings = websocket && pings.count() > 0;
  if (!hub && !own_pings)
    return mine;
  auto out = std::make_shared<link_terms>(*mine);
  if (own_pings)
    out->ping_interval = pings;
  if (!hub)
    return out;
  const auto& terms = *hub->terms;
  out->tls.dialling = terms.tls_first ? terms.tls : security::tls_context_ptr{};
  out->tls_timeout = terms.tls_timeout;
  return out;
}

class leaf_link final : public actors::pinned<leaf_actor::base>,
                        public peer_link,
                        public leaf_host {
public:
  leaf_link(caf::actor_config& cfg, actors::reactor& home, actors::accepted_ptr socket,
            actors::link_destination_ptr dest, leaf_terms_ptr mine, std::optional<dialled_hub> hub,
            leafs_actor boss)
      : actors::pinned<leaf_actor::base>(cfg), peer_link{home,
                                                         std::move(socket),
                                                         std::move(dest),
                                                         common_terms(mine, hub, false),
                                                         words,
                                                         hub ? &hub->host : nullptr},
        mine_{std::move(mine)}, hub_{std::move(hub)}, boss_{std::move(boss)},
        nonce_{hub_ ? std::string{} : security::make_nonce()}, session_{*this,
                                                                        {home.shared.accounts,
                                                                         *home.shared.links,
                                                                         home.routes, link_},
                                                                        mine_,
                                                                        hub_,
                                                                        nonce_},
        expiry_{*this} {
    dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(ctrl());
    if (ws_)
      common_ = common_terms(mine_, hub_, true);
  }

  const char* name() const override { return "leaf"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg&) { // nobody would end this link later
      end(close_reason::internal_error, "", "The actor of the leaf nodes has failed");
    });
    monitor(boss_);
    start();
    return {
        [this](atom::deliver, const outgoing_ptr& batch) {
          session_.await_answers(batch->replies);
          take(batch);
        },
        [this](atom::await_drain, const caf::strong_actor_ptr& whom) { await_drain(whom); },
        [this](atom::drained) { drained(); },
        [](atom::fenced) {},
        [this](atom::overrun) { close(close_reason::slow_consumer_pending_bytes, true); },
        [this](atom::shut_down) { close(close_reason::server_shutdown); },
        [this](const actors::login_result_ptr& result) {
          if (phase_ == phase::talking && login_ && !session_.account())
            after_step(login_->finish(home_.shared, *result, as_connection()));
        },
        [this](atom::interest, const actors::interest_changes_ptr& changes) { hear(*changes); },
        [this](const leaf_admission_ptr& answer) { settle(*answer); },
        [this](atom::go_on) {
          if (phase_ == phase::talking)
            session_.tell_more();
        },
        [this](atom::rules, const leaf_terms_ptr& next) { apply(next); },
        [this](atom::cut, const std::string& error, const std::string& why) {
          end(close_reason::route_removed, error, why);
        },
        [this](atom::watch, const actors::account_ptr& which) { follow(which); },
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

  void on_timer(actors::timer& which) override {
    if (&which == &expiry_)
      user_expires();
    else if (&which == &life_timer_ && phase_ == phase::refusing)
      refuse_now();
    else if (&which == &life_timer_ && phase_ == phase::talking && login_ && login_->is_asking())
      after_login(login_->overdue());
    else if (&which == &life_timer_ && phase_ == phase::talking && hub_ && !session_.admitted()
             && !session_.waiting())
      hub_is_silent();
    else
      peer_link::on_timer(which);
  }

  // -- leaf_host ---------------------------------------------------------------------------------

  void say(std::string_view line) override { peer_link::say(line); }

  void secure() override {
    const auto& terms = *hub_->terms;
    begin_handshake(terms.tls->make_session(hub_->host), terms.tls_timeout);
    continue_tls();
  }

  void authenticate(const protocol::link_connect& said) override {
    pause(pause_login);
    login_ = std::make_unique<leaf_login>();
    claimed_ = said.user.empty() ? said.nkey : said.user;
    leaf_login::facts also;
    if (ws_)
      also.type = security::connection_type::leafnode_websocket;
    also.address = socket_->ip;
    also.nonce = nonce_;
    also.certificate = certificate();
    if (tls_)
      also.tls = actors::tls_facts(tls_->native());
    also.lid = link_->cid;
    also.peer = who();
    also.publisher = home_.actor;
    after_step(login_->begin(home_.shared, mine_, said, std::move(also), as_connection()));
  }

  std::chrono::steady_clock::time_point now() const override { return home_.loop.now(); }

  void introduce(leaf_introduction who) override {
    pause(pause_login);
    send(boss_, leaf_introduction_ptr{std::make_shared<leaf_introduction>(std::move(who))});
  }

  void hear_urls(const std::vector<std::string>& urls) override {
    send(boss_, hub_news_ptr{std::make_shared<hub_news>(hub_news{link_->cid, urls})});
  }

  void ponged() override { note_pong(); }

  void go_on_telling() override { tell_when_read(); }

  void end(close_reason why, std::string_view error, std::string_view text) override {
    peer_link::end(why, error, text, true);
  }

  void complained(std::string_view text) override {
    log::error("{} - Leafnode Error '{}'", who(), log::printable(text, 1024));
  }

private:
  // -- peer_link ---------------------------------------------------------------------------------

  caf::strong_actor_ptr me() override { return caf::actor_cast<caf::strong_actor_ptr>(this); }
  void gone() override { caf::anon_send_exit(handle(), caf::exit_reason::user_shutdown); }
  protocol::parse_progress parse(std::string_view in, actors::block& owner) override {
    bool greeted = !session_.expects_info();
    auto out = session_.parse(in, &owner);
    if (!greeted && !session_.expects_info() && phase_ == phase::talking) {
      home_.loop.timers().start(life_timer_, mine_->auth_timeout); // for the hub's answer
      if (auto most = session_.largest_payload(); ws_ && most > 0)
        ws_->limit_messages(static_cast<size_t>(most));
    }
    return out;
  }
  bool has_enough() const override { return session_.has_enough(); }
  void tell_next() override { caf::anon_send(handle(), atom::go_on_v); }
  bool admitted() const override { return session_.admitted(); }
  bool awaits_decision() const override { return session_.waiting(); }

  void begin() override {
    begun_ = true;
    session_.begin();
    if (hub_) {
      if (session_.expects_info())
        home_.loop.timers().start(life_timer_, hub_->terms->first_info_timeout);
      return;
    }
    if (ws_ || tls_ || !mine_->tls_behind_info)
      return;
    queue_own();
    write_output();
    if (phase_ == phase::talking)
      begin_handshake(mine_->tls_behind_info->make_session(), mine_->tls_timeout);
  }

  void tls_done() override {
    if (!begun_) { // nobody has said anything yet
      peer_link::tls_done();
      return;
    }
    log::debug("{} - TLS handshake complete, version {}", who(), SSL_get_version(tls_->native()));
    phase_ = phase::talking;
    home_.loop.timers().start(life_timer_, mine_->auth_timeout);
    session_.secured();
    queue_own();
    home_.loop.flush_later(token_);
  }

  void retire(close_reason reason) override {
    reason_ = reason;
    peer_link::retire(reason);
  }

  void withdraw() override {
    expiry_.stop();
    if (bound_) {
      bound_->leafnodes.fetch_sub(1, std::memory_order_relaxed);
      tell_count();
      tell(actors::happening::disconnected, reason_);
    }
    if (hub_ && session_.hold_off().count() > 0)
      send(boss_, atom::hold_off_v, link_->cid,
           static_cast<uint64_t>(std::chrono::milliseconds{session_.hold_off()}.count()));
    session_.retire();
  }

  // -- login -------------------------------------------------------------------------------------

  actors::connection_actor as_connection() {
    return caf::actor_cast<actors::connection_actor>(me());
  }
  leaf_actor handle() { return caf::actor_cast<leaf_actor>(me()); }

  /// Decided, or on its way; an auth callout may take as long as with clients.
  void after_step(std::optional<leaf_login::answer> answer) {
    if (answer)
      after_login(std::move(*answer));
    else if (login_->is_asking())
      home_.loop.timers().start(life_timer_, mine_->settings->auth_timeout);
  }

  void after_login(leaf_login::answer answer) {
    if (answer.where) {
      await_expiry();
      session_.log_in(answer.where, answer.may, answer.limits);
      return;
    }
    auto by = claimed_.empty() ? std::string{}
                               : fmt::format("User \"{}\": ", log::printable(claimed_, 64));
    log::error("{} - authentication error - {}{}", who(), by, answer.problem);
    tell(actors::happening::refused, close_reason::authentication_violation, answer.judged_in,
         answer.judged_why);
    phase_ = phase::refusing;
    home_.loop.timers().start(life_timer_, refusal_delay);
  }

  void refuse_now() {
    say_error(protocol::describe(protocol::errc::authorization_violation).wire);
    close(close_reason::authentication_violation);
  }

  void hub_is_silent() {
    if (session_.expects_info())
      end(close_reason::wrong_port, "", "The hub has not said INFO in time");
    else
      end(close_reason::stale_connection, "Stale Leaf Node Connection - Closing",
          "The hub has not answered in time");
  }

  void await_expiry() {
    if (login_->valid_until() == 0)
      return;
    // A JWT is good through the second that it names.
    auto left = login_->valid_until() - actors::unix_now() + 1;
    home_.loop.timers().start(
        expiry_, std::chrono::seconds{std::clamp<int64_t>(left, 0, longest_wait_for_expiry)});
  }

  void user_expires() {
    if (actors::unix_now() <= login_->valid_until())
      await_expiry();
    else
      end(close_reason::authentication_expired,
          protocol::describe(protocol::errc::user_expired).wire,
          "The user's JWT has expired, or its time of day is over");
  }

  // -- life --------------------------------------------------------------------------------------

  void settle(const leaf_admission& answer) {
    if (phase_ != phase::talking)
      return;
    session_.settle(answer);
    if (!session_.admitted() || phase_ != phase::talking)
      return;
    log::info("{} - Leafnode connection bound to account {}{}", who(), session_.account()->name,
              session_.is_spoke() ? ", as a spoke" : "");
    bound_ = session_.account();
    bound_->leafnodes.fetch_add(1, std::memory_order_relaxed);
    tell_count();
    tell(actors::happening::connected);
    let_in();
    unpause(pause_login);
  }

  void hear(const actors::interest_changes& changes) {
    if (phase_ == phase::talking)
      session_.tell(changes);
    told(changes);
  }

  void apply(const leaf_terms_ptr& next) {
    bool other_urls = next->info.leafnode_urls != mine_->info.leafnode_urls
                      || next->info.ws_connect_urls != mine_->info.ws_connect_urls;
    mine_ = next;
    common_ = common_terms(next, hub_, ws_ != nullptr);
    if (phase_ != phase::talking)
      return;
    session_.apply(next);
    if (login_ && session_.admitted())
      if (auto problem = login_->recheck(next); !problem.empty()) {
        end(close_reason::credentials_revoked,
            protocol::describe(protocol::errc::authorization_violation).wire, problem);
        return;
      }
    if (other_urls)
      session_.tell_urls();
    queue_own();
    home_.loop.flush_later(token_);
  }

  void follow(const actors::account_ptr& which) {
    if (phase_ != phase::talking || session_.account() != which)
      return;
    auto policy = which->policy();
    auto problem = login_            ? login_->follow(*policy)
                   : policy->removed ? std::string{"Its account was removed"}
                                     : std::string{};
    if (!problem.empty())
      end(close_reason::credentials_revoked, "", problem);
    else
      session_.follow_account();
  }

  /// Who counts the account's connections counts leaf nodes as well.
  void tell_count() {
    if (auto* whom = home_.shared.watcher.get())
      whom->counted(bound_, bound_->connections.load(std::memory_order_relaxed));
  }

  // -- notices -----------------------------------------------------------------------------------

  /// The broker's observer hears of it as of a client.
  void tell(actors::happening what, close_reason reason = close_reason::none,
            const actors::account_ptr& judged_in = {}, const std::string& judged_why = {}) {
    auto* whom = home_.shared.watcher.get();
    const auto& where = bound_ ? bound_ : judged_in ? judged_in : home_.shared.accounts.global;
    if (!whom || !whom->wants(what, *where))
      return;
    auto now = std::chrono::system_clock::now();
    actors::connection_snapshot out;
    settle_figures();
    out.cid = link_->cid;
    out.leafnode = true;
    out.reactor = home_.index;
    out.ip = socket_->ip;
    out.port = socket_->port;
    out.start = wall(home_.loop, started_);
    out.last_activity = wall(home_.loop, last_activity_);
    out.rtt = rtt_;
    out.in_messages = session_.in_messages;
    out.in_bytes = session_.in_bytes;
    out.out_messages = out_messages_;
    out.out_bytes = out_bytes_;
    out.name = session_.peer().name;
    out.version = session_.peer().version;
    out.user = claimed_;
    out.account = bound_ ? bound_->name : "N/A";
    if (reason != close_reason::none) {
      out.stop = now;
      out.reason = to_string(reason);
    }
    whom->note({what, where, std::move(out), now, judged_why});
  }

  // -- looking at it -----------------------------------------------------------------------------

  leafs_ptr describe(bool subscriptions) {
    auto all = std::make_shared<std::vector<actors::leaf_snapshot>>();
    if (!session_.admitted())
      return all;
    settle_figures();
    auto& out = all->emplace_back();
    out.lid = link_->cid;
    out.name = session_.peer().name;
    out.version = session_.peer().version;
    out.user = claimed_;
    out.last_activity = wall(home_.loop, last_activity_);
    out.pending_bytes = dest_->pending.load(std::memory_order_relaxed);
    out.solicited = hub_.has_value();
    out.spoke = session_.is_spoke();
    out.isolated = link_->isolated;
    out.account = session_.account()->name;
    out.ip = socket_->ip;
    out.port = socket_->port;
    out.start = wall(home_.loop, started_);
    out.rtt = rtt_;
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
    out.path = fmt::format("broker/reactor/{}/leaf/{}", home_.index, link_->cid);
    out.place = fmt::format("reactor {}", home_.index);
    out.state = fmt::format("{} {}{} in {}{}, {} subs, rtt {} us", peer(),
                            session_.admitted() ? "" : "handshake ",
                            log::printable(session_.peer().name, 64),
                            session_.account() ? session_.account()->name : "no account",
                            session_.is_spoke() ? ", our hub" : "", session_.interests(),
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

  leaf_terms_ptr mine_;
  const std::optional<dialled_hub> hub_;
  leafs_actor boss_;
  const std::string nonce_;
  bool begun_ = false; // the first word may be said, or has been
  leaf_session session_;
  std::unique_ptr<leaf_login> login_; // of an accepted leaf node
  std::string claimed_;               // by whom it came, for the log
  actors::account_ptr bound_;         // once it takes part
  close_reason reason_ = close_reason::none;
  actors::timer expiry_;
};

} // namespace

leaf_actor spawn_leaf(caf::actor_system& sys, actors::reactor& home, actors::accepted_ptr socket,
                      uint64_t lid, leaf_terms_ptr mine, std::optional<dialled_hub> hub,
                      leafs_actor boss) {
  caf::actor_config where{&home.loop};
  auto role = hub ? protocol::peer_role::leaf_up : protocol::peer_role::leaf_down;
  auto dest = protocol::make_ref<actors::link_destination>(lid, home.shared.slots.take(), role,
                                                           mine->max_pending);
  return sys.spawn_class<leaf_link, caf::no_spawn_options>(where, home, std::move(socket),
                                                           std::move(dest), std::move(mine),
                                                           std::move(hub), std::move(boss));
}

} // namespace troupe::federation
