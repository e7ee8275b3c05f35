// config/callout_options.cpp: reads who decides over logins that the file's users do not.
#include "config/authorization_options.hpp"
#include "config/closest.hpp"
#include "config/words.hpp"
#include "security/nkey.hpp"

#include <array>

namespace troupe::config {
namespace {

constexpr std::array<std::string_view, 5> callout_keys{"issuer", "account", "auth_users", "xkey",
                                                       "allowed_accounts"};

class callout_reader {
public:
  callout_reader(dialect from, reading& to) : from_{from}, to_{to} {}

  security::callout_settings read(const member& one) {
    for (const auto& key : one.val.members)
      read_key(key);
    if (out_.issuer.empty())
      error(one.where, "Authorization callouts require an issuer to be specified");
    else if (out_.auth_users.empty())
      error(one.where, "Authorization callouts require authorized users to be specified");
    return std::move(out_);
  }

private:
  void read_key(const member& key) {
    auto name = lower(key.key);
    if (name == "issuer")
      read_nkey(key, security::nkey_kind::account, "issuer", "account nkey, \"A…\"", out_.issuer);
    else if (any_of(name, {"account", "acc"}))
      read_text(key, out_.account);
    else if (any_of(name, {"auth_users", "users"}))
      read_list(key, out_.auth_users);
    else if (any_of(name, {"xkey", "key"}))
      read_nkey(key, security::nkey_kind::curve, "xkey", "xkey, \"X…\"", out_.xkey);
    else if (name == "allowed_accounts")
      read_list(key, out_.allowed_accounts);
    else if (!key.used_as_variable)
      error(key.where, "Unknown field \"" + key.key + "\" parsing authorization callout"
                           + (from_ == dialect::yaml ? did_you_mean(key.key, callout_keys) : ""));
  }

  void read_text(const member& key, std::string& target) {
    auto result = assign(&target, unit::text, key.key, key.val, from_);
    if (!result.error.empty())
      error(key.where, result.error);
  }

  void read_nkey(const member& key, security::nkey_kind kind, std::string_view what,
                 std::string_view form, std::string& target) {
    read_text(key, target);
    if (!security::is_public_nkey(target, kind)) {
      // Somebody may have put the seed here.
      auto shown = target.starts_with('S') ? std::string{"a seed"} : "\"" + target + "\"";
      error(key.where, "Expected callout " + std::string{what} + " to be a valid public "
                           + std::string{form} + ", got " + shown);
    }
  }

  void read_list(const member& key, std::vector<std::string>& target) {
    if (key.val.kind != value::type::list) {
      error(key.where, "Expected " + key.key + " field to be an array, got " + describe(key.val));
      return;
    }
    for (const auto& item : key.val.items) {
      std::string one;
      auto result = assign(&one, unit::text, key.key, item, from_);
      if (!result.error.empty())
        error(item.where, result.error);
      else
        target.push_back(std::move(one));
    }
  }

  void error(const place& where, const std::string& text) { to_.found.error(where, text); }

  dialect from_;
  reading& to_;
  security::callout_settings out_;
};

} // namespace

void read_callout(const member& one, dialect from, reading& to) {
  if (one.val.kind != value::type::map) {
    to.found.error(one.where,
                   "Expected authorization callout to be a map/struct, got " + describe(one.val));
    return;
  }
  to.out.authorization.callout = callout_reader{from, to}.read(one);
  to.found.note_origin("authorization.auth_callout", one.key, to_string(one.where));
}

} // namespace troupe::config
