// security/account_validation.cpp: the rules for what accounts share, take, map and limit.
#include "security/problem_list.hpp"

#include "protocol/one_line.hpp"
#include "protocol/subject.hpp"
#include "security/jwt.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::security {
namespace {

using protocol::is_literal;
using protocol::is_subset;
using protocol::quoted;

std::vector<std::string_view> tokens_of(std::string_view subject) {
  std::vector<std::string_view> out;
  for (protocol::token_walk walk{subject}; !walk.done(); walk.advance())
    out.push_back(walk.token());
  return out;
}

/// The number in `$7`; 0 if the token is something else.
int reference_in(std::string_view token) {
  int out = 0;
  if (token.size() < 2 || token.front() != '$')
    return 0;
  auto [end, error] = std::from_chars(token.data() + 1, token.data() + token.size(), out);
  return error == std::errc{} && end == token.data() + token.size() ? out : 0;
}

void check_token_position(const export_claim& one, const std::string& who, problem_list& found) {
  if (one.account_token_position == 0)
    return;
  auto tokens = tokens_of(one.subject);
  auto at = one.account_token_position;
  if (at < 0 || at > static_cast<int64_t>(tokens.size())
      || tokens[static_cast<size_t>(at - 1)] != "*")
    found.block(who + " has account_token_position " + std::to_string(at)
                + ", where its subject must have a `*`");
}

void check_latency(const export_claim& one, const std::string& who, problem_list& found) {
  if (!one.latency)
    return;
  if (one.kind == share_kind::stream)
    found.block(who + " measures latency, which only services have");
  if (one.latency->sampling < 0 || one.latency->sampling > 100)
    found.block(who + " has a sampling that is not between 1 and 100 or \"headers\"");
  check_subject(one.latency->results, who + ": the latency", found);
  if (!is_literal(one.latency->results))
    found.block(who + " publishes latency to a subject with wildcards");
}

void check_export(const export_claim& one, problem_list& found) {
  auto who = "the export " + quoted(one.subject);
  bool stream = one.kind == share_kind::stream;
  if (!one.kind)
    found.block(who + " says neither stream nor service");
  const auto& response = one.response_type;
  if (stream && !response.empty())
    found.block(who + " is a stream and has a response_type");
  else if (!response.empty() && response != "Singleton" && response != "Stream"
           && response != "Chunked")
    found.block(who + " has the response_type " + quoted(response)
                + "; it must be Singleton, Stream or Chunked");
  if (stream && one.allow_trace)
    found.block(who + " has allow_trace, which only exported services have");
  if (one.response_threshold < 0)
    found.block(who + " has a negative response_threshold");
  if (stream && one.response_threshold > 0)
    found.block(who + " has a response_threshold, which only services have");
  check_subject(one.subject, "an export", found);
  check_latency(one, who, found);
  check_token_position(one, who, found);
  check_info(one.description, one.info_url, found);
}

void check_exports(const account_claims& account, problem_list& found) {
  const auto& all = account.exports;
  for (const auto& one : all)
    check_export(one, found);
  // Literals can only be equal, so that thousands of them cost no square of looks.
  std::vector<const export_claim*> wide;
  for (const auto& one : all)
    if (!is_literal(one.subject))
      wide.push_back(&one);
  std::vector<std::pair<bool, std::string_view>> names;
  for (const auto& one : all)
    names.emplace_back(one.kind == share_kind::service, one.subject);
  std::sort(names.begin(), names.end());
  for (auto at = std::adjacent_find(names.begin(), names.end()); at != names.end();
       at = std::adjacent_find(at + 1, names.end()))
    found.block("the subject " + quoted(at->second) + " is exported twice");
  for (const auto* outer : wide)
    for (const auto& inner : all)
      if ((inner.kind == share_kind::service) == (outer->kind == share_kind::service)
          && inner.subject != outer->subject && is_subset(inner.subject, outer->subject))
        found.block("the export " + quoted(outer->subject) + " already contains "
                    + quoted(inner.subject));
}

void check_renaming(const import_claim& one, const std::string& who, problem_list& found) {
  check_subject(one.local_subject, who + " as local_subject", found);
  if (one.local_subject.ends_with('>') != one.subject.ends_with('>'))
    found.block(who + " must end in `>` in both subjects or in neither");
  int wildcards = 0, used = 0;
  for (auto token : tokens_of(one.subject))
    wildcards += token == "*" ? 1 : 0;
  for (auto token : tokens_of(one.local_subject)) {
    int reference = reference_in(token);
    if (reference > wildcards)
      found.block(who + " refers to a wildcard `" + std::string{token} + "` that is not there");
    used += token == "*" || (reference > 0 && reference <= wildcards) ? 1 : 0;
  }
  if (used != wildcards)
    found.block(who + " must use each `*` of its subject once in local_subject");
}

void check_token(const import_claim& one, const account_claims& account, const std::string& who,
                 problem_list& found) {
  auto read = decode_activation_jwt(one.token);
  if (auto* error = std::get_if<jwt_error>(&read)) {
    found.block(who + " has an activation token that cannot be used: " + error->reason);
    return;
  }
  const auto& token = std::get<activation_claims>(read);
  if (token.standard.issuer != one.account && token.issuer_account != one.account)
    found.block(who + " has an activation token of another account");
  if (token.standard.subject != account.standard.subject)
    found.block(who + " has an activation token for another account");
  if (token.kind != one.kind)
    found.block(who + " has an activation token for a share of another kind");
  check_subject(token.subject, who + ": the activation token", found);
  const auto& wanted = one.kind == share_kind::service && !one.to.empty() ? one.to : one.subject;
  if (!is_subset(wanted, token.subject))
    found.block(who + " has an activation token for " + quoted(token.subject) + " only");
}

void check_import(const import_claim& one, const account_claims& account, problem_list& found) {
  auto who = "the import " + quoted(one.subject);
  if (!one.kind)
    found.block(who + " says neither stream nor service");
  if (one.kind == share_kind::service && one.allow_trace)
    found.block(who + " has allow_trace, which only imported streams have");
  if (one.kind == share_kind::stream && one.share)
    found.block(who + " has share, which only imported services have");
  if (one.account.empty())
    found.block(who + " names no account");
  check_subject(one.subject, "an import", found);
  if (!one.to.empty())
    found.add(claim_problem::weight::warning, who + " uses `to`; write local_subject instead");
  if (!one.to.empty() && !one.local_subject.empty())
    found.block(who + " has both `to` and local_subject");
  else if (!one.local_subject.empty())
    check_renaming(one, who, found);
  if (!one.token.empty())
    check_token(one, account, who, found);
}

/// The subject by which overlaps of imported services are judged, references as wildcards.
std::string judged_subject(const import_claim& one) {
  if (!one.to.empty())
    return one.to;
  if (one.local_subject.empty())
    return one.subject;
  std::string out;
  for (auto token : tokens_of(one.local_subject)) {
    out += out.empty() ? "" : ".";
    out += reference_in(token) > 0 ? std::string_view{"*"} : token;
  }
  return out;
}

void check_imports(const account_claims& account, problem_list& found) {
  std::map<std::string, std::vector<std::string>> services; // by exporter
  for (const auto& one : account.imports) {
    check_import(one, account, found);
    if (one.kind != share_kind::service)
      continue;
    auto subject = judged_subject(one);
    auto& others = services[one.account];
    for (const auto& other : others)
      if (is_subset(subject, other) || is_subset(other, subject))
        found.block("the services " + quoted(subject) + " and " + quoted(other)
                    + " imported from one account overlap");
    others.push_back(std::move(subject));
  }
}

void check_mappings(const account_claims& account, problem_list& found) {
  for (const auto& [source, destinations] : account.mappings) {
    check_subject(source, "a mapping", found);
    std::map<std::string, int64_t> sums;
    for (const auto& one : destinations) {
      check_subject(one.subject, "the mapping of " + quoted(source), found);
      auto weight = one.weight == 0 ? 100 : one.weight;
      if (weight < 0 || weight > 100)
        found.block("the mapping of " + quoted(source) + " has a weight that is not 1 to 100");
      else
        sums[one.cluster] += weight;
    }
    for (const auto& [cluster, sum] : sums)
      if (sum > 100)
        found.block("the mapping of " + quoted(source) + " has weights of more than 100"
                    + (cluster.empty() ? std::string{} : " in cluster " + quoted(cluster)));
  }
}

void check_account_limits(const account_claims& account, problem_list& found) {
  const auto& limits = account.limits;
  auto size = [](const auto& list) { return static_cast<int64_t>(list.size()); };
  if (limits.imports != -1 && size(account.imports) > limits.imports)
    found.block("there are more imports than the operator allows");
  if (limits.exports != -1 && size(account.exports) > limits.exports)
    found.block("there are more exports than the operator allows");
  if (limits.exports != -1 && !limits.wildcard_exports)
    for (const auto& one : account.exports)
      if (!is_literal(one.subject))
        found.block("the export " + quoted(one.subject)
                    + " has wildcards, which the operator forbids");
  if (!limits.tiers.empty() && limits.jetstream.is_set())
    found.block("JetStream is limited both in tiers and without");
  if (limits.tiers.contains(""))
    found.block("a JetStream tier has no name");
}

} // namespace

void check_account(const account_claims& account, problem_list& found) {
  check_exports(account, found);
  check_imports(account, found);
  check_mappings(account, found);
  check_account_limits(account, found);
  check_permissions(account.default_permissions, found);
  if (account.trace) {
    check_subject(account.trace->destination, "trace", found);
    if (!is_literal(account.trace->destination))
      found.block("traces are sent to a subject with wildcards");
    if (account.trace->sampling < 0 || account.trace->sampling > 100)
      found.block("trace has a sampling that is not between 1 and 100");
  }
  const auto& traffic = account.cluster_traffic;
  if (!traffic.empty() && traffic != "system" && traffic != "owner")
    found.block("cluster_traffic is " + quoted(traffic) + "; it must be system or owner");
  check_info(account.description, account.info_url, found);
}

} // namespace troupe::security
