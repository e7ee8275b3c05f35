// config/rules.cpp: the cross-checks of a configuration.
#include "config/rules.hpp"
#include "config/duration.hpp"
#include "config/link_rules.hpp"
#include "config/registry.hpp"
#include "security/client_hosts.hpp"
#include "security/tls_names.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

class rule_checker {
public:
  rule_checker(const options& opts, const findings& found, std::vector<std::string>& broken)
      : opts_{opts}, found_{found}, broken_{broken} {}

  void check_bounds() {
    options copy = opts_; // the registry hands out pointers to change things with
    for (auto& entry : registry()) {
      int64_t number = 0;
      auto target = entry.at(copy);
      if (auto* wide = std::get_if<int64_t*>(&target))
        number = **wide;
      else if (auto* narrow = std::get_if<int*>(&target))
        number = **narrow;
      else if (auto* span = std::get_if<nanoseconds*>(&target); span && **span < nanoseconds{0})
        say(said(entry.key) + " cannot be negative, it is " + format_duration(**span));
      else
        continue;
      if (number < entry.lowest && entry.highest == no_end)
        say(said(entry.key) + " must be at least " + std::to_string(entry.lowest) + ", not "
            + std::to_string(number));
      else if (number < entry.lowest || number > entry.highest)
        say(said(entry.key) + " must lie between " + std::to_string(entry.lowest) + " and "
            + std::to_string(entry.highest) + ", not " + std::to_string(number));
    }
  }

  void check_limits() {
    auto& limits = opts_.limits;
    if (limits.max_payload > limits.max_pending)
      say("max_payload (" + std::to_string(limits.max_payload)
          + ") cannot be higher than max_pending (" + std::to_string(limits.max_pending) + ")");
    auto& timing = opts_.timing;
    if (timing.lame_duck_grace_period >= timing.lame_duck_duration)
      say("lame duck grace period (" + format_duration(timing.lame_duck_grace_period)
          + ") should be strictly lower than lame duck duration ("
          + format_duration(timing.lame_duck_duration) + ")");
  }

  void check_names() {
    if (opts_.server_name.find(' ') != std::string::npos)
      say("server name cannot contain spaces");
    if (opts_.cluster_name.find(' ') != std::string::npos)
      say("cluster name cannot contain spaces");
    auto& syslog = opts_.logging.remote_syslog;
    if (!syslog.empty() && !syslog.starts_with("udp://") && !syslog.starts_with("tcp://")
        && !syslog.starts_with("unix://"))
      say("invalid network type: " + said("logging.remote_syslog")
          + " must begin with udp://, tcp:// or unix://, not \"" + syslog + "\"");
  }

  void check_fleet() {
    for (auto& fault : security::faults_of_hosts(opts_.fleet.client_hosts))
      say(said("fleet.client_hosts") + ": " + fault);
  }

  void check_users() {
    auto& auth = opts_.authorization;
    if (auth.no_auth_user.empty())
      return;
    if (auth.users.empty()) {
      say("no_auth_user: \"" + auth.no_auth_user + "\" present, but users/nkeys are not defined");
      return;
    }
    bool known = std::any_of(auth.users.begin(), auth.users.end(), [&](auto& who) {
      return who.name == auth.no_auth_user || who.nkey == auth.no_auth_user;
    });
    if (!known)
      say("no_auth_user: \"" + auth.no_auth_user
          + "\" not present as user or nkey in authorization block or account configuration");
  }

  /// A service that cannot log in, or that nobody can reach, would keep everybody out.
  void check_callout() {
    auto& auth = opts_.authorization;
    if (!auth.callout || opts_.operators.enabled() || !found_.errors.empty())
      return;
    auto& it = *auth.callout;
    for (auto& one : it.auth_users) {
      bool known = (!auth.user.empty() && one == auth.user)
                   || std::any_of(auth.users.begin(), auth.users.end(),
                                  [&](auto& who) { return who.name == one || who.nkey == one; });
      if (!known)
        say(said("authorization.auth_callout") + ": Authorization callout user \"" + one
            + "\" not valid: no user of this file has that name or nkey");
    }
    if (!is_account(it.account))
      say(said("authorization.auth_callout") + ": Authorization callout account \"" + it.account
          + "\" not valid: it is no account of this file");
    for (auto& one : it.allowed_accounts)
      if (!is_account(one))
        say("auth_callout allowed account \"" + one + "\" not found in configured accounts");
  }

  bool is_account(const std::string& name) const {
    auto& users = opts_.authorization.users;
    return name == "$G" || name == (opts_.system_account.empty() ? "$SYS" : opts_.system_account)
           || std::any_of(opts_.accounts.begin(), opts_.accounts.end(),
                          [&](auto& one) { return one.name == name; })
           || std::any_of(users.begin(), users.end(),
                          [&](auto& one) { return one.account == name; });
  }

  /// In operator mode the system account is one of the JWTs'.
  void check_system_account() {
    auto& name = opts_.system_account;
    if (name.empty() || name == "$SYS" || opts_.operators.enabled() || !found_.errors.empty())
      return;
    auto& users = opts_.authorization.users;
    bool known =
        std::any_of(opts_.accounts.begin(), opts_.accounts.end(),
                    [&](auto& one) { return one.name == name; })
        || std::any_of(users.begin(), users.end(), [&](auto& one) { return one.account == name; });
    if (!known)
      say(said("system_account") + " names \"" + name
          + "\", which is no account of this file; add it to accounts");
  }

  void check_operators() {
    auto& mode = opts_.operators;
    if (!mode.operators.empty() && !mode.trusted_keys.empty())
      say(said("operator.trusted_keys") + " and " + said("operator.tokens")
          + " both name whom to trust; keep one of them");
    check_resolver(mode.resolver);
    if (!mode.enabled())
      return;
    auto& auth = opts_.authorization;
    bool tenants = std::any_of(opts_.accounts.begin(), opts_.accounts.end(),
                               [](auto& one) { return one.name != "$G"; });
    if (tenants)
      say("operators do not allow accounts to be configured directly; remove " + said("accounts"));
    if (!auth.users.empty() || !auth.user.empty() || !auth.token.empty())
      say("operators do not allow users to be configured directly; remove them from the file");
    if (!auth.no_auth_user.empty())
      say("operators do not allow " + said("authorization.no_auth_user")
          + "; a bearer JWT as default_sentinel does what is meant");
    if (auth.callout)
      say("operators do not allow " + said("authorization.auth_callout")
          + "; the JWT of an account says who judges its users (authorization)");
    if (!mode.preload.empty() && mode.resolver.type == "url")
      say(said("operator.preload") + " needs a resolver that stores: memory, full or cache");
  }

  void check_resolver(const resolver& from) {
    constexpr std::string_view types[] = {"", "memory", "url", "full", "cache"};
    if (std::find(std::begin(types), std::end(types), from.type) == std::end(types)) {
      say(said("resolver.type") + " must be memory, url, full or cache, not \"" + from.type + "\"");
      return;
    }
    bool cache = from.type == "cache";
    if ((from.type == "full" || cache) && from.dir.empty())
      say(said("resolver.type") + " " + from.type + " needs resolver.dir, a folder for the JWTs");
    if (from.type == "url" && !from.url.starts_with("http://") && !from.url.starts_with("https://"))
      say(said("resolver.url") + " must begin with http:// or https://, not \"" + from.url + "\"");
    if (cache && from.allow_delete)
      say(said("resolver.allow_delete") + " is for type full; a cache forgets by itself");
    if (cache && from.hard_delete)
      say(said("resolver.hard_delete") + " is for type full; a cache forgets by itself");
    if (from.type == "full" && from.ttl > nanoseconds{0})
      say(said("resolver.ttl") + " is for type cache; a full one keeps every account");
    if (from.timeout <= nanoseconds{0})
      say(said("resolver.timeout") + " must be longer than 0s");
    if (from.interval < std::chrono::seconds{1})
      say(said("resolver.interval") + " must be at least 1s");
  }

  void check_tls() {
    auto& tls = opts_.client.tls;
    if (opts_.monitoring.https && opts_.monitoring.port != 0 && !tls)
      say(said("monitoring.https") + " needs TLS; add a tls block with cert_file and key_file");
    check_tls_block("listen.tls", tls);
    check_tls_block("cluster.tls", opts_.cluster.tls);
    check_tls_block("gateway.tls", opts_.gateway.tls);
    check_tls_block("leafnodes.tls", opts_.leafnodes.tls);
    check_tls_block("websocket.tls", opts_.websocket.tls);
  }

  void check_own() {
    auto& tls = opts_.client.tls;
    bool verifies = tls && (tls->verify || tls->verify_if_given || tls->verify_and_map);
    if (verifies && tls->ca_file.empty() && found_.errors.empty())
      say(said("listen.tls.verify")
          + " needs ca_file, the authorities that clients' certificates "
            "must chain to");
    if (opts_.client.allow_non_tls && !tls)
      say(said("listen.allow_non_tls") + " needs TLS, which is not configured");
    auto& auth = opts_.authorization;
    if (auth.user.empty() && !auth.password.empty())
      say(said("authorization.password") + " is set without authorization.user");
    if (auth.timeout && *auth.timeout <= nanoseconds{0})
      say(said("authorization.timeout") + " must be longer than 0s");
    auto& monitoring = opts_.monitoring;
    auto& host = monitoring.host.empty() ? opts_.client.host : monitoring.host;
    if (monitoring.port > 0 && monitoring.port == opts_.client.port && host == opts_.client.host)
      say(said("monitoring.port") + " and " + said("listen.port") + " are both "
          + std::to_string(monitoring.port));
  }

private:
  void check_tls_block(const std::string& path, const std::optional<security::tls_settings>& tls) {
    if (!tls)
      return;
    auto* from = found_.origin_of(path);
    auto place = from == nullptr || from->place == "flag" ? std::string{} : from->place + ": ";
    if (tls->cert_file.empty() && found_.errors.empty())
      say(place + std::string{path == "listen.tls" ? "TLS" : path}
          + " is configured without a certificate; set cert_file and key_file");
    security::translate_cipher_suites(tls->cipher_suites, said(path + ".cipher_suites"), broken_);
    security::translate_curves(tls->curve_preferences, said(path + ".curve_preferences"), broken_);
    if (tls->connection_rate_limit < 0)
      say(said(path + ".connection_rate_limit") + " must be at least 0, not "
          + std::to_string(tls->connection_rate_limit));
    if (tls->timeout <= nanoseconds{0})
      say(said(path + ".timeout") + " must be longer than 0s");
  }

  static constexpr int64_t no_end = std::numeric_limits<int64_t>::max();

  void say(std::string sentence) { broken_.push_back(std::move(sentence)); }

  /// The option as the operator typed it, with its place.
  std::string said(std::string_view option) const {
    auto* from = found_.origin_of(option);
    return from == nullptr ? std::string{option} : from->place + ": " + from->key;
  }

  const options& opts_;
  const findings& found_;
  std::vector<std::string>& broken_;
};

} // namespace

void check_rules(const options& opts, const findings& found, std::vector<std::string>& broken) {
  rule_checker checker{opts, found, broken};
  checker.check_bounds();
  checker.check_limits();
  checker.check_names();
  checker.check_users();
  checker.check_callout();
  checker.check_fleet();
  checker.check_system_account();
  checker.check_operators();
  checker.check_tls();
  check_link_rules(opts, found, broken);
}

void check_own_rules(const options& opts, const findings& found, std::vector<std::string>& broken) {
  rule_checker{opts, found, broken}.check_own();
  check_own_link_rules(opts, found, broken);
}

} // namespace troupe::config
