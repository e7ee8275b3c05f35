// federation/peer_book.cpp: duplicates, strangers, names.
#include "federation/peer_book.hpp"

#include "protocol/quote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe::federation {

using protocol::close_reason;

namespace {

peer_book::judgement refuse(close_reason why, std::string because, bool loudly,
                            std::string error = {}) {
  peer_book::judgement out;
  out.answer.reason = why;
  out.answer.because = std::move(because);
  out.answer.loudly = loudly;
  out.answer.error = std::move(error);
  return out;
}

peer_book::judgement accept(peer_book::verdict how, uint64_t other = 0) {
  peer_book::judgement out;
  out.what = how;
  out.other = other;
  out.answer.admitted = true;
  return out;
}

/// A name that was made up gives way to one that was given, and of two made-up ones the smaller
/// does.
bool takes_name_of(const protocol::link_info& peer, const peer_book::self& mine) {
  return mine.cluster_dynamic && (!peer.cluster_dynamic || mine.cluster < peer.cluster);
}

} // namespace

std::optional<admission> judge_login(const introduction& who, const terms& mine) {
  if (who.solicited || is_login(mine.user, mine.password, who.user, who.password))
    return {};
  return refuse(close_reason::authentication_violation, "Authorization Violation", true,
                "Authorization Violation")
      .answer;
}

bool names_us(const introduction& who, const terms& mine) {
  const auto& said = who.info;
  return !said.cluster.empty() && said.cluster != mine.info.cluster
         && takes_name_of(said, peer_book::self::of(mine)) && !judge_login(who, mine);
}

peer_book::self peer_book::self::of(const terms& mine) {
  const auto& info = mine.info;
  return {info.server_id,
          info.server_name,
          info.cluster,
          info.cluster_dynamic,
          static_cast<uint32_t>(info.route_pool_size),
          mine.pinned};
}

peer_book::judgement peer_book::judge(const introduction& who, const self& mine) const {
  const auto& info = who.info;
  if (info.server_id == mine.server_id)
    return refuse(close_reason::route_to_self, "Detected route to self, ignoring it", false);
  bool other_cluster = !info.cluster.empty() && info.cluster != mine.cluster;
  if (other_cluster && !takes_name_of(info, mine)) {
    auto text = fmt::format("Rejecting connection, cluster name \"{}\" does not match \"{}\"",
                            protocol::quotable(info.cluster, 256), mine.cluster);
    // Who was dialled is not told: he sees our INFO. Who dialled has said his name in CONNECT.
    return refuse(close_reason::cluster_name_conflict, text, true, who.solicited ? "" : text);
  }
  if (!who.solicited && info.server_name == mine.server_name)
    return refuse(close_reason::duplicate_server_name,
                  fmt::format("Remote server has a duplicate name: \"{}\"",
                              protocol::quotable(info.server_name, 256)),
                  true);
  if (other_cluster) {
    auto out = accept(verdict::adopt);
    out.cluster = info.cluster;
    return out;
  }
  return judge_place(who, mine);
}

peer_book::judgement peer_book::judge_duplicate(const introduction& who, const self& mine,
                                                const member& known) const {
  const auto& info = who.info;
  auto duplicate = refuse(
      close_reason::duplicate_route,
      fmt::format("Detected duplicate remote route \"{}\"", protocol::quotable(info.server_id, 64)),
      false);
  // A link that both ends use stays: what is on its way in it must not be lost.
  if (!info.troupe.empty() && known.solicited != who.solicited && !known.taken) {
    // Two that dialled each other at once: both keep the connection of the one with the smaller id.
    bool mine_stays = mine.server_id < info.server_id;
    if (who.solicited == mine_stays)
      return accept(verdict::replace, known.rid);
    return duplicate;
  }
  duplicate.what = verdict::wait;
  duplicate.other = known.rid;
  return duplicate;
}

namespace {

/// No server has more addresses, and all of them are compared with each other.
constexpr size_t most_urls = 64;

/// As much of what a peer says of itself as is kept, and passed on to the others.
protocol::link_info within_reason(protocol::link_info of) {
  auto trim = [](std::vector<std::string>& urls) {
    if (urls.size() > most_urls)
      urls.resize(most_urls);
  };
  trim(of.connect_urls);
  trim(of.ws_connect_urls);
  trim(of.gateway_urls);
  if (of.leafnode_urls)
    trim(*of.leafnode_urls);
  return of;
}

} // namespace

void peer_book::admit(const introduction& who, const pool_place& place) {
  members_.insert_or_assign(
      who.rid, member{who.rid, who.solicited, who.ip, within_reason(who.info), false, place});
}

void peer_book::take(uint64_t rid) {
  if (auto it = members_.find(rid); it != members_.end())
    it->second.taken = true;
}

void peer_book::update(uint64_t rid, const protocol::link_info& info) {
  auto it = members_.find(rid);
  if (it == members_.end())
    return;
  auto said = within_reason(info);
  const auto& known = it->second.info;
  said.server_id = known.server_id;
  said.troupe = known.troupe;
  said.route_pool_size = known.route_pool_size; // its places were given by that
  for (auto& [other, one] : members_)
    if (one.info.server_id == said.server_id)
      one.info = said;
}

uint64_t peer_book::remove(uint64_t rid) {
  auto it = members_.find(rid);
  if (it == members_.end())
    return 0;
  auto id = it->second.info.server_id;
  bool was_main = main_link(id) == &it->second;
  members_.erase(it);
  if (!with_id(id))
    notes_.erase(id);
  const auto* next = was_main ? main_link(id) : nullptr;
  return next ? next->rid : 0;
}

const peer_book::member* peer_book::find(uint64_t rid) const {
  auto it = members_.find(rid);
  return it == members_.end() ? nullptr : &it->second;
}

const peer_book::member* peer_book::with_id(std::string_view server_id) const {
  for (const auto& [rid, one] : members_)
    if (one.info.server_id == server_id)
      return &one;
  return nullptr;
}

namespace {

void add_new(const std::vector<std::string>& some, std::vector<std::string>& out) {
  for (const auto& url : some)
    if (std::find(out.begin(), out.end(), url) == out.end())
      out.push_back(url);
}

} // namespace

std::vector<std::string> peer_book::connect_urls() const {
  std::vector<std::string> out;
  for (const auto& [rid, one] : members_)
    if (!one.info.ldm)
      add_new(one.info.connect_urls, out);
  return out;
}

std::vector<std::string> peer_book::leafnode_urls() const {
  std::vector<std::string> out;
  for (const auto& [rid, one] : members_)
    if (!one.info.ldm && one.info.leafnode_urls)
      add_new(*one.info.leafnode_urls, out);
  return out;
}

std::vector<std::string> peer_book::websocket_urls() const {
  std::vector<std::string> out;
  for (const auto& [rid, one] : members_)
    if (!one.info.ldm)
      add_new(one.info.ws_connect_urls, out);
  return out;
}

fellow_members peer_book::fellows() const {
  fellow_members out;
  for (const auto& [rid, one] : members_) {
    add_new({one.info.server_name}, out.server_names);
    if (!one.info.ldm && !one.info.gateway_url.empty())
      add_new({one.info.gateway_url}, out.gateway_urls);
  }
  return out;
}

std::vector<std::string> peer_book::gossip_for(std::string_view server_id) const {
  std::vector<std::string> out;
  for (const auto* one : main_links())
    if (one->info.server_id != server_id)
      out.push_back(info_line(as_gossip(*one)));
  return out;
}

protocol::link_info as_gossip(const peer_book::member& of) {
  auto out = of.info;
  out.nonce.clear();
  out.gossip_mode = 0;
  out.route_pool_idx = 0;
  out.route_account = of.place.account;
  if (out.ip.empty())
    out.ip = of.ip.find(':') == std::string::npos
                 ? fmt::format("nats-route://{}:{}/", of.ip, out.port)
                 : fmt::format("nats-route://[{}]:{}/", of.ip, out.port);
  return out;
}

bool address_of(const protocol::link_info& of, std::string& host, uint16_t& port) {
  if (split_url(of.ip, host, port))
    return true;
  if (of.port < 1 || of.port > 65535 || of.host.empty())
    return false;
  host = of.host;
  port = static_cast<uint16_t>(of.port);
  return true;
}

bool split_url(std::string_view url, std::string& host, uint16_t& port) {
  if (auto scheme = url.find("://"); scheme != url.npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (auto at = url.rfind('@'); at != url.npos)
    url.remove_prefix(at + 1);
  auto colon = url.rfind(':');
  if (colon == url.npos || colon == 0)
    return false;
  auto name = url.substr(0, colon);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  auto digits = url.substr(colon + 1);
  uint16_t number = 0;
  auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc{} || end != digits.data() + digits.size() || number == 0)
    return false;
  host = name;
  port = number;
  return true;
}

} // namespace troupe::federation
