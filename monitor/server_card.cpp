// monitor/server_card.cpp: who speaks, as others see it.
#include "monitor/server_card.hpp"

#include "actors/broker.hpp"
#include "monitor/time_text.hpp"
#include "monitor/varz.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool fits(const std::string& wanted, const std::string& mine, bool exact) {
  return wanted.empty() || (exact ? wanted == mine : mine.find(wanted) != mine.npos);
}

} // namespace

server_card::server_card(std::string id, const config::options& options,
                         std::function<std::string()> made_up)
    : id_{std::move(id)}, made_up_{std::move(made_up)} {
  follow(options);
}

void server_card::follow(const config::options& options) {
  auto next = std::make_shared<face>();
  next->name = options.server_name.empty() ? id_ : options.server_name;
  next->host = options.client.host;
  int port = 0;
  apply_advertise(options.client.advertise, next->host, port);
  next->cluster = options.cluster_name;
  if (next->cluster.empty())
    next->cluster = options.gateway.name;
  if (next->cluster.empty() && !options.leafnodes.remotes.empty() && options.cluster.port == 0)
    next->cluster = next->name; // by which hubs know it, too
  for (const auto& tag : options.server_tags)
    next->tags.push_back(lower(tag));
  next->metadata = options.server_metadata;
  std::lock_guard guard{mutex_};
  face_ = std::move(next);
}

std::shared_ptr<const server_card::face> server_card::now() const {
  std::lock_guard guard{mutex_};
  return face_;
}

/// Members of a cluster without a name agree on one while they run.
std::string server_card::cluster_of(const face& mine) const {
  return mine.cluster.empty() && made_up_ ? made_up_() : mine.cluster;
}

nlohmann::ordered_json server_card::next() {
  auto mine = now();
  auto cluster = cluster_of(*mine);
  nlohmann::ordered_json out;
  out["name"] = mine->name;
  out["host"] = mine->host;
  out["id"] = id_;
  if (!cluster.empty())
    out["cluster"] = cluster;
  out["ver"] = actors::nats_version;
  if (!mine->tags.empty())
    out["tags"] = mine->tags;
  if (!mine->metadata.empty())
    out["metadata"] = mine->metadata;
  out["jetstream"] = false;
  out["flags"] = 0;
  out["seq"] = seq_.fetch_add(1, std::memory_order_relaxed) + 1;
  out["time"] = utc_text(std::chrono::system_clock::now());
  return out;
}

nlohmann::ordered_json server_card::identity() const {
  auto mine = now();
  return {{"name", mine->name}, {"host", mine->host}, {"id", id_}};
}

bool server_card::passes(const server_filter& filter) const {
  auto mine = now();
  return fits(filter.name, mine->name, filter.exact) && fits(filter.host, mine->host, filter.exact)
         && fits(filter.cluster, cluster_of(*mine), filter.exact) && filter.domain.empty()
         && std::all_of(filter.tags.begin(), filter.tags.end(), [&](const auto& tag) {
              return std::find(mine->tags.begin(), mine->tags.end(), lower(tag))
                     != mine->tags.end();
            });
}

} // namespace troupe::monitor
