// test/e2e/operator_world.hpp: an operator, accounts and users for cases of operator mode.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace troupe::e2e {
/// Keys are made once, JWTs when they are asked for, so that "expires in three seconds" holds.
/// Usable from any thread. What the names stand for: operator_world.cpp.
class operator_world {
public:
  operator_world();
  ~operator_world();
  operator_world(const operator_world&) = delete;
  operator_world& operator=(const operator_world&) = delete;

  /// `@OPERATOR@` becomes a configuration with operator, memory resolver and all accounts but those
  /// named behind it (`@OPERATOR:mini@` leaves `mini` out), `@KEY:name@` a public key,
  /// `@JWT:name@` the JWT of an account or user. Throws std::invalid_argument for another name.
  std::string filled(std::string text) const;
  /// What the holder of the user's seed makes of a nonce.
  std::string signature(std::string_view user, std::string_view nonce) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};
} // namespace troupe::e2e
