// federation/cluster.cpp: members come and go, remotes are dialled, gossip is passed on.
#include "federation/cluster.hpp"

#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/cluster_remotes.hpp"
#include "federation/gathering.hpp"
#include "federation/peer_book.hpp"
#include "federation/route_link.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;

namespace {

/// How long the second link to one peer is kept idle: the peer drops the one it does not want.
constexpr auto longest_wait = std::chrono::milliseconds{1500};
/// How long a server is waited for that has been asked for the route of one account.
constexpr auto longest_pinning = std::chrono::seconds{2};
/// After it has refused one it is not asked again for that long.
constexpr auto refusal_time = std::chrono::seconds{10};

class cluster final : public cluster_actor::base {
public:
  cluster(caf::actor_config& cfg, actors::core& shared, actors::settings_ptr now, std::string given,
          planner plan, cluster_listeners tell)
      : cluster_actor::base(cfg), shared_{shared}, settings_{std::move(now)}, given_{std::move(
                                                                                  given)},
        planner_{std::move(plan)}, tell_{std::move(tell)}, plan_{planner_(*settings_, given_)},
        remotes_{[this](dial_plan how) {
                   return spawn_dialer(system(), next_home(), std::move(how), cluster_actor{this});
                 },
                 [this](const std::string& id) { return book_.complete(id, mine()); }} {}

  const char* name() const override { return "cluster"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& down) { ended(down.source); });
    tell_others();
    follow_remotes();
    return {
        [this](atom::adopt, const actors::accepted_ptr& socket) {
          if (ending_)
            ::close(socket->fd);
          else
            add_link(socket, next_rid(), nullptr);
        },
        [this](atom::dialled, const actors::accepted_ptr& socket, uint64_t number,
               const std::string&) { adopt_dialled(socket, number); },
        [this](atom::gave_up, uint64_t number) { remotes_.gave_up(number); },
        [this](const introduction_ptr& who) { meet(who); },
        [this](const peer_news_ptr& news) { hear(*news); },
        [this](atom::taken, uint64_t rid) {
          book_.take(rid);
          remotes_.settled(rid);
        },
        [this](atom::waited, uint64_t rid) { waited(rid); },
        [this](atom::unhold, const std::string& server_id, const std::string& account) {
          book_.unhold(server_id, account);
          remotes_.wake(server_id);
        },
        [this](atom::watch, const actors::account_ptr& which) {
          for (auto& [rid, one] : links_)
            send(one.actor, atom::watch_v, which);
        },
        [this](atom::apply, const actors::settings_ptr& next) { apply(next); },
        [this](atom::lame_duck) { tell_lame_duck(); },
        [this](atom::tell, const std::string& whom, const std::string& line) {
          pass_on(whom, line);
        },
        [this](atom::shut_down) { end(); },
        [this](atom::describe, bool subscriptions) { return describe(subscriptions); },
        [this](atom::tree) { return tree(); },
    };
  }

  void on_exit() override {
    links_.clear();
    remotes_.end();
    planner_ = nullptr;
    tell_ = {};
  }

private:
  struct link {
    route_actor actor;
    uint64_t remote = 0;      ///< it was dialled for; 0: accepted
    introduction_ptr waiting; ///< it is kept idle, as another link leads to the same peer
    introduction_ptr who;     ///< once it has said who it is
  };
  using remote = cluster_remotes::remote;

  // -- links -------------------------------------------------------------------------------------

  actors::reactor& next_home() {
    return *shared_.reactors[next_reactor_++ % shared_.reactors.size()];
  }

  uint64_t next_rid() { return shared_.next_cid.fetch_add(1, std::memory_order_relaxed); }
  void add_link(const actors::accepted_ptr& socket, uint64_t rid, const remote* whom) {
    std::optional<dialled_remote> to;
    if (whom)
      to = dialled_for(*whom, *plan_);
    auto made = spawn_route(system(), next_home(), socket, rid, plan_->mine, std::move(to),
                            cluster_actor{this});
    monitor(made);
    rids_.emplace(made.address(), rid);
    links_.emplace(rid, link{made, whom ? whom->number : 0, {}, {}});
  }

  void adopt_dialled(const actors::accepted_ptr& socket, uint64_t number) {
    auto rid = next_rid();
    const auto* whom = ending_ ? nullptr : remotes_.connected(number, rid);
    if (whom)
      add_link(socket, rid, whom);
    else
      ::close(socket->fd); // it was taken out of the configuration meanwhile
  }

  peer_book::self mine() const { return peer_book::self::of(*plan_->mine); }

  void meet(const introduction_ptr& who) {
    auto it = links_.find(who->rid);
    if (it == links_.end() || ending_)
      return;
    if (who->info.server_id.empty()) // it has said no more than the name of its cluster
      return names_us(*who, *plan_->mine) ? adopt_name(who->info.cluster, who->rid) : void();
    auto& with = it->second;
    if (auto no = judge_login(*who, *plan_->mine))
      return answer(with, std::move(*no));
    with.who = who;
    auto what = book_.judge(*who, mine());
    if (what.what == peer_book::verdict::adopt) {
      adopt_name(what.cluster, who->rid);
      what = book_.judge(*who, mine());
    }
    remotes_.met(with.remote, who->info.server_id);
    switch (what.what) {
    case peer_book::verdict::adopt: // a name is adopted once
    case peer_book::verdict::admit: break;
    case peer_book::verdict::replace: // the other one first: never do both carry messages
      send(links_.at(what.other).actor, atom::cut_v,
           std::string{"Replaced by the other connection to the same server"});
      [[fallthrough]];
    case peer_book::verdict::wait:
      with.waiting = who;
      delayed_send(cluster_actor{this}, longest_wait, atom::waited_v, who->rid);
      return;
    case peer_book::verdict::refuse:
      if (what.answer.reason == close_reason::route_to_self)
        remotes_.is_self(with.remote);
      return answer(with, std::move(what.answer));
    }
    admit(with, *who, std::move(what.answer));
  }

  void answer(const link& with, admission what) {
    send(with.actor, admission_ptr{std::make_shared<admission>(std::move(what))});
  }

  void admit(link& with, const introduction& who, admission yes) {
    const auto& id = who.info.server_id;
    auto place = yes.place;
    with.waiting.reset();
    yes.elsewhere = book_.elsewhere(id, mine());
    bool is_first = place.has_slot() && !book_.main_link(id);
    book_.admit(who, place);
    answer(with, std::move(yes));
    log::debug("rid:{} - Registering remote route \"{}\"{}", who.rid, log::printable(id, 64),
               place.has_slot() ? "" : " for account \"" + log::printable(place.account) + "\"");
    if (is_first || !place.has_slot())
      gossip_about(who, place);
    if (is_first)
      for (const auto& [whom, line] : gossip_)
        send(with.actor, atom::tell_v, line);
    if (!place.has_slot())
      pin(id, place.account, true);
    tell_others();
  }

  void gossip_about(const introduction& who, const pool_place& place) {
    if (who.info.gossip_mode == 1) // whoever told us of it has told the others as well
      return;
    auto line = info_line(as_gossip(*book_.find(who.rid)));
    for (const auto* one : book_.main_links())
      if (one->info.server_id != who.info.server_id && (place.has_slot() || one->place.pooled))
        send(links_.at(one->rid).actor, atom::tell_v, line);
  }

  /// The other routes to that server hear that it has one of this account, or has lost it.
  void pin(const std::string& server_id, const std::string& account, bool there) {
    for (const auto& [rid, one] : book_.all())
      if (one.info.server_id == server_id && one.place.has_slot())
        send(links_.at(rid).actor, atom::pin_v, account, there);
  }

  /// Over one link to each server.
  void tell_members(const std::string& line) {
    for (const auto* one : book_.main_links())
      send(links_.at(one->rid).actor, atom::tell_v, line);
  }

  /// What was said over a link that goes may not have arrived: it is said over the next one again.
  void remove(uint64_t rid) {
    auto next = book_.remove(rid);
    if (next == 0 || ending_)
      return;
    const auto& to = links_.at(next).actor;
    for (const auto& line : book_.gossip_for(book_.find(next)->info.server_id))
      send(to, atom::tell_v, line);
    for (const auto& [whom, line] : gossip_)
      send(to, atom::tell_v, line);
  }

  void drop(uint64_t rid, const std::string& why) {
    remove(rid);
    if (auto it = links_.find(rid); it != links_.end())
      send(it->second.actor, atom::cut_v, why);
  }

  void adopt_name(const std::string& name, uint64_t by) {
    log::info("Cluster name updated to {}", log::printable(name));
    given_ = name;
    plan_ = planner_(*settings_, given_);
    for (auto& [rid, one] : links_)
      if (rid != by)
        drop(rid, "The cluster has another name now");
      else
        send(one.actor, atom::rules_v, plan_->mine);
    tell_others();
  }

  /// If the peer has kept both links, it knows them as different ones: one is enough.
  void waited(uint64_t rid) {
    if (auto it = links_.find(rid); it != links_.end() && it->second.waiting)
      decide(it->second, true);
  }

  /// About a link that is kept idle; `at_last`: it is not kept so any longer.
  void decide(link& with, bool at_last) {
    auto who = with.waiting;
    auto what = book_.judge(*who, mine());
    if (at_last)
      with.waiting.reset();
    if (at_last ? what.answer.admitted : what.what == peer_book::verdict::admit)
      admit(with, *who, std::move(what.answer));
    else if (at_last)
      answer(with, std::move(what.answer));
  }

  void ended(const caf::actor_addr& whom) {
    auto known = rids_.find(whom);
    if (known == rids_.end())
      return;
    auto rid = known->second;
    rids_.erase(known);
    auto number = links_.extract(rid).mapped().remote;
    auto member = book_.find(rid) ? *book_.find(rid) : peer_book::member{};
    const auto& server_id = member.info.server_id;
    if (!server_id.empty() && !member.place.has_slot())
      lost_account(member);
    remove(rid);
    if (ending_)
      return end_if_alone();
    if (!server_id.empty()) {
      succeed(server_id);
      tell_others();
    }
    remotes_.ended(number, rid, server_id);
    if (leaving_.erase(rid) > 0 && leaving_.empty())
      spread_rules();
  }

  /// A server that has refused the route of an account is left alone for a while.
  void lost_account(const peer_book::member& what) {
    const auto& id = what.info.server_id;
    const auto& account = what.place.account;
    if (what.solicited && !what.taken)
      hold(id, account, refusal_time);
    if (!plan_->mine->pins(account))
      pin(id, account, false);
  }

  void hold(const std::string& server_id, const std::string& account,
            std::chrono::milliseconds time) {
    book_.hold(server_id, account);
    delayed_send(cluster_actor{this}, time, atom::unhold_v, server_id, account);
  }

  /// A link to the same server that was kept idle takes the place of the one that has ended.
  void succeed(const std::string& server_id) {
    for (auto& [rid, one] : links_)
      if (one.waiting && one.waiting->info.server_id == server_id)
        decide(one, false);
  }

  // -- remotes -----------------------------------------------------------------------------------

  void follow_remotes() {
    remotes_.follow(*plan_, [this](const remote& gone) {
      for (const auto& [rid, one] : links_)
        if (one.remote == gone.number)
          drop(rid, "Its route was removed from the configuration");
    });
  }

  void hear(const peer_news& news) {
    if (!book_.find(news.rid) || ending_)
      return;
    if (!news.pinned.empty()) {
      const auto& id = book_.find(news.rid)->info.server_id;
      book_.pin(id, news.pinned);
      book_.unhold(id, news.pinned);
      remotes_.wake(id);
      return;
    }
    if (!news.info.gateway.empty())
      return tell_.gossip(news.info);
    if (news.info.server_id == book_.find(news.rid)->info.server_id) {
      if (news.info.ldm)
        log::info("rid:{} - Route \"{}\" has entered lame duck mode", news.rid,
                  log::printable(news.info.server_name, 64));
      book_.update(news.rid, news.info);
      tell_others();
      return;
    }
    learn(news.info);
  }

  /// Of a third member, by gossip.
  void learn(const protocol::link_info& of) {
    const auto& me = plan_->mine->info;
    if (of.server_id.empty() || of.server_id == me.server_id
        || (!of.cluster.empty() && of.cluster != me.cluster))
      return;
    if (book_.with_id(of.server_id)
        && (of.route_account.empty() || book_.complete(of.server_id, mine())))
      return;
    configured_remote where, other;
    if (!address_of(of, where.host, where.port))
      return;
    other.host = of.host;
    other.port = of.port > 0 && of.port < 65536 ? static_cast<uint16_t>(of.port) : uint16_t{0};
    remotes_.learn(*plan_, where, other);
  }

  // -- the broker --------------------------------------------------------------------------------

  void apply(const actors::settings_ptr& next) {
    settings_ = next;
    auto before = std::exchange(plan_, planner_(*settings_, given_));
    follow_remotes();
    follow_login(*before->mine);
    if (before->mine->info.route_pool_size != plan_->mine->info.route_pool_size) {
      for (const auto& [rid, one] : links_)
        drop(rid, "The number of routes to each server has changed");
      remotes_.wake_all();
      tell_others();
      return;
    }
    follow_pinned(*before->mine);
    if (leaving_.empty())
      spread_rules();
    tell_others();
  }

  /// Who came with an older password has to come again.
  void follow_login(const terms& before) {
    const auto& now = *plan_->mine;
    if (before.user == now.user && before.password == now.password)
      return;
    for (const auto& [rid, one] : links_)
      if (one.who && judge_login(*one.who, now))
        drop(rid, "Its user or password is not the cluster's any more");
  }

  /// An account is told of on a shared route only when its own is down at this end: so nothing
  /// comes over both.
  void follow_pinned(const terms& before) {
    const auto& now = *plan_->mine;
    for (const auto& account : before.pinned)
      if (!now.pins(account)) {
        book_.unpin(account);
        for (const auto& [rid, one] : book_.all())
          if (one.place.account == account)
            leaving_.insert(rid);
      }
    for (auto rid : leaving_)
      drop(rid, "The account shares a route again");
    for (const auto& account : now.pinned)
      if (!before.pins(account))
        for (const auto* one : book_.main_links())
          if (one->place.pooled)
            hold(one->info.server_id, account, longest_pinning);
  }

  void spread_rules() {
    for (auto& [rid, one] : links_)
      send(one.actor, atom::rules_v, plan_->mine);
  }

  void tell_lame_duck() {
    auto info = plan_->mine->info;
    info.ldm = true;
    tell_members(info_line(info));
  }

  void tell_others() {
    const auto& mine = plan_->mine->info;
    // With no_advertise there are no URLs of our own, and others' are kept as well.
    tell_.clients({mine.cluster, mine.connect_urls,
                   mine.connect_urls.empty() ? std::vector<std::string>{} : book_.connect_urls(),
                   book_.leafnode_urls(), mine.ws_connect_urls, book_.websocket_urls()});
    tell_.gateways(book_.fellows());
  }

  void pass_on(const std::string& whom, const std::string& line) {
    if (line.empty())
      gossip_.erase(whom);
    else if (std::exchange(gossip_[whom], line) != line) // else they have heard it
      tell_members(line);
  }

  void end() {
    ending_ = true;
    remotes_.end();
    for (auto& [rid, one] : links_)
      send(one.actor, atom::shut_down_v);
    end_if_alone();
  }

  void end_if_alone() {
    if (links_.empty())
      quit();
  }

  // -- looking at it -----------------------------------------------------------------------------

  caf::result<routes_ptr> describe(bool subscriptions) {
    auto promise = make_response_promise<routes_ptr>();
    gathering<std::vector<actors::route_snapshot>> all{promise, book_.all().size()};
    for (const auto& [rid, member] : book_.all())
      all.ask(*this, links_.at(rid).actor, atom::describe_v, subscriptions);
    return promise;
  }

  caf::result<actors::tree_ptr> tree() {
    auto promise = make_response_promise<actors::tree_ptr>();
    actors::actor_snapshot own;
    own.path = "broker/cluster";
    own.place = "scheduler";
    own.state = fmt::format("{}: {} routes, {} remotes", plan_->mine->info.cluster,
                            book_.all().size(), remotes_.size());
    own.mailbox = mailbox().size();
    gathering<std::vector<actors::actor_snapshot>> all{promise,
                                                       1 + links_.size() + remotes_.size()};
    all.add({own});
    for (const auto& [number, one] : remotes_.all())
      all.ask(*this, one.dialer, atom::tree_v);
    for (const auto& [rid, one] : links_)
      all.ask(*this, one.actor, atom::tree_v);
    return promise;
  }

  actors::core& shared_;
  actors::settings_ptr settings_;
  std::string given_;
  planner planner_;
  cluster_listeners tell_;
  cluster_plan_ptr plan_;
  peer_book book_;
  std::map<uint64_t, link> links_; // by rid
  std::unordered_map<caf::actor_addr, uint64_t> rids_;
  cluster_remotes remotes_;
  std::set<uint64_t> leaving_;                // routes of accounts that are to share one again
  std::map<std::string, std::string> gossip_; // INFO about other clusters, by name
  size_t next_reactor_ = 0;
  bool ending_ = false;
};

} // namespace

cluster_actor spawn_cluster(caf::actor_system& sys, actors::core& shared, actors::settings_ptr now,
                            std::string given_name, planner plan, cluster_listeners tell) {
  return sys.spawn<cluster>(shared, std::move(now), std::move(given_name), std::move(plan),
                            std::move(tell));
}

} // namespace troupe::federation
