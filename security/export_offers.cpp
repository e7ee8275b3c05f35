// security/export_offers.cpp: which exports can be offered, and which of them covers an import.
#include "security/export_offers.hpp"

#include "protocol/one_line.hpp"
#include "protocol/subject.hpp"

namespace troupe::security {
namespace {

std::string token_at(std::string_view subject, size_t position) {
  size_t at = 1;
  for (protocol::token_walk w{subject}; !w.done(); w.advance(), ++at)
    if (at == position)
      return std::string{w.token()};
  return {};
}

std::string fault_of_latency(const account_rules& account, const export_rule& offer) {
  const auto& latency = *offer.latency;
  if (offer.kind == share_kind::stream)
    return "latency is measured of services only; remove it";
  if (offer.response != response_kind::singleton)
    return "latency is measured only of services with one response; remove it or the response type";
  if (!protocol::is_valid_publish(latency.results))
    return "its latency results go to " + protocol::quoted(latency.results)
           + ", which must be a subject without wildcards";
  if (latency.sampling < 0 || latency.sampling > 100)
    return "its latency sampling must be 1 to 100 percent, or \"headers\"";
  for (const auto& other : account.exports)
    if (other.kind == share_kind::service && protocol::is_subset(latency.results, other.subject))
      return "its latency results go to " + protocol::quoted(latency.results)
             + ", which is a service of this account; choose another subject";
  return {};
}

std::string fault_of(const account_rules& account, size_t index) {
  const auto& offer = account.exports[index];
  if (!protocol::is_valid_subscription(offer.subject))
    return "it is no subject: no empty token, no blank, \">\" only at its end";
  const auto allowed = account.limits.exports;
  if (allowed >= 0 && index >= static_cast<size_t>(allowed))
    return "the account may have " + std::to_string(allowed) + " exports, not "
           + std::to_string(account.exports.size());
  if (allowed >= 0 && !account.limits.wildcard_exports && !protocol::is_literal(offer.subject))
    return "the account may not export subjects with wildcards";
  if (offer.account_token_position != 0
      && token_at(offer.subject, offer.account_token_position) != "*")
    return "account_token_position " + std::to_string(offer.account_token_position)
           + " must count to a \"*\" of the subject";
  for (size_t i = 0; i < index; ++i)
    if (account.exports[i].kind == offer.kind && account.exports[i].subject == offer.subject)
      return "it is exported twice; keep one";
  return offer.latency ? fault_of_latency(account, offer) : std::string{};
}

} // namespace

std::string_view to_string(share_kind kind) {
  return kind == share_kind::stream ? "stream" : "service";
}

std::string fault_of_export(const account_rules& account, size_t index) {
  auto fault = fault_of(account, index);
  if (fault.empty())
    return fault;
  const auto& offer = account.exports[index];
  return "account " + protocol::quoted(account.name) + " exports the "
         + std::string{to_string(offer.kind)} + " " + protocol::quoted(offer.subject) + ": "
         + fault;
}

export_offers::export_offers(const account_rules& account) {
  for (size_t i = 0; i < account.exports.size(); ++i) {
    if (!fault_of(account, i).empty())
      continue;
    const auto& offer = account.exports[i];
    auto& mine = offer.kind == share_kind::stream ? streams_ : services_;
    mine.by_subject.emplace(offer.subject, i);
    if (!protocol::is_literal(offer.subject))
      mine.patterns.push_back(i);
  }
}

size_t export_offers::find(const account_rules& account, share_kind kind,
                           const std::string& subject) const {
  const auto& mine = of(kind);
  if (auto exact = mine.by_subject.find(subject); exact != mine.by_subject.end())
    return exact->second;
  size_t best = none;
  for (auto i : mine.patterns)
    if (protocol::is_subset(subject, account.exports[i].subject)
        && (best == none
            || protocol::is_subset(account.exports[i].subject, account.exports[best].subject)))
      best = i;
  return best;
}

} // namespace troupe::security
