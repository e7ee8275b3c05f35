// security/claims_rules.cpp: limits, exports, imports, mappings; addresses and times of day.
#include "security/claims_rules.hpp"

#include "security/time_zone.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace troupe::security {
namespace {

constexpr int64_t seconds_of_day = 24 * 3600;

subject_rules rules_of(const permission_list& list) {
  return {list.allow, list.deny};
}

response_kind kind_of_response(std::string_view text) {
  if (text == "Stream")
    return response_kind::stream;
  return text == "Chunked" ? response_kind::chunked : response_kind::singleton;
}

account_limits rules_of(const account_limit_claims& said) {
  account_limits out;
  out.connections = said.connections;
  out.leafnodes = said.leafnodes;
  out.subscriptions = said.subscriptions;
  out.payload = said.payload;
  out.data = said.data;
  out.imports = said.imports;
  out.exports = said.exports;
  out.wildcard_exports = said.wildcard_exports;
  out.disallow_bearer = said.disallow_bearer;
  return out;
}

export_rule rule_of(const export_claim& claim) {
  export_rule out;
  out.kind = *claim.kind;
  out.subject = claim.subject;
  out.name = claim.name;
  out.token_required = claim.token_required;
  out.account_token_position = static_cast<uint32_t>(claim.account_token_position);
  out.response = kind_of_response(claim.response_type);
  if (claim.response_threshold > 0)
    out.response_threshold = std::chrono::nanoseconds{claim.response_threshold};
  if (claim.latency)
    out.latency = latency_rule{claim.latency->results, static_cast<int>(claim.latency->sampling)};
  out.revocations = claim.revocations;
  out.allow_trace = claim.allow_trace;
  out.advertise = claim.advertise;
  out.description = claim.description;
  out.info_url = claim.info_url;
  return out;
}

/// With `to`, older tools named a stream's prefix, and swapped the two subjects of a service.
import_rule rule_of(const import_claim& claim) {
  import_rule out;
  out.kind = *claim.kind;
  out.account = claim.account;
  out.subject = out.local_subject = claim.subject;
  if (!claim.local_subject.empty())
    out.local_subject = claim.local_subject;
  else if (!claim.to.empty() && out.kind == share_kind::service)
    out.subject = claim.to;
  else if (!claim.to.empty())
    out.local_subject = claim.to + (claim.to.ends_with('.') ? "" : ".") + claim.subject;
  out.name = claim.name;
  out.token = claim.token;
  out.share = claim.share;
  out.allow_trace = claim.allow_trace;
  return out;
}

mapping_rule rule_of(const std::string& source, const std::vector<weighted_mapping>& said) {
  mapping_rule out{source, {}};
  for (const auto& one : said)
    out.destinations.push_back(
        {one.subject, one.weight == 0 ? 100 : static_cast<int>(one.weight), one.cluster});
  return out;
}

bool parse_address(std::string_view text, std::array<uint8_t, 16>& out, bool& v4) {
  std::string copy{text.substr(0, INET6_ADDRSTRLEN)};
  v4 = false;
  if (copy.size() != text.size())
    return false;
  if (inet_pton(AF_INET6, copy.c_str(), out.data()) == 1)
    return true;
  out.fill(0);
  out[10] = out[11] = 0xFF;
  v4 = true;
  return inet_pton(AF_INET, copy.c_str(), out.data() + 12) == 1;
}

} // namespace

std::optional<permission_rules> rules_of(const permission_claims& said) {
  permission_rules out{rules_of(said.publish), rules_of(said.subscribe), {}};
  if (said.responses) {
    response_rule& responses = out.responses.emplace();
    if (said.responses->max_messages != 0)
      responses.max_messages = said.responses->max_messages;
    if (said.responses->ttl != 0)
      responses.expires = std::chrono::nanoseconds{said.responses->ttl};
  }
  if (out == permission_rules{})
    return std::nullopt;
  return out;
}

account_rules rules_of(const account_claims& said) {
  account_rules out;
  out.name = said.standard.subject;
  out.display_name = said.standard.name;
  out.tags = said.standard.tags;
  out.limits = rules_of(said.limits);
  for (const auto& one : said.exports)
    if (one.kind)
      out.exports.push_back(rule_of(one));
  for (const auto& one : said.imports)
    if (one.kind)
      out.imports.push_back(rule_of(one));
  for (const auto& [source, destinations] : said.mappings)
    out.mappings.push_back(rule_of(source, destinations));
  out.default_permissions = rules_of(said.default_permissions);
  if (said.trace && !said.trace->destination.empty())
    out.trace =
        trace_rule{said.trace->destination,
                   said.trace->sampling == 0 ? 100 : static_cast<int>(said.trace->sampling)};
  return out;
}

std::optional<address_range> address_range::parse(std::string_view text) {
  auto slash = text.find('/');
  address_range out;
  bool v4 = false;
  if (slash == text.npos || !parse_address(text.substr(0, slash), out.address, v4))
    return std::nullopt;
  auto digits = text.substr(slash + 1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() > 3
      || digits.starts_with('-') || out.bits > (v4 ? 32 : 128))
    return std::nullopt;
  out.bits += v4 ? 96 : 0;
  return out;
}

bool address_range::contains(std::string_view text) const {
  std::array<uint8_t, 16> other{};
  bool v4 = false;
  if (!parse_address(text, other, v4))
    return false;
  auto whole = static_cast<size_t>(bits / 8);
  if (!std::equal(address.begin(), address.begin() + whole, other.begin()))
    return false;
  auto mask = static_cast<uint8_t>(0xFF00 >> (bits % 8));
  return bits % 8 == 0 || ((address[whole] ^ other[whole]) & mask) == 0;
}

std::optional<int> parse_time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':')
    return std::nullopt;
  std::array<int, 3> parts{};
  for (size_t i = 0; i < 3; ++i)
    for (char c : text.substr(i * 3, 2)) {
      if (c < '0' || c > '9')
        return std::nullopt;
      parts[i] = parts[i] * 10 + (c - '0');
    }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59)
    return std::nullopt;
  return parts[0] * 3600 + parts[1] * 60 + parts[2];
}

bool is_allowed_address(const user_limits& limits, std::string_view address) {
  return limits.sources.empty()
         || std::any_of(limits.sources.begin(), limits.sources.end(), [&](const auto& text) {
              auto range = address_range::parse(text);
              return range && range->contains(address);
            });
}

bool is_allowed_time(const user_limits& limits, int64_t now, int64_t& ends) {
  ends = 0;
  if (limits.times.empty())
    return true;
  auto zone = time_zone::find(limits.times_location);
  if (!zone)
    return false;
  auto local = now + zone->offset_at(now);
  auto midnight = local - ((local % seconds_of_day) + seconds_of_day) % seconds_of_day;
  for (const auto& one : limits.times) {
    auto from = parse_time_of_day(one.start), to = parse_time_of_day(one.end);
    if (!from || !to)
      return false;
    // Today's window, and yesterday's if it passes midnight.
    for (int64_t day : {midnight, midnight - seconds_of_day}) {
      auto last = day + *to + (*from > *to ? seconds_of_day : 0);
      auto begin = zone->to_unix(day + *from), end = zone->to_unix(last);
      if (begin <= now && now < end)
        ends = std::max(ends, end);
    }
  }
  return ends != 0;
}

} // namespace troupe::security
