// test/security/creds_file_test.cpp: files of real tools are read, and only whole ones.
#include "security/creds_file.hpp"

#include "test/security/vectors.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;
using test::pair;
using test::vector;

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string fault(std::string_view text) {
  auto result = parse_creds(text);
  auto* reason = std::get_if<std::string>(&result);
  return reason ? *reason : std::string{};
}

} // namespace

TEST_CASE("a creds file of Go's library is read, and written byte for byte") {
  auto result = parse_creds(vector("creds"));
  REQUIRE(std::holds_alternative<credentials_text>(result));
  const auto& creds = std::get<credentials_text>(result);
  CHECK(creds.jwt == vector("plain_user"));
  CHECK(creds.seed.text() == vector("user_seed"));
  CHECK(format_creds(creds.jwt, creds.seed) == vector("creds"));
}

TEST_CASE("decorated JWTs and seeds are those of Go's library") {
  CHECK(decorate_jwt("account", vector("account")) == vector("decorated_account"));
  CHECK(jwt_in(vector("decorated_account")) == vector("account"));
  CHECK(decorate_seed(*nkey_seed::parse(vector("account_seed")))
        == vector("decorated_account_seed"));
  CHECK(seed_in(vector("decorated_account_seed"))->text() == vector("account_seed"));
}

TEST_CASE("what editors and mailers do to a creds file does not matter") {
  auto good = vector("creds");
  for (auto text : {replaced(good, "\n", "\r\n"), replaced(good, "------", "---"), "\n\n" + good,
                    "\xef\xbb\xbf" + good, "Dear operator,\n" + good + "Regards\n",
                    replaced(good, "\n-----BEGIN", "\n   -----BEGIN"),
                    good.substr(0, good.rfind("SEED------") + 10)})
    CHECK_MESSAGE(fault(text).empty(), fault(text));
}

TEST_CASE("a bare JWT and a bare seed are found as they are") {
  CHECK(jwt_in(vector("user") + "\n") == vector("user"));
  CHECK(seed_in(vector("user_seed") + "\r\n")->text() == vector("user_seed"));
  CHECK(seed_in("# my key\n  " + vector("operator_seed") + "\n")->kind()
        == nkey_kind::operator_key);
  CHECK_FALSE(seed_in("SUAAAA"));
  CHECK_FALSE(seed_in(""));
  CHECK(jwt_in("").empty());
}

TEST_CASE(
    "creds of another kind, of another user, or in part are refused without telling the seed") {
  auto good = vector("creds"), seed = vector("user_seed");
  auto stranger = nkey_seed::create(nkey_kind::user).text();
  for (const auto& [text, why] :
       {std::pair{replaced(good, seed, stranger), "does not belong"},
        {replaced(good, seed, vector("account_seed")), "not that of a user"},
        {replaced(good, vector("plain_user"), vector("account")), "is an account JWT"},
        {replaced(good, vector("plain_user"), vector("plain_user") + "A"), "not usable"},
        {replaced(good, seed, seed.substr(1)), "no seed"},
        {good.substr(0, good.find("*****")), "no seed"},
        {good.substr(good.find("*****")), "no JWT"},
        {std::string{}, "no JWT"},
        {std::string(100'000, '-'), "no JWT"}}) {
    CHECK_MESSAGE(fault(text).find(why) != std::string::npos, why << ": " << fault(text));
    CHECK(fault(text).find(seed) == std::string::npos);
  }
  CHECK_FALSE(format_creds(vector("plain_user"), *nkey_seed::parse(stranger)));
  CHECK_FALSE(format_creds(vector("account"), *nkey_seed::parse(seed)));
}
