// actors/router_latency.cpp: measures requests to services, and publishes what came of them.
#include "actors/crossing.hpp"
#include "actors/router.hpp"
#include "actors/service_latency.hpp"

namespace troupe::actors {

/// Null: this request is not measured. Clocks are read only for those that are.
std::shared_ptr<const latency_record> router::measure(const service_import& service, bool share,
                                                      const routed_message& msg) {
  const auto& rule = service.offer->latency;
  if (!rule)
    return nullptr;
  auto headers = msg.header.empty() ? msg.pub.data.substr(0, msg.pub.header_size) : msg.header;
  auto asked = sampled(*rule, headers, static_cast<uint32_t>((uint64_t{random()} * 100) >> 32));
  if (!asked)
    return nullptr;
  auto out = std::make_shared<latency_record>();
  out->header = std::move(*asked);
  if (msg.who) {
    out->requestor = msg.who->introduce({share, share || service.exporter->is_system, {}});
    out->requestor_rtt = msg.who->round_trip();
  }
  out->start = std::chrono::system_clock::now();
  out->sent = loop_clock::now();
  return out;
}

/// Goes out with the next flush: here some delivery may be under way.
void router::report(const account_ptr& exporter, const security::export_rule& offer,
                    const latency_record& request, latency_status status, publisher* by) {
  if (!offer.latency)
    return;
  responder who; // of a service of the broker there is nothing to say
  if (by)
    who = {std::string{by->introduce({true, true, {}})}, by->round_trip()};
  metrics_.emplace_back(
      exporter, offer.latency->results,
      latency_metric(request, status, status == latency_status::answered ? &who : nullptr));
}

void router::report(const awaited_response& what, latency_status status, publisher* by) {
  if (what.latency)
    report(what.exporter, *what.offer, *what.latency, status, by);
}

void router::publish_metrics() {
  auto all = std::exchange(metrics_, {});
  for (const auto& each : all) {
    outgoing_ptr own; // nobody publishes them, so nobody hears them as his own
    auto subject = memory_of(*each.where).find(each.subject, *each.where);
    deliver(*each.where, *subject, {each.publication(), nullptr, nullptr, own});
  }
}

bool router::sweep() {
  auto swept = tables_[mine_].sweep(now_());
  for (const auto& each : swept.expired)
    report(each, latency_status::service_timeout);
  for (const auto& each : swept.abandoned)
    report(each, latency_status::request_timeout);
  if (!metrics_.empty())
    flush();
  return sweep_mapped() || !swept.empty;
}

} // namespace troupe::actors
