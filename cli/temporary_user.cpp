// cli/temporary_user.cpp: signs a user that nobody has to delete.
#include "cli/temporary_user.hpp"

#include "cli/moment.hpp"
#include "security/jwt.hpp"

#include <fmt/core.h>

namespace troupe::cli {

outcome make_temporary_user(const security::store_editor& store,
                            const security::named_account& account, const char* name,
                            credentials_ptr& out) {
  auto by = store.key_for_users(account.claims, {});
  if (auto* wrong = std::get_if<std::string>(&by))
    return problem{*wrong};
  const auto& signer = std::get<security::key_pair>(by);
  auto pair = security::key_pair::create(security::nkey_kind::user);
  auto now = unix_now();
  security::user_claims user;
  user.standard.name = name;
  user.standard.subject = pair.public_text();
  user.standard.expires = now + 300;
  user.limits = security::user_limits::unlimited();
  // Said, so that the account's default permissions do not apply.
  user.limits.permissions.publish.allow = {">"};
  user.limits.permissions.subscribe.allow = {">"};
  if (signer.public_text() != account.claims.standard.subject)
    user.issuer_account = account.claims.standard.subject;
  security::claims any = std::move(user);
  auto made = security::encode_jwt(any, signer, now);
  if (auto* error = std::get_if<security::jwt_error>(&made))
    return problem{error->reason};
  out = std::make_shared<const credentials>(
      credentials{std::get<std::string>(std::move(made)), pair,
                  fmt::format("a temporary user of account {}", account.name)});
  return std::nullopt;
}

} // namespace troupe::cli
