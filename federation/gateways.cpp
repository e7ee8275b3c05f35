// federation/gateways.cpp: other clusters come and go, and are dialled by turns at their addresses.
#include "federation/gateways.hpp"

#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/dialer.hpp"
#include "federation/gateway_link.hpp"
#include "federation/gathering.hpp"
#include "federation/local_urls.hpp"
#include "protocol/errc.hpp"

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

/// A lost gateway that the configuration names is dialled again after this and a little more.
constexpr auto redial_after = std::chrono::milliseconds{1000};
constexpr uint64_t redial_spread_ms = 100;

class gateways final : public gateways_actor::base {
public:
  gateways(caf::actor_config& cfg, actors::core& shared, actors::settings_ptr now,
           gateways_planner plan, gateways_gossip tell)
      : gateways_actor::base(cfg), shared_{shared}, settings_{std::move(now)},
        planner_{std::move(plan)}, tell_{std::move(tell)}, plan_{planner_(settings_)} {}

  const char* name() const override { return "gateways"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& down) { ended(down.source); });
    follow(book_.follow(plan_->remotes), plan_->first_dial);
    return {
        [this](atom::dialled, const actors::accepted_ptr& socket, uint64_t number,
               const std::string& host) { dialled(socket, number, host); },
        [this](atom::gave_up, uint64_t number) {
          if (auto* whom = book_.with_address(number))
            missed(*whom);
        },
        [this](atom::adopt, const actors::accepted_ptr& socket) {
          if (ending_)
            ::close(socket->fd);
          else
            add_link(socket, {}, {});
        },
        [this](const gateway_introduction_ptr& who) { meet(who); },
        [this](const gateway_news_ptr& news) { hear(*news); },
        [this](atom::watch, const actors::account_ptr& which) {
          for (auto& [gid, one] : links_)
            send(one.actor, atom::watch_v, which);
        },
        [this](atom::apply, const actors::settings_ptr& next) {
          settings_ = next;
          apply();
        },
        [this](atom::apply) { apply(); },
        [this](atom::shut_down) { end(); },
        [this](atom::describe, bool accounts, bool subscriptions) {
          return describe(accounts, subscriptions);
        },
        [this](atom::tree) { return tree(); },
    };
  }

  void on_exit() override {
    links_.clear();
    dialers_.clear();
    planner_ = nullptr;
    tell_ = nullptr;
  }

private:
  struct link {
    gateway_actor actor;
    std::string dialled_for;      ///< the cluster's name; empty: accepted
    gateway_introduction_ptr who; ///< set when it is admitted
  };
  // -- links -------------------------------------------------------------------------------------

  actors::reactor& next_home() {
    return *shared_.reactors[next_reactor_++ % shared_.reactors.size()];
  }

  uint64_t add_link(const actors::accepted_ptr& socket, const std::string& cluster,
                    std::optional<dialled_gateway> to) {
    auto gid = shared_.next_cid.fetch_add(1, std::memory_order_relaxed);
    auto made = spawn_gateway(system(), next_home(), socket, gid, plan_->mine, std::move(to),
                              gateways_actor{this});
    monitor(made);
    gids_.emplace(made.address(), gid);
    auto& one = links_[gid];
    one.actor = made;
    one.dialled_for = cluster;
    return gid;
  }

  void meet(const gateway_introduction_ptr& who) {
    auto it = links_.find(who->gid);
    if (it == links_.end() || ending_)
      return;
    const auto& cluster = who->info.gateway;
    auto answer =
        may_log_in(*who) ? judge(*who, *plan_, book_.is_configured(cluster)) : wrong_login();
    if (answer.admitted) {
      it->second.who = who;
      if (!who->solicited)
        answer.gossip = gossip_for(cluster);
    }
    send(it->second.actor,
         gateway_admission_ptr{std::make_shared<gateway_admission>(std::move(answer))});
    if (!it->second.who)
      return;
    if (who->solicited)
      reached(who->info);
    else
      learn(cluster, who->info.gateway_urls);
  }

  /// Not on a reactor, for a password may be stored as bcrypt.
  bool may_log_in(const gateway_introduction& who) const {
    const auto& terms = *plan_->mine;
    return who.solicited || is_login(terms.user, terms.password, who.user, who.password);
  }

  bool is_rejected(const gateway_introduction& who) const {
    auto answer = judge(who, *plan_, book_.is_configured(who.info.gateway));
    return answer.reason == close_reason::authentication_violation;
  }

  static gateway_admission wrong_login() {
    gateway_admission out;
    out.reason = close_reason::authentication_violation;
    out.error = protocol::describe(protocol::errc::authorization_violation).wire;
    out.because = "authentication error: wrong user or password of a gateway";
    return out;
  }

  void ended(const caf::actor_addr& whom) {
    auto known = gids_.find(whom);
    if (known == gids_.end())
      return;
    auto gid = known->second;
    gids_.erase(known);
    auto gone = links_.extract(gid);
    if (ending_) {
      end_if_alone();
      return;
    }
    auto* to = book_.find(gone.mapped().dialled_for);
    if (!to || to->gid != gid)
      return;
    to->gid = 0;
    if (!gone.mapped().who) // it never took part: as if nobody had answered
      missed(*to);
    else
      redial(*to, to->configured ? redial_after : std::chrono::milliseconds{0}, true);
  }

  // -- other clusters ----------------------------------------------------------------------------

  void redial(gateway_book::cluster& whom, std::chrono::milliseconds wait, bool spread = false) {
    if (ending_ || whom.gid != 0 || whom.addresses.empty())
      return;
    const auto& to = whom.addresses[whom.next++ % whom.addresses.size()];
    send(dialers_.at(to.number), atom::dial_v,
         static_cast<uint64_t>(wait.count()) + (spread ? random_() % redial_spread_ms : 0));
  }

  bool is_in_touch(const std::string& cluster) const {
    return std::any_of(links_.begin(), links_.end(), [&](const auto& each) {
      const auto& who = each.second.who;
      return who && !who->solicited && who->info.gateway == cluster;
    });
  }

  void missed(gateway_book::cluster& whom) {
    if (whom.gid != 0)
      return;
    switch (book_.missed(whom, plan_->retries, is_in_touch(whom.name))) {
    case gateway_book::next_step::dial: redial(whom, std::chrono::milliseconds{0}); return;
    case gateway_book::next_step::pause:
      redial(whom, pause_after(whom.failures, plan_->backoff));
      return;
    case gateway_book::next_step::forget: break;
    }
    log::warn("Gateway \"{}\" is not dialled any more after {} attempts",
              log::printable(whom.name, 64), whom.failures);
    follow(book_.forget(std::string{whom.name}));
  }

  void dialled(const actors::accepted_ptr& socket, uint64_t number, const std::string& host) {
    auto* whom = book_.with_address(number);
    if (!whom || ending_ || whom->gid != 0) {
      ::close(socket->fd); // it was taken out of the configuration meanwhile
      return;
    }
    auto to = gateway_book::target(*whom, number, *plan_->mine);
    if (is_service_name(to.host)) // certificates name the host that it has led to
      to.host = host;
    whom->gid = add_link(socket, whom->name, std::move(to));
  }

  /// The link that was dialled takes part.
  void reached(const protocol::link_info& peer) {
    auto* whom = book_.find(peer.gateway);
    if (!whom)
      return;
    whom->tried = 0;
    whom->failures = 0;
    follow(book_.replace(peer.gateway, peer.gateway_urls));
    tell_members(*whom);
  }

  dialer_actor make_dialer(const gateway_book::address& to) {
    dial_plan plan;
    plan.remote = to.number;
    plan.what = "gateway";
    plan.group = "gateways";
    plan.host = to.url.host;
    plan.port = static_cast<uint16_t>(to.url.port);
    plan.attempts = 1; // then it is the turn of the next address
    return spawn_dialer(system(), next_home(), std::move(plan),
                        dial_boss_actor{gateways_actor{this}});
  }

  /// Does what the book says has changed.
  void follow(const gateway_book::changes& now,
              std::chrono::milliseconds wait = std::chrono::milliseconds{0}) {
    for (auto gid : now.links)
      if (auto known = links_.find(gid); known != links_.end())
        send(known->second.actor, atom::cut_v,
             std::string{"Its remote was removed from the configuration"});
    for (auto number : now.gone)
      if (auto known = dialers_.extract(number))
        send(known.mapped(), atom::shut_down_v);
    for (const auto& each : now.come)
      dialers_.emplace(each.number, make_dialer(each));
    for (const auto& name : now.dropped)
      tell_(name, {});
    for (const auto& name : now.added)
      if (auto* whom = book_.find(name))
        redial(*whom, wait, wait.count() == 0);
  }

  // -- gossip ------------------------------------------------------------------------------------

  /// From a link; or, with no gid, from another member of our cluster.
  void hear(const gateway_news& news) {
    auto it = links_.find(news.gid);
    bool known = news.gid == 0 || (it != links_.end() && it->second.who);
    if (!known || ending_)
      return;
    if (news.gossip) {
      learn(news.name, news.urls);
      return;
    }
    follow(book_.replace(news.name, news.urls));
    if (auto* whom = book_.find(news.name))
      tell_members(*whom);
  }

  void learn(const std::string& cluster, const std::vector<std::string>& urls) {
    if (cluster != plan_->mine->info.gateway)
      follow(book_.learn(cluster, urls, !plan_->reject_unknown));
  }

  void tell_members(const gateway_book::cluster& of) {
    tell_(of.name, gateway_book::gossip("GW" + plan_->mine->info.server_id, of));
  }

  std::vector<std::string> gossip_for(const std::string& cluster) const {
    std::vector<std::string> out;
    for (const auto& [name, one] : book_.all())
      if (auto line = gateway_book::gossip(plan_->mine->info.server_id, one);
          name != cluster && !line.empty())
        out.push_back(std::move(line));
    return out;
  }

  // -- the broker --------------------------------------------------------------------------------

  void apply() {
    if (ending_)
      return;
    plan_ = planner_(settings_);
    follow(book_.follow(plan_->remotes));
    for (auto& [gid, one] : links_) {
      send(one.actor, atom::rules_v, plan_->mine);
      if (one.who && is_rejected(*one.who))
        send(one.actor, atom::cut_v, std::string{"Its cluster is not in the configuration"});
    }
  }

  void end() {
    ending_ = true;
    for (auto& [number, one] : dialers_)
      send(one, atom::shut_down_v);
    dialers_.clear();
    for (auto& [gid, one] : links_)
      send(one.actor, atom::shut_down_v);
    end_if_alone();
  }

  void end_if_alone() {
    if (links_.empty())
      quit();
  }

  // -- looking at it -----------------------------------------------------------------------------

  caf::result<gateways_ptr> describe(bool accounts, bool subscriptions) {
    auto promise = make_response_promise<gateways_ptr>();
    gathering<std::vector<actors::gateway_snapshot>> all{promise, links_.size()};
    for (const auto& [gid, one] : links_)
      all.ask(*this, one.actor, atom::describe_v, accounts, subscriptions);
    return promise;
  }

  caf::result<actors::tree_ptr> tree() {
    auto promise = make_response_promise<actors::tree_ptr>();
    actors::actor_snapshot own;
    own.path = "broker/gateways";
    own.place = "scheduler";
    own.state = fmt::format("{} links, {} other clusters", links_.size(), book_.all().size());
    own.mailbox = mailbox().size();
    gathering<std::vector<actors::actor_snapshot>> all{promise,
                                                       1 + links_.size() + dialers_.size()};
    all.add({own});
    for (const auto& [number, one] : dialers_)
      all.ask(*this, one, atom::tree_v);
    for (const auto& [gid, one] : links_)
      all.ask(*this, one.actor, atom::tree_v);
    return promise;
  }

  actors::core& shared_;
  actors::settings_ptr settings_;
  gateways_planner planner_;
  gateways_gossip tell_;
  gateways_plan_ptr plan_;
  gateway_book book_;
  std::map<uint64_t, link> links_; // by gid
  std::unordered_map<caf::actor_addr, uint64_t> gids_;
  std::map<uint64_t, dialer_actor> dialers_; // by the number of their address
  size_t next_reactor_ = 0;
  bool ending_ = false;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

gateways_actor spawn_gateways(caf::actor_system& sys, actors::core& shared,
                              const actors::settings_ptr& now, gateways_planner plan,
                              gateways_gossip tell) {
  return sys.spawn<gateways>(shared, now, std::move(plan), std::move(tell));
}

} // namespace troupe::federation
