// security/callout_settings.hpp: the auth callout that a configuration file asks for.
#pragma once

#include <string>
#include <vector>

namespace troupe::security {

/// Who decides over logins that the file's own users do not (accounts-and-auth.md section 11). In
/// operator mode an account's JWT says it instead: `callout_claims`.
struct callout_settings {
  std::string issuer;                        ///< A…: signs answers and the users in them
  std::string account = "$G";                ///< where the service listens; a name of the file's
  std::vector<std::string> auth_users;       ///< names or nkeys that are judged as usual
  std::string xkey;                          ///< X… of the service; empty: requests are readable
  std::vector<std::string> allowed_accounts; ///< whose users it judges too; none: all accounts'
  bool operator==(const callout_settings&) const = default;
};

} // namespace troupe::security
