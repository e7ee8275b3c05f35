// federation/leafs.cpp: leaf nodes come and go, hubs are dialled at one address after the other.
#include "federation/leafs.hpp"

#include "actors/account_policy.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/dialer.hpp"
#include "federation/gathering.hpp"
#include "federation/leaf_door.hpp"
#include "federation/leaf_link.hpp"
#include "federation/local_urls.hpp"
#include "security/nkey.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <unordered_map>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;

namespace {

/// Reconnects of many leaf nodes are spread by so much.
constexpr uint64_t redial_spread_ms = 100;
/// A hub may be wrong about its cluster: no more of its addresses are remembered.
constexpr size_t most_discovered = 64;
/// What goes on and on is told in the log from time to time.
constexpr uint64_t told_every = 60;
constexpr std::string_view duplicate = "Duplicate Remote LeafNode Connection";
constexpr std::string_view too_many = "maximum account active connections exceeded";

uint64_t milliseconds(std::chrono::nanoseconds of) {
  return static_cast<uint64_t>(
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(of).count()));
}

class leafs final : public leafs_actor::base {
public:
  leafs(caf::actor_config& cfg, actors::core& shared, const actors::settings_ptr& now,
        leafs_planner plan)
      : leafs_actor::base(cfg), shared_{shared}, planner_{std::move(plan)}, plan_{planner_(now)} {}

  const char* name() const override { return "leafs"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& down) { ended(down.source); });
    follow_hubs();
    return {
        [this](atom::dialled, const actors::accepted_ptr& socket, uint64_t number,
               const std::string& host) { dialled(socket, number, host); },
        [this](atom::gave_up, uint64_t number) {
          if (auto* whom = hub_with(number))
            redial(*whom, plan_->reconnect);
        },
        [this](atom::adopt, const actors::accepted_ptr& socket) {
          if (ending_)
            ::close(socket->fd);
          else
            add_link(socket, 0, {});
        },
        [this](const leaf_introduction_ptr& who) { meet(who); },
        [this](const hub_news_ptr& news) { hear(*news); },
        [this](atom::hold_off, uint64_t lid, uint64_t wait_ms) {
          if (auto it = links_.find(lid); it != links_.end())
            it->second.hold_off = std::chrono::milliseconds{wait_ms};
        },
        [this](atom::watch, const actors::account_ptr& which) {
          for (auto& [lid, one] : links_) // also who is not in yet: it may be on its way there
            if (!one.who || one.who->account == which)
              send(one.actor, atom::watch_v, which);
          trim(which);
        },
        [this](atom::apply, const actors::settings_ptr& next) { apply(next); },
        [this](atom::shut_down) { end(); },
        [this](atom::describe, bool subscriptions) { return describe(subscriptions); },
        [this](atom::tree) { return tree(); },
    };
  }

  void on_exit() override {
    links_.clear();
    hubs_.clear();
    planner_ = nullptr;
  }

private:
  struct link {
    leaf_actor actor;
    uint64_t hub = 0;              ///< it was dialled for; 0: accepted
    leaf_introduction_ptr who;     ///< set when it is admitted
    std::vector<std::string> urls; ///< of the hub's cluster, as it has said
    std::chrono::milliseconds hold_off{0};
  };
  struct address {
    config::peer_url url;
    bool discovered = false;
    uint64_t number = 0; ///< its dialer's
    dialer_actor dialer;
  };
  struct hub {
    hub_plan plan;
    std::vector<address> addresses; ///< the discovered ones first
    size_t next = 0;
    uint64_t lid = 0;    ///< the link to it
    uint64_t misses = 0; ///< how often its local account was not there
  };

  // -- links -------------------------------------------------------------------------------------

  actors::reactor& next_home() {
    return *shared_.reactors[next_reactor_++ % shared_.reactors.size()];
  }

  uint64_t add_link(const actors::accepted_ptr& socket, uint64_t number,
                    std::optional<dialled_hub> to) {
    auto lid = shared_.next_cid.fetch_add(1, std::memory_order_relaxed);
    auto made = spawn_leaf(system(), next_home(), socket, lid, plan_->mine, std::move(to),
                           leafs_actor{this});
    monitor(made);
    lids_.emplace(made.address(), lid);
    auto& one = links_[lid];
    one.actor = made;
    one.hub = number;
    return lid;
  }

  void meet(const leaf_introduction_ptr& who) {
    auto it = links_.find(who->lid);
    if (it == links_.end() || ending_)
      return;
    auto answer = who->solicited ? judge_hub(*who) : judge_leaf(*who);
    if (answer.admitted) {
      it->second.who = who;
      answer.loop_subject = loop_subject_of(who->account->name);
      if (auto known = hubs_.find(it->second.hub); known != hubs_.end())
        discover(known->second, it->second.urls);
    }
    send(it->second.actor, leaf_admission_ptr{std::make_shared<leaf_admission>(std::move(answer))});
  }

  static leaf_admission loop_in(const actors::account_ptr& where) {
    leaf_admission out;
    out.reason = close_reason::protocol_violation;
    out.error = out.because = fmt::format(
        "Loop detected for leafnode account=\"{}\". Delaying attempt to reconnect for 30s",
        where->name);
    return out;
  }

  /// Of our leaf nodes in that account.
  template <class F>
  void for_each_leaf(const actors::account_ptr& where, F&& look) {
    for (auto& [lid, one] : links_)
      if (one.who && !one.who->solicited && one.who->account == where)
        look(one);
  }

  void give_up(link& one) {
    auto loop = loop_in(one.who->account);
    send(one.actor, atom::cut_v, loop.error, loop.because);
  }

  leaf_admission judge_leaf(const leaf_introduction& who) {
    if (who.server_id == plan_->mine->info.server_id)
      return loop_in(who.account);
    for (const auto& [lid, one] : links_) // we are its leaf node already
      if (one.who && one.who->solicited && one.who->account == who.account
          && one.who->server_id == who.server_id)
        return loop_in(who.account);
    int64_t replaced = 0;
    for_each_leaf(who.account, [&](link& other) {
      const auto& known = *other.who;
      if (known.name != who.name || known.cluster != who.cluster
          || known.remote_account != who.remote_account)
        return;
      // An old connection of the same server, which it has given up.
      send(other.actor, atom::cut_v, std::string{duplicate}, std::string{duplicate});
      ++replaced;
    });
    return admit_to(who.account, replaced);
  }

  /// Links to hubs count as well; for room among the connections nobody has to wait.
  leaf_admission admit_to(const actors::account_ptr& where, int64_t leaving) const {
    auto limit = where->policy()->rules.limits.leafnodes;
    auto count = std::count_if(links_.begin(), links_.end(), [&](const auto& each) {
      return each.second.who && each.second.who->account == where;
    });
    leaf_admission out;
    out.admitted =
        limit < 0
        || count - leaving + where->leafnodes_elsewhere.load(std::memory_order_relaxed) < limit;
    if (!out.admitted) {
      out.reason = close_reason::max_account_connections_exceeded;
      out.error = out.because = too_many;
    }
    return out;
  }

  /// The account may have fewer leaf nodes now: those that came first stay.
  void trim(const actors::account_ptr& which) {
    auto left = which->policy()->rules.limits.leafnodes;
    if (left < 0)
      return;
    left -= which->leafnodes_elsewhere.load(std::memory_order_relaxed);
    for (auto& [lid, one] : links_)
      if (one.who && one.who->account == which && left-- <= 0)
        send(one.actor, atom::cut_v, std::string{too_many}, std::string{too_many});
  }

  /// A site that is our leaf node cannot be our hub as well. If both dial at once and have let in
  /// each other's link, the one of the smaller id is kept: were both to go, nobody would be
  /// connected until somebody dials again, and then it might happen once more. To others we yield:
  /// they let both in, and then find the loop in the older one.
  leaf_admission judge_hub(const leaf_introduction& who) {
    bool loops = who.server_id == plan_->mine->info.server_id;
    for_each_leaf(who.account, [&](link& other) {
      bool same = other.who->server_id == who.server_id;
      if (same && who.is_troupe && plan_->mine->info.server_id < who.server_id)
        give_up(other);
      else
        loops = loops || same || (!who.cluster.empty() && other.who->cluster == who.cluster);
    });
    return loops ? loop_in(who.account) : admit_to(who.account, 0);
  }

  /// One for each account, the same on all its links: who hears his own from a peer is in a loop.
  const std::string& loop_subject_of(const std::string& account) {
    auto& out = loop_subjects_[account];
    if (out.empty())
      out = "$LDS." + security::make_server_id().substr(1, 22);
    return out;
  }

  void ended(const caf::actor_addr& whom) {
    auto known = lids_.find(whom);
    if (known == lids_.end())
      return;
    auto lid = known->second;
    lids_.erase(known);
    auto gone = links_.extract(lid);
    if (ending_)
      return end_if_alone();
    auto it = hubs_.find(gone.mapped().hub);
    if (it == hubs_.end() || it->second.lid != lid)
      return;
    it->second.lid = 0;
    redial(it->second,
           std::max<std::chrono::nanoseconds>(plan_->reconnect, gone.mapped().hold_off));
  }

  // -- hubs --------------------------------------------------------------------------------------

  hub* hub_with(uint64_t number) {
    for (auto& [which, one] : hubs_)
      for (const auto& each : one.addresses)
        if (each.number == number)
          return &one;
    return nullptr;
  }

  void redial(hub& whom, std::chrono::nanoseconds wait) {
    if (ending_ || whom.lid != 0 || whom.addresses.empty())
      return;
    auto& to = whom.addresses[whom.next++ % whom.addresses.size()];
    send(to.dialer, atom::dial_v,
         wait.count() == 0 ? uint64_t{0} : milliseconds(wait) + random_() % redial_spread_ms);
  }

  void dialled(const actors::accepted_ptr& socket, uint64_t number, const std::string& host) {
    auto* whom = hub_with(number);
    if (!whom || ending_ || whom->lid != 0) {
      ::close(socket->fd); // it was taken out of the configuration meanwhile
      return;
    }
    if (!shared_.accounts.find(whom->plan.terms->account)) {
      ::close(socket->fd);
      fetch_account(*whom);
      return;
    }
    auto to = std::find_if(whom->addresses.begin(), whom->addresses.end(),
                           [&](const auto& each) { return each.number == number; });
    auto which = std::find_if(hubs_.begin(), hubs_.end(),
                              [&](const auto& each) { return &each.second == whom; });
    whom->misses = 0;
    if (whom->plan.terms->websocket && !socket->websocket) {
      upgrade_to_websocket(
          system(), next_home(), socket, *whom->plan.terms,
          {to->url, host, certificate_name(to->url.host, host, whom->plan.from.urls)}, number,
          dial_boss_actor{leafs_actor{this}});
      return;
    }
    dialled_hub out;
    out.number = which->first;
    out.terms = whom->plan.terms;
    out.host = certificate_name(to->url.host, host, whom->plan.from.urls);
    out.user = to->url.user;
    out.password = to->url.password;
    whom->lid = add_link(socket, which->first, std::move(out));
  }

  /// An operator's account may have to be searched for.
  void fetch_account(hub& whom) {
    const auto& name = whom.plan.terms->account;
    if (whom.misses++ % told_every == 0)
      log::error("There is no account {} for the hub at {}", name, to_string(whom.plan.from.urls));
    if (shared_.keeper)
      caf::anon_send(shared_.keeper, atom::fetch_v, name);
    redial(whom, pause_after(whom.misses, true));
  }

  address make_address(const hub& whom, const config::peer_url& url, bool discovered) {
    address out;
    out.url = url;
    out.discovered = discovered;
    out.number = ++last_number_;
    dial_plan plan;
    plan.remote = out.number;
    plan.what = "leafnode";
    plan.group = "leafs";
    plan.host = url.host;
    plan.port = static_cast<uint16_t>(url.port);
    plan.attempts = 1; // then it is the turn of the next address
    plan.timeout = whom.plan.dial_timeout;
    plan.proxy = whom.plan.proxy;
    if (plan.proxy && whom.plan.from.proxy.timeout.count() > 0)
      plan.timeout = whom.plan.from.proxy.timeout;
    out.dialer =
        spawn_dialer(system(), next_home(), std::move(plan), dial_boss_actor{leafs_actor{this}});
    return out;
  }

  void add_hub(const hub_plan& plan) {
    auto& whom = hubs_[++last_number_];
    whom.plan = plan;
    for (const auto& each : plan.from.urls)
      whom.addresses.push_back(make_address(whom, each, false));
    if (!plan.from.no_randomize)
      std::shuffle(whom.addresses.begin(), whom.addresses.end(), random_);
    redial(whom, std::chrono::nanoseconds{0});
  }

  /// Those that are new are dialled; those that are no longer wanted end with their link.
  void follow_hubs() {
    auto planned = [&](const config::leaf_remote& from) {
      return std::find_if(plan_->hubs.begin(), plan_->hubs.end(),
                          [&](const auto& each) { return each.from == from; });
    };
    for (auto it = hubs_.begin(); it != hubs_.end();) {
      auto& one = it->second;
      if (auto plan = planned(one.plan.from); plan != plan_->hubs.end()) {
        one.plan = *plan; // its certificates may be others
        ++it;
        continue;
      }
      if (auto known = links_.find(one.lid); known != links_.end())
        send(known->second.actor, atom::cut_v, std::string{},
             std::string{"Its remote was removed from the configuration"});
      for (auto& each : one.addresses)
        send(each.dialer, atom::shut_down_v);
      it = hubs_.erase(it);
    }
    for (const auto& plan : plan_->hubs)
      if (std::none_of(hubs_.begin(), hubs_.end(),
                       [&](const auto& each) { return each.second.plan.from == plan.from; }))
        add_hub(plan);
  }

  void hear(const hub_news& news) {
    auto it = links_.find(news.lid);
    if (it == links_.end() || ending_)
      return;
    it->second.urls = news.urls; // believed once the hub has let us in
    if (auto known = hubs_.find(it->second.hub); it->second.who && known != hubs_.end())
      discover(known->second, news.urls);
  }

  /// The other members of a hub's cluster, by what they say of themselves.
  void discover(hub& whom, const std::vector<std::string>& urls) {
    if (whom.plan.from.ignore_discovered_servers)
      return;
    std::vector<config::peer_url> wanted;
    for (const auto& text : urls) {
      auto [url, error] = config::parse_peer_url(text);
      auto same = [&, &one = url](const config::peer_url& other) {
        return other.host == one.host && other.port == one.port;
      };
      const auto& configured = whom.plan.from.urls;
      if (error.empty() && url.port != 0 && wanted.size() < most_discovered
          && std::none_of(configured.begin(), configured.end(), same)
          && std::none_of(wanted.begin(), wanted.end(), same)) {
        url.scheme = configured.front().scheme;
        url.path = configured.front().path;
        url.user = configured.front().user;
        url.password = configured.front().password;
        wanted.push_back(std::move(url));
      }
    }
    auto is_wanted = [&](const address& each) {
      return std::find(wanted.begin(), wanted.end(), each.url) != wanted.end();
    };
    for (auto& each : whom.addresses)
      if (each.discovered && !is_wanted(each))
        send(each.dialer, atom::shut_down_v);
    std::erase_if(whom.addresses,
                  [&](const auto& each) { return each.discovered && !is_wanted(each); });
    for (auto& url : wanted)
      if (std::none_of(whom.addresses.begin(), whom.addresses.end(),
                       [&](const auto& each) { return each.url == url; }))
        whom.addresses.insert(whom.addresses.begin(), make_address(whom, url, true));
  }

  // -- the broker --------------------------------------------------------------------------------

  void apply(const actors::settings_ptr& next) {
    auto before = plan_->mine->own_cluster;
    plan_ = planner_(next);
    if (plan_->mine->own_cluster != before) // by which peers know their links as those of one site
      for (auto& [lid, one] : links_)
        send(one.actor, atom::cut_v, std::string{},
             std::string{"The cluster has another name now"});
    follow_hubs();
    for (auto& [lid, one] : links_)
      send(one.actor, atom::rules_v, plan_->mine);
  }

  void end() {
    ending_ = true;
    for (auto& [number, one] : hubs_)
      for (auto& each : one.addresses)
        send(each.dialer, atom::shut_down_v);
    hubs_.clear();
    for (auto& [lid, one] : links_)
      send(one.actor, atom::shut_down_v);
    end_if_alone();
  }

  void end_if_alone() {
    if (links_.empty())
      quit();
  }

  // -- looking at it -----------------------------------------------------------------------------

  caf::result<leafs_ptr> describe(bool subscriptions) {
    auto promise = make_response_promise<leafs_ptr>();
    gathering<std::vector<actors::leaf_snapshot>> all{promise, links_.size()};
    for (const auto& [lid, one] : links_)
      all.ask(*this, one.actor, atom::describe_v, subscriptions);
    return promise;
  }

  caf::result<actors::tree_ptr> tree() {
    auto promise = make_response_promise<actors::tree_ptr>();
    size_t dialers = 0;
    for (const auto& [number, one] : hubs_)
      dialers += one.addresses.size();
    actors::actor_snapshot own;
    own.path = "broker/leafs";
    own.place = "scheduler";
    own.state = fmt::format("{} links, {} hubs to dial", links_.size(), hubs_.size());
    own.mailbox = mailbox().size();
    gathering<std::vector<actors::actor_snapshot>> all{promise, 1 + links_.size() + dialers};
    all.add({own});
    for (const auto& [number, one] : hubs_)
      for (const auto& each : one.addresses)
        all.ask(*this, each.dialer, atom::tree_v);
    for (const auto& [lid, one] : links_)
      all.ask(*this, one.actor, atom::tree_v);
    return promise;
  }

  actors::core& shared_;
  leafs_planner planner_;
  leafs_plan_ptr plan_;
  std::map<uint64_t, link> links_; // by lid
  std::unordered_map<caf::actor_addr, uint64_t> lids_;
  std::map<uint64_t, hub> hubs_; // by number
  std::map<std::string, std::string> loop_subjects_;
  uint64_t last_number_ = 0;
  size_t next_reactor_ = 0;
  bool ending_ = false;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

leafs_actor spawn_leafs(caf::actor_system& sys, actors::core& shared,
                        const actors::settings_ptr& now, leafs_planner plan) {
  return sys.spawn<leafs>(shared, now, std::move(plan));
}

} // namespace troupe::federation
