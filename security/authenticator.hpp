// security/authenticator.hpp: decides over one login against configured users.
#pragma once

#include "security/certificate.hpp"
#include "security/connection_type.hpp"
#include "security/permissions.hpp"
#include "security/user.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace troupe::security {

inline constexpr std::string_view global_account = "$G";

/// Whom one listener knows. Conflicts between the fields are for configuration to refuse.
struct authentication_settings {
  std::string user; ///< a single user, with `password`
  std::string password;
  std::string token;
  std::vector<security::user> users; ///< of the authorization block and of all accounts
  /// For users of the global account without permissions of their own; they replace, never merge.
  std::optional<permission_rules> default_permissions;
  /// The same for users of the named accounts.
  std::map<std::string, permission_rules> account_default_permissions;
  std::string no_auth_user; ///< name or nkey of one of `users`
  /// Some listener of this broker takes the user from the certificate: then a user without a
  /// password can log in that way only.
  bool map_certificates = false;
  /// Set if the global account and one system account are all there is, without authorization block
  /// and `no_auth_user`: who sends no credentials then joins the global account.
  bool anonymous_global_user = false;
};

/// What a connection presents: CONNECT and what the listener knows. Absent is empty.
struct credentials {
  std::string user;
  std::string password;
  std::string token;
  std::string nkey;         ///< the public key CONNECT names
  bool nkey_proven = false; ///< the caller verified the signature of the nonce by `nkey`
  bool jwt_given = false;
  connection_type type = connection_type::standard;
  bool through_trusted_proxy = false;
};

/// How somebody got in.
enum class login_method : uint8_t { open, no_auth_user, password, certificate, nkey, token };

struct refused {
  /// For the log; the same few sentences for everybody, with nothing in them that a peer sent. The
  /// peer gets one answer whatever it says.
  std::string_view reason;
};

struct accepted {
  const user* who = nullptr; ///< null for open, token, single user; dies with the authenticator
  std::string account;
  permissions_ptr allowed; ///< null: everything
  std::string label;       ///< "user:bob", "nkey:U…", "token", "anonymous"
  login_method method = login_method::open;
  /// Tells `recheck` whether the stored secret is still the one that was matched; says nothing
  /// about it outside of this process.
  std::array<unsigned char, 16> secret_mark{};
};

using verdict = std::variant<refused, accepted>;

/// Immutable and usable from any thread; a reload builds a new one. The order of decisions is that
/// of accounts-and-auth.md section 4.3.
class authenticator {
public:
  explicit authenticator(authentication_settings settings);
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;

  /// `certificate`: whom the peer's verified certificate names (empty if there is none), null if
  /// the listener does not map certificates to users.
  /// An unknown user and a wrong password differ in `refused::reason` alone, also in time (as long
  /// as all users have the same kind of password).
  verdict login(const credentials& given, const certificate_identity* certificate = nullptr) const;

  /// True if `login` with the same arguments takes tens of milliseconds: call it off the loop.
  bool is_expensive(const credentials& given,
                    const certificate_identity* certificate = nullptr) const;

  /// After a reload: may a live connection stay, and with which permissions? `before` is what an
  /// older authenticator accepted these credentials as. Compares the password again only if the
  /// stored one has changed. Accepted with another account means: cut it, it must log in anew.
  verdict recheck(const accepted& before, const credentials& given,
                  const certificate_identity* certificate = nullptr) const;
  /// True if `recheck` with the same arguments must compare a bcrypt hash.
  bool is_recheck_expensive(const accepted& before, const credentials& given,
                            const certificate_identity* certificate = nullptr) const;

  /// What `auth_required` of INFO says: clients must send credentials.
  bool required() const noexcept;
  /// Nobody is configured: whoever comes is in, whatever it says or does not say.
  bool open() const noexcept { return nothing_configured(); }
  /// Some user has an nkey, so INFO must carry a nonce.
  bool needs_nonce() const noexcept { return !by_nkey_.empty(); }
  /// What users of the account may who have no permissions of their own; null: everything.
  permissions_ptr defaults_of(const std::string& account) const;
  /// Null if there is no such user.
  const user* find_user(std::string_view name) const;

private:
  struct candidate {
    accepted result;
    std::optional<std::string_view> stored; ///< secret to match; absent: nothing to compare
    std::string_view given;
    /// Set: refuse in any case, but compare first, so that the time does not tell who exists.
    std::string_view refusal;
  };
  using finding = std::variant<refused, candidate>;

  finding locate(const credentials& given, const certificate_identity* certificate) const;
  finding locate_nkey(const credentials& given) const;
  finding locate_user(const credentials& given, const certificate_identity* certificate) const;
  finding locate_single(const credentials& given) const;
  candidate admit(const user& who, const credentials& given, login_method method) const;
  const user* user_of(const certificate_identity& certificate, connection_type type) const;
  permissions_ptr permissions_of(const user& who) const;
  void compile_permissions();
  bool nothing_configured() const noexcept;

  authentication_settings settings_;
  std::unordered_map<std::string_view, const user*> by_name_; ///< keys live in `settings_`
  std::unordered_map<std::string_view, const user*> by_nkey_;
  std::vector<std::pair<distinguished_name, const user*>> by_subject_;
  std::unordered_map<const user*, permissions_ptr> permissions_;
  std::unordered_map<std::string, permissions_ptr> defaults_; ///< by account
  std::string_view decoy_; ///< some stored bcrypt hash, so that an unknown user costs as much
};

} // namespace troupe::security
