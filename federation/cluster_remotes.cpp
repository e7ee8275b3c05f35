// federation/cluster_remotes.cpp: one address after the other, one connection at a time.
#include "federation/cluster_remotes.hpp"

#include "federation/local_urls.hpp"

#include <algorithm>

namespace troupe::federation {

namespace {

/// A lost route that the configuration names is dialled again after this and a little more.
constexpr uint64_t redial_ms = 1000;
constexpr uint64_t redial_spread_ms = 100;
/// Gossip makes no more dialers than that: a member may be wrong about the others.
constexpr size_t most_remotes = 1024;

/// Peers that gossip names are known by address only, but certificates name hosts.
std::string tls_name(const cluster_remotes::remote& whom, const cluster_plan& plan) {
  if (!whom.configured && is_plain_address(whom.where.host))
    for (const auto& each : plan.remotes)
      if (!is_plain_address(each.host))
        return each.host;
  return whom.where.host;
}

} // namespace

dialled_remote dialled_for(const cluster_remotes::remote& whom, const cluster_plan& plan) {
  dialled_remote out{whom.number, whom.configured, tls_name(whom, plan), whom.where.user,
                     whom.where.password};
  if (out.user.empty() && !whom.configured) {
    out.user = plan.mine->user;
    out.password = plan.mine->password;
  }
  return out;
}

void cluster_remotes::dial(remote& whom, pause before) {
  if (whom.dead || whom.dialling || whom.rid != 0)
    return;
  if (!whom.peer.empty() && complete_(whom.peer))
    return;
  uint64_t wait = before == pause::none ? 0 : random_() % redial_spread_ms;
  if (before == pause::second)
    wait += redial_ms;
  whom.dialling = true;
  caf::anon_send(whom.dialer, atom::dial_v, wait);
}

void cluster_remotes::add(const cluster_plan& plan, const configured_remote& where,
                          bool configured) {
  auto number = ++last_;
  auto& out = all_[number];
  out.number = number;
  out.where = where;
  out.configured = configured;
  dial_plan how;
  how.remote = number;
  how.host = where.host;
  how.port = where.port;
  how.attempts = configured ? -1 : 1 + plan.connect_retries;
  how.backoff = plan.connect_backoff;
  out.dialer = make_(std::move(how));
  dial(out, pause::none);
}

void cluster_remotes::follow(const cluster_plan& plan,
                             const std::function<void(const remote&)>& removed) {
  auto wanted = [&](const configured_remote& where) {
    return std::find(plan.remotes.begin(), plan.remotes.end(), where) != plan.remotes.end();
  };
  for (auto it = all_.begin(); it != all_.end();) {
    auto& one = it->second;
    if (!one.configured || wanted(one.where)) {
      ++it;
      continue;
    }
    removed(one);
    caf::anon_send(one.dialer, atom::shut_down_v);
    it = all_.erase(it);
  }
  for (const auto& where : plan.remotes) {
    bool known = std::any_of(all_.begin(), all_.end(), [&](const auto& each) {
      return each.second.configured && each.second.where == where;
    });
    if (!known)
      add(plan, where, true);
  }
}

void cluster_remotes::learn(const cluster_plan& plan, const configured_remote& where,
                            const configured_remote& other) {
  auto there = [&](const configured_remote& at) {
    return std::any_of(all_.begin(), all_.end(), [&](const auto& each) {
      return each.second.where.host == at.host && each.second.where.port == at.port;
    });
  };
  if (all_.size() < most_remotes && !there(where) && !there(other))
    add(plan, where, false);
}

void cluster_remotes::gave_up(uint64_t number) {
  auto it = all_.find(number);
  if (it == all_.end() || it->second.configured)
    return;
  caf::anon_send(it->second.dialer, atom::shut_down_v);
  all_.erase(it);
}

void cluster_remotes::end() {
  for (auto& [number, one] : all_)
    caf::anon_send(one.dialer, atom::shut_down_v);
  all_.clear();
}

cluster_remotes::remote* cluster_remotes::connected(uint64_t number, uint64_t rid) {
  auto it = all_.find(number);
  if (it == all_.end())
    return nullptr;
  it->second.dialling = false;
  it->second.rid = rid;
  return &it->second;
}

void cluster_remotes::met(uint64_t number, const std::string& server_id) {
  if (auto it = all_.find(number); it != all_.end())
    it->second.peer = server_id;
}

void cluster_remotes::is_self(uint64_t number) {
  if (auto it = all_.find(number); it != all_.end())
    it->second.dead = true;
}

void cluster_remotes::settled(uint64_t rid) {
  for (auto& [number, one] : all_)
    if (one.rid == rid) {
      one.rid = 0;
      dial(one, pause::none);
    }
}

void cluster_remotes::ended(uint64_t number, uint64_t rid, const std::string& server_id) {
  for (auto& [other, one] : all_) {
    bool refused = one.rid == rid; // or it failed before that
    if (refused)
      one.rid = 0;
    if (other == number || (!server_id.empty() && one.peer == server_id))
      dial(one, one.configured || refused ? pause::second : pause::short_one);
  }
}

void cluster_remotes::wake(const std::string& server_id) {
  for (auto& [number, one] : all_)
    if (one.peer == server_id)
      dial(one, pause::none);
}

void cluster_remotes::wake_all() {
  for (auto& [number, one] : all_)
    dial(one, pause::second);
}

} // namespace troupe::federation
