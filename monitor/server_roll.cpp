// monitor/server_roll.cpp: who comes, and who has gone.
#include "monitor/server_roll.hpp"

#include "actors/gateway_reply.hpp"

namespace troupe::monitor {

bool server_roll::hear(std::string_view id, time_point now) {
  if (id.empty() || id.size() > longest_id)
    return false;
  std::lock_guard guard{mutex_};
  auto known = servers_.find(std::string{id});
  if (known != servers_.end()) {
    known->second.when = now;
    return false;
  }
  if (servers_.size() >= most_servers)
    return false;
  servers_.emplace(id, entry{actors::short_hash(id), now});
  return true;
}

void server_roll::forget(std::string_view id) {
  std::lock_guard guard{mutex_};
  servers_.erase(std::string{id});
}

void server_roll::look(const std::unordered_set<std::string>& linked, time_point now) {
  std::lock_guard guard{mutex_};
  for (auto& [id, one] : servers_)
    if (linked.contains(one.hash))
      one.looks_without = 0;
    else if (one.looks_without >= 0)
      ++one.looks_without;
  std::erase_if(servers_, [&](const auto& each) {
    const auto& one = each.second;
    return one.looks_without >= patience_with_member || now - one.when > longest_silence;
  });
}

std::vector<std::string> server_roll::ids() const {
  std::lock_guard guard{mutex_};
  std::vector<std::string> out;
  out.reserve(servers_.size());
  for (const auto& [id, one] : servers_)
    out.push_back(id);
  return out;
}

} // namespace troupe::monitor
