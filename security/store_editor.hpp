// security/store_editor.hpp: changes an operator's store: finds keys, signs, writes JWTs and creds.
#pragma once

#include "security/claims.hpp"
#include "security/key_pair.hpp"
#include "security/store_layout.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::security {

/// A sentence that names file and key and what would be right, or the thing asked for.
template <class T>
using store_result = std::variant<T, std::string>;

struct named_account {
  std::string name; ///< of its folder
  account_claims claims;
};

struct signed_activation {
  std::string jwt;
};

/// What an editor is for.
enum class store_use : uint8_t {
  read,   ///< it must not save
  change, ///< while it exists, others of this kind wait up to two seconds and are then refused
};

/// For one thread; blocks on the disk.
/// Every write is one step (`write_store_file`), keys before the JWTs that need them.
class store_editor {
public:
  /// A store that exists.
  static store_result<store_editor> open(store_layout where, store_use use);
  /// A new one: identity and signing key, operator JWT, marker. Refused if there is one already.
  static store_result<store_editor> create(store_layout where, int64_t now);

  store_editor(store_editor&& other) noexcept;
  store_editor& operator=(store_editor&&) = delete;
  ~store_editor();

  const store_layout& layout() const noexcept { return layout_; }
  const operator_claims& owner() const noexcept { return owner_; }
  const std::string& owner_jwt() const noexcept { return owner_jwt_; }

  /// Names, sorted.
  std::vector<std::string> accounts() const { return folders_in(layout_.accounts_folder()); }
  std::vector<std::string> users(std::string_view account) const;
  store_result<account_claims> account(std::string_view name) const;
  store_result<user_claims> user(std::string_view account, std::string_view name) const;
  /// By name or public key.
  store_result<named_account> find_account(std::string_view name_or_key) const;
  /// Name of the folder that holds this key's account; empty: none.
  std::string name_of(std::string_view key) const;

  /// The secret half of a public key, out of the keys folder.
  store_result<key_pair> find_key(std::string_view public_key) const;
  /// A key that may sign accounts: a signing key if there is one, else the identity if not strict.
  store_result<key_pair> key_for_accounts() const;
  /// A key that may sign users of this account; `role` empty: one without a scope.
  store_result<key_pair> key_for_users(const account_claims& account, std::string_view role) const;

  // These sign what they write, with a key of `key_for_…`, set `issued_at`, and return what went
  // wrong, if anything.
  std::string save_operator(operator_claims what, int64_t now);
  std::string save_account(const std::string& name, account_claims& what, int64_t now);
  /// `role`: of the scoped key that signs; empty: none. Writes creds if the user's seed is here.
  std::string save_user(const account_claims& account, const std::string& account_name,
                        std::string_view role, user_claims& what, int64_t now);
  /// An activation of `what.standard.subject` by this exporter, or why there can be none.
  store_result<signed_activation> sign_activation(const account_claims& exporter,
                                                  activation_claims what, int64_t now) const;
  /// Every readable account; what cannot be read is added to `problems`.
  std::vector<account_claims> all_accounts(std::vector<std::string>& problems) const;
  /// Makes a key and stores its seed.
  store_result<key_pair> new_key(nkey_kind kind);

private:
  explicit store_editor(store_layout where) : layout_{std::move(where)} {}
  std::string lock();
  std::string store_key(const key_pair& pair) const;

  store_layout layout_;
  operator_claims owner_;
  std::string owner_jwt_;
  int lock_ = -1;
};

} // namespace troupe::security
