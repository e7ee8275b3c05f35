// monitor/connz.cpp: filters, sorts and pages connections.
#include "monitor/connz.hpp"

#include "monitor/subscription_text.hpp"
#include "monitor/time_text.hpp"
#include "protocol/subject.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {
namespace {

using actors::connection_snapshot;
using json = nlohmann::ordered_json;

bool is_closed(const connection_snapshot& which) {
  return which.stop != actors::wall_time{};
}

/// Until when its time counts.
actors::wall_time last_moment(const connection_snapshot& which, actors::wall_time now) {
  return is_closed(which) ? which.stop : now;
}

using before = bool (*)(const connection_snapshot&, const connection_snapshot&, actors::wall_time);

struct sort_key {
  std::string_view name;
  bool closed_only;
  before in_front;
};

constexpr sort_key sort_keys[] = {
    {"", false, [](auto& a, auto& b, auto) { return a.cid < b.cid; }},
    {"cid", false, [](auto& a, auto& b, auto) { return a.cid < b.cid; }},
    {"start", false, [](auto& a, auto& b, auto) { return a.start < b.start; }},
    {"subs", false, [](auto& a, auto& b, auto) { return a.subscriptions > b.subscriptions; }},
    {"pending", false, [](auto& a, auto& b, auto) { return a.pending_bytes > b.pending_bytes; }},
    {"msgs_to", false, [](auto& a, auto& b, auto) { return a.out_messages > b.out_messages; }},
    {"msgs_from", false, [](auto& a, auto& b, auto) { return a.in_messages > b.in_messages; }},
    {"bytes_to", false, [](auto& a, auto& b, auto) { return a.out_bytes > b.out_bytes; }},
    {"bytes_from", false, [](auto& a, auto& b, auto) { return a.in_bytes > b.in_bytes; }},
    {"last", false, [](auto& a, auto& b, auto) { return a.last_activity > b.last_activity; }},
    {"idle", false,
     [](auto& a, auto& b, auto now) {
       return last_moment(a, now) - a.last_activity > last_moment(b, now) - b.last_activity;
     }},
    // Shortest first, unlike its neighbours.
    {"uptime", false,
     [](auto& a, auto& b, auto now) {
       return last_moment(a, now) - a.start < last_moment(b, now) - b.start;
     }},
    {"rtt", false, [](auto& a, auto& b, auto) { return a.rtt > b.rtt; }},
    {"stop", true, [](auto& a, auto& b, auto) { return a.stop > b.stop; }},
    {"reason", true, [](auto& a, auto& b, auto) { return a.reason < b.reason; }},
};

const sort_key* find_sort_key(std::string_view name) {
  auto it = std::find_if(std::begin(sort_keys), std::end(sort_keys),
                         [name](const auto& each) { return each.name == name; });
  return it == std::end(sort_keys) ? nullptr : it;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

connection_state read_state(const query& from, option_reader& options) {
  auto state = lower(from["state"]);
  if (state.empty() || state == "open")
    return connection_state::open;
  if (state == "closed")
    return connection_state::closed;
  if (state != "any" && state != "all")
    options.fail("Error decoding state for " + from["state"]);
  return connection_state::any;
}

json certificates_json(const connection_snapshot& which) {
  return json::array({{{"subject", which.certificate_subject},
                       {"spki_sha256", which.certificate_spki},
                       {"cert_sha256", which.certificate_sha256}}});
}

void add_text(json& out, const char* key, const std::string& text) {
  if (!text.empty())
    out[key] = text;
}

void add_counters(json& out, const connection_snapshot& which) {
  out["pending_bytes"] = which.pending_bytes;
  out["in_msgs"] = which.in_messages;
  out["out_msgs"] = which.out_messages;
  out["in_bytes"] = which.in_bytes;
  out["out_bytes"] = which.out_bytes;
  if (which.stalls > 0)
    out["stalls"] = which.stalls;
  out["subscriptions"] = which.subscriptions;
}

bool wants(const connection_snapshot& which, std::string_view subject) {
  const auto& all = which.subscription_list;
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& each) { return protocol::overlaps(subject, each.subject); });
}

void add_subscriptions(json& out, const connection_snapshot& which, subscription_detail detail) {
  if (detail == subscription_detail::none || which.subscription_list.empty())
    return;
  auto list = json::array();
  for (const auto& each : which.subscription_list)
    if (detail == subscription_detail::subjects)
      list.push_back(each.subject);
    else
      list.push_back(
          subscription_json(each, is_closed(which) ? account_shown::yes : account_shown::no));
  out[detail == subscription_detail::subjects ? "subscriptions_list"
                                              : "subscriptions_list_detail"] = std::move(list);
}

json connection_json(const connection_snapshot& which, const connz_request& request,
                     actors::wall_time now) {
  auto until = last_moment(which, now);
  json out;
  out["cid"] = which.cid;
  out["kind"] = which.leafnode ? "Leafnode" : "Client";
  if (!which.leafnode)
    out["type"] = which.websocket ? "websocket" : "nats";
  out["ip"] = which.ip;
  out["port"] = which.port;
  out["start"] = local_text(which.start);
  out["last_activity"] = local_text(which.last_activity);
  if (is_closed(which)) {
    out["stop"] = local_text(which.stop);
    out["reason"] = which.reason;
  }
  out["rtt"] = rtt_text(which.rtt);
  out["uptime"] = uptime_text(until - which.start);
  out["idle"] = uptime_text(until - which.last_activity);
  add_counters(out, which);
  add_text(out, "name", which.name);
  add_text(out, "lang", which.lang);
  add_text(out, "version", which.version);
  add_text(out, "tls_version", which.tls_version);
  add_text(out, "tls_cipher_suite", which.tls_cipher);
  if (request.auth && !which.certificate_sha256.empty())
    out["tls_peer_certs"] = certificates_json(which);
  if (which.tls_first)
    out["tls_first"] = true;
  if (request.auth) {
    add_text(out, "authorized_user", which.user);
    if (which.account != "$G")
      add_text(out, "account", which.account);
  }
  add_subscriptions(out, which, request.subscriptions);
  // Closed connections of the global account have none.
  if (request.auth && !(is_closed(which) && which.account == "$G"))
    add_text(out, "name_tag", which.account);
  return out;
}

json page(const connz_request& request, const std::string& server_id, actors::wall_time now,
          size_t total, json connections) {
  json out;
  out["server_id"] = server_id;
  out["now"] = utc_text(now);
  out["num_connections"] = connections.size();
  out["total"] = total;
  out["offset"] = request.offset;
  out["limit"] = request.limit;
  out["connections"] = std::move(connections);
  return out;
}

} // namespace

subscription_detail read_detail(const query& from, option_reader& options) {
  if (lower(from["subs"]) == "detail")
    return subscription_detail::full;
  return options.boolean("subs") ? subscription_detail::subjects : subscription_detail::none;
}

connz_request read_connz_request(const query& from, std::string& fault) {
  option_reader options{from};
  connz_request out;
  out.sort = from["sort"];
  out.auth = options.boolean("auth");
  out.subscriptions = read_detail(from, options);
  out.offset = static_cast<uint64_t>(std::max<int64_t>(0, options.integer("offset")));
  if (auto limit = options.integer("limit"); limit > 0)
    out.limit = static_cast<uint64_t>(limit);
  out.cid = options.unsigned_integer("cid");
  if (out.cid != 0)
    out.limit = 1;
  out.state = read_state(from, options);
  out.user = from["user"];
  out.account = from["acc"];
  fault = options.fault();
  return out;
}

std::string fault_of(const connz_request& request) {
  const auto* key = find_sort_key(request.sort);
  if (key == nullptr)
    return "invalid sorting option: " + request.sort;
  if (key->closed_only && request.state != connection_state::closed)
    return "sort by " + request.sort + " only valid on closed connections";
  if (!request.subject.empty() && request.account.empty())
    return "filter by subject only valid with account filtering";
  return {};
}

actors::connection_query needed_for(const connz_request& request) {
  actors::connection_query out;
  out.open = request.state != connection_state::closed;
  out.closed = request.state != connection_state::open;
  out.subscriptions =
      request.subscriptions != subscription_detail::none || !request.subject.empty();
  out.account = request.account;
  return out;
}

json connz(const connz_request& request, const std::string& server_id, actors::wall_time now,
           const std::vector<connection_snapshot>& all) {
  std::vector<const connection_snapshot*> found;
  size_t total = 0;
  for (const auto& each : all) {
    if (!request.account.empty() && each.account != request.account)
      continue;
    if (!request.subject.empty() && !is_closed(each) && !wants(each, request.subject))
      continue;
    ++total; // neither cid nor user reduces it
    if ((request.cid == 0 || each.cid == request.cid)
        && (request.user.empty() || each.user == request.user))
      found.push_back(&each);
  }
  auto in_front = find_sort_key(request.sort)->in_front;
  std::sort(found.begin(), found.end(), [&](const auto* a, const auto* b) {
    if (in_front(*a, *b, now))
      return true;
    return !in_front(*b, *a, now) && a->cid < b->cid;
  });
  auto connections = json::array();
  auto first = std::min<uint64_t>(request.offset, found.size());
  auto last = first + std::min<uint64_t>(request.limit, found.size() - first);
  for (auto i = first; i < last; ++i)
    connections.push_back(connection_json(*found[i], request, now));
  return page(request, server_id, now, total, std::move(connections));
}

json connz_of_unknown_account(const connz_request& request, actors::wall_time now) {
  return page(request, "", now, 0, nullptr);
}

} // namespace troupe::monitor
