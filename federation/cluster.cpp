// federation/cluster.cpp: members come and go, remotes are dialled, gossip is passed on.
#include "federation/cluster.hpp"

#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/dialer.hpp"
#include "federation/gathering.hpp"
#include "federation/local_urls.hpp"
#include "federation/peer_book.hpp"
#include "federation/route_link.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <unordered_map>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;

namespace {

/// How long the second link to one peer is kept idle: the peer drops the one it does not want.
constexpr auto longest_wait = std::chrono::milliseconds{1500};
/// A lost route that the configuration names is dialled again after this and a little more.
constexpr uint64_t redial_ms = 1000;
constexpr uint64_t redial_spread_ms = 100;
/// Gossip makes no more dialers than that: a member may be wrong about the others.
constexpr size_t most_remotes = 1024;

class cluster final : public cluster_actor::base {
public:
  cluster(caf::actor_config& cfg, actors::core& shared, actors::settings_ptr now, std::string given,
          planner plan, cluster_listeners tell)
      : cluster_actor::base(cfg), shared_{shared}, settings_{std::move(now)}, given_{std::move(
                                                                                  given)},
        planner_{std::move(plan)}, tell_{std::move(tell)}, plan_{planner_(*settings_, given_)} {}

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
            add_link(socket, nullptr);
        },
        [this](atom::dialled, const actors::accepted_ptr& socket, uint64_t number) {
          dialled(socket, number);
        },
        [this](atom::gave_up, uint64_t number) { gave_up(number); },
        [this](const introduction_ptr& who) { meet(who); },
        [this](const peer_news_ptr& news) { hear(*news); },
        [this](atom::taken, uint64_t rid) { book_.take(rid); },
        [this](atom::waited, uint64_t rid) { waited(rid); },
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
    remotes_.clear();
    planner_ = nullptr;
    tell_ = {};
  }

private:
  struct link {
    route_actor actor;
    uint64_t remote = 0;      ///< it was dialled for; 0: accepted
    introduction_ptr waiting; ///< it is kept idle, as another link leads to the same peer
  };
  struct remote {
    configured_remote where;
    bool configured = false;
    dialer_actor dialer;
    uint64_t rid = 0;    ///< the link that its dialer has made
    std::string covered; ///< a link of another origin leads to that server
    bool dead = false;   ///< it is this broker itself
  };

  // -- links -------------------------------------------------------------------------------------

  actors::reactor& next_home() {
    return *shared_.reactors[next_reactor_++ % shared_.reactors.size()];
  }

  uint64_t add_link(const actors::accepted_ptr& socket, const remote* whom, uint64_t number = 0) {
    auto rid = shared_.next_cid.fetch_add(1, std::memory_order_relaxed);
    std::optional<dialled_remote> to;
    if (whom) {
      to = dialled_remote{number, whom->configured, tls_name(*whom), whom->where.user,
                          whom->where.password};
      if (to->user.empty() && !whom->configured) {
        to->user = plan_->mine->user;
        to->password = plan_->mine->password;
      }
    }
    auto made = spawn_route(system(), next_home(), socket, rid, plan_->mine, std::move(to),
                            cluster_actor{this});
    monitor(made);
    rids_.emplace(made.address(), rid);
    links_.emplace(rid, link{made, number, {}});
    return rid;
  }

  /// Peers that gossip names are known by address only, but certificates name hosts.
  std::string tls_name(const remote& whom) const {
    if (!whom.configured && is_plain_address(whom.where.host))
      for (const auto& each : plan_->remotes)
        if (!is_plain_address(each.host))
          return each.host;
    return whom.where.host;
  }

  void dialled(const actors::accepted_ptr& socket, uint64_t number) {
    auto it = remotes_.find(number);
    if (it == remotes_.end() || ending_) {
      ::close(socket->fd); // it was taken out of the configuration meanwhile
      return;
    }
    it->second.rid = add_link(socket, &it->second, number);
  }

  peer_book::self mine() const {
    const auto& info = plan_->mine->info;
    return {info.server_id, info.server_name, info.cluster, info.cluster_dynamic};
  }

  void meet(const introduction_ptr& who) {
    auto it = links_.find(who->rid);
    if (it == links_.end() || ending_)
      return;
    auto& with = it->second;
    const auto& terms = *plan_->mine;
    if (!who->solicited && !is_login(terms.user, terms.password, who->user, who->password)) {
      admission out;
      out.reason = close_reason::authentication_violation;
      out.error = "Authorization Violation";
      out.because = "Authorization Violation";
      out.loudly = true;
      answer(with, std::move(out));
      return;
    }
    auto what = book_.judge(*who, mine());
    switch (what.what) {
    case peer_book::verdict::admit: break;
    case peer_book::verdict::adopt: adopt_name(what.cluster, who->rid); break;
    case peer_book::verdict::replace: // the other one first: never do both carry messages
      send(links_.at(what.other).actor, atom::cut_v,
           std::string{"Replaced by the other connection to the same server"});
      [[fallthrough]];
    case peer_book::verdict::wait:
      with.waiting = who;
      delayed_send(cluster_actor{this}, longest_wait, atom::waited_v, who->rid);
      return;
    case peer_book::verdict::refuse:
      forget_remote_of(with, what.answer.reason, who->info.server_id);
      answer(with, std::move(what.answer));
      return;
    }
    admit(with, *who, std::move(what.answer));
  }

  void answer(const link& with, admission what) {
    send(with.actor, admission_ptr{std::make_shared<admission>(std::move(what))});
  }

  void admit(link& with, const introduction& who, admission yes) {
    with.waiting.reset();
    book_.admit(who);
    answer(with, std::move(yes));
    log::debug("rid:{} - Registering remote route \"{}\"", who.rid,
               log::printable(who.info.server_id, 64));
    if (who.info.gossip_mode != 1) { // else whoever told us of it has told the others as well
      auto line = info_line(as_gossip(*book_.find(who.rid)));
      for (const auto& [rid, one] : book_.all())
        if (rid != who.rid && one.info.server_id != who.info.server_id)
          send(links_.at(rid).actor, atom::tell_v, line);
    }
    for (const auto& [whom, line] : gossip_)
      send(with.actor, atom::tell_v, line);
    tell_others();
  }

  void drop(uint64_t rid, const std::string& why) {
    book_.remove(rid);
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
    tell_others();
  }

  /// A link that is refused for good must not be dialled again at once.
  void forget_remote_of(const link& with, close_reason why, const std::string& server_id) {
    auto it = remotes_.find(with.remote);
    if (it == remotes_.end())
      return;
    if (why == close_reason::route_to_self)
      it->second.dead = true;
    if (why == close_reason::duplicate_route)
      it->second.covered = server_id;
  }

  /// The peer has kept both links, so it knows them as different ones: one is enough.
  void waited(uint64_t rid) {
    auto it = links_.find(rid);
    if (it == links_.end() || !it->second.waiting)
      return;
    auto who = std::exchange(it->second.waiting, {});
    auto what = book_.judge(*who, mine());
    if (what.answer.admitted) {
      admit(it->second, *who, std::move(what.answer));
      return;
    }
    forget_remote_of(it->second, what.answer.reason, who->info.server_id);
    answer(it->second, std::move(what.answer));
  }

  void ended(const caf::actor_addr& whom) {
    auto known = rids_.find(whom);
    if (known == rids_.end())
      return;
    auto rid = known->second;
    rids_.erase(known);
    auto with = links_.find(rid);
    auto number = with->second.remote;
    auto idle = with->second.waiting;
    links_.erase(with);
    std::string server_id;
    if (const auto* member = book_.find(rid))
      server_id = member->info.server_id;
    book_.remove(rid);
    if (ending_) {
      end_if_alone();
      return;
    }
    if (!server_id.empty()) {
      succeed(server_id);
      tell_others();
    }
    if (auto it = remotes_.find(number); it != remotes_.end() && it->second.rid == rid) {
      it->second.rid = 0;
      const auto& peer = idle ? idle->info.server_id : server_id;
      if (!peer.empty() && book_.with_id(peer)) // another link leads there
        it->second.covered = peer;
      redial(it->second);
    }
    for (auto& [other, one] : remotes_)
      if (!server_id.empty() && one.covered == server_id && !book_.with_id(server_id)) {
        one.covered.clear();
        redial(one);
      }
  }

  /// A link to the same server that was kept idle takes the place of the one that has ended.
  void succeed(const std::string& server_id) {
    for (auto& [rid, one] : links_) {
      if (!one.waiting || one.waiting->info.server_id != server_id)
        continue;
      auto who = one.waiting;
      auto what = book_.judge(*who, mine());
      if (what.answer.admitted)
        admit(one, *who, std::move(what.answer));
      return;
    }
  }

  // -- remotes -----------------------------------------------------------------------------------

  void redial(const remote& whom) {
    if (whom.dead || !whom.covered.empty() || whom.rid != 0)
      return;
    uint64_t wait = (whom.configured ? redial_ms : 0) + random_() % redial_spread_ms;
    send(whom.dialer, atom::dial_v, wait);
  }

  remote& add_remote(const configured_remote& where, bool configured) {
    auto number = ++last_remote_;
    auto& out = remotes_[number];
    out.where = where;
    out.configured = configured;
    dial_plan plan;
    plan.remote = number;
    plan.host = where.host;
    plan.port = where.port;
    plan.attempts = configured ? -1 : 1 + plan_->connect_retries;
    plan.backoff = plan_->connect_backoff;
    out.dialer = spawn_dialer(system(), next_home(), std::move(plan), cluster_actor{this});
    send(out.dialer, atom::dial_v, uint64_t{0});
    return out;
  }

  /// Those that are new are dialled; those that are no longer wanted end with their link.
  void follow_remotes() {
    auto wanted = [&](const configured_remote& where) {
      return std::find(plan_->remotes.begin(), plan_->remotes.end(), where) != plan_->remotes.end();
    };
    for (auto it = remotes_.begin(); it != remotes_.end();) {
      auto& one = it->second;
      if (!one.configured || wanted(one.where)) {
        ++it;
        continue;
      }
      if (one.rid != 0)
        drop(one.rid, "Its route was removed from the configuration");
      send(one.dialer, atom::shut_down_v);
      it = remotes_.erase(it);
    }
    for (const auto& where : plan_->remotes) {
      bool known = std::any_of(remotes_.begin(), remotes_.end(), [&](const auto& each) {
        return each.second.configured && each.second.where == where;
      });
      if (!known)
        add_remote(where, true);
    }
  }

  void gave_up(uint64_t number) {
    auto it = remotes_.find(number);
    if (it == remotes_.end() || it->second.configured)
      return;
    send(it->second.dialer, atom::shut_down_v);
    remotes_.erase(it);
  }

  void hear(const peer_news& news) {
    if (!book_.find(news.rid) || ending_)
      return;
    if (!news.info.gateway.empty()) {
      tell_.gossip(news.info);
      return;
    }
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
    if (of.server_id.empty() || of.server_id == me.server_id || book_.with_id(of.server_id))
      return;
    if (!of.cluster.empty() && of.cluster != me.cluster)
      return;
    configured_remote where;
    if (!address_of(of, where.host, where.port))
      return;
    auto there = [&](const std::string& host, int64_t port) {
      return std::any_of(remotes_.begin(), remotes_.end(), [&](const auto& each) {
        return each.second.where.host == host && each.second.where.port == port;
      });
    };
    if (remotes_.size() < most_remotes && !there(where.host, where.port)
        && !there(of.host, of.port))
      add_remote(where, false);
  }

  // -- the broker --------------------------------------------------------------------------------

  void apply(const actors::settings_ptr& next) {
    settings_ = next;
    plan_ = planner_(*settings_, given_);
    follow_remotes();
    for (auto& [rid, one] : links_)
      send(one.actor, atom::rules_v, plan_->mine);
    tell_others();
  }

  void tell_lame_duck() {
    auto info = plan_->mine->info;
    info.ldm = true;
    auto line = info_line(info);
    for (const auto& [rid, one] : book_.all())
      send(links_.at(rid).actor, atom::tell_v, line);
  }

  void tell_others() {
    const auto& mine = plan_->mine->info;
    // With no_advertise there are no URLs of our own, and others' are kept as well.
    tell_.clients({mine.cluster, mine.connect_urls,
                   mine.connect_urls.empty() ? std::vector<std::string>{} : book_.connect_urls(),
                   book_.leafnode_urls()});
    tell_.gateways(book_.fellows());
  }

  void pass_on(const std::string& whom, const std::string& line) {
    gossip_.erase(whom);
    if (line.empty())
      return;
    gossip_.emplace(whom, line);
    for (const auto& [rid, one] : book_.all())
      send(links_.at(rid).actor, atom::tell_v, line);
  }

  void end() {
    ending_ = true;
    for (auto& [number, one] : remotes_)
      send(one.dialer, atom::shut_down_v);
    remotes_.clear();
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
    for (const auto& [number, one] : remotes_)
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
  std::map<uint64_t, remote> remotes_;        // by number
  std::map<std::string, std::string> gossip_; // INFO about other clusters, by name
  uint64_t last_remote_ = 0;
  size_t next_reactor_ = 0;
  bool ending_ = false;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

cluster_actor spawn_cluster(caf::actor_system& sys, actors::core& shared, actors::settings_ptr now,
                            std::string given_name, planner plan, cluster_listeners tell) {
  return sys.spawn<cluster>(shared, std::move(now), std::move(given_name), std::move(plan),
                            std::move(tell));
}

} // namespace troupe::federation
