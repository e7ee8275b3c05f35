// test/federation/mesh_plan.cpp: random plans.
#include "test/federation/mesh_plan.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace troupe::test {
namespace {

using kind = mesh_step::kind;

constexpr std::array<std::string_view, 13> patterns{
    "a", "a.b", "a.*", "*.b", "a.>", "b", "b.c.d", ">", "*", "s0.>", "s1.a.*", "v0", "c"};
/// Of these, the first are offered as streams: none of them takes in what a share is called.
constexpr uint32_t streams = 7;
constexpr std::array<std::string_view, 7> literals{"a", "a.b", "b", "b.c.d", "c", "v0", "v1"};
/// Of these, the first are offered as services.
constexpr uint32_t services = 5;
constexpr std::array<std::string_view, 4> queues{"", "q", "r", "a"};

class planner {
public:
  planner(uint64_t seed, mesh_kind by) : random_{seed} {
    plan_.seed = seed;
    plan_.brokers = pick(4) == 0 ? 2 + pick(11) : 2 + pick(3); // mostly few: they shrink quickly
    plan_.accounts = 1 + pick(3);
    plan_.pool = seed % 2 == 0 ? 0 : static_cast<uint32_t>(1 + seed / 2 % 3);
    for (auto n = plan_.accounts > 1 ? pick(4) : 0; n > 0; --n)
      share();
    if (by == mesh_kind::routes)
      return;
    for (uint32_t next = 1 + pick(3); next < plan_.brokers; next += 1 + pick(3))
      plan_.sites.push_back(next);
    auto sites = static_cast<uint32_t>(plan_.sites.size()) + 1;
    if (by == mesh_kind::gateways)
      plan_.clusters = sites;
    else if (by == mesh_kind::everything)
      plan_.clusters = 1 + pick(sites);
  }

  mesh_plan make() {
    for (uint32_t broker = 0; broker < plan_.brokers; ++broker)
      for (uint32_t account = 0; account < plan_.accounts; ++account)
        if (pick(8) != 0)
          add({.what = kind::account, .broker = broker, .account = account});
    for (uint32_t a = 0; a < plan_.brokers; ++a)
      for (uint32_t b = a + 1; b < plan_.brokers; ++b)
        if (pick(3) != 0)
          connect(a, b);
    for (uint32_t round = 1 + pick(3); round > 0; --round) {
      trouble(4 + pick(20));
      add({.what = kind::settle});
      traffic(2 + pick(10));
      add({.what = kind::settle});
    }
    return std::move(plan_);
  }

private:
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  void add(mesh_step step) { plan_.steps.push_back(step); }

  /// Streams come from accounts before, services from those behind: nothing goes round in circles.
  void share() {
    mesh_share one;
    one.service = pick(2) == 0;
    auto first = pick(plan_.accounts - 1);
    auto second = first + 1 + pick(plan_.accounts - 1 - first);
    one.from = one.service ? second : first;
    one.to = one.service ? first : second;
    one.subject = pick(one.service ? services : streams);
    one.many = pick(2) == 0;
    for (const auto& each : plan_.shares) {
      if (each.from == one.from && overlap(each, one))
        return; // what came by a service a stream passes on elsewhere: no verb says how it came
      if (each.service != one.service || each.from != one.from || each.subject != one.subject)
        continue;
      one.many = each.many; // that is said where it is offered
      if (each.to == one.to)
        return; // of equal ones the first counts
    }
    plan_.shares.push_back(one);
  }

  /// Do a service and a stream have a subject in common?
  static bool overlap(const mesh_share& one, const mesh_share& other) {
    return one.service != other.service
           && plainly_matches(shared_subject(one.service ? other : one),
                              shared_subject(one.service ? one : other));
  }

  void connect(uint32_t a, uint32_t b) {
    bool turned = pick(2) == 0;
    add({.what = kind::connect, .broker = turned ? b : a, .other = turned ? a : b});
  }

  void progress() {
    if (pick(2) == 0)
      add({.what = kind::progress, .count = 1 + pick(30)});
  }

  mesh_step anywhere(kind what) {
    mesh_step step;
    step.what = what;
    step.id = ++ids_;
    step.broker = pick(plan_.brokers);
    step.account = pick(plan_.accounts);
    return step;
  }

  void subscribe() {
    auto step = anywhere(kind::subscribe);
    step.subject = pick(patterns.size());
    step.queue = pick(2) == 0 ? 0 : pick(queues.size());
    subscriptions_.push_back(step.id);
    add(step);
  }

  void publish() {
    auto step = anywhere(pick(4) == 0 ? kind::request : kind::publish);
    step.subject = pick(literals.size());
    step.count = pick(6) == 0 ? 1000 + pick(2000) : 0;
    add(step);
  }

  /// Everything at once: interest changes while messages and links come and go.
  void trouble(uint32_t count) {
    for (; count > 0; --count) {
      auto what = pick(20);
      auto a = pick(plan_.brokers);
      auto b = pick(plan_.brokers);
      if (what < 8) {
        subscribe();
      } else if (what < 11 && !subscriptions_.empty()) {
        auto which = pick(static_cast<uint32_t>(subscriptions_.size()));
        add({.what = kind::unsubscribe, .id = subscriptions_[which]});
        subscriptions_.erase(subscriptions_.begin() + which);
      } else if (what < 17) {
        publish();
      } else if (what < 18 && a != b) {
        add({.what = kind::cut, .broker = a, .other = b, .count = ids_ % (plan_.pool + 1)});
      } else if (what < 19 && a != b) {
        connect(a, b);
      } else if (auto at = pick(6); at < plan_.shares.size() && !plan_.shares[at].service) {
        add({.what = kind::reload, .count = at});
      } else {
        add({.what = kind::account, .broker = a, .account = pick(plan_.accounts)});
      }
      progress();
    }
  }

  /// Nothing but messages: now each has to arrive.
  void traffic(uint32_t count) {
    for (; count > 0; --count) {
      publish();
      progress();
    }
  }

  std::mt19937_64 random_;
  mesh_plan plan_;
  uint32_t ids_ = 0;
  std::vector<uint32_t> subscriptions_;
};

std::string place(const mesh_step& step) {
  return "at " + std::to_string(step.broker) + " in " + account_name(step.account);
}

std::string to_string(const mesh_step& step) {
  auto id = std::to_string(step.id);
  auto between = std::to_string(step.broker) + " and " + std::to_string(step.other);
  switch (step.what) {
  case kind::connect: return "connect " + between;
  case kind::cut: return "cut " + between;
  case kind::account: return "account " + place(step);
  case kind::reload: return "reload, with or without the share " + std::to_string(step.count);
  case kind::subscribe: {
    auto queue = queue_name(step);
    return "subscribe " + id + " " + place(step) + " to " + subscribed_subject(step)
           + (queue.empty() ? "" : " queue " + queue);
  }
  case kind::unsubscribe: return "unsubscribe " + id;
  case kind::publish: return "publish " + id + " " + place(step) + " on " + published_subject(step);
  case kind::request: return "request " + id + " " + place(step) + " on " + published_subject(step);
  case kind::progress: return "progress " + std::to_string(step.count);
  case kind::settle: return "settle";
  }
  return {};
}

std::vector<std::string_view> tokens_of(std::string_view subject) {
  std::vector<std::string_view> out;
  for (;;) {
    auto dot = subject.find('.');
    out.push_back(subject.substr(0, dot));
    if (dot == subject.npos)
      return out;
    subject.remove_prefix(dot + 1);
  }
}

} // namespace

mesh_plan make_mesh_plan(uint64_t seed, mesh_kind by) {
  return planner{seed, by}.make();
}

uint32_t site_of(const mesh_plan& plan, uint32_t broker) {
  return static_cast<uint32_t>(std::upper_bound(plan.sites.begin(), plan.sites.end(), broker)
                               - plan.sites.begin());
}

namespace {

/// One of a site, by the number of whoever looks for it.
uint32_t member_for(const mesh_plan& plan, uint32_t broker, uint32_t site) {
  auto first = site == 0 ? 0 : plan.sites[site - 1];
  auto end = std::min(site < plan.sites.size() ? plan.sites[site] : plan.brokers, plan.brokers);
  return first + broker % std::max(end - first, 1U);
}

/// Of two sites before it, the choice is made by its number: so there are chains and stars.
uint32_t hub_site_of(uint32_t site) {
  return site % 3 == 2 ? site - 2 : site - 1;
}

} // namespace

uint32_t way_to(const mesh_plan& plan, uint32_t broker, uint32_t cluster) {
  return member_for(plan, broker, cluster);
}

uint32_t hub_of(const mesh_plan& plan, uint32_t broker) {
  auto site = site_of(plan, broker);
  return site == 0 ? broker : member_for(plan, broker, hub_site_of(site));
}

uint32_t tree_of(const mesh_plan& plan, uint32_t broker) {
  uint32_t tree = 0;
  for (auto site = site_of(plan, broker); site >= plan.clusters; site = hub_site_of(site))
    tree = site;
  return tree;
}

std::string to_string(const mesh_plan& plan) {
  auto out = "seed " + std::to_string(plan.seed) + ", " + std::to_string(plan.brokers)
             + " brokers, pools of " + std::to_string(plan.pool) + ", "
             + std::to_string(plan.steps.size()) + " steps\n";
  for (size_t i = 0; i < plan.sites.size(); ++i)
    out += (i + 1 < plan.clusters ? "  a cluster from " : "  a leaf site from ")
           + std::to_string(plan.sites[i]) + "\n";
  for (size_t i = 0; i < plan.shares.size(); ++i) {
    const auto& one = plan.shares[i];
    out += "  " + account_name(one.to) + " takes the " + (one.service ? "service " : "stream ")
           + shared_subject(one) + " of " + account_name(one.from) + " as " + local_subject(one, i)
           + (one.service && one.many ? ", many responses\n" : "\n");
  }
  for (const auto& step : plan.steps)
    out += "  " + to_string(step) + "\n";
  return out;
}

std::string subscribed_subject(const mesh_step& step) {
  return std::string{patterns[step.subject]};
}

std::string published_subject(const mesh_step& step) {
  return std::string{literals[step.subject]};
}

std::string shared_subject(const mesh_share& share) {
  return std::string{share.service ? literals[share.subject] : patterns[share.subject]};
}

std::string local_subject(const mesh_share& share, size_t number) {
  auto digits = std::to_string(number);
  return share.service ? "v" + digits : "s" + digits + "." + shared_subject(share);
}

std::string queue_name(const mesh_step& step) {
  return std::string{queues[step.queue]};
}

std::string account_name(uint32_t account) {
  return "ACC" + std::to_string(account);
}

std::string payload_of(const mesh_step& step) {
  return std::to_string(step.id) + " " + account_name(step.account) + " "
         + std::string(step.count, 'x');
}

bool plainly_matches(std::string_view pattern, std::string_view subject) {
  auto wanted = tokens_of(pattern);
  auto given = tokens_of(subject);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == ">")
      return i < given.size();
    if (i >= given.size() || (wanted[i] != "*" && wanted[i] != given[i]))
      return false;
  }
  return wanted.size() == given.size();
}

} // namespace troupe::test
