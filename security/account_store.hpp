// security/account_store.hpp: the accounts of one operator, as they lie in a folder on disk.
#pragma once

#include "security/claims.hpp"
#include "security/digest.hpp"
#include "security/store_layout.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::security {

struct stored_account {
  std::string name; ///< of its folder; the JWT's own name may differ
  std::string path;
  std::string jwt; ///< bare token; decodes, and its signature is that of the issuer it names
  int64_t issued_at = 0;
};
using stored_account_ptr = std::shared_ptr<const stored_account>;

/// A file that cannot be used; others are not affected.
struct store_problem {
  std::string path;
  std::string reason; ///< a sentence without the JWT in it
  bool operator==(const store_problem&) const = default;
};

/// What is different since the last call of `refresh`; public account keys.
struct store_changes {
  bool operator_changed = false;
  std::vector<std::string> changed; ///< new accounts too
  std::vector<std::string> removed;
  /// Every file that is broken now, whether it was before or not.
  std::vector<store_problem> problems;
};

/// Reads, never writes; for one thread. Blocks on the disk. Whether an account's issuer is one of
/// the operator's keys, whether claims are valid now, is for the caller to judge.
class account_store {
public:
  /// `folder`: `<store>/<operator>`. Nothing but its operator JWT must be there and right; without
  /// that the sentence says what is wrong and where.
  static std::variant<account_store, std::string> open(std::string folder);

  /// Reads the folder again. A file that does not decode, as somebody is writing it, say, leaves
  /// the version that was read before in place; a file that is gone takes its account with it. Two
  /// files of one account: the later `iat` counts, the other one is a problem. Files whose time and
  /// size are as before are not read, unless they were written at `read_since` (Unix seconds) or
  /// later: the clock of a file system is coarse. 0: all are.
  store_changes refresh(int64_t read_since = 0);

  const store_layout& layout() const noexcept { return layout_; }
  const operator_claims& owner() const noexcept { return operator_; }
  const std::string& operator_jwt() const noexcept { return operator_jwt_; }
  /// By public account key.
  const std::map<std::string, stored_account_ptr>& accounts() const noexcept { return accounts_; }
  /// Null: no such account. Valid until the next refresh.
  const stored_account* find(std::string_view key) const;
  /// There is a `.nsc`, without which nsc and some brokers refuse the folder.
  bool has_marker() const;
  /// 64 hex digits: SHA-256 of each account's JWT, combined by XOR. Equal stores have equal
  /// digests; it is the hash by which full resolvers compare themselves.
  std::string digest() const;

private:
  /// The text of a JWT is kept once, in `account`: there may be thousands.
  struct file_memory {
    file_stamp stamp;
    sha256_digest text{}; ///< of the file when it could last be read
    std::string key;      ///< of the account it held when it last was right; empty: never
    stored_account_ptr account;
    std::string problem;
  };

  std::string read_operator(bool& changed);
  void read_account(const std::string& name, int64_t read_since, store_changes& out);

  store_layout layout_;
  std::string operator_jwt_;
  operator_claims operator_;
  std::map<std::string, file_memory> files_; ///< by folder name
  std::map<std::string, stored_account_ptr> accounts_;
};

/// Public keys that may sign this operator's accounts: strict operators only let signing keys.
std::vector<std::string> keys_for_accounts(const operator_claims& owner);

/// SHA-256 of `text`, as 64 hex digits.
std::string sha256_hex(std::string_view text);

} // namespace troupe::security
