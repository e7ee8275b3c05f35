// security/authenticator.cpp: the order of decisions over one CONNECT.
#include "security/authenticator.hpp"

#include "security/password.hpp"
#include "security/sodium.hpp"

#include <sodium.h>

namespace troupe::security {
namespace {

constexpr std::string_view no_user = "the credentials name no user";
constexpr std::string_view no_token = "no token was sent";
constexpr std::string_view unknown_user = "unknown user";
constexpr std::string_view wrong_password = "wrong password";
constexpr std::string_view wrong_token = "wrong token";
constexpr std::string_view unknown_nkey = "unknown nkey";
constexpr std::string_view unproven_nkey = "the signature of the nonce is missing or wrong";
constexpr std::string_view unmapped = "no name in the certificate belongs to a user";
constexpr std::string_view wrong_type = "this user may not connect over this type of connection";
constexpr std::string_view needs_proxy = "this user must come through a trusted proxy";
constexpr std::string_view certificate_only = "a user without password needs a certificate";

/// Keyed with what only this process knows, so that a mark in a core dump gives nothing to try
/// passwords against elsewhere.
std::array<unsigned char, 16> mark_of(login_method method, std::string_view stored) {
  start_sodium();
  static const auto key = [] {
    std::array<unsigned char, crypto_generichash_KEYBYTES> out{};
    randombytes_buf(out.data(), out.size());
    return out;
  }();
  std::string text{static_cast<char>(method)};
  text += stored;
  std::array<unsigned char, 16> out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), key.data(), key.size());
  sodium_memzero(text.data(), text.size());
  return out;
}

/// Equal for equal rules only: each entry with its length.
std::string spelled_out(const permission_rules& rules) {
  std::string out;
  for (const auto* list :
       {&rules.publish.allow, &rules.publish.deny, &rules.subscribe.allow, &rules.subscribe.deny}) {
    for (const auto& entry : *list)
      out += std::to_string(entry.size()) + ':' + entry;
    out += '/';
  }
  if (rules.responses)
    out += std::to_string(rules.responses->max_messages) + ' '
           + std::to_string(rules.responses->expires.count());
  return out;
}

bool nothing_given(const credentials& given) noexcept {
  return given.user.empty() && given.password.empty() && given.token.empty();
}

} // namespace

authenticator::authenticator(authentication_settings settings) : settings_{std::move(settings)} {
  for (const auto& u : settings_.users) {
    if (!u.nkey.empty()) {
      by_nkey_.emplace(u.nkey, &u);
      continue;
    }
    by_name_.emplace(u.name, &u);
    if (auto subject = parse_distinguished_name(u.name))
      by_subject_.emplace_back(std::move(*subject), &u);
    if (decoy_.empty() && security::is_expensive(u.password))
      decoy_ = u.password;
  }
  compile_permissions();
}

void authenticator::compile_permissions() {
  std::unordered_map<std::string, permissions_ptr> shared; // equal rules become one object
  auto compiled = [&](const permission_rules& rules) {
    auto& known = shared[spelled_out(rules)];
    if (!known)
      known = protocol::make_ref<permissions>(rules);
    return known;
  };
  for (const auto& [account, rules] : settings_.account_default_permissions)
    defaults_[account] = compiled(rules);
  if (settings_.default_permissions)
    defaults_.try_emplace(std::string{global_account}, compiled(*settings_.default_permissions));
  for (const auto& u : settings_.users)
    if (auto allowed = u.permissions ? compiled(*u.permissions) : defaults_of(u.account))
      permissions_[&u] = std::move(allowed);
}

permissions_ptr authenticator::defaults_of(const std::string& account) const {
  auto known = defaults_.find(account);
  return known == defaults_.end() ? permissions_ptr{} : known->second;
}

permissions_ptr authenticator::permissions_of(const user& who) const {
  auto known = permissions_.find(&who);
  return known == permissions_.end() ? permissions_ptr{} : known->second;
}

const user* authenticator::find_user(std::string_view name) const {
  auto known = by_name_.find(name);
  return known == by_name_.end() ? nullptr : known->second;
}

bool authenticator::nothing_configured() const noexcept {
  return settings_.users.empty() && settings_.user.empty() && settings_.token.empty();
}

bool authenticator::required() const noexcept {
  return !nothing_configured() && settings_.no_auth_user.empty();
}

authenticator::candidate authenticator::admit(const user& who, const credentials& given,
                                              login_method method) const {
  candidate out;
  out.result.who = &who;
  out.result.account = who.account;
  out.result.allowed = permissions_of(who);
  out.result.label = who.nkey.empty() ? "user:" + who.name : "nkey:" + who.nkey;
  out.result.method = method;
  if (method == login_method::password || method == login_method::certificate) {
    out.stored = who.password;
    out.given = given.password;
  }
  if (!is_allowed(given.type, who.allowed_connection_types))
    out.refusal = wrong_type;
  else if (who.proxy_required && !given.through_trusted_proxy)
    out.refusal = needs_proxy;
  return out;
}

authenticator::finding authenticator::locate_nkey(const credentials& given) const {
  bool free = given.nkey.empty();
  auto known = by_nkey_.find(free ? settings_.no_auth_user : given.nkey);
  if (known == by_nkey_.end())
    return refused{unknown_nkey};
  if (!free && !given.nkey_proven)
    return refused{unproven_nkey};
  return admit(*known->second, given, free ? login_method::no_auth_user : login_method::nkey);
}

const user* authenticator::user_of(const certificate_identity& certificate,
                                   connection_type type) const {
  auto fits = [&](const user& u) { return is_allowed(type, u.allowed_connection_types); };
  auto named = [&](const std::vector<std::string>& names) -> const user* {
    for (const auto& name : names)
      if (const auto* u = find_user(name); u != nullptr && fits(*u))
        return u;
    return nullptr;
  };
  if (const auto* u = named(certificate.names))
    return u;
  if (!certificate.subject.empty()) {
    for (const auto& [subject, u] : by_subject_)
      if (subject == certificate.subject && fits(*u))
        return u;
    for (const auto& [subject, u] : by_subject_)
      if (equal_ignoring_order(subject, certificate.subject) && fits(*u))
        return u;
  }
  return named(certificate.subject_texts);
}

authenticator::finding authenticator::locate_user(const credentials& given,
                                                  const certificate_identity* certificate) const {
  if (certificate != nullptr) {
    const auto* who = user_of(*certificate, given.type);
    if (who == nullptr)
      return refused{unmapped};
    return admit(*who, given, login_method::certificate);
  }
  if (nothing_given(given) && !settings_.no_auth_user.empty())
    if (const auto* who = find_user(settings_.no_auth_user))
      return admit(*who, given, login_method::no_auth_user);
  if (given.user.empty())
    return refused{no_user};
  const auto* who = find_user(given.user);
  if (who != nullptr) {
    auto out = admit(*who, given, login_method::password);
    if (who->password.empty() && settings_.map_certificates)
      out.refusal = certificate_only;
    return out;
  }
  candidate nobody;
  nobody.stored = decoy_;
  nobody.given = given.password;
  nobody.refusal = unknown_user;
  return nobody;
}

authenticator::finding authenticator::locate_single(const credentials& given) const {
  candidate out;
  out.result.account = global_account;
  if (!settings_.token.empty()) {
    if (given.token.empty())
      return refused{no_token};
    out.result.method = login_method::token;
    out.result.label = "token";
    out.stored = settings_.token;
    out.given = given.token;
    return out;
  }
  if (given.user.empty())
    return refused{no_user};
  if (given.user != settings_.user)
    out.refusal = unknown_user;
  out.result.method = login_method::password;
  out.result.label = "user:" + settings_.user;
  out.stored = settings_.password;
  out.given = given.password;
  return out;
}

authenticator::finding authenticator::locate(const credentials& given,
                                             const certificate_identity* certificate) const {
  bool silent = nothing_given(given) && given.nkey.empty() && !given.jwt_given;
  if (nothing_configured() || (settings_.anonymous_global_user && silent)) {
    candidate out;
    out.result.account = global_account;
    out.result.label = "anonymous";
    return out;
  }
  if (!given.nkey.empty() ? !by_nkey_.empty() : silent && by_nkey_.contains(settings_.no_auth_user))
    return locate_nkey(given);
  if (!by_name_.empty())
    return locate_user(given, certificate);
  if (settings_.users.empty())
    return locate_single(given);
  return refused{given.user.empty() ? no_user : unknown_user};
}

verdict authenticator::login(const credentials& given,
                             const certificate_identity* certificate) const {
  auto found = locate(given, certificate);
  if (auto* no = std::get_if<refused>(&found))
    return *no;
  auto& c = std::get<candidate>(found);
  bool same = !c.stored || matches(*c.stored, c.given);
  if (!c.refusal.empty())
    return refused{c.refusal};
  if (!same)
    return refused{c.result.method == login_method::token ? wrong_token : wrong_password};
  c.result.secret_mark = mark_of(c.result.method, c.stored.value_or(""));
  return std::move(c.result);
}

bool authenticator::is_expensive(const credentials& given,
                                 const certificate_identity* certificate) const {
  auto found = locate(given, certificate);
  const auto* c = std::get_if<candidate>(&found);
  return c != nullptr && c->stored && security::is_expensive(*c->stored);
}

verdict authenticator::recheck(const accepted& before, const credentials& given,
                               const certificate_identity* certificate) const {
  auto found = locate(given, certificate);
  if (auto* c = std::get_if<candidate>(&found);
      c != nullptr && c->refusal.empty()
      && mark_of(c->result.method, c->stored.value_or("")) == before.secret_mark) {
    c->result.secret_mark = before.secret_mark;
    return std::move(c->result);
  }
  return login(given, certificate);
}

bool authenticator::is_recheck_expensive(const accepted& before, const credentials& given,
                                         const certificate_identity* certificate) const {
  auto found = locate(given, certificate);
  const auto* c = std::get_if<candidate>(&found);
  return c != nullptr && c->stored && security::is_expensive(*c->stored)
         && (!c->refusal.empty() || mark_of(c->result.method, *c->stored) != before.secret_mark);
}

} // namespace troupe::security
