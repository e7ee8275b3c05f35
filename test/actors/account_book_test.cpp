// test/actors/account_book_test.cpp: which JWTs come into force.
#include "actors/account_book.hpp"
#include "actors/account_policy.hpp"
#include "test/security/trust_world.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::security;
using namespace troupe::security::test;
using result = actors::account_book::entry::result;

namespace {

struct book_world : trust_world {
  actors::account_registry registry{1, "SYS"};
  actors::current_operators operators;
  actors::account_book book{registry, operators};

  book_world() { operators.follow(std::make_shared<const operator_trust>(trust())); }

  std::string jwt(int64_t issued_at = noon - 100) {
    return signed_jwt(account_claims_, op, issued_at);
  }
  const std::string& id() const { return account.public_text(); }
  int64_t connections_of(const std::string& key) {
    return registry.find(key)->policy()->rules.limits.connections;
  }
};

} // namespace

TEST_CASE_FIXTURE(book_world, "a JWT that an operator signed brings rules and trust at once") {
  account_claims_.limits.connections = 7;
  auto entry = book.take(jwt(), "", noon);
  CHECK(entry.what == result::taken);
  CHECK(entry.account == id());
  auto policy = registry.find(id())->policy();
  CHECK(policy->rules.limits.connections == 7);
  REQUIRE(policy->trust);
  CHECK(policy->trust->find_signer(account_signing.public_text()) != nullptr);
}

TEST_CASE_FIXTURE(book_world, "what no trusted operator signed changes nothing, known or not") {
  CHECK(book.take(signed_jwt(account_claims_, foreign_op), "", noon).what == result::not_right);
  CHECK(!registry.find(id()));
  REQUIRE(book.take(jwt(), "", noon).what == result::taken);
  account_claims_.limits.connections = 0;
  auto entry = book.take(signed_jwt(account_claims_, foreign_op, noon), id(), noon);
  CHECK(entry.what == result::not_right);
  CHECK(entry.reason.find("no trusted operator") != std::string::npos);
  CHECK(connections_of(id()) == -1);
}

TEST_CASE_FIXTURE(book_world, "the JWT of one account is not taken for another, nor an older one") {
  CHECK(book.take(jwt(), other.public_text(), noon).what == result::not_right);
  REQUIRE(book.take(jwt(), "", noon).what == result::taken);
  CHECK(book.take(jwt(), "", noon).what == result::known);
  account_claims_.limits.connections = 1;
  CHECK(book.take(jwt(noon - 101), "", noon).what == result::older);
  CHECK(connections_of(id()) == -1);
  CHECK(book.take(jwt(noon - 99), "", noon).what == result::taken);
  CHECK(connections_of(id()) == 1);
}

TEST_CASE_FIXTURE(book_world, "a JWT that cannot be stored is not used") {
  auto entry = book.take(jwt(), "", noon, [](const std::string&) { return "the disk is full"; });
  CHECK(entry.what == result::not_right);
  CHECK(entry.reason == "the disk is full");
  CHECK(!registry.find(id()));
}

TEST_CASE_FIXTURE(book_world, "one that is not yet valid says when to try again") {
  account_claims_.standard.not_before = noon + 5;
  auto text = jwt();
  auto entry = book.take(text, "", noon);
  CHECK(entry.what == result::not_right);
  CHECK(entry.retry_at == noon + 5);
  CHECK(book.take(text, "", noon + 5).what == result::taken);
}

TEST_CASE_FIXTURE(book_world, "expiry is told once, and not of a JWT that was replaced in time") {
  account_claims_.standard.expires = noon + 5;
  const auto empty = book.digest();
  REQUIRE(book.take(jwt(), "", noon).what == result::taken);
  CHECK(book.let_expire(noon + 4).empty());
  CHECK(book.digest() != empty);
  account_claims_.standard.expires = noon + 10;
  REQUIRE(book.take(jwt(noon), "", noon).what == result::taken);
  CHECK(book.let_expire(noon + 5).empty());
  CHECK(book.let_expire(noon + 10) == std::vector<std::string>{id()});
  CHECK(book.digest() == empty); // as that of a broker that never had it
  CHECK(book.let_expire(noon + 11).empty());
}

TEST_CASE_FIXTURE(book_world,
                  "equal books have equal digests, in whatever order they were filled") {
  auto first = jwt();
  account_claims_.standard.subject = other.public_text();
  auto second = jwt();
  const auto empty = book.digest();
  book.take(first, "", noon);
  book.take(second, "", noon);
  const auto both = book.digest();
  actors::account_registry elsewhere{1, "SYS"};
  actors::account_book mirror{elsewhere, operators};
  mirror.take(second, "", noon);
  CHECK(mirror.digest() != both);
  mirror.take(first, "", noon);
  CHECK(mirror.digest() == both);
  CHECK(book.drop(id()));
  CHECK(book.drop(other.public_text()));
  CHECK(book.digest() == empty);
}

TEST_CASE_FIXTURE(book_world, "other operators end the accounts that they do not vouch for") {
  REQUIRE(book.take(signed_jwt(account_claims_, op_signing), "", noon).what == result::taken);
  account_claims_.standard.subject = other.public_text();
  REQUIRE(book.take(jwt(), "", noon).what == result::taken);
  op_claims.signing_keys.clear();
  auto gone = book.follow(std::make_shared<const operator_trust>(trust()));
  CHECK(gone == std::vector<std::string>{id()});
  CHECK(!registry.find(id()));
  CHECK(registry.find(other.public_text()));
}

TEST_CASE_FIXTURE(book_world, "without an operator the system account stays, trusted by nobody") {
  actors::account_registry served{1, id()};
  actors::account_book its_book{served, operators};
  REQUIRE(its_book.take(signed_jwt(account_claims_, op_signing), "", noon).what == result::taken);
  CHECK(served.system->policy()->trust);
  op_claims.signing_keys.clear();
  its_book.follow(std::make_shared<const operator_trust>(trust()));
  CHECK(served.find(id()) == served.system);
  CHECK(!served.system->policy()->trust);
  CHECK(served.system->policy()->rules.name == id());
  op_claims.signing_keys = {op_signing.public_text()};
  its_book.follow(std::make_shared<const operator_trust>(trust()));
  REQUIRE(its_book.take(signed_jwt(account_claims_, op_signing), "", noon).what == result::taken);
  CHECK(served.system->policy()->trust);
}
