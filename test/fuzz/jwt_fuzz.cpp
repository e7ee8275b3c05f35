// test/fuzz/jwt_fuzz.cpp: any token is refused or read; any payload that is read survives writing.
#include "security/claims_json.hpp"
#include "security/claims_rules.hpp"
#include "security/claims_validation.hpp"
#include "security/jwt.hpp"
#include "security/scope_template.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace troupe::security;

namespace {

void demand(bool truth) {
  if (!truth)
    std::abort();
}

/// Keys of zeros, each for what only it may sign.
const key_pair& pair_of(nkey_kind kind) {
  static const key_pair op{nkey_seed{nkey_kind::operator_key, {}}},
      account{nkey_seed{nkey_kind::account, {}}}, user{nkey_seed{nkey_kind::user, {}}},
      server{nkey_seed{nkey_kind::server, {}}};
  switch (kind) {
  case nkey_kind::operator_key: return op;
  case nkey_kind::account: return account;
  case nkey_kind::server: return server;
  default: return user;
  }
}

const key_pair& signer_of(const claims& any) {
  if (std::holds_alternative<operator_claims>(any))
    return pair_of(nkey_kind::operator_key);
  if (std::holds_alternative<authorization_request_claims>(any))
    return pair_of(nkey_kind::server);
  return pair_of(nkey_kind::account);
}

const std::string& subject_of(const claims& any) {
  if (std::holds_alternative<operator_claims>(any))
    return pair_of(nkey_kind::operator_key).public_text();
  if (std::holds_alternative<user_claims>(any))
    return pair_of(nkey_kind::user).public_text();
  return pair_of(nkey_kind::account).public_text();
}

void use(const claims& any) {
  validate(any, 1'700'000'000);
  if (auto* account = std::get_if<account_claims>(&any)) {
    rules_of(*account);
    static const std::vector<std::string> tags{"a:1", "a:2"};
    for (const auto& key : account->signing_keys)
      if (key.scope)
        fill_in(key.scope->limits, {"bob", "U", tags, "acme", "A", tags});
  }
  int64_t ends = 0;
  if (auto* user = std::get_if<user_claims>(&any)) {
    is_allowed_address(user->limits, "192.0.2.1");
    is_allowed_time(user->limits, 1'700'000'000, ends);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  if (auto read = decode_jwt(text); auto* error = std::get_if<jwt_error>(&read))
    demand(!error->reason.empty());
  decode_generic_jwt(text);
  describe_jwt(text);
  auto read = read_claims(text, false);
  if (auto* reason = std::get_if<std::string>(&read)) {
    demand(!reason->empty());
    return 0;
  }
  auto& what = std::get<claims>(read);
  use(what);
  std::visit([&](auto& kind) { kind.standard.subject = subject_of(what); }, what);
  auto token = encode_jwt(what, signer_of(what), 1'700'000'000);
  if (auto* error = std::get_if<jwt_error>(&token)) {
    demand(error->reason.find("1 MiB") != error->reason.npos);
    return 0;
  }
  auto again = decode_jwt(std::get<std::string>(token));
  demand(std::holds_alternative<claims>(again)
         || std::holds_alternative<generic_claims>(what)); // which only its own reader verifies
  if (std::holds_alternative<jwt_error>(again))
    return 0;
  demand(std::get<claims>(again).index() == what.index());
  auto same = encode_jwt(std::get<claims>(again), signer_of(what), 1'700'000'000);
  demand(std::get<std::string>(same) == std::get<std::string>(token));
  return 0;
}
