// cli/claims_text.hpp: operators, accounts and users in words, for people.
#pragma once

#include "security/claims.hpp"

#include <functional>
#include <string>

namespace troupe::cli {

/// Name of an account by its public key; empty: unknown.
using account_namer = std::function<std::string(const std::string& key)>;

// Each gives lines "what  value", ending with a line end.
std::string text_of(const security::operator_claims& what, const account_namer& name_of);
std::string text_of(const security::account_claims& what, const account_namer& name_of);
/// `account`: for the role whose limits it has.
std::string text_of(const security::user_claims& what, const security::account_claims& account);

/// The role of the account's key that signed this user; empty: it has none.
std::string role_of(const security::account_claims& account, const security::user_claims& user);

/// "everything", "only a.>, b; never c", "nothing".
std::string in_words(const security::permission_list& list);
/// The same, cut to what fits into a table.
std::string short_list(const security::permission_list& list);

} // namespace troupe::cli
