// actors/settings.cpp: options into the form that connections use.
#include "actors/settings.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

namespace troupe::actors {
namespace {

security::authentication_settings authentication_of(const config::options& options) {
  const auto& from = options.authorization;
  security::authentication_settings out;
  out.user = from.user;
  out.password = from.password;
  out.token = from.token;
  out.users = from.users;
  out.default_permissions = from.default_permissions;
  for (const auto& one : options.accounts) // others' users have their account's already
    if (one.default_permissions && one.name == options.leafnodes.client_account)
      out.account_default_permissions[one.name] = *one.default_permissions;
  out.no_auth_user = from.no_auth_user;
  auto maps = [](const std::optional<security::tls_settings>& tls) {
    return tls && tls->verify_and_map;
  };
  out.map_certificates = maps(options.client.tls) || maps(options.websocket.tls);
  // A broker that knows nobody but the users of its system account serves strangers as before.
  auto system = options.system_account.empty() ? std::string{"$SYS"} : options.system_account;
  bool only_system = !from.users.empty()
                     && std::all_of(from.users.begin(), from.users.end(),
                                    [&](const auto& user) { return user.account == system; });
  bool other_accounts =
      std::any_of(options.accounts.begin(), options.accounts.end(),
                  [&](const auto& one) { return one.name != system && one.name != "$G"; });
  out.anonymous_global_user = only_system && !other_accounts && from.no_auth_user.empty()
                              && from.user.empty() && from.token.empty() && !from.callout;
  return out;
}

/// One user, a token or nobody at all: not those of the `authorization` block, but its users.
security::authentication_settings websocket_authentication_of(const config::options& options) {
  const auto& from = options.websocket.login;
  auto out = authentication_of(options);
  out.user = from.user;
  out.password = from.password;
  out.token = from.token;
  out.no_auth_user = from.no_auth_user;
  out.anonymous_global_user = false;
  return out;
}

config::nanoseconds general_login_time(const config::options& options) {
  if (options.authorization.timeout)
    return *options.authorization.timeout;
  if (options.client.tls)
    return options.client.tls->timeout + std::chrono::seconds{1};
  return std::chrono::seconds{2};
}

} // namespace

settings::settings(const config::options& from)
    : options{from}, auth{authentication_of(from)}, hosts{from.fleet.client_hosts,
                                                          from.fleet.deny_server_connections},
      auth_timeout{general_login_time(from)} {
  if (from.websocket.login.differs())
    websocket_auth.emplace(websocket_authentication_of(from));
  parsing.max_control_line = static_cast<size_t>(from.limits.max_control_line);
  parsing.max_payload = from.limits.max_payload;
  info.headers = !from.no_header_support;
  info.auth_required = login_required(false) || hosts.active(); // as Choria's broker says it
  info.max_payload = from.limits.max_payload;
  info.cluster = from.cluster_name;
  if (from.client.tls) {
    info.tls_required = !from.client.allow_non_tls;
    info.tls_available = from.client.allow_non_tls;
    info.tls_verify = from.client.tls->verify || from.client.tls->verify_and_map;
  }
}

std::shared_ptr<settings> settings::again() const {
  auto out = std::make_shared<settings>(options);
  out->tls = tls;
  out->info = info;
  out->websocket_info = websocket_info;
  out->keys = keys;
  return out;
}

settings_build make_settings(const config::options& options) {
  settings_build out;
  security::tls_build tls;
  if (options.client.tls)
    tls = security::tls_context::build(*options.client.tls, security::tls_role::server, "tls");
  out.problems = std::move(tls.problems);
  if (!out.problems.empty())
    return out;
  out.ready = std::make_shared<settings>(options);
  out.ready->tls = std::move(tls.context);
  return out;
}

std::vector<security::account_rules> accounts_of(const config::options& options) {
  auto out = options.accounts;
  std::unordered_set<std::string> known;
  for (const auto& one : out)
    known.insert(one.name);
  for (const auto& user : options.authorization.users)
    if (known.insert(user.account).second) {
      auto& added = out.emplace_back();
      added.name = added.display_name = user.account;
    }
  return out;
}

} // namespace troupe::actors
