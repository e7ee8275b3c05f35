// security/callout.hpp: what a server asks an auth callout, and what it believes of the answers.
//
// Source: accounts-and-auth.md section 11. A login waits for the first answer that the service is
// proven to have given for this very login: all others are as if they had not come.
#pragma once

#include "security/account_trust.hpp"
#include "security/authenticator.hpp"
#include "security/callout_settings.hpp"
#include "security/claims.hpp"
#include "security/jwt.hpp"
#include "security/key_pair.hpp"
#include "security/operator_trust.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::security {

inline constexpr std::string_view callout_subject = "$SYS.REQ.USER.AUTH";
/// The header that names the server's xkey, if the request is sealed.
inline constexpr std::string_view callout_xkey_header = "Nats-Server-Xkey";

/// What a server signs and opens with; made anew each time it starts.
struct server_keys {
  key_pair identity = key_pair::create(nkey_kind::server); ///< its public half is the server's id
  curve_key_pair xkey = curve_key_pair::create();
};

/// Whom to ask, and whose word counts.
struct callout_terms {
  std::string account; ///< where the service listens: a name, A… in operator mode
  std::string issuer;  ///< A…: signs answers; in operator mode the account itself
  std::string xkey;    ///< X… of the service; empty: the request is not sealed
  bool operator_mode = false;
  std::vector<std::string> allowed_accounts; ///< operator mode: besides `account`; or just "*"

  static callout_terms of(const callout_settings& file);
  /// Of an account whose JWT has a callout.
  static callout_terms of(const account_trust& account);
  /// Operator mode: may the service let somebody into this account?
  bool allows(std::string_view account) const;
};

/// Whether the file's callout has the last word over this login, whose outcome by the file's own
/// users is `outcome`. The users of the callout itself are judged as usual, whether they get in or
/// not.
bool callout_decides(const callout_settings& file, const verdict& outcome,
                     const credentials& given);

/// One login's question. Belongs to one thread.
class callout_question {
public:
  callout_question(callout_terms terms, std::shared_ptr<const server_keys> keys);

  const callout_terms& terms() const noexcept { return terms_; }
  /// U…: the user that the answer must be about; nobody else is ever asked for by this name.
  const std::string& user() const noexcept { return user_; }

  /// The request. `facts` has server, client, connect and tls filled in; the rest is set here.
  /// `seconds`: how long an answer is waited for. Headers, if there are any, are in `headers`, a
  /// whole block.
  jwt_result<std::string> encode(authorization_request_claims facts, int64_t now, int64_t seconds,
                                 std::string& headers) const;

  /// Not proven to be the service's answer to this question: go on waiting.
  struct ignored {
    std::string reason;
  };
  /// The user that the service lets in, a login_refusal if it does not, or one who it may not.
  using opinion = std::variant<user_claims, login_refusal, ignored>;
  /// `account`: operator mode: what is known of the account of the terms; else null.
  opinion open(std::string_view answer, const account_trust* account, int64_t now) const;

  /// The account that the user is for; empty: it names none.
  std::string target_of(const user_claims& user) const;

private:
  std::string fault_of_signer(const authorization_response_claims& said,
                              const account_trust* account) const;
  opinion judge(const authorization_response_claims& said, int64_t now) const;

  callout_terms terms_;
  std::shared_ptr<const server_keys> keys_;
  std::string user_;
};

/// Without operators: what the user whom the service let in may do. `defaults`: what users of the
/// account may who have no permissions of their own (null: everything).
std::variant<admitted_user, login_refusal> admit_by_callout(const user_claims& user,
                                                            const connect_request& request,
                                                            std::string_view account,
                                                            permissions_ptr defaults, int64_t now);

/// What nobody in the account of a callout may do: ask it himself. Null stands for everything.
permissions_ptr without_callout_requests(const permissions_ptr& of_user);

} // namespace troupe::security
