// config/nats_options.cpp: reads the top level of nats-server's configuration.
#include "config/nats_options.hpp"
#include "config/account_options.hpp"
#include "config/address.hpp"
#include "config/authorization_options.hpp"
#include "config/cluster_options.hpp"
#include "config/gateway_options.hpp"
#include "config/leafnode_options.hpp"
#include "config/nats_schema.hpp"
#include "config/registry.hpp"
#include "config/resolver_options.hpp"
#include "config/tls_options.hpp"
#include "config/websocket_options.hpp"
#include "config/words.hpp"

#include <map>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe::config {

namespace {

/// `debug` and `trace` are two switches there and one level here.
struct log_switches {
  bool debug = false;
  bool trace = false;
};

class nats_binder {
public:
  explicit nats_binder(reading& to) : to_{to} {}

  void read(const value& root) {
    place users;
    for (auto& one : root.members) {
      read_key(one);
      if (any_of(lower(one.key), {"authorization", "accounts"}))
        users = one.where;
    }
    refuse_duplicate_users(users, to_);
    if (switches_.trace || switches_.debug)
      to_.out.logging.level = switches_.trace ? log_level::trace : log_level::debug;
    if (https_ && http_)
      to_.found.error(https_->where,
                      "\"" + https_->key + "\" and \"" + http_->key
                          + "\" both ask for monitoring; one listener serves it, keep one of them");
  }

private:
  void read_key(const member& one) {
    auto key = lower(one.key);
    if (auto* entry = find_nats_option(key))
      read_scalar(*entry, one);
    else if (!read_special(one, key) && !accept_inactive(one, key, to_.found)
             && !one.used_as_variable)
      to_.found.error(one.where, "unknown field \"" + one.key + "\"");
  }

  void read_scalar(const option_entry& entry, const member& one) {
    auto [known, fresh] = seen_.try_emplace(entry.key, &one);
    if (!fresh) {
      to_.found.error(one.where, "\"" + one.key + "\" and \"" + known->second->key
                                     + "\" are names of one option; keep one of them");
      return;
    }
    auto result = assign(entry.at(to_.out), entry.kind, lower(one.key), one.val, dialect::nats);
    if (result.error.empty()) {
      result.error = out_of_range(entry);
      if (!result.error.empty()) // told once; the rules need not tell it again
        reset(entry);
    }
    if (!result.error.empty())
      to_.found.error(one.where, result.error);
    if (!result.warning.empty())
      to_.found.warning(one.where, result.warning);
    to_.found.note_origin(entry.key, one.key, to_string(one.where));
    if (entry.key == "tags")
      for (auto& tag : to_.out.server_tags)
        tag = trimmed(lower(tag));
  }

  void reset(const option_entry& entry) {
    options fresh;
    auto source = entry.at(fresh);
    std::visit(
        [&](auto* target) {
          *target = *std::get<std::remove_reference_t<decltype(target)>>(source);
        },
        entry.at(to_.out));
  }

  /// What nats-server refuses while it reads the file; the other bounds are rules.
  std::string out_of_range(const option_entry& entry) const {
    auto& timing = to_.out.timing;
    if (entry.key == "limits.max_subscription_tokens" && to_.out.limits.max_subscription_tokens < 0)
      return "max_sub_tokens value can not be negative";
    if (entry.key == "limits.max_subscription_tokens"
        && to_.out.limits.max_subscription_tokens > 255)
      return "max_sub_tokens value is too big";
    if (entry.key == "timing.lame_duck_duration"
        && timing.lame_duck_duration < std::chrono::seconds{30})
      return "invalid lame_duck_duration of " + show(&timing.lame_duck_duration)
             + ", minimum is 30 seconds";
    if (entry.key == "timing.lame_duck_grace_period"
        && timing.lame_duck_grace_period < nanoseconds{0})
      return "invalid lame_duck_grace_period, needs to be positive";
    if (entry.key == "name" && to_.out.server_name.find(' ') != std::string::npos)
      return "server name cannot contain spaces";
    return {};
  }

  bool read_special(const member& one, const std::string& key) {
    if (key == "listen")
      read_listen(one);
    else if (any_of(key, {"http", "https", "http_port", "monitor_port", "https_port"}))
      read_monitoring(one, key);
    else if (key == "debug")
      read_switch(one, switches_.debug);
    else if (key == "trace")
      read_switch(one, switches_.trace);
    else if (key == "authorization")
      read_authorization(one.val, one.where, dialect::nats, to_);
    else if (key == "accounts")
      read_accounts(one, dialect::nats, to_);
    else if (any_of(key, {"mappings", "maps"}))
      read_global_mappings(one, dialect::nats, to_);
    else if (key == "tls")
      to_.out.client.tls = read_tls(one.val, one.where, "listen.tls", dialect::nats, to_.found);
    else if (any_of(key, {"resolver", "account_resolver", "accounts_resolver"}))
      read_resolver(one, to_);
    else if (key == "resolver_tls")
      to_.out.operators.resolver_tls =
          read_tls(one.val, one.where, "resolver.tls", dialect::nats, to_.found);
    else if (key == "cluster")
      read_cluster(one, dialect::nats, to_);
    else if (key == "gateway")
      read_gateway(one, dialect::nats, to_);
    else if (any_of(key, {"leafnodes", "leaf"}))
      read_leafnodes(one, dialect::nats, to_);
    else if (any_of(key, {"websocket", "ws"}))
      read_websocket(one, dialect::nats, to_);
    else
      return false;
    return true;
  }

  void read_switch(const member& one, bool& target) {
    auto result = assign(&target, unit::flag, one.key, one.val, dialect::nats);
    if (!result.error.empty())
      to_.found.error(one.where, result.error);
    to_.found.note_origin("logging.level", one.key, to_string(one.where));
  }

  /// A port, or host and port; nothing after an error.
  std::optional<host_and_port> read_address(const member& one) {
    if (one.val.kind == value::type::integer && std::in_range<int>(one.val.integer))
      return host_and_port{{}, static_cast<int>(one.val.integer)};
    if (one.val.kind == value::type::text) {
      auto [address, error] = parse_address(one.val.text);
      if (error.empty())
        return address;
      to_.found.error(one.where, error);
    } else {
      to_.found.error(one.where, "expected port or host:port, not " + describe(one.val));
    }
    return std::nullopt;
  }

  void read_listen(const member& one) {
    auto address = read_address(one);
    if (!address)
      return;
    if (one.val.kind == value::type::text)
      to_.out.client.host = address->host;
    to_.out.client.port = address->port;
    to_.found.note_origin("listen.host", one.key, to_string(one.where));
    to_.found.note_origin("listen.port", one.key, to_string(one.where));
  }

  void read_monitoring(const member& one, const std::string& key) {
    std::optional<host_and_port> address;
    bool only_port = key.ends_with("_port");
    if (only_port && one.val.kind != value::type::integer)
      to_.found.error(one.where, key + " must be a whole number, not " + describe(one.val));
    else
      address = read_address(one);
    if (!address)
      return;
    (key.starts_with("https") ? https_ : http_) = &one;
    if (one.val.kind == value::type::text)
      to_.out.monitoring.host = address->host;
    to_.out.monitoring.port = address->port;
    to_.out.monitoring.https = key.starts_with("https");
    for (auto* option : {"monitoring.host", "monitoring.port", "monitoring.https"})
      to_.found.note_origin(option, one.key, to_string(one.where));
  }

  static std::string trimmed(std::string text) {
    auto first = text.find_first_not_of(" \t\r\n");
    auto last = text.find_last_not_of(" \t\r\n");
    return first == text.npos ? "" : text.substr(first, last - first + 1);
  }

  reading& to_;
  log_switches switches_;
  const member* http_ = nullptr;
  const member* https_ = nullptr;
  std::map<std::string_view, const member*> seen_;
};

} // namespace

void read_nats_options(const value& root, reading& to) {
  to.out.logging.format = log_format::nats;
  nats_binder{to}.read(root);
}

} // namespace troupe::config
