// actors/account_book.hpp: which account JWTs are in force, and what a new one changes.
#pragma once

#include "actors/account_registry.hpp"
#include "actors/account_source.hpp"
#include "actors/operator_mode.hpp"
#include "security/digest.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::actors {

/// Judges JWTs by the operators of the moment, and puts what is good into the registry. Keeps no
/// JWT itself. For one thread at a time. Times are Unix seconds.
class account_book {
public:
  account_book(account_registry& registry, current_operators& operators)
      : registry_{registry}, operators_{operators} {}

  struct entry {
    enum class result : uint8_t {
      taken,     ///< in force now
      known,     ///< is what is in force already
      older,     ///< than what is in force
      not_right, ///< it does not decode, is of somebody else, is not valid or not trusted
    };
    result what = result::not_right;
    std::string account;               ///< public key, as far as it could be read
    std::string reason;                ///< a sentence without the JWT in it, if it is `not_right`
    int64_t retry_at = 0;              ///< set if it is good, but not before that time
    std::vector<std::string> problems; ///< imports and mappings that cannot be served
  };
  /// Stores a JWT that was found good, before it is used. Empty, or why it cannot.
  using keeping = std::function<std::string(const std::string& account)>;
  /// `account`: of whom it must be; empty: anybody's.
  entry take(std::string_view jwt, std::string_view account, int64_t now, const keeping& keep = {});
  /// The account ends, and its connections with it. False: there is none, or it must stay.
  bool drop(std::string_view account);
  /// Lets accounts and activations expire that have come to their end; answers those accounts.
  std::vector<std::string> let_expire(int64_t now);
  /// Other operators count from here on. Accounts that they do not vouch for end: answers those.
  /// The system account stays, but nobody in it. Accounts whose own keys may do more or less now
  /// are to be taken again.
  std::vector<std::string> follow(operator_trust_ptr next);

  size_t size() const noexcept { return accounts_.size(); }
  bool has(std::string_view account) const { return accounts_.contains(std::string{account}); }
  /// This very text is in force.
  bool is_in_force(std::string_view account, std::string_view jwt) const;
  std::vector<std::string> accounts() const;
  /// 64 hex digits: SHA-256 of each JWT that has not expired, combined by XOR. Brokers that serve
  /// the same accounts have the same digest.
  std::string digest() const { return security::to_hex(digest_); }
  const security::sha256_digest& raw_digest() const noexcept { return digest_; }

private:
  struct record {
    security::sha256_digest text{};
    int64_t issued_at = 0;
    int64_t expires = 0;
    std::string issuer;
    bool stale = false; ///< its trust was made by other rules of its operator
  };

  const record* find(std::string_view account) const;
  void forget(const std::string& account);

  std::unordered_map<std::string, record> accounts_;
  security::sha256_digest digest_{};
  std::multimap<int64_t, std::string> ends_; ///< when JWTs expire; may name one that was replaced
  account_registry& registry_;
  current_operators& operators_;
};

} // namespace troupe::actors
