// actors/operator_mode.hpp: whom a broker in operator mode trusts, and where its accounts come
// from.
#pragma once

#include "actors/account_source.hpp"
#include "config/options.hpp"
#include "security/operator_trust.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::actors {

using operator_trust_ptr = std::shared_ptr<const security::operator_trust>;

/// The operators of this moment, for each login to judge by, and the digest of the accounts that
/// are in force by them. Any thread.
class current_operators {
public:
  /// Null: the broker is not in operator mode.
  operator_trust_ptr now() const {
    std::lock_guard guard{mutex_};
    return trust_;
  }
  void follow(operator_trust_ptr next) {
    std::lock_guard guard{mutex_};
    trust_ = std::move(next);
  }
  /// Of `account_book::digest`; empty before the accounts have been loaded.
  std::string digest() const {
    std::lock_guard guard{mutex_};
    return digest_;
  }
  void note_digest(std::string next) {
    std::lock_guard guard{mutex_};
    digest_ = std::move(next);
  }

private:
  mutable std::mutex mutex_;
  operator_trust_ptr trust_;
  std::string digest_;
};

struct operator_setup {
  operator_trust_ptr trust;
  std::unique_ptr<account_source> source;
  config::resolver resolver; ///< the configuration's, or the one that an operator names
  std::vector<std::string> warnings;
};

/// Reads the operators' JWTs and opens the source of their accounts; `now` in Unix seconds. Or all
/// that keeps this configuration from being served, a sentence each. Blocks on the disk.
std::variant<operator_setup, std::vector<std::string>> set_up_operators(const config::options& from,
                                                                        int64_t now);

/// The same operators, one of whom has a new JWT (in his store).
std::variant<operator_trust_ptr, std::vector<std::string>>
trust_with(const config::options& from, std::string store_operator, int64_t now);

} // namespace troupe::actors
