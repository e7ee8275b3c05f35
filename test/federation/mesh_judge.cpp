// test/federation/mesh_judge.cpp: compares what was heard with what should have been.
#include "test/federation/mesh_judge.hpp"

#include "protocol/route_pool.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <tuple>

namespace troupe::test {
namespace {

using kind = mesh_step::kind;

std::string said(const mesh_step& message) {
  return "message " + std::to_string(message.id) + " on " + published_subject(message) + " in "
         + account_name(message.account) + " at " + std::to_string(message.broker);
}

std::string listed(const std::set<uint32_t>& ids) {
  std::string out;
  for (auto id : ids)
    out += (out.empty() ? "" : " ") + std::to_string(id);
  return "{" + out + "}";
}

} // namespace

mesh_judge::mesh_judge(std::vector<mesh_share> shares, size_t uplinks, std::vector<uint32_t> trees,
                       uint32_t pool)
    : shares_{std::move(shares)}, uplinks_{uplinks}, trees_{std::move(trees)}, pool_{pool} {
  for (size_t i = 0; i < shares_.size(); ++i)
    on_.insert(i);
  ever_on_ = on_;
}

void mesh_judge::expect(const mesh_step& step, bool idle) {
  switch (step.what) {
  case kind::publish:
  case kind::request: publish(step); return;
  case kind::progress: return;
  case kind::settle: calm_ = true; return;
  case kind::subscribe:
    subscriptions_[step.id] = step;
    ever_[step.id] = step;
    break;
  case kind::unsubscribe: subscriptions_.erase(step.id); break;
  case kind::reload:
    if (on_.erase(step.count) == 0)
      ever_on_.insert(*on_.insert(step.count).first);
    break;
  case kind::connect:
  case kind::cut:
  case kind::account: break;
  }
  calm_ = false;
  if (!idle)
    for (auto& [id, each] : messages_)
      each.exact = false;
}

void mesh_judge::publish(const mesh_step& step) {
  auto& one = messages_[step.id];
  one.said = step;
  one.exact = calm_;
  for (const auto& [id, sub] : subscriptions_)
    for (const auto& each : ways_to(step, sub, on_))
      if (auto queue = queue_name(sub); queue.empty())
        ++one.plain[id];
      else
        one.groups[each.groups + queue].insert(id);
}

/// What comes from a leaf cluster never goes back there, not even as a stream (leafnodes.md 11).
bool mesh_judge::are_in_one_tree(const mesh_step& one, const mesh_step& other) const {
  return !trees_.empty() && trees_[one.broker] != 0 && trees_[one.broker] == trees_[other.broker];
}

std::vector<mesh_judge::way> mesh_judge::ways_to(const mesh_step& what, const mesh_step& sub,
                                                 const std::set<size_t>& shares) const {
  std::vector<way> out;
  auto subject = published_subject(what);
  auto wants = subscribed_subject(sub);
  if (sub.account == what.account && plainly_matches(wants, subject))
    out.push_back({subject, "", nullptr});
  for (auto i : shares) {
    const auto& one = shares_[i];
    auto local = local_subject(one, i);
    if (!one.service && one.from == what.account && one.to == sub.account
        && !are_in_one_tree(what, sub) && plainly_matches(shared_subject(one), subject)) {
      auto name = local.substr(0, local.find('.') + 1) + subject;
      if (plainly_matches(wants, name))
        out.push_back({name, "", &one}); // with those of the account that it comes from
    }
    if (one.service && one.to == what.account && one.from == sub.account && local == subject
        && plainly_matches(wants, shared_subject(one)))
      out.push_back({shared_subject(one), "service " + std::to_string(i) + " ", &one});
  }
  return out;
}

/// A server that was chosen for a queue group and has lost its member sends the message on to
/// another, whose plain subscriptions then get it again (routes.md 9): once a group at most, and
/// only while interest changes.
size_t mesh_judge::possible_hops(const message& what) const {
  std::set<std::string> groups;
  for (const auto& [id, sub] : ever_)
    if (auto queue = queue_name(sub); !queue.empty() && !ways_to(what.said, sub, ever_on_).empty())
      groups.insert(queue);
  return groups.size();
}

std::string mesh_judge::judge_message(const message& what,
                                      const std::map<uint32_t, size_t>& by) const {
  std::map<std::string, size_t> in_group;
  for (const auto& [id, times] : by) {
    auto sub = ever_.find(id);
    if (sub == ever_.end())
      return said(what.said) + " reached an unknown subscription " + std::to_string(id);
    auto ways = ways_to(what.said, sub->second, ever_on_);
    if (ways.empty())
      return said(what.said) + " reached " + std::to_string(id)
             + (sub->second.account == what.said.account ? ", which did not ask for it"
                                                         : " in another account");
    if (auto queue = queue_name(sub->second); !queue.empty())
      in_group[ways[0].groups + queue] += times;
    else if (times > ways.size() * (1 + (what.exact ? 0 : possible_hops(what))))
      return said(what.said) + " reached " + std::to_string(id) + " " + std::to_string(times)
             + " times";
  }
  for (const auto& [queue, times] : in_group)
    if (times > 1)
      return said(what.said) + " reached " + std::to_string(times) + " members of group " + queue;
  if (!what.exact)
    return {};
  for (const auto& [id, times] : what.plain)
    if (auto got = by.find(id); got == by.end())
      return said(what.said) + " did not reach " + std::to_string(id);
    else if (got->second < times)
      return said(what.said) + " did not reach " + std::to_string(id) + " by each share";
  for (const auto& [queue, members] : what.groups)
    if (in_group.count(queue) == 0)
      return said(what.said) + " reached no member of group " + queue + " " + listed(members);
  return {};
}

/// Which of the routes between two members the account has. All other links that a message takes
/// are the same, whether it comes as a stream or by a service: up to the hub in the publisher's
/// account, down from one in the subscriber's, and a gateway has one connection for all.
uint32_t mesh_judge::lane_of(uint32_t account) const {
  if (pool_ == 0)
    return 0;
  return account == 0 ? pool_ : protocol::slot_of_account(account_name(account), pool_);
}

/// A subscription hears each publisher in order; over another broker's queue choice it need not,
/// and what is asked of a service travels in another account, which may have a route of its own.
std::string mesh_judge::judge_order(const std::vector<mesh_delivery>& heard) const {
  // By subscription, by publisher (one for each account at each broker), and by route.
  std::map<std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>, uint32_t> last;
  for (const auto& one : heard) {
    uint32_t id = 0;
    auto [end, error] =
        std::from_chars(one.payload.data(), one.payload.data() + one.payload.size(), id);
    auto sub = ever_.find(one.subscription);
    auto of = messages_.find(id);
    if (error != std::errc{} || sub == ever_.end() || !queue_name(sub->second).empty()
        || of == messages_.end())
      continue;
    // While interest changes, a copy that went on from a broker without a member comes late.
    if (!of->second.exact && possible_hops(of->second) > 0)
      continue;
    const auto& said_by = of->second.said;
    std::set<uint32_t> lanes;
    for (const auto& each : ways_to(said_by, sub->second, ever_on_))
      lanes.insert(said_by.broker == sub->second.broker
                       ? 0
                       : lane_of(each.by && each.by->service ? each.by->from : said_by.account));
    if (lanes.size() != 1)
      continue;
    auto& before = last[{one.subscription, said_by.broker, said_by.account, *lanes.begin()}];
    if (before > id)
      return said(of->second.said) + " reached " + std::to_string(one.subscription)
             + " after message " + std::to_string(before);
    before = id;
  }
  return {};
}

/// Whoever asks is heard of before the request: each answer finds its way.
std::string
mesh_judge::judge_answers(const message& what,
                          const std::map<std::string, std::map<uint32_t, size_t>>& all) const {
  if (what.said.what != kind::request)
    return {};
  auto id = std::to_string(what.said.id);
  auto inbox = 1'000'000 + what.said.id;
  auto asked = all.find(id);
  std::map<const mesh_share*, size_t> single; // answers that came, of services that give but one
  for (const auto& [who, times] :
       asked == all.end() ? std::map<uint32_t, size_t>{} : asked->second) {
    auto sub = ever_.find(who);
    if (who % 3 != 0 || sub == ever_.end())
      continue;
    auto ways = ways_to(what.said, sub->second, ever_on_);
    const auto* by = ways.empty() ? nullptr : ways[0].by;
    if (by && !by->service)
      continue; // it answers in its own account, where nobody waits
    auto answer = all.find("r" + id + "." + std::to_string(who));
    auto came =
        answer == all.end() || answer->second.count(inbox) == 0 ? 0 : answer->second.at(inbox);
    // Whoever hears a request twice answers twice. A service's answer goes up to the hub from every
    // member of a leaf site that hears it (leafnodes.md 11), and one with many is not counted.
    if (came > times * (by && by->many ? uplinks_ : 1))
      return "the answer of " + std::to_string(who) + " to " + said(what.said) + " came twice";
    if (by && !by->many)
      single[by] += came;
    else if (came == 0 && what.exact)
      return "the answer of " + std::to_string(who) + " to " + said(what.said) + " did not come";
  }
  for (const auto& [by, came] : single)
    if (what.exact && came != 1)
      return std::to_string(came) + " answers of the service " + shared_subject(*by) + " came to "
             + said(what.said);
  return {};
}

/// Does a share lead there, under that subject?
bool mesh_judge::shared_with(const mesh_delivery& one) const {
  auto of = messages_.find(static_cast<uint32_t>(std::strtoul(one.payload.c_str(), nullptr, 10)));
  auto sub = ever_.find(one.subscription);
  if (of == messages_.end() || sub == ever_.end())
    return false;
  auto ways = ways_to(of->second.said, sub->second, ever_on_);
  return std::any_of(ways.begin(), ways.end(),
                     [&](const auto& each) { return each.subject == one.subject; });
}

std::string mesh_judge::judge(const std::vector<mesh_delivery>& heard) {
  std::map<std::string, std::map<uint32_t, size_t>> all; // by message, then by subscription
  std::string wrong;
  for (const auto& one : heard) {
    auto id = one.payload.substr(0, one.payload.find(' '));
    ++all[id][one.subscription];
    if (auto of = messages_.find(static_cast<uint32_t>(std::strtoul(id.c_str(), nullptr, 10)));
        of != messages_.end() && one.payload != payload_of(of->second.said))
      wrong = said(of->second.said) + " arrived as " + one.payload.substr(0, 64);
    auto account = one.payload.find("ACC");
    if (account != std::string::npos && one.payload.substr(account, 4) != account_name(one.account)
        && !shared_with(one))
      wrong = "a message of " + one.payload.substr(account, 4) + " was heard in "
              + account_name(one.account);
  }
  for (const auto& [id, what] : messages_) {
    auto by = all.find(std::to_string(id));
    if (wrong.empty())
      wrong = judge_message(what, by == all.end() ? std::map<uint32_t, size_t>{} : by->second);
    if (wrong.empty())
      wrong = judge_answers(what, all);
  }
  if (wrong.empty())
    wrong = judge_order(heard);
  messages_.clear();
  ever_ = subscriptions_;
  ever_on_ = on_;
  return wrong;
}

std::string play(const mesh_plan& plan, actor_world& stage) {
  mesh_world world{plan, stage};
  std::vector<uint32_t> trees;
  for (uint32_t broker = 0; broker < plan.brokers; ++broker)
    trees.push_back(tree_of(plan, broker));
  bool routed = false; // between two members
  for (uint32_t broker = 1; broker < plan.brokers; ++broker)
    routed = routed || site_of(plan, broker - 1) == site_of(plan, broker);
  mesh_judge judge{plan.shares, plan.sites.size() + 1 > plan.clusters ? plan.brokers : 1, trees,
                   routed ? plan.pool : 0};
  for (const auto& step : plan.steps) {
    judge.expect(step, world.idle());
    world.apply(step);
    if (!world.trouble().empty())
      return world.trouble();
    if (step.what != kind::settle)
      continue;
    if (auto wrong = judge.judge(world.heard()); !wrong.empty())
      return wrong;
    world.forget();
  }
  return {};
}

mesh_plan shrink(mesh_plan plan, actor_world& stage) {
  // Larger and larger parts are tried first, so that long plans shrink quickly.
  for (size_t part = plan.steps.size() / 2; part > 0;) {
    bool smaller = false;
    for (size_t at = 0; at < plan.steps.size();) {
      auto less = plan;
      auto end = std::min(at + part, less.steps.size());
      less.steps.erase(less.steps.begin() + static_cast<std::ptrdiff_t>(at),
                       less.steps.begin() + static_cast<std::ptrdiff_t>(end));
      if (play(less, stage).empty()) {
        at = end;
      } else {
        plan = std::move(less);
        smaller = true;
      }
    }
    if (!smaller || part > 1)
      part /= 2;
  }
  while (plan.brokers > 2) { // those that no step names
    auto fewer = plan;
    --fewer.brokers;
    bool named = std::any_of(fewer.steps.begin(), fewer.steps.end(), [&](const auto& step) {
      return step.broker >= fewer.brokers || step.other >= fewer.brokers;
    });
    if (named || play(fewer, stage).empty())
      break;
    plan = std::move(fewer);
  }
  return plan;
}

} // namespace troupe::test
