// monitor/accountz.cpp: an account's limits, exports and imports.
#include "monitor/accountz.hpp"

#include "monitor/json_text.hpp"
#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;
using security::share_kind;

const char* word(share_kind kind) {
  return kind == share_kind::stream ? "stream" : "service";
}

const char* word(security::response_kind kind) {
  switch (kind) {
  case security::response_kind::singleton: return "Singleton";
  case security::response_kind::stream: return "Streamed";
  case security::response_kind::chunked: return "Chunked";
  }
  return "";
}

/// As the reference lists them: the least likely first, each with the sum of the weights so far,
/// the source itself with what is left over.
json destinations_json(const security::mapping_rule& rule) {
  auto all = rule.destinations;
  int sum = 0;
  for (const auto& each : all)
    sum += each.cluster.empty() ? each.weight : 0;
  if (sum < 100)
    all.push_back({rule.source, 100 - sum, {}});
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.weight < b.weight; });
  auto out = json::array();
  int so_far = 0;
  for (const auto& each : all) {
    so_far += each.weight;
    json one;
    one["subject"] = each.subject;
    one["weight"] = so_far;
    if (!each.cluster.empty())
      one["cluster"] = each.cluster;
    out.push_back(std::move(one));
  }
  return out;
}

json export_json(const security::export_rule& rule) {
  json out;
  out["subject"] = rule.subject;
  out["type"] = word(rule.kind);
  if (rule.kind == share_kind::service)
    out["response_type"] = word(rule.response);
  if (rule.token_required)
    out["token_req"] = true;
  if (rule.accounts)
    out["approved_accounts"] = *rule.accounts;
  if (!rule.revocations.empty())
    out["revoked_activations"] = rule.revocations;
  if (rule.latency)
    out["service_latency"] = {{"sampling", rule.latency->sampling},
                              {"results", rule.latency->results}};
  return out;
}

json import_json(const security::import_rule& rule, bool invalid) {
  json out;
  out["subject"] = rule.subject;
  out["account"] = rule.account;
  if (rule.kind == share_kind::service)
    out["to"] = rule.local_subject;
  out["local_subject"] = rule.local_subject;
  out["type"] = word(rule.kind);
  out["invalid"] = invalid;
  out["share"] = rule.share;
  out["tracking"] = false;
  return out;
}

json imports_json(const account_facts& which) {
  auto out = json::array();
  const auto& imports = which.rules.imports;
  auto refused = [&](size_t index) {
    if (!which.shared)
      return true;
    const auto& all = which.shared->refused_imports;
    return std::any_of(all.begin(), all.end(),
                       [index](const auto& each) { return each.index == index; });
  };
  for (auto kind : {share_kind::stream, share_kind::service})
    for (size_t i = 0; i < imports.size(); ++i)
      if (imports[i].kind == kind)
        out.push_back(import_json(imports[i], refused(i)));
  for (const auto& each : which.of_the_broker)
    out.push_back(import_json(each, false));
  return out;
}

json interest_json(const protocol::sublist_stats& stats) {
  json out;
  out["num_subscriptions"] = stats.subscriptions;
  out["num_cache"] = stats.cache_entries;
  out["num_inserts"] = stats.inserts;
  out["num_removes"] = stats.removes;
  out["num_matches"] = stats.matches;
  out["cache_hit_rate"] = number(stats.cache_hit_rate());
  out["max_fanout"] = stats.max_fanout;
  out["avg_fanout"] = number(stats.avg_fanout());
  return out;
}

/// Of the JWT only what decides over connections is kept: limits, and who may sign and when.
json claims_json(const security::account_trust& trust, const security::account_rules& rules) {
  json out;
  if (trust.expires() != 0)
    out["exp"] = trust.expires();
  out["jti"] = trust.id();
  out["iat"] = trust.issued_at();
  out["iss"] = trust.issuer();
  out["name"] = trust.name();
  out["sub"] = trust.key();
  const auto& most = rules.limits;
  auto& limits = out["nats"]["limits"];
  limits["subs"] = most.subscriptions;
  limits["data"] = most.data;
  limits["payload"] = most.payload;
  limits["imports"] = most.imports;
  limits["exports"] = most.exports;
  limits["wildcards"] = most.wildcard_exports;
  if (most.disallow_bearer)
    limits["disallow_bearer"] = true;
  limits["conn"] = most.connections;
  limits["leaf"] = most.leafnodes;
  out["nats"]["type"] = "account";
  out["nats"]["version"] = 2;
  return out;
}

json begin(const accountz_head& head) {
  json out;
  out["server_id"] = head.server_id;
  out["now"] = utc_text(head.now);
  out["system_account"] = head.system_account;
  return out;
}

} // namespace

json account_detail(const account_facts& which) {
  json out;
  out["account_name"] = which.figures.name;
  out["update_time"] = utc_text(which.changed);
  if (which.is_system)
    out["is_system"] = true;
  out["expired"] = which.expired;
  out["complete"] = true;
  out["jetstream_enabled"] = false;
  out["leafnode_connections"] = which.figures.leafnodes;
  out["client_connections"] = which.figures.connections;
  out["subscriptions"] = which.figures.subscriptions;
  if (!which.rules.mappings.empty()) {
    auto& mappings = out["mappings"] = json::object();
    for (const auto& each : which.rules.mappings)
      mappings[each.source] = destinations_json(each);
  }
  if (!which.rules.exports.empty()) {
    auto& exports = out["exports"] = json::array();
    for (auto kind : {share_kind::service, share_kind::stream})
      for (const auto& each : which.rules.exports)
        if (each.kind == kind)
          exports.push_back(export_json(each));
  }
  if (auto imports = imports_json(which); !imports.empty())
    out["imports"] = std::move(imports);
  if (which.trust)
    out["issuer_key"] = which.trust->issuer();
  out["name_tag"] = which.figures.label;
  if (!which.rules.tags.empty())
    out["tags"] = which.rules.tags;
  if (which.trust)
    out["decoded_jwt"] = claims_json(*which.trust, which.rules);
  out["sublist_stats"] = interest_json(which.interest);
  return out;
}

json accountz(const accountz_head& head, const std::vector<std::string>& names) {
  auto out = begin(head);
  out["accounts"] = names;
  return out;
}

json accountz(const accountz_head& head, const account_facts& which) {
  auto out = begin(head);
  out["account_detail"] = account_detail(which);
  return out;
}

} // namespace troupe::monitor
