// config/account_options.cpp: reads the tenants' blocks.
#include "config/account_options.hpp"
#include "config/authorization_options.hpp"
#include "config/closest.hpp"
#include "config/mapping_options.hpp"
#include "config/share_options.hpp"
#include "config/words.hpp"
#include "protocol/subject.hpp"
#include "security/nkey.hpp"

#include <array>
#include <set>

namespace troupe::config {

namespace {

constexpr std::array<std::string_view, 9> account_keys{
    "users",   "nkey",    "default_permissions", "limits",   "mappings",
    "exports", "imports", "msg_trace",           "jetstream"};

/// Reads one account's map; what is wrong among several accounts is found later.
class account_reader {
public:
  account_reader(const member& account, account_draft& draft, dialect from, reading& to)
      : account_{account}, draft_{draft}, from_{from}, to_{to} {}

  void read() {
    if (account_.val.kind != value::type::map) {
      to_.found.error(account_.where, "Expected map entries for accounts");
      return;
    }
    const auto first = to_.out.authorization.users.size();
    for (auto& one : account_.val.members)
      read_key(one, lower(one.key));
    auto& users = to_.out.authorization.users;
    for (size_t i = first; i < users.size(); ++i)
      if (!users[i].permissions) // never those of the top level, so an absent block is "everything"
        users[i].permissions =
            draft_.rules.default_permissions.value_or(security::permission_rules{});
  }

private:
  void read_key(const member& one, const std::string& key) {
    if (any_of(key, {"msg_trace", "trace_dest"}))
      to_.found.note_inactive("accounts." + account_.key + "." + one.key, to_string(one.where));
    if (key == "users")
      read_account_users(one);
    else if (key == "default_permissions")
      draft_.rules.default_permissions = read_permissions(one, to_.found);
    else if (key == "nkey")
      read_nkey(one);
    else if (key == "limits")
      read_limits(one);
    else if (any_of(key, {"mappings", "maps"}))
      read_mappings(one, draft_.rules, from_, to_.found);
    else if (key == "exports")
      read_exports(one, draft_, from_, to_.found);
    else if (key == "imports")
      read_imports(one, draft_, from_, to_.found);
    else if (any_of(key, {"msg_trace", "trace_dest"}))
      read_trace(one);
    else if (key == "jetstream")
      to_.found.note_inactive("accounts." + account_.key + "." + one.key, to_string(one.where));
    else if (!one.used_as_variable)
      unknown(one, account_keys);
  }

  void read_account_users(const member& one) {
    read_users(one, account_.key, from_, to_);
    auto& auth = to_.out.authorization;
    if (!auth.user.empty())
      to_.found.error(one.where, "Can not have a single user/pass and accounts");
    if (!auth.token.empty())
      to_.found.error(one.where, "Can not have a token and accounts");
  }

  void unknown(const member& one, std::span<const std::string_view> known) {
    to_.found.error(one.where, from_ == dialect::nats ? "unknown field \"" + one.key + "\""
                                                      : "unknown key \"" + one.key + "\""
                                                            + did_you_mean(one.key, known));
  }

  template <class Target>
  bool assign_to(const member& one, Target* target, unit kind) {
    auto result = assign(target, kind, one.key, one.val, from_);
    if (!result.error.empty())
      to_.found.error(one.where, result.error);
    return result.error.empty();
  }

  void read_nkey(const member& one) {
    if (!assign_to(one, &draft_.rules.nkey, unit::text))
      return;
    auto key = security::decode_public_nkey(draft_.rules.nkey);
    if (!key || key->kind != security::nkey_kind::account)
      to_.found.error(one.where, "nkey must be an account's public key, which begins with \"A\"");
  }

  void read_limits(const member& one) {
    static constexpr std::array<std::string_view, 4> keys{"max_connections", "max_subscriptions",
                                                          "max_payload", "max_leafnodes"};
    if (one.val.kind != value::type::map) {
      to_.found.error(one.where, "limits of an account must be a map, not " + describe(one.val));
      return;
    }
    auto& limits = draft_.rules.limits;
    for (auto& each : one.val.members) {
      auto key = lower(each.key);
      auto* target = any_of(key, {"max_connections", "max_conn"})     ? &limits.connections
                     : any_of(key, {"max_subscriptions", "max_subs"}) ? &limits.subscriptions
                     : any_of(key, {"max_payload", "max_pay"})        ? &limits.payload
                     : any_of(key, {"max_leafnodes", "max_leafs"})    ? &limits.leafnodes
                                                                      : nullptr;
      if (target)
        assign_to(each, target, target == &limits.payload ? unit::bytes : unit::count);
      else if (!each.used_as_variable)
        unknown(each, keys);
    }
  }

  void read_trace(const member& one) {
    auto& trace = draft_.rules.trace.emplace();
    if (one.val.kind != value::type::map) {
      read_destination(one, trace.destination);
      return;
    }
    for (auto& each : one.val.members) {
      auto key = lower(each.key);
      if (key == "dest") {
        read_destination(each, trace.destination);
      } else if (key == "sampling") {
        if (auto percent = read_percent(each, 1, "sampling", to_.found))
          trace.sampling = *percent;
      } else if (!each.used_as_variable) {
        unknown(each, std::array<std::string_view, 2>{"dest", "sampling"});
      }
    }
    if (trace.destination.empty())
      to_.found.error(one.where, one.key + " needs \"dest\", the subject that traces go to");
  }

  void read_destination(const member& one, std::string& target) {
    if (assign_to(one, &target, unit::text) && !protocol::is_valid_publish(target))
      to_.found.error(one.where,
                      one.key + " must be a subject without wildcards, not " + describe(one.val));
  }

  const member& account_;
  account_draft& draft_;
  dialect from_;
  reading& to_;
};

/// Null if the name cannot be taken.
account_draft* add_account(const std::string& name, const place& where,
                           std::vector<account_draft>& all, findings& found) {
  if (name == "$G") {
    found.error(where, "\"$G\" is a Reserved Account");
    return nullptr;
  }
  for (auto& one : all)
    if (one.rules.name == name) {
      found.error(where, "Duplicate Account Entry: " + name);
      return nullptr;
    }
  auto& added = all.emplace_back();
  added.rules.name = added.rules.display_name = name;
  added.where = where;
  return &added;
}

void refuse_duplicate_nkeys(const std::vector<account_draft>& all, findings& found) {
  std::set<std::string_view> seen;
  for (auto& one : all)
    if (!one.rules.nkey.empty() && !seen.insert(one.rules.nkey).second)
      found.error(one.where, "account \"" + one.rules.name
                                 + "\" has the nkey of another account; each needs its own");
}

} // namespace

void read_accounts(const member& one, dialect from, reading& to) {
  to.found.note_origin("accounts", one.key, to_string(one.where));
  if (one.val.is_scalar())
    to.found.error(one.where, "accounts must be a list of names or a map of accounts, not "
                                  + describe(one.val));
  std::vector<account_draft> all;
  all.reserve(one.val.items.size() + one.val.members.size());
  for (auto& name : one.val.items)
    add_account(name.text, name.where, all, to.found);
  for (auto& account : one.val.members)
    if (auto* draft = add_account(account.key, account.where, all, to.found))
      account_reader{account, *draft, from, to}.read();
  refuse_duplicate_nkeys(all, to.found);
  check_sharing(all, to.found);
  for (auto& draft : all)
    to.out.accounts.push_back(std::move(draft.rules));
}

void read_global_mappings(const member& one, dialect from, reading& to) {
  to.found.note_origin("mappings", one.key, to_string(one.where));
  security::account_rules global;
  global.name = global.display_name = "$G";
  read_mappings(one, global, from, to.found);
  if (!global.mappings.empty())
    to.out.accounts.push_back(std::move(global));
}

} // namespace troupe::config
