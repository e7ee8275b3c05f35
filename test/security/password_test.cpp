// test/security/password_test.cpp: stored passwords against given ones.
#include "security/password.hpp"

#include <doctest/doctest.h>

#include <crypt.h>

#include <memory>
#include <string>

using namespace troupe::security;

namespace {

/// The cheapest bcrypt hash there is.
std::string bcrypt_of(const std::string& password, const std::string& variant = "$2a$") {
  auto work = std::make_unique<crypt_data>();
  auto setting = variant + "04$abcdefghijklmnopqrstuu";
  return crypt_r(password.c_str(), setting.c_str(), work.get());
}

} // namespace

TEST_CASE("a stored value is a bcrypt hash only if it begins like one") {
  for (auto yes : {"$2a$11$x", "$2b$04$", "$2x$10$abc", "$2y$31$"})
    CHECK_MESSAGE(is_bcrypt(yes), yes);
  for (auto no : {"", "$2a$1$", "$2c$11$x", "$2$11$x", "2a$11$x", "$2a$11", "$1$11$abc", "secret"})
    CHECK_MESSAGE(!is_bcrypt(no), no);
  CHECK(is_expensive("$2a$11$x"));
  CHECK_FALSE(is_expensive("secret"));
}

TEST_CASE("plain text matches itself and nothing else") {
  CHECK(matches("secret", "secret"));
  for (auto wrong : {"", "secre", "secret ", "Secret"})
    CHECK_MESSAGE(!matches("secret", wrong), wrong);
  using namespace std::string_view_literals;
  CHECK_FALSE(matches("a"sv, "a\0b"sv));
}

TEST_CASE("a bcrypt hash matches its password and not its own text") {
  for (auto variant : {"$2a$", "$2b$", "$2y$"}) {
    auto hash = bcrypt_of("s3cret", variant);
    REQUIRE(is_bcrypt(hash));
    CHECK(matches(hash, "s3cret"));
    CHECK_FALSE(matches(hash, "s3cres"));
    CHECK_FALSE(matches(hash, hash));
    CHECK_FALSE(matches(hash, ""));
  }
  // A published test vector of crypt_blowfish.
  CHECK(matches("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"));
}

TEST_CASE("a password with a NUL is not cut there") {
  using namespace std::string_view_literals;
  CHECK_FALSE(matches(bcrypt_of("abc"), "abc\0xyz"sv));
}

TEST_CASE("a bcrypt hash that is damaged matches nothing") {
  CHECK_FALSE(matches("$2a$04$short", "x"));
  CHECK_FALSE(matches("$2a$99$abcdefghijklmnopqrstuuxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "x"));
  CHECK_FALSE(matches("$2a$04$", ""));
}

TEST_CASE("bcrypt reads 72 bytes of a password, however long it is") {
  std::string longest(1000, 'p');
  CHECK(matches(bcrypt_of(std::string(72, 'p')), longest));
  CHECK_FALSE(matches(bcrypt_of(std::string(71, 'p')), longest));
}
