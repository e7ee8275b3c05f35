// config/authorization_options.cpp: reads users, their passwords and connection types.
#include "config/authorization_options.hpp"
#include "config/closest.hpp"
#include "config/duration.hpp"
#include "config/words.hpp"
#include "security/nkey.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace troupe::config {

namespace {

constexpr std::array<std::string_view, 7> connection_types{
    "STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "MQTT", "MQTT_WS", "IN_PROCESS"};

constexpr std::array<std::string_view, 9> block_keys{
    "user",         "password",       "token",       "timeout", "users", "default_permissions",
    "auth_callout", "proxy_required", "no_auth_user"};

constexpr std::array<std::string_view, 6> user_keys{
    "user", "password", "nkey", "permissions", "allowed_connection_types", "proxy_required"};

std::string unknown(const member& one, std::span<const std::string_view> known, dialect from) {
  if (from == dialect::nats)
    return "unknown field \"" + one.key + "\"";
  return "unknown key \"" + one.key + "\"" + did_you_mean(one.key, known);
}

bool is_user_nkey(std::string_view text) {
  auto key = security::decode_public_nkey(text);
  return key && key->kind == security::nkey_kind::user;
}

void read_connection_types(const member& one, security::user& who, findings& found) {
  auto items = one.val.kind == value::type::list ? one.val.items : std::vector<value>{one.val};
  std::string wrong;
  for (auto& item : items) {
    auto word = item.text;
    for (auto& c : word)
      c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (std::find(connection_types.begin(), connection_types.end(), word) == connection_types.end())
      wrong += (wrong.empty() ? "\"" : " \"") + word + "\"";
    else
      who.allowed_connection_types.push_back(word);
  }
  if (!wrong.empty())
    found.error(one.where, "invalid connection types [" + wrong + "]");
}

void read_text(const member& one, std::string& target, dialect from, findings& found,
               unit kind = unit::text) {
  auto result = assign(&target, kind, one.key, one.val, from);
  if (!result.error.empty())
    found.error(one.where, result.error);
}

void read_user_key(const member& one, security::user& who, dialect from, findings& found) {
  auto key = lower(one.key);
  if (any_of(key, {"user", "username"})) {
    read_text(one, who.name, from, found);
  } else if (any_of(key, {"pass", "password"})) {
    read_text(one, who.password, from, found, unit::secret);
  } else if (key == "nkey") {
    read_text(one, who.nkey, from, found);
    if (!is_user_nkey(who.nkey))
      found.error(one.where, "Not a valid public nkey for a user");
  } else if (any_of(key, {"permissions", "permission", "authorization"})) {
    who.permissions = read_permissions(one, found);
  } else if (any_of(key, {"allowed_connection_types", "connection_types", "clients"})) {
    read_connection_types(one, who, found);
  } else if (key == "proxy_required") {
    auto result = assign(&who.proxy_required, unit::flag, one.key, one.val, from);
    if (!result.error.empty())
      found.error(one.where, result.error);
  } else if (from == dialect::yaml && key == "account") {
    read_text(one, who.account, from, found);
  } else if (!one.used_as_variable) {
    found.error(one.where, unknown(one, user_keys, from));
  }
}

void read_scalar(const option_entry& entry, const member& one, dialect from, reading& to) {
  auto result = assign(entry.at(to.out), entry.kind, one.key, one.val, from);
  bool is_timeout = entry.key == "authorization.timeout";
  if (!result.error.empty()) {
    if (is_timeout && from == dialect::nats && one.val.kind == value::type::text)
      result.error =
          "error parsing authorization config, 'timeout' " + parse_duration(one.val.text).error;
    to.found.error(one.where, result.error);
    return;
  }
  to.found.note_origin(entry.key, from == dialect::yaml ? entry.key : one.key,
                       to_string(one.where));
  auto timeout = to.out.authorization.timeout.value_or(nanoseconds{0});
  if (is_timeout && timeout > std::chrono::seconds{60})
    to.found.warning(
        one.where, "invalid use of field \"timeout\": timeout of " + one.val.text + " ("
                       + std::to_string(std::chrono::duration<double>(timeout).count())
                       + " seconds) is high, consider keeping it under 60 seconds. possibly caused "
                         "by unquoted duration; use '1m' instead of 1m, for example");
}

void read_block_key(const member& one, dialect from, reading& to) {
  auto key = lower(one.key);
  auto* entry = from == dialect::nats ? find_nats_option("authorization." + key)
                                      : find_option("authorization." + one.key);
  if (entry != nullptr) {
    read_scalar(*entry, one, from, to);
  } else if (key == "users") {
    read_users(one, "$G", from, to);
  } else if (any_of(key, {"default_permissions", "default_permission", "permissions"})) {
    to.out.authorization.default_permissions = read_permissions(one, to.found);
    to.found.note_origin("authorization.default_permissions", one.key, to_string(one.where));
  } else if (any_of(key, {"auth_callout", "auth_hook"})) {
    read_callout(one, from, to);
  } else if (key == "proxy_required") {
    to.found.note_inactive("authorization." + one.key, to_string(one.where), true);
  } else if (!one.used_as_variable) {
    to.found.error(one.where, unknown(one, block_keys, from));
  }
}

} // namespace

void read_users(const member& one, const std::string& account, dialect from, reading& to) {
  if (one.val.kind != value::type::list) {
    to.found.error(one.where, "Expected users field to be an array, got " + one.val.text);
    return;
  }
  to.found.note_origin("authorization.users", one.key, to_string(one.where));
  for (auto& item : one.val.items) {
    if (item.kind != value::type::map) {
      to.found.error(item.where, "Expected user entry to be a map/struct, got " + item.text);
      continue;
    }
    security::user who;
    who.account = account;
    for (auto& key : item.members)
      read_user_key(key, who, from, to.found);
    auto place_of_first = item.members.empty() ? item.where : item.members.front().where;
    if (who.nkey.empty() && who.name.empty())
      to.found.error(place_of_first, "User entry requires a user");
    else if (!who.nkey.empty() && !(who.name.empty() && who.password.empty()))
      to.found.error(place_of_first, "Nkey users do not take usernames or passwords");
    to.out.authorization.users.push_back(std::move(who));
  }
}

void refuse_duplicate_users(const place& where, reading& to) {
  std::set<std::string_view> seen, told;
  for (auto& who : to.out.authorization.users) {
    std::string_view name = who.nkey.empty() ? who.name : who.nkey;
    if (!name.empty() && !seen.insert(name).second && told.insert(name).second)
      to.found.error(where, "Duplicate user \"" + std::string{name} + "\" detected");
  }
}

void read_authorization(const value& block, const place& where, dialect from, reading& to) {
  if (block.kind != value::type::map) {
    to.found.error(where, "authorization must be a map, not " + describe(block));
    return;
  }
  for (auto& one : block.members)
    read_block_key(one, from, to);
  auto& auth = to.out.authorization;
  bool single = !auth.user.empty() || !auth.password.empty();
  if (single && !auth.token.empty())
    to.found.error(where, "Cannot have a user/pass and token");
  if (single && !auth.users.empty())
    to.found.error(where, "Can not have a single user/pass and a users array");
  if (!auth.token.empty() && !auth.users.empty())
    to.found.error(where, "Can not have a token and a users array");
}

} // namespace troupe::config
