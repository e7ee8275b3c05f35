// monitor/reports.cpp: asks for figures, hands them to whoever writes them.
#include "monitor/reports.hpp"

#include "monitor/accountz.hpp"
#include "monitor/events.hpp"
#include "monitor/linkz.hpp"
#include "monitor/time_text.hpp"
#include "protocol/subject.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <thread>

namespace troupe::monitor {

using json = nlohmann::ordered_json;

process_facts reports::process() {
  process_facts out;
  out.now = std::chrono::system_clock::now();
  out.memory = resident_bytes();
  out.cpu = processor_.percent();
  out.cores = std::max(1U, std::thread::hardware_concurrency());
  return out;
}

json reports::varz(request_counts requests) {
  auto facts = process();
  facts.requests = std::move(requests);
  return monitor::varz(from_.server(), facts);
}

namespace {

/// As a connection, which nats-server's tools take it for.
actors::connection_snapshot as_connection(actors::leaf_snapshot of) {
  actors::connection_snapshot out;
  out.leafnode = true;
  out.cid = of.lid;
  out.ip = std::move(of.ip);
  out.port = of.port;
  out.start = of.start;
  out.last_activity = of.last_activity;
  out.rtt = of.rtt;
  out.pending_bytes = of.pending_bytes;
  out.in_messages = of.in_messages;
  out.out_messages = of.out_messages;
  out.in_bytes = of.in_bytes;
  out.out_bytes = of.out_bytes;
  out.subscriptions = of.subscriptions;
  out.name = std::move(of.name);
  out.version = std::move(of.version);
  out.user = std::move(of.user);
  out.account = std::move(of.account);
  for (auto& subject : of.subscription_list) {
    auto& one = out.subscription_list.emplace_back();
    one.sid = subject; // links have no numbers
    one.subject = std::move(subject);
    one.cid = of.lid;
  }
  return out;
}

} // namespace

json reports::connz(const connz_request& request, std::string& fault) {
  fault = fault_of(request);
  if (!fault.empty())
    return nullptr;
  auto figures = from_.figures();
  const auto& accounts = figures.accounts;
  auto now = std::chrono::system_clock::now();
  if (!request.account.empty()
      && std::none_of(accounts.begin(), accounts.end(),
                      [&](const auto& each) { return each.name == request.account; }))
    return connz_of_unknown_account(request, now);
  auto needed = needed_for(request);
  auto all = from_.connections(needed);
  if (needed.open)
    for (auto& each : from_.leafs(needed.subscriptions))
      all.push_back(as_connection(std::move(each)));
  return monitor::connz(request, from_.server_id(), now, all);
}

json reports::subsz(const subsz_request& request) {
  std::vector<actors::subscription_snapshot> all;
  if (request.subscriptions)
    all = from_.subscriptions(request.account);
  return monitor::subsz(request, from_.server_id(), std::chrono::system_clock::now(),
                        from_.sublist_stats(request.account), all);
}

json reports::healthz(const healthz_request& request, int& status) {
  return monitor::healthz(request, from_.ready(), status);
}

json reports::statsz(const std::vector<std::string>& heard_of) {
  return statistics(from_.figures(), process(), from_.reactors(), from_.routes(false),
                    from_.gateways(false, false), heard_of);
}

json reports::account_statz(const std::vector<std::string>& names, bool unused) {
  auto list = json::array();
  auto figures = from_.figures();
  for (const auto& each : figures.accounts) {
    bool named = names.empty() || std::find(names.begin(), names.end(), each.name) != names.end();
    if (named && (unused || each.connections + each.leafnodes > 0))
      list.push_back(account_statistics(each, each.label));
  }
  json out;
  out["server_id"] = from_.server_id();
  out["now"] = utc_text(std::chrono::system_clock::now());
  out["account_statz"] = std::move(list);
  return out;
}

namespace {

std::string unknown_account(const std::string& name) {
  return "Account " + name + " does not exist";
}

} // namespace

json reports::accountz(const std::string& name, std::string& fault) {
  accountz_head head{from_.server_id(), from_.system_account(), std::chrono::system_clock::now()};
  if (name.empty()) {
    std::vector<std::string> names;
    for (const auto& each : from_.figures().accounts)
      names.push_back(each.name);
    return monitor::accountz(head, names);
  }
  auto which = from_.account(name);
  if (which)
    return monitor::accountz(head, *which);
  fault = unknown_account(name);
  return nullptr;
}

json reports::account_info(const std::string& name, std::string& fault) {
  auto which = from_.account(name);
  if (which)
    return account_detail(*which);
  fault = unknown_account(name);
  return nullptr;
}

json reports::routez(const routez_request& request) {
  auto all = from_.routes(request.subscriptions != subscription_detail::none);
  return monitor::routez(from_.server(), all, request, std::chrono::system_clock::now());
}

json reports::gatewayz(const gatewayz_request& request) {
  return monitor::gatewayz(
      from_.server(),
      from_.gateways(request.accounts, request.subscriptions != subscription_detail::none), request,
      std::chrono::system_clock::now());
}

json reports::leafz(const leafz_request& request) {
  return monitor::leafz(from_.server_id(), from_.leafs(request.subscriptions), request,
                        std::chrono::system_clock::now());
}

uint64_t reports::subscribers(const std::string& account, std::string_view subject,
                              std::string_view queue) {
  bool literal = protocol::is_literal(subject);
  auto all = from_.subscriptions(account);
  auto count = std::count_if(all.begin(), all.end(), [&](const auto& each) {
    return each.cid != 0 && (queue.empty() || each.queue == queue)
           && (literal ? protocol::matches(subject, each.subject)
                       : protocol::is_subset(each.subject, subject));
  });
  return static_cast<uint64_t>(count);
}

} // namespace troupe::monitor
