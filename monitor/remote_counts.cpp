// monitor/remote_counts.cpp: reads and sums up what other servers say.
#include "monitor/remote_counts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {

using json = nlohmann::json;

std::optional<count_report> read_count_report(std::string_view text) {
  constexpr int64_t most = 1'000'000'000; // sums of them cannot overflow
  constexpr size_t longest_id = 256;      // thousands of them are kept
  auto body = json::parse(text, nullptr, false);
  if (!body.is_object())
    return std::nullopt;
  auto text_in = [](const json& object, const char* key) {
    auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
  };
  auto number_in = [&](const char* key) -> int64_t {
    auto it = body.find(key);
    if (it == body.end())
      return 0;
    return it->is_number_unsigned() && it->get<uint64_t>() <= uint64_t{most} ? it->get<int64_t>()
                                                                             : -1;
  };
  count_report out;
  if (auto server = body.find("server"); server != body.end() && server->is_object())
    out.server = text_in(*server, "id");
  out.account = text_in(body, "acc");
  out.connections = number_in("conns");
  out.leafnodes = number_in("leafnodes");
  if (out.server.empty() || out.server.size() > longest_id || out.account.empty()
      || out.connections < 0 || out.leafnodes < 0)
    return std::nullopt;
  return out;
}

remote_counts::sum remote_counts::hear(const count_report& what, time_point now) {
  auto of_account = accounts_.find(what.account);
  if (of_account == accounts_.end())
    of_account = accounts_.try_emplace(what.account).first;
  auto& [servers, all] = of_account->second;
  auto known = servers.find(what.server);
  if (known == servers.end()) {
    if (servers.size() >= most_servers)
      return all;
    known = servers.try_emplace(what.server).first;
  }
  auto& before = known->second;
  all.connections += what.connections - before.connections;
  all.leafnodes += what.leafnodes - before.leafnodes;
  before = {what.connections, what.leafnodes, now};
  oldest_ = std::min(oldest_, now);
  return all;
}

remote_counts::sum remote_counts::of(std::string_view account) const {
  auto known = accounts_.find(account);
  return known == accounts_.end() ? sum{} : known->second.all;
}

std::vector<std::string> remote_counts::forget_server(std::string_view server) {
  return forget_if([&](const std::string& each) { return each == server; });
}

std::vector<std::string> remote_counts::forget_silent(time_point since) {
  if (since <= oldest_) // of thousands of accounts most looks need not look at one
    return {};
  oldest_ = time_point::max();
  return forget([&](const std::string&, const report& last) {
    if (last.when < since)
      return true;
    oldest_ = std::min(oldest_, last.when);
    return false;
  });
}

void remote_counts::forget_account(std::string_view account) {
  if (auto known = accounts_.find(account); known != accounts_.end())
    accounts_.erase(known);
}

} // namespace troupe::monitor
