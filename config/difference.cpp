// config/difference.cpp: compares two sets of options field by field.
#include "config/difference.hpp"
#include "config/registry.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

constexpr std::string_view redacted = "[REDACTED]";

/// Reloadable options of which nats-server names no value in its log.
bool is_told_without_value(const option_entry& entry) {
  return entry.kind == unit::list || entry.kind == unit::map || entry.kind == unit::secret
         || entry.key == "authorization.user";
}

std::string reload_line(const option_entry& entry, const std::string& after) {
  std::string label{entry.label};
  if (entry.key == "listen.advertise")
    return "Reload: client_advertise = " + after;
  if (entry.key == "no_fast_producer_stall")
    return std::string{"Reloaded: fast producers will "} + (after == "true" ? "not " : "")
           + "be stalled";
  if (is_told_without_value(entry))
    return "Reloaded: " + label;
  return "Reloaded: " + label + " = " + after;
}

std::string refusal_line(std::string_view label, const std::string& before,
                         const std::string& after) {
  return "config reload not supported for " + std::string{label} + ": old=" + before
         + ", new=" + after;
}

/// One level here, two switches for nats-server, which tells each.
void compare_levels(log_level before, log_level after, std::vector<change>& changes) {
  auto tell = [&](log_level level, const char* name) {
    bool was = before <= level;
    bool is = after <= level;
    if (was != is)
      changes.push_back({"logging.level", std::string{to_string(before)},
                         std::string{to_string(after)}, false,
                         std::string{"Reloaded: "} + name + (is ? " = true" : " = false")});
  };
  if (before == after)
    return;
  tell(log_level::trace, "trace");
  tell(log_level::debug, "debug");
  if (before >= log_level::info && after >= log_level::info)
    changes.push_back({"logging.level", std::string{to_string(before)},
                       std::string{to_string(after)}, false,
                       "Reloaded: log_level = " + std::string{to_string(after)}});
}

void compare_entry(const option_entry& entry, options& before, options& after,
                   std::vector<change>& changes) {
  auto old_text = show(entry.at(before));
  auto new_text = show(entry.at(after));
  if (old_text == new_text)
    return;
  if (entry.key == "authorization.timeout" && new_text.empty())
    new_text = "default";
  bool refused = entry.reload == on_reload::refused;
  bool of_link = entry.key.starts_with("cluster."); // told in one line, by compare_cluster()
  change one{std::string{entry.key}, old_text, new_text, refused, {}};
  if (refused)
    one.line = refusal_line(entry.label, old_text, new_text);
  else if (!of_link)
    one.line = reload_line(entry, new_text);
  if (entry.kind == unit::secret)
    one.before = one.after = redacted;
  changes.push_back(std::move(one));
}

std::string switched(bool on) {
  return on ? "enabled" : "disabled";
}

void compare_tls(const options& before, const options& after, std::vector<change>& changes) {
  auto& was = before.client.tls;
  auto& is = after.client.tls;
  if (was == is)
    return;
  auto refuse = [&](std::string_view option, std::string_view label, const std::string& old_text,
                    const std::string& new_text) {
    changes.push_back(
        {std::string{option}, old_text, new_text, true, refusal_line(label, old_text, new_text)});
  };
  if (was && is && was->verify_and_map != is->verify_and_map)
    refuse("listen.tls.verify_and_map", "TLSMap", was->verify_and_map ? "true" : "false",
           is->verify_and_map ? "true" : "false");
  if (was && is && was->connection_rate_limit != is->connection_rate_limit)
    refuse("listen.tls.connection_rate_limit", "TLSRateLimit",
           std::to_string(was->connection_rate_limit), std::to_string(is->connection_rate_limit));
  changes.push_back({"listen.tls", switched(was.has_value()), switched(is.has_value()), false,
                     "Reloaded: tls = " + switched(is.has_value())});
}

std::string count_of(size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string{what};
}

/// Of gateways certificates and remotes change while they run, of leaf nodes only the remotes.
void compare_gateways_and_leafs(const options& before, const options& after,
                                std::vector<change>& changes) {
  auto& was = before.gateway;
  auto& is = after.gateway;
  auto add = [&](std::string_view option, const std::string& old_text, const std::string& new_text,
                 std::string_view label, const std::string& told = {}) {
    changes.push_back({std::string{option}, old_text, new_text, !label.empty(),
                       label.empty() ? told : refusal_line(label, old_text, new_text)});
  };
  if (was.remotes != is.remotes)
    changes.push_back({"gateway.gateways", count_of(was.remotes.size(), "gateways"),
                       count_of(is.remotes.size(), "gateways"), false,
                       "Reloaded: Gateway Remotes"});
  if (was.tls != is.tls)
    add("gateway.tls", switched(was.tls.has_value()), switched(is.tls.has_value()),
        was.tls.has_value() == is.tls.has_value() ? "" : "Gateway", "Reloaded: gateway tls");
  if (before.websocket.tls != after.websocket.tls) {
    auto old_text = switched(before.websocket.tls.has_value());
    auto new_text = switched(after.websocket.tls.has_value());
    add("websocket.tls", old_text, new_text, old_text == new_text ? "" : "Websocket",
        "Reloaded: websocket tls");
  }
  auto& old_leafs = before.leafnodes;
  auto& new_leafs = after.leafnodes;
  bool logins = old_leafs.users != new_leafs.users || old_leafs.account != new_leafs.account
                || old_leafs.nkey != new_leafs.nkey;
  if (logins)
    add("leafnodes.authorization.users", count_of(old_leafs.users.size(), "users"),
        count_of(new_leafs.users.size(), "users"), "LeafNode");
  if (old_leafs.tls != new_leafs.tls)
    add("leafnodes.tls", switched(old_leafs.tls.has_value()), switched(new_leafs.tls.has_value()),
        "LeafNode");
  if (old_leafs.remotes != new_leafs.remotes)
    changes.push_back({"leafnodes.remotes", count_of(old_leafs.remotes.size(), "remotes"),
                       count_of(new_leafs.remotes.size(), "remotes"), false,
                       "Reloaded: LeafNode Remotes"});
}

/// Fields of routes that are no rows of the registry, and the lines of nats-server for all.
void compare_cluster(const options& before, const options& after, std::vector<change>& changes) {
  auto& was = before.cluster;
  auto& is = after.cluster;
  bool scalars = std::any_of(changes.begin(), changes.end(), [](auto& one) {
    return !one.refused && one.option.starts_with("cluster.");
  });
  bool rules = was.import_ != is.import_ || was.export_ != is.export_;
  if (was.tls != is.tls)
    changes.push_back(
        {"cluster.tls", switched(was.tls.has_value()), switched(is.tls.has_value()), false, {}});
  if (rules)
    changes.push_back({"cluster.permissions", "other", "other", false, {}});
  if (scalars || rules || was.tls != is.tls)
    changes.push_back({"cluster", "other", "other", false, "Reloaded: cluster"});
  if (was.routes != is.routes)
    changes.push_back({"cluster.routes", to_string(was.routes), to_string(is.routes), false,
                       "Reloaded: cluster routes"});
}

std::string in_words(const std::optional<security::callout_settings>& callout) {
  return callout ? "issuer " + callout->issuer + " in account " + callout->account : "none";
}

/// In which order a file names them makes no difference.
template <class T, class Key>
bool are_others(std::vector<T> before, std::vector<T> after, Key key) {
  std::ranges::stable_sort(before, {}, key);
  std::ranges::stable_sort(after, {}, key);
  return before != after;
}

void compare_people(const options& before, const options& after, std::vector<change>& changes) {
  auto& was = before.authorization;
  auto& is = after.authorization;
  if (are_others(was.users, is.users, [](const auto& one) { return one.name + one.nkey; }))
    changes.push_back({"authorization.users", count_of(was.users.size(), "users"),
                       count_of(is.users.size(), "users"), false, "Reloaded: authorization users"});
  if (was.default_permissions != is.default_permissions)
    changes.push_back(
        {"authorization.default_permissions", switched(was.default_permissions.has_value()),
         switched(is.default_permissions.has_value()), false, "Reloaded: default permissions"});
  if (was.callout != is.callout) {
    auto before_it = in_words(was.callout), after_it = in_words(is.callout);
    changes.push_back({"authorization.auth_callout", before_it, after_it, true,
                       refusal_line("AuthCallout", before_it, after_it)});
  }
  if (are_others(before.accounts, after.accounts, [](const auto& one) { return one.name; }))
    changes.push_back({"accounts", count_of(before.accounts.size(), "accounts"),
                       count_of(after.accounts.size(), "accounts"), false, "Reloaded: accounts"});
  auto& old_tls = before.operators.resolver_tls;
  auto& new_tls = after.operators.resolver_tls;
  if (old_tls != new_tls)
    changes.push_back({"resolver.tls", switched(old_tls.has_value()), switched(new_tls.has_value()),
                       false, "Reloaded: resolver tls"});
}

} // namespace

std::vector<std::string> difference::refusals() const {
  std::vector<std::string> result;
  for (auto& one : changes)
    if (one.refused && std::find(result.begin(), result.end(), one.line) == result.end())
      result.push_back(one.line);
  return result;
}

std::vector<std::string> difference::lines() const {
  std::vector<std::string> result;
  for (auto& one : changes)
    if (!one.refused && !one.line.empty())
      result.push_back(one.line);
  if (changes.empty())
    result.emplace_back(
        "Reloaded: no option has changed; certificates and credentials were read again");
  return result;
}

difference compare(const options& before, const options& after) {
  difference result;
  options old_copy = before; // the registry hands out pointers to change things with
  options new_copy = after;
  for (auto& entry : registry()) {
    if (entry.key == "logging.level")
      compare_levels(before.logging.level, after.logging.level, result.changes);
    else
      compare_entry(entry, old_copy, new_copy, result.changes);
  }
  compare_tls(before, after, result.changes);
  compare_cluster(before, after, result.changes);
  compare_gateways_and_leafs(before, after, result.changes);
  compare_people(before, after, result.changes);
  return result;
}

} // namespace troupe::config
