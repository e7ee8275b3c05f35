// bench/identity_bench.cpp: what operator mode costs: accounts decoded and kept, logins decided.
#include <malloc.h>

#include <ctime>

#include <cstdio>
#include <string>
#include <vector>

#include "security/claims_rules.hpp"
#include "security/jwt.hpp"
#include "security/operator_trust.hpp"
#include "security/text_encoding.hpp"

using namespace troupe::security;

namespace {

constexpr int64_t now = 1'700'000'000;

double cpu_seconds() {
  timespec at{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

template <class Claims>
std::string signed_jwt(Claims what, const key_pair& by) {
  claims any = std::move(what);
  return std::get<std::string>(encode_jwt(any, by, now));
}

/// With what an ordinary account has: a scope, exports and imports, a revocation, permissions.
account_claims an_account(const key_pair& pair, const key_pair& signing, const std::string& other) {
  account_claims out;
  out.standard.subject = pair.public_text();
  out.standard.name = "account " + pair.public_text().substr(0, 8);
  out.standard.tags = {"team:blue"};
  out.limits = account_limit_claims::unlimited();
  user_scope scope;
  scope.role = "service";
  scope.limits = user_limits::unlimited();
  scope.limits.permissions.publish.allow = {"user.{{name()}}.>", "events.>"};
  scope.limits.permissions.subscribe.allow = {"_INBOX.>", "user.{{name()}}.>"};
  out.signing_keys = {{signing.public_text(), scope}};
  auto& offered = out.exports.emplace_back();
  offered.subject = "orders.>";
  offered.kind = share_kind::stream;
  auto& wanted = out.imports.emplace_back();
  wanted.subject = "time.now";
  wanted.account = other;
  wanted.kind = share_kind::service;
  out.revocations[key_pair::create(nkey_kind::user).public_text()] = now - 1000;
  out.default_permissions.publish.deny = {"internal.>"};
  return out;
}

struct kept_account {
  account_trust_ptr trust;
  account_rules rules;
};

} // namespace

int main() {
  constexpr size_t accounts = 10'000, logins = 20'000;
  auto op = key_pair::create(nkey_kind::operator_key),
       signing = key_pair::create(nkey_kind::account);
  operator_claims said;
  said.standard.subject = op.public_text();
  operator_settings settings;
  settings.operator_jwts = {signed_jwt(said, op)};
  auto trust = std::get<operator_trust>(operator_trust::make(settings, now));
  std::vector<std::string> jwts;
  for (size_t i = 0; i < accounts; ++i)
    jwts.push_back(signed_jwt(
        an_account(key_pair::create(nkey_kind::account), signing, signing.public_text()), op));

  std::vector<kept_account> kept;
  kept.reserve(accounts);
  malloc_trim(0);
  auto before = mallinfo2().uordblks;
  auto start = cpu_seconds();
  for (const auto& jwt : jwts) {
    auto read = decode_account_jwt(jwt);
    const auto& account = std::get<account_claims>(read);
    if (!trust.refusal_of(account, now).empty())
      return 1;
    kept.push_back({trust.trust_in(account), rules_of(account)});
  }
  auto spent = cpu_seconds() - start;
  auto bytes = mallinfo2().uordblks - before;
  std::printf("%-66s %12.1f bytes\n", "account JWT", static_cast<double>(jwts[0].size()));
  std::printf("%-66s %12.2f s\n", "10 000 accounts decoded, verified, judged", spent);
  std::printf("%-66s %12.1f bytes\n", "memory of an account: trust and rules",
              static_cast<double>(bytes) / accounts + sizeof(kept_account));

  auto user = key_pair::create(nkey_kind::user);
  user_claims claims_of_user;
  claims_of_user.standard.subject = user.public_text();
  claims_of_user.standard.name = "bob";
  claims_of_user.issuer_account = kept[0].trust->key();
  auto jwt = signed_jwt(claims_of_user, signing);
  auto nonce = make_nonce();
  auto raw = user.sign(nonce);
  auto signature = to_base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
  connect_request request{jwt, signature, nonce, connection_type::standard, "192.0.2.1", false};
  start = cpu_seconds();
  for (size_t i = 0; i < logins; ++i) {
    auto opened = trust.open(request, now);
    auto result = trust.admit(std::get<presented_user>(opened), request, *kept[0].trust, now);
    if (!std::holds_alternative<admitted_user>(result))
      return 1;
  }
  std::printf("%-66s %12.1f /s\n", "logins by JWT of a scoped key, decided per CPU second",
              static_cast<double>(logins) / (cpu_seconds() - start));
}
