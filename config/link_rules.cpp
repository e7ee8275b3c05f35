// config/link_rules.cpp: the cross-checks of routes, gateways and leaf nodes.
#include "config/link_rules.hpp"
#include "config/duration.hpp"
#include "protocol/quote.hpp"
#include "protocol/scan.hpp"
#include "protocol/websocket_upgrade.hpp"
#include "security/nkey.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

namespace troupe::config {

namespace {

/// "2.8.0" or "v2.10.1-beta" as three numbers; nothing else is a version.
std::optional<std::array<int, 3>> version_of(std::string_view text) {
  std::array<int, 3> parts{};
  if (text.starts_with('v'))
    text.remove_prefix(1);
  text = text.substr(0, text.find_first_of("-+"));
  for (size_t i = 0; i < parts.size(); ++i) {
    auto dot = i < 2 ? text.find('.') : text.size();
    auto part = text.substr(0, dot);
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), parts[i]);
    if (dot == text.npos || error != std::errc{} || end != part.data() + part.size())
      return std::nullopt;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return parts;
}

class link_checker {
public:
  link_checker(const options& opts, const findings& found, std::vector<std::string>& broken)
      : opts_{opts}, found_{found}, broken_{broken} {}

  void check_cluster() {
    auto& cluster = opts_.cluster;
    check_write_timeout("cluster.write_timeout", cluster.write_timeout);
    auto* routes = found_.origin_of("cluster.routes");
    if (routes != nullptr && routes->place == "flag" && !cluster.routes.empty()
        && !cluster.enabled())
      say("solicited routes require cluster capabilities, e.g. --cluster");
    if (cluster.pool_size < 0 && !cluster.accounts.empty())
      say(said("cluster.accounts")
          + ": pool_size cannot be negative if pinned accounts are specified");
    auto pinned = cluster.accounts;
    std::sort(pinned.begin(), pinned.end());
    if (auto twice = std::adjacent_find(pinned.begin(), pinned.end()); twice != pinned.end())
      say(said("cluster.accounts") + " names account \"" + *twice + "\" twice");
  }

  /// Routes and gateways name accounts in lines where a blank has a meaning.
  void check_account_names() {
    if (!opts_.cluster.enabled() && opts_.gateway.port == 0)
      return;
    for (const auto& each : opts_.accounts)
      if (std::any_of(each.name.begin(), each.name.end(), protocol::ends_token))
        say_at({"accounts"}, "account \"" + protocol::quotable(each.name, 64)
                                 + "\" cannot be told to other servers: the names of accounts "
                                   "cannot contain spaces");
  }

  void check_gateway() {
    auto& gateway = opts_.gateway;
    check_write_timeout("gateway.write_timeout", gateway.write_timeout);
    if (gateway.name.empty() && gateway.port == 0)
      return;
    if (gateway.name.empty())
      say_at({"gateway.port"}, "gateway has no name");
    else if (gateway.name.find(' ') != std::string::npos)
      say_at({"gateway.name"}, "gateway name cannot contain spaces");
    else if (gateway.port == 0)
      say_at({"gateway.name"},
             "gateway \"" + gateway.name + "\" has no port specified (select -1 for random port)");
    if (!opts_.cluster_name.empty() && !gateway.name.empty() && opts_.cluster_name != gateway.name)
      say_at({"gateway.name"}, "cluster name conflicts between cluster and gateway definitions: \""
                                   + opts_.cluster_name + "\" and \"" + gateway.name + "\"");
    for (size_t i = 0; i < gateway.remotes.size(); ++i) {
      auto& remote = gateway.remotes[i];
      if (remote.name.empty())
        say_at({"gateway.gateways"}, "gateway in the list " + std::to_string(i) + " has no name");
      else if (remote.urls.empty())
        say_at({"gateway.gateways"}, "gateway \"" + remote.name + "\" has no URL");
    }
  }

  void check_leafnodes() {
    auto& leafs = opts_.leafnodes;
    check_write_timeout("leafnodes.write_timeout", leafs.write_timeout);
    if (!leafs.min_version.empty()) {
      auto version = version_of(leafs.min_version);
      if (!version)
        say(said("leafnodes.min_version") + ": invalid leafnode's minimum version: \""
            + leafs.min_version + "\" is no version such as 2.9.0");
      else if (*version < std::array{2, 8, 0})
        say(said("leafnodes.min_version") + ": the minimum version should be at least 2.8.0");
    }
    for (auto& remote : leafs.remotes)
      check_remote(remote);
    check_same_remote();
    if (opts_.operators.enabled())
      check_operator_leafs();
    else
      check_leaf_accounts();
  }

  void check_websocket() {
    auto& websocket = opts_.websocket;
    if (!websocket.enabled())
      return;
    if (!websocket.tls && !websocket.no_tls && found_.errors.empty())
      say_at({"websocket.port"}, "websocket requires TLS configuration; add a tls block, or "
                                 "no_tls: true where a proxy speaks it");
    for (auto& origin : websocket.allowed_origins)
      if (protocol::parse_web_origin(origin).scheme.empty())
        say(said("websocket.allowed_origins") + ": unable to parse allowed origin \"" + origin
            + "\"; write it as https://host:port");
    if (websocket.handshake_timeout <= nanoseconds{0})
      say(said("websocket.handshake_timeout") + " must be longer than 0s");
    check_websocket_login();
    for (const auto& [name, text] : websocket.headers)
      if (auto why = protocol::fault_of_answer_header(name, text); !why.empty())
        say(said("websocket.headers") + ": invalid header \"" + name + "\": " + std::string{why});
  }

  /// Ours always has one, $SYS. An operator's JWT may name it, which is read later.
  void check_nats() {
    bool gateways = !opts_.gateway.name.empty() || opts_.gateway.port != 0;
    if (opts_.leafnodes.port != 0 && gateways && opts_.system_account.empty()
        && !opts_.operators.enabled())
      say_at({"leafnodes.port"}, "leaf nodes and gateways (both being defined) require a system "
                                 "account to also be configured; name one as system_account");
  }

  void check_own() {
    auto& cluster = opts_.cluster;
    if (!cluster.routes.empty() && !cluster.enabled())
      say(said("cluster.routes") + " needs " + said("cluster.port")
          + ", where the other members connect; -1 takes any free port");
    auto& gateways = opts_.gateway.remotes;
    if (!gateways.empty() && opts_.gateway.name.empty() && opts_.gateway.port == 0)
      say(said("gateway.gateways") + " needs gateway.name and gateway.port");
    for (size_t i = 0; i < gateways.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (!gateways[i].name.empty() && gateways[j].name == gateways[i].name)
          say(said("gateway.gateways") + " names \"" + gateways[i].name
              + "\" twice; put its URLs into one entry");
    check_login("cluster", cluster.authorization);
    check_login("gateway", opts_.gateway.authorization);
    check_login("leafnodes", opts_.leafnodes.authorization);
    const auto& web = opts_.websocket.login;
    check_login("websocket", {web.user, web.password, web.timeout});
    check_authorities("cluster", "route", cluster.tls);
    check_authorities("gateway", "gateway", opts_.gateway.tls);
    for (auto& remote : opts_.leafnodes.remotes)
      if (remote.urls.empty())
        say(said("leafnodes.remotes") + " holds an entry without url, the address of a hub");
    check_ports();
  }

private:
  void say(std::string sentence) { broken_.push_back(std::move(sentence)); }

  /// With the place of the first of `options` that a file sets; the sentence names the key.
  void say_at(std::initializer_list<std::string_view> options, std::string sentence) {
    for (auto option : options)
      if (auto* from = found_.origin_of(option); from != nullptr && from->place != "flag") {
        say(from->place + ": " + sentence);
        return;
      }
    say(std::move(sentence));
  }

  /// The option as the operator typed it, with its place.
  std::string said(std::string_view option) const {
    auto* from = found_.origin_of(option);
    return from == nullptr ? std::string{option} : from->place + ": " + from->key;
  }

  void check_websocket_login() {
    const auto& login = opts_.websocket.login;
    const auto& users = opts_.authorization.users;
    auto named = [&](auto& who) {
      return who.name == login.no_auth_user || who.nkey == login.no_auth_user;
    };
    if (!login.no_auth_user.empty() && opts_.operators.enabled())
      say(said("websocket.no_auth_user") + ": no_auth_user not compatible with Trusted Operator");
    else if (!login.no_auth_user.empty() && std::none_of(users.begin(), users.end(), named))
      say(said("websocket.no_auth_user") + ": no_auth_user: \"" + login.no_auth_user
          + "\" not present as user or nkey in authorization block or account configuration");
    if (!users.empty() && !login.user.empty())
      say(said("websocket.authorization.user")
          + ": websocket authentication username not compatible with presence of users/nkeys");
    if (!users.empty() && !login.token.empty())
      say(said("websocket.authorization.token")
          + ": websocket authentication token not compatible with presence of users/nkeys");
    if (!opts_.websocket.cookies.jwt.empty() && !opts_.operators.enabled())
      say(said("websocket.jwt_cookie")
          + ": trusted operators or trusted keys configuration is required for JWT authentication "
            "via cookie \""
          + opts_.websocket.cookies.jwt + "\"");
  }

  void check_write_timeout(std::string_view option, const std::string& word) {
    if (!word.empty() && word != "default" && word != "close" && word != "retry")
      say(said(option) + ": write_timeout must be 'default', 'close' or 'retry', not \"" + word
          + "\"");
  }

  void check_login(const std::string& section, const peer_authorization& auth) {
    auto user = section + ".authorization.user";
    auto password = section + ".authorization.password";
    if (auth.user.empty() != auth.password.empty())
      say(said(auth.user.empty() ? password : user) + " is set without "
          + (auth.user.empty() ? user : password));
    if (auth.timeout && *auth.timeout <= nanoseconds{0})
      say(said(section + ".authorization.timeout") + " must be longer than 0s");
  }

  void check_authorities(const std::string& section, std::string_view link,
                         const std::optional<security::tls_settings>& tls) {
    if (tls && tls->ca_file.empty() && found_.errors.empty())
      say(said(section + ".tls") + " needs ca_file: both ends of a " + std::string{link}
          + " verify each other");
  }

  void check_remote(const leaf_remote& remote) {
    auto& urls = remote.urls;
    bool mixed = std::any_of(urls.begin(), urls.end(), [&](auto& url) {
      return is_websocket(url) != is_websocket(urls.front());
    });
    if (mixed)
      say_at({"leafnodes.remotes"}, "remote leaf node configuration cannot have a mix of websocket "
                                    "and non-websocket urls: "
                                        + to_string(urls));
    if (remote.first_info_timeout < nanoseconds{0} || remote.dial_timeout < nanoseconds{0}
        || remote.proxy.timeout < nanoseconds{0})
      say(said("leafnodes.remotes") + ": a timeout of " + to_string(urls) + " is negative");
  }

  /// The same hub for the same account twice would be two links that hear the same.
  void check_same_remote() {
    auto& remotes = opts_.leafnodes.remotes;
    for (size_t i = 0; i < remotes.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (!remotes[i].urls.empty() && remotes[i].urls == remotes[j].urls
            && account_of(remotes[i]) == account_of(remotes[j])
            && remotes[i].credentials == remotes[j].credentials)
          say_at({"leafnodes.remotes"}, "duplicate remote " + to_string(remotes[i].urls));
  }

  static std::string account_of(const leaf_remote& remote) {
    return remote.account.empty() ? "$G" : remote.account;
  }

  void check_operator_leafs() {
    auto& leafs = opts_.leafnodes;
    auto is_key = [](const std::string& text) {
      return security::is_public_nkey(text, security::nkey_kind::account);
    };
    if (!leafs.users.empty())
      say_at({"leafnodes.authorization.users"},
             "operator mode does not allow specifying users in leafnode config");
    for (auto& remote : leafs.remotes)
      if (!is_key(remote.account)) {
        say("operator mode requires account nkeys in remotes: " + said("leafnodes.remotes")
            + " needs an account for " + to_string(remote.urls)
            + ", a public key of 56 characters that begins with A");
        return;
      }
    if (leafs.port != 0 && !leafs.account.empty() && !is_key(leafs.account))
      say_at({"leafnodes.authorization.account", "leafnodes.port"},
             "operator mode and non account nkeys are incompatible");
  }

  void check_leaf_accounts() {
    auto known = [&](const std::string& name) {
      auto& users = opts_.authorization.users;
      return name.empty() || name == "$G" || (name == "$SYS" && opts_.system_account.empty())
             || std::any_of(opts_.accounts.begin(), opts_.accounts.end(),
                            [&](auto& one) { return one.name == name; })
             || std::any_of(users.begin(), users.end(),
                            [&](auto& one) { return one.account == name; });
    };
    auto demand = [&](const std::string& name, std::string_view where, std::string_view option) {
      if (!known(name))
        say_at({option}, "cannot find local account \"" + name + "\" specified in leafnode "
                             + std::string{where} + "; add it to accounts");
    };
    if (!found_.errors.empty())
      return;
    demand(opts_.leafnodes.account, "authorization", "leafnodes.authorization.account");
    for (auto& who : opts_.leafnodes.users)
      demand(who.account, "authorization", "leafnodes.authorization.users");
    for (auto& remote : opts_.leafnodes.remotes)
      demand(remote.account, "remote", "leafnodes.remotes");
  }

  /// Two listeners on one port: the second could not be opened.
  void check_ports() {
    struct listener {
      std::string_view option;
      const std::string& host;
      int port;
    };
    auto& monitoring = opts_.monitoring;
    const listener all[] = {
        {"listen.port", opts_.client.host, opts_.serves_clients ? opts_.client.port : 0},
        {"monitoring.port", monitoring.host.empty() ? opts_.client.host : monitoring.host,
         monitoring.port},
        {"cluster.port", opts_.cluster.host, opts_.cluster.port},
        {"gateway.port", opts_.gateway.host, opts_.gateway.port},
        {"leafnodes.port", opts_.leafnodes.host, opts_.leafnodes.port},
        {"websocket.port", opts_.websocket.host, opts_.websocket.port}};
    for (size_t i = 2; i < std::size(all); ++i) // the first two have a rule of their own
      for (size_t j = 0; j < i; ++j)
        if (all[i].port > 0 && all[i].port == all[j].port && all[i].host == all[j].host)
          say(said(all[i].option) + " and " + said(all[j].option) + " are both "
              + std::to_string(all[i].port));
  }

  const options& opts_;
  const findings& found_;
  std::vector<std::string>& broken_;
};

} // namespace

void check_link_rules(const options& opts, const findings& found,
                      std::vector<std::string>& broken) {
  link_checker checker{opts, found, broken};
  checker.check_cluster();
  checker.check_account_names();
  checker.check_gateway();
  checker.check_leafnodes();
  checker.check_websocket();
}

void check_own_link_rules(const options& opts, const findings& found,
                          std::vector<std::string>& broken) {
  link_checker{opts, found, broken}.check_own();
}

void check_nats_link_rules(const options& opts, const findings& found,
                           std::vector<std::string>& broken) {
  link_checker{opts, found, broken}.check_nats();
}

} // namespace troupe::config
