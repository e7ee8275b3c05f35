// federation/gateway_book.cpp: clusters that the configuration, gossip or they themselves name.
#include "federation/gateway_book.hpp"

#include "federation/local_urls.hpp"
#include "protocol/quote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::federation {

using protocol::close_reason;

namespace {

/// A peer may be wrong about clusters: no more of them, or of their addresses, are remembered.
constexpr size_t most_learned = 256;
constexpr size_t most_discovered = 64;

bool same_place(const config::peer_url& a, const config::peer_url& b) {
  return a.host == b.host && a.port == b.port;
}

template <class Addresses>
bool holds(const Addresses& all, const config::peer_url& url) {
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& each) { return same_place(each.url, url); });
}

void end_all(const gateway_book::cluster& of, gateway_book::changes& out) {
  for (const auto& each : of.addresses)
    out.gone.push_back(each.number);
  if (of.gid != 0)
    out.links.push_back(of.gid);
  out.dropped.push_back(of.name);
}

} // namespace

gateway_book::changes gateway_book::follow(const std::vector<remote_plan>& remotes) {
  changes out;
  for (auto it = clusters_.begin(); it != clusters_.end();) {
    auto& one = it->second;
    auto plan = std::find_if(remotes.begin(), remotes.end(),
                             [&](const auto& each) { return each.from == one.plan.from; });
    if (one.configured && plan == remotes.end()) {
      end_all(one, out);
      it = clusters_.erase(it);
      continue;
    }
    if (one.configured)
      one.plan = *plan; // its certificates may be others
    ++it;
  }
  for (const auto& plan : remotes) {
    auto [it, is_new] = clusters_.try_emplace(plan.from.name);
    auto& whom = it->second;
    if (whom.configured)
      continue;
    whom.name = plan.from.name;
    whom.configured = true; // it may have been learned of before
    whom.plan = plan;
    for (const auto& each : plan.from.urls)
      whom.addresses.push_back({each, false, ++last_number_});
    std::shuffle(whom.addresses.begin(), whom.addresses.end(), random_);
    for (const auto& each : whom.addresses)
      if (!each.discovered)
        out.come.push_back(each);
    if (is_new)
      out.added.push_back(whom.name);
  }
  return out;
}

gateway_book::changes gateway_book::learn(const std::string& name,
                                          const std::vector<std::string>& urls, bool may_add) {
  changes out;
  if (auto* known = find(name)) {
    bool was_lost = known->gid == 0 && known->addresses.empty();
    discover(*known, urls, false, out);
    if (was_lost && !known->addresses.empty())
      out.added.push_back(name);
    return out;
  }
  auto learned =
      static_cast<size_t>(std::count_if(clusters_.begin(), clusters_.end(),
                                        [](const auto& each) { return !each.second.configured; }));
  if (!may_add || name.empty() || learned >= most_learned)
    return out;
  auto& whom = clusters_[name];
  whom.name = name;
  discover(whom, urls, false, out);
  if (whom.addresses.empty())
    clusters_.erase(name);
  else
    out.added.push_back(name);
  return out;
}

gateway_book::changes gateway_book::replace(const std::string& name,
                                            const std::vector<std::string>& urls) {
  changes out;
  if (auto* known = find(name))
    discover(*known, urls, true, out);
  return out;
}

gateway_book::changes gateway_book::forget(const std::string& name) {
  changes out;
  if (auto it = clusters_.find(name); it != clusters_.end()) {
    end_all(it->second, out);
    clusters_.erase(it);
  }
  return out;
}

void gateway_book::discover(cluster& whom, const std::vector<std::string>& urls, bool all,
                            changes& out) {
  struct place {
    config::peer_url url;
  };
  std::vector<place> wanted;
  for (const auto& text : urls) {
    auto [url, error] = config::parse_peer_url(text);
    if (error.empty() && url.port != 0 && wanted.size() < most_discovered)
      wanted.push_back({std::move(url)});
  }
  std::erase_if(whom.addresses, [&](const address& each) {
    bool gone = all && each.discovered && !holds(wanted, each.url);
    if (gone)
      out.gone.push_back(each.number);
    return gone;
  });
  for (const auto& [url] : wanted)
    if (whom.addresses.size() < whom.plan.from.urls.size() + most_discovered
        && !holds(whom.addresses, url)) {
      whom.addresses.push_back({url, true, ++last_number_});
      out.come.push_back(whom.addresses.back());
    }
}

gateway_book::next_step gateway_book::missed(cluster& which, int64_t retries, bool in_touch) {
  if (++which.tried < which.addresses.size())
    return next_step::dial;
  which.tried = 0;
  ++which.failures;
  bool enough = which.failures > static_cast<uint64_t>(retries) + 1;
  return enough && !which.configured && !in_touch ? next_step::forget : next_step::pause;
}

gateway_book::cluster* gateway_book::find(const std::string& name) {
  auto it = clusters_.find(name);
  return it == clusters_.end() ? nullptr : &it->second;
}

const gateway_book::cluster* gateway_book::find(const std::string& name) const {
  auto it = clusters_.find(name);
  return it == clusters_.end() ? nullptr : &it->second;
}

bool gateway_book::is_configured(const std::string& name) const {
  const auto* known = find(name);
  return known && known->configured;
}

gateway_book::cluster* gateway_book::with_address(uint64_t number) {
  for (auto& [name, one] : clusters_)
    for (const auto& each : one.addresses)
      if (each.number == number)
        return &one;
  return nullptr;
}

size_t gateway_book::addresses() const noexcept {
  size_t out = 0;
  for (const auto& [name, one] : clusters_)
    out += one.addresses.size();
  return out;
}

dialled_gateway gateway_book::target(const cluster& which, uint64_t number,
                                     const gateway_terms& mine) {
  dialled_gateway out;
  out.number = number;
  out.name = which.name;
  out.user = mine.user;
  out.password = mine.password;
  for (const auto& each : which.addresses) {
    if (each.number != number)
      continue;
    out.host = each.url.host;
    if (!each.url.user.empty()) {
      out.user = each.url.user;
      out.password = each.url.password;
    }
  }
  if (is_plain_address(out.host))
    for (const auto& each : which.addresses)
      if (!is_plain_address(each.url.host) && !is_service_name(each.url.host)) {
        out.host = each.url.host;
        break;
      }
  out.tls = which.configured ? which.plan.tls : mine.tls.dialling;
  out.tls_timeout = which.configured ? which.plan.tls_timeout : mine.tls_timeout;
  return out;
}

std::string gateway_book::gossip(const std::string& server_id, const cluster& of) {
  std::vector<std::string> urls;
  for (const auto& each : of.addresses)
    urls.push_back(host_and_port(each.url.host, each.url.port));
  return urls.empty() ? std::string{} : gossip_line(server_id, of.name, urls);
}

gateway_admission judge(const gateway_introduction& who, const gateways_plan& plan,
                        bool configured) {
  gateway_admission out;
  out.configured = configured;
  const auto& name = who.info.server_name;
  const auto& others = plan.member_names;
  if (!name.empty()
      && (name == plan.mine->info.server_name
          || std::find(others.begin(), others.end(), name) != others.end())) {
    out.reason = close_reason::duplicate_server_name;
    out.because =
        fmt::format("Remote server has a duplicate name: \"{}\"", protocol::quotable(name, 256));
    return out;
  }
  if (!who.solicited && plan.reject_unknown && !configured) {
    out.reason = close_reason::authentication_violation;
    out.error = out.because = fmt::format("Connection to gateway \"{}\" rejected",
                                          protocol::quotable(who.info.gateway, 64));
    return out;
  }
  out.admitted = true;
  return out;
}

} // namespace troupe::federation
