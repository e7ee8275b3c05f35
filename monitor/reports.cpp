// monitor/reports.cpp: asks for figures, hands them to whoever writes them.
#include "monitor/reports.hpp"

#include "monitor/events.hpp"
#include "monitor/time_text.hpp"

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

json reports::connz(const connz_request& request, std::string& fault) {
  fault = fault_of_sort(request);
  if (!fault.empty())
    return nullptr;
  auto figures = from_.figures();
  const auto& accounts = figures.accounts;
  auto now = std::chrono::system_clock::now();
  if (!request.account.empty()
      && std::none_of(accounts.begin(), accounts.end(),
                      [&](const auto& each) { return each.name == request.account; }))
    return connz_of_unknown_account(request, now);
  return monitor::connz(request, from_.server_id(), now, from_.connections(needed_for(request)));
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

json reports::statsz() {
  return statistics(from_.figures(), process(), from_.reactors());
}

json reports::account_statz(const std::vector<std::string>& names, bool unused) {
  auto list = json::array();
  auto figures = from_.figures();
  for (const auto& each : figures.accounts) {
    bool named = names.empty() || std::find(names.begin(), names.end(), each.name) != names.end();
    if (named && (unused || each.connections > 0))
      list.push_back(account_statistics(each, each.label));
  }
  json out;
  out["server_id"] = from_.server_id();
  out["now"] = utc_text(std::chrono::system_clock::now());
  out["account_statz"] = std::move(list);
  return out;
}

} // namespace troupe::monitor
