// monitor/service_table.cpp: one function a service.
#include "monitor/service_table.hpp"

#include "actors/account_actor.hpp"
#include "monitor/events.hpp"
#include "monitor/process_usage.hpp"
#include "monitor/time_text.hpp"

#include <cerrno>
#include <malloc.h>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;
using shape = service_answer::shape;

/// The subject of requests for all accounts at once.
constexpr std::string_view everybody = "PING";

service_answer identity(const stage& on, reports&, const service_request&) {
  return {shape::bare, on.card.identity()};
}

service_answer statsz(const stage& on, reports& from, const service_request&) {
  return {shape::beside, from.statsz(on.heard_of())};
}

service_answer varz(const stage&, reports& from, const service_request&) {
  return {shape::enveloped, from.varz({})};
}

service_answer connections(reports& from, const connz_request& request) {
  service_answer out;
  out.data = from.connz(request, out.problem);
  return out;
}

service_answer connz(const stage&, reports& from, const service_request& request) {
  return connections(from, read_connz_options(request.options));
}

service_answer subsz(const stage&, reports& from, const service_request& request) {
  auto what = read_subsz_options(request.options);
  return {shape::enveloped, from.subsz(what)};
}

service_answer healthz(const stage&, reports& from, const service_request& request) {
  int status = 0;
  auto body = from.healthz(read_healthz_options(request.options), status);
  body["status_code"] = status;
  return {shape::enveloped, std::move(body)};
}

service_answer account_connz(const stage&, reports& from, const service_request& request) {
  auto what = read_connz_options(request.options);
  what.account = request.account; // whatever the body says
  return connections(from, what);
}

service_answer account_subsz(const stage&, reports& from, const service_request& request) {
  auto what = read_subsz_options(request.options);
  what.account = request.account;
  what.subscriptions = true;
  return {shape::enveloped, from.subsz(what)};
}

service_answer account_statz(const stage& on, reports& from, const service_request& request) {
  bool unused = request.options.flag("include_unused");
  auto names = request.options.texts("accounts");
  if (request.account != everybody) {
    names = {request.account};
    auto which = on.accounts.find(request.account);
    auto here = which ? which->connections.load(std::memory_order_relaxed)
                            + which->leafnodes.load(std::memory_order_relaxed)
                      : 0;
    if (!which || (!unused && here <= 0))
      return {shape::silence, {}};
  }
  return {shape::enveloped, from.account_statz(names, unused)};
}

service_answer account_conns(const stage& on, reports&, const service_request& request) {
  auto named = request.options.text("acc");
  auto which = on.accounts.find(request.account);
  if (!which || (!named.empty() && named != request.account))
    return {shape::silence, {}};
  auto figures = actors::snapshot_of(*which);
  if (figures.connections <= 0)
    return {shape::silence, {}};
  return {shape::bare,
          account_connections_event(new_event(), on.card.next(), figures, figures.label)};
}

service_answer account_info(const stage&, reports& from, const service_request& request) {
  service_answer out;
  out.data = from.account_info(request.account, out.problem);
  return out;
}

service_answer accountz(const stage&, reports& from, const service_request& request) {
  service_answer out;
  out.data = from.accountz(request.options.text("account"), out.problem);
  return out;
}

service_answer routez(const stage&, reports& from, const service_request& request) {
  routez_request what;
  if (request.options.flag("subscriptions_detail"))
    what.subscriptions = subscription_detail::full;
  else if (request.options.flag("subscriptions"))
    what.subscriptions = subscription_detail::subjects;
  return {shape::enveloped, from.routez(what)};
}

service_answer gatewayz(const stage&, reports& from, const service_request& request) {
  gatewayz_request what;
  what.cluster = request.options.text("name");
  what.account = request.options.text("account_name");
  what.accounts = request.options.flag("accounts") || !what.account.empty();
  if (request.options.flag("subscriptions"))
    what.subscriptions = subscription_detail::subjects;
  else if (request.options.flag("subscriptions_detail"))
    what.subscriptions = subscription_detail::full;
  return {shape::enveloped, from.gatewayz(what)};
}

service_answer leafz(const stage&, reports& from, const service_request& request) {
  leafz_request what;
  what.subscriptions = request.options.flag("subscriptions");
  what.account = request.account.empty() ? request.options.text("account") : request.account;
  return {shape::enveloped, from.leafz(what)};
}

json list_json(const security::subject_rules& rules) {
  json out = json::object();
  if (!rules.allow.empty())
    out["allow"] = rules.allow;
  if (!rules.deny.empty())
    out["deny"] = rules.deny;
  return out;
}

json permissions_json(const security::permission_rules& rules) {
  json out;
  out["publish"] = list_json(rules.publish);
  out["subscribe"] = list_json(rules.subscribe);
  if (rules.responses)
    out["responses"] = {{"max", rules.responses->max_messages},
                        {"ttl", rules.responses->expires.count()}};
  return out;
}

/// Whoever asks learns about himself.
service_answer user_info(const stage& on, reports& from, const service_request& request) {
  actors::connection_query query;
  query.cid = request.asker;
  auto found = request.asker == 0 ? std::vector<actors::connection_snapshot>{}
                                  : from.from().connections(query);
  if (found.empty())
    return {shape::silence, {}}; // of another broker, or gone
  const auto& who = found.front();
  json out;
  out["user"] = who.user;
  out["account"] = who.account;
  auto where = on.accounts.find(who.account);
  out["account_name"] = where ? actors::snapshot_of(*where).label : who.account;
  if (!who.user_name.empty())
    out["user_name"] = who.user_name;
  if (who.allowed && who.allowed->rules() != security::permission_rules{})
    out["permissions"] = permissions_json(who.allowed->rules());
  if (who.expires != actors::wall_time{})
    out["expires"] = std::max<int64_t>(
        0, std::chrono::nanoseconds{who.expires - std::chrono::system_clock::now()}.count());
  return {shape::enveloped, std::move(out)};
}

service_answer reload(const stage& on, reports&, const service_request&) {
  return {shape::done, nullptr, on.hands.reload()};
}

service_answer kick(const stage& on, reports&, const service_request& request) {
  bool done = on.hands.kick(request.options.number("cid"));
  return {shape::done, nullptr, done ? "" : "no such client or leafnode id"};
}

service_answer advise_to_leave(const stage& on, reports&, const service_request& request) {
  using advice = actors::broker::advice;
  switch (on.hands.advise_to_leave(request.options.number("cid"))) {
  case advice::given: break;
  case advice::no_such_client: return {shape::done, nullptr, "no such client id"};
  case advice::cannot_be_told:
    return {shape::done, nullptr, "this client does not take news of the server, or not yet"};
  }
  return {shape::done, nullptr};
}

/// As the reference without it answers.
service_answer jetstream(const stage& on, reports&, const service_request&) {
  json out;
  for (const auto* key :
       {"memory", "storage", "reserved_memory", "reserved_storage", "accounts", "ha_assets"})
    out[key] = 0;
  out["api"] = {{"level", 0}, {"total", 0}, {"errors", 0}};
  out["server_id"] = on.card.id();
  out["now"] = utc_text(std::chrono::system_clock::now());
  out["disabled"] = true;
  out["config"] = {{"max_memory", 0}, {"max_storage", 0}};
  for (const auto* key : {"streams", "consumers", "messages", "bytes", "total"})
    out[key] = 0;
  return {shape::enveloped, std::move(out)};
}

service_answer account_jetstream(const stage&, reports&, const service_request&) {
  return {shape::enveloped, nullptr, "jetstream not enabled"};
}

/// Nothing of that kind waits here: no groups of replicas, no queues between threads by name.
service_answer nothing_there(const stage&, reports&, const service_request&) {
  return {shape::enveloped, json::object()};
}

/// No profiles are taken of a running broker; the answer is that of the reference for one that it
/// does not know.
service_answer profile(const stage&, reports&, const service_request& request) {
  auto name = request.options.text("name");
  json out;
  out["profile"] = nullptr;
  out["error"] = name.empty() ? "Profile name not specified" : "Profile \"" + name + "\" not found";
  return {shape::enveloped, std::move(out)};
}

/// What a runtime without a collector of garbage has to say of its memory.
service_answer memory(const stage&, reports&, const service_request&) {
  auto heap = ::mallinfo2();
  json stats;
  stats["Alloc"] = stats["HeapAlloc"] = heap.uordblks;
  stats["Sys"] = resident_bytes();
  stats["HeapSys"] = heap.arena + heap.hblkhd;
  stats["HeapIdle"] = heap.fordblks;
  stats["HeapInuse"] = heap.uordblks;
  stats["NumGC"] = 0;
  json out;
  out["memstats"] = std::move(stats);
  out["cmdline"] = json::array({program_invocation_name});
  return {shape::enveloped, std::move(out)};
}

constexpr service of_servers[] = {
    {"IDZ", identity, service::body_use::ignored},
    {"STATSZ", statsz},
    {"VARZ", varz},
    {"CONNZ", connz},
    {"SUBSZ", subsz},
    {"ROUTEZ", routez},
    {"LEAFZ", leafz},
    {"GATEWAYZ", gatewayz},
    {"ACCOUNTZ", accountz},
    {"HEALTHZ", healthz},
    {"JSZ", jetstream},
    {"RAFTZ", nothing_there},
    {"IPQUEUESZ", nothing_there},
    {"PROFILEZ", profile},
    {"EXPVARZ", memory, service::body_use::ignored},
};
constexpr service of_accounts[] = {
    {"CONNZ", account_connz},   {"SUBSZ", account_subsz}, {"STATZ", account_statz},
    {"CONNS", account_conns},   {"INFO", account_info},   {"LEAFZ", leafz},
    {"JSZ", account_jetstream},
};
constexpr service of_control[] = {
    {"RELOAD", reload, service::body_use::optional, true},
    {"KICK", kick, service::body_use::needed, true},
    {"LDM", advise_to_leave, service::body_use::needed, true},
};
constexpr service of_users[] = {{"INFO", user_info}};

} // namespace

std::span<const service> server_services() {
  return of_servers;
}

std::span<const service> control_services() {
  return of_control;
}

std::span<const service> account_services() {
  return of_accounts;
}

std::span<const service> user_services() {
  return of_users;
}

} // namespace troupe::monitor
