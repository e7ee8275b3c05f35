// cli/user_change.cpp: flags of users, and what they do to claims.
#include "cli/user_change.hpp"

#include "cli/duration.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"
#include "config/size.hpp"
#include "security/claims_rules.hpp"
#include "security/connection_type.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace troupe::cli {
namespace {

using texts = std::vector<std::string>;

CLI::Option* add_list(CLI::App& command, const char* name, texts& to, const char* help,
                      const char* type, const char* group) {
  return command.add_option(name, to, help)
      ->delimiter(',')
      ->type_name(type)
      ->group(group)
      ->allow_extra_args(false);
}

void add_to(texts& list, const texts& more) {
  for (const auto& one : more)
    if (std::find(list.begin(), list.end(), one) == list.end())
      list.push_back(one);
}

void apply_responses(const std::string& text, security::permission_claims& to, texts& problems) {
  if (text.empty())
    return;
  if (text == "none") {
    to.responses.reset();
    return;
  }
  auto comma = text.find(',');
  security::response_claim said;
  auto count = text.substr(0, comma);
  auto [end, code] = std::from_chars(count.data(), count.data() + count.size(), said.max_messages);
  auto span = comma == text.npos ? std::optional<nanoseconds>{std::chrono::minutes{2}}
                                 : parse_duration(text.substr(comma + 1));
  if (code != std::errc{} || end != count.data() + count.size() || !span)
    problems.push_back(fmt::format(
        "--allow-responses \"{}\" is not N, N,DURATION or none: write 1 or 10,5m", text));
  else
    said.ttl = span->count();
  to.responses = said;
}

void apply_times(const user_change& change, security::user_limits& to, texts& problems) {
  if (change.times == texts{"any"}) {
    to.times.clear();
  } else if (!change.times.empty()) {
    to.times.clear();
    for (const auto& one : change.times) {
      auto dash = one.find('-');
      security::time_range range{
          one.substr(0, dash), dash == one.npos ? "" : one.substr(dash + 1), {}};
      if (!security::parse_time_of_day(range.start) || !security::parse_time_of_day(range.end))
        problems.push_back(
            fmt::format("--time \"{}\" is no time of day: write 08:00:00-17:30:00", one));
      to.times.push_back(std::move(range));
    }
  }
  if (!change.time_zone.empty())
    to.times_location = change.time_zone == "server" ? "" : change.time_zone;
}

void apply_sources(const user_change& change, security::user_limits& to, texts& problems) {
  if (change.sources.empty())
    return;
  to.sources.clear();
  if (change.sources == texts{"any"})
    return;
  for (const auto& one : change.sources) {
    if (!security::address_range::parse(one))
      problems.push_back(
          fmt::format("--source-network \"{}\" is no address range: write 192.0.2.0/24", one));
    to.sources.push_back(one);
  }
}

void apply_types(const user_change& change, security::user_limits& to, texts& problems) {
  if (change.types.empty())
    return;
  to.connection_types.clear();
  if (change.types == texts{"any"})
    return;
  for (auto one : change.types) {
    std::transform(one.begin(), one.end(), one.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    constexpr std::string_view known[] = {"STANDARD", "WEBSOCKET", "LEAFNODE",  "LEAFNODE_WS",
                                          "MQTT",     "MQTT_WS",   "IN_PROCESS"};
    if (std::find(std::begin(known), std::end(known), one) == std::end(known))
      problems.push_back(fmt::format("--conn-type \"{}\" is none of: {}", one,
                                     joined({std::begin(known), std::end(known)})));
    to.connection_types.push_back(one);
  }
}

void apply_template(const user_change& change, security::user_claims& to, texts& problems) {
  if (change.part.empty())
    return;
  auto part = security::fleet_part_of(change.part);
  if (!part) {
    texts names;
    for (auto one : security::all_fleet_parts)
      names.emplace_back(security::to_string(one));
    problems.push_back(fmt::format("--template \"{}\" is none of: {}", change.part, joined(names)));
    return;
  }
  auto values = change.values;
  if (values.identity.empty() && *part == security::fleet_part::server)
    values.identity = to.standard.name;
  auto faults = security::faults_of(*part, values);
  problems.insert(problems.end(), faults.begin(), faults.end());
  if (faults.empty())
    to.limits.permissions = security::permissions_of(*part, values);
}

} // namespace

bool permission_change::is_empty() const noexcept {
  return allow_pub.empty() && deny_pub.empty() && allow_sub.empty() && deny_sub.empty()
         && allow_pubsub.empty() && deny_pubsub.empty() && remove.empty() && responses.empty();
}

void add_permission_flags(CLI::App& command, permission_change& change) {
  auto group = "Permissions (lists: commas, or the flag again)";
  auto add = [&](const char* name, texts& to, const char* help) {
    add_list(command, name, to, help, "SUBJECT", group);
  };
  add("--allow-pub", change.allow_pub, "may publish there, and nowhere else");
  add("--deny-pub", change.deny_pub, "may not publish there");
  add("--allow-sub", change.allow_sub,
      "may subscribe there, and nowhere else; or \"SUBJECT QUEUE\"");
  add("--deny-sub", change.deny_sub, "may not subscribe there");
  add("--allow-pubsub", change.allow_pubsub, "both");
  add("--deny-pubsub", change.deny_pubsub, "both");
  add("--rm", change.remove, "takes these out of every list");
  command
      .add_option("--allow-responses", change.responses,
                  "may answer each request N times within D (default: 2m); none takes it back")
      ->type_name("N[,D]")
      ->group(group);
}

void apply(const permission_change& change, security::permission_claims& to,
           std::vector<std::string>& problems) {
  for (const auto& gone : change.remove) {
    size_t found = 0;
    for (auto* list :
         {&to.publish.allow, &to.publish.deny, &to.subscribe.allow, &to.subscribe.deny})
      found += std::erase(*list, gone);
    if (found == 0)
      problems.push_back(fmt::format("--rm \"{}\" is in none of the lists", gone));
  }
  add_to(to.publish.allow, change.allow_pub);
  add_to(to.publish.allow, change.allow_pubsub);
  add_to(to.publish.deny, change.deny_pub);
  add_to(to.publish.deny, change.deny_pubsub);
  add_to(to.subscribe.allow, change.allow_sub);
  add_to(to.subscribe.allow, change.allow_pubsub);
  add_to(to.subscribe.deny, change.deny_sub);
  add_to(to.subscribe.deny, change.deny_pubsub);
  apply_responses(change.responses, to, problems);
  if (auto rules = security::rules_of(to))
    for (auto& fault : security::validate(*rules, "permissions"))
      problems.push_back(std::move(fault));
}

bool user_change::is_scoped_safe() const noexcept {
  return permissions.is_empty() && part.empty() && sources.empty() && times.empty() && types.empty()
         && time_zone.empty() && subscriptions.empty() && data.empty() && payload.empty() && !bearer
         && !proxy_required;
}

void add_user_flags(CLI::App& command, user_change& change) {
  auto from_template = "Template";
  command
      .add_option("--template", change.part,
                  "permissions by part: server, client, adapter, provisioning-leaf, system")
      ->type_name("PART")
      ->group(from_template);
  auto add = [&](const char* name, texts& to, const char* help, const char* type,
                 const char* group) { return add_list(command, name, to, help, type, group); };
  add("--collective", change.values.collectives, "server, client (default: mcollective)", "NAME",
      from_template);
  command
      .add_option("--identity", change.values.identity,
                  "server: its host name (default: the user's name); client: of old reply subjects")
      ->type_name("NAME")
      ->group(from_template);
  command
      .add_option("--caller", change.values.caller, "client: its caller id, choria=rip.mcollective")
      ->type_name("ID")
      ->group(from_template);
  add("--registration", change.values.registration, "server: publishes its registration there too",
      "SUBJECT", from_template);
  add("--input", change.values.input, "adapter: listens there", "SUBJECT", from_template);
  add("--output", change.values.output, "adapter: publishes there", "SUBJECT", from_template);
  command.add_flag("--events", change.values.events, "client: may watch lifecycle events")
      ->group(from_template);
  add_permission_flags(command, change.permissions);
  auto limits = "Limits";
  auto text = [&](const char* name, std::string& to, const char* help, const char* type) {
    command.add_option(name, to, help)->type_name(type)->group(limits);
  };
  text("--subs", change.subscriptions, "subscriptions of each connection (default: -1, no limit)",
       "N");
  text("--payload", change.payload, "bytes of one message: 64k, 1MB", "SIZE");
  text("--data", change.data, "bytes in all; carried, not enforced", "SIZE");
  text("--expires", change.expires, "90d, 12h, 2027-01-31, or never", "WHEN");
  command.add_option("--bearer", change.bearer, "its JWT alone lets in: no signature needed")
      ->type_name("BOOL")
      ->group(limits);
  command.add_option("--proxy-required", change.proxy_required, "only through a trusted proxy")
      ->type_name("BOOL")
      ->group(limits);
  add("--source-network", change.sources, "comes from these addresses only; any lifts it", "CIDR",
      limits);
  add("--time", change.times, "at these times of day only; any lifts it", "HH:MM:SS-HH:MM:SS",
      limits);
  text("--time-zone", change.time_zone, "of --time: Europe/Berlin; server is the broker's own",
       "ZONE");
  add("--conn-type", change.types, "standard, websocket, leafnode, mqtt …; any lifts it", "TYPE",
      limits);
  add("--tag", change.tags, "adds tags", "TAG", limits);
  add("--rm-tag", change.remove_tags, "removes tags", "TAG", limits);
}

void apply_limit(const std::string& text, const char* flag, int64_t& to,
                 std::vector<std::string>& problems) {
  if (text.empty())
    return;
  auto value = text == "unlimited" ? std::optional<int64_t>{-1} : config::parse_size(text);
  if (!value || *value < -1)
    problems.push_back(
        fmt::format("{} \"{}\" is no limit: write 100, 64k, 1MB or -1 for none", flag, text));
  else
    to = *value;
}

void apply_tags(const std::vector<std::string>& add, const std::vector<std::string>& remove,
                std::vector<std::string>& to) {
  auto lower = [](std::string text) {
    for (auto& c : text)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
  };
  for (const auto& one : remove)
    std::erase(to, lower(one));
  for (const auto& one : add)
    add_to(to, {lower(one)});
}

void apply_expiry(const std::string& text, int64_t now, int64_t& to,
                  std::vector<std::string>& problems) {
  if (text.empty())
    return;
  if (auto moment = parse_moment(text, now))
    to = *moment;
  else
    problems.push_back(fmt::format(
        "--expires \"{}\" is no time: write 90d, 12h, 2027-01-31, 2027-01-31T08:00:00Z or never",
        text));
}

void apply(const user_change& change, int64_t now, security::user_claims& to,
           std::vector<std::string>& problems) {
  apply_template(change, to, problems);
  apply(change.permissions, to.limits.permissions, problems);
  apply_limit(change.subscriptions, "--subs", to.limits.subscriptions, problems);
  apply_limit(change.data, "--data", to.limits.data, problems);
  apply_limit(change.payload, "--payload", to.limits.payload, problems);
  apply_expiry(change.expires, now, to.standard.expires, problems);
  if (change.bearer)
    to.limits.bearer = *change.bearer;
  if (change.proxy_required)
    to.limits.proxy_required = *change.proxy_required;
  apply_sources(change, to.limits, problems);
  apply_times(change, to.limits, problems);
  apply_types(change, to.limits, problems);
  apply_tags(change.tags, change.remove_tags, to.standard.tags);
}

} // namespace troupe::cli
