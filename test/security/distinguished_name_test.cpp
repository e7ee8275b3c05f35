// test/security/distinguished_name_test.cpp: RFC 4514 text and its comparison.
#include "security/distinguished_name.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;

namespace {
distinguished_name dn(std::string_view text) {
  auto out = parse_distinguished_name(text);
  REQUIRE_MESSAGE(out, text);
  return *out;
}
} // namespace

TEST_CASE("types ignore case and blanks around separators, values do not") {
  CHECK(dn("CN=bob,O=Acme") == dn("cn = bob , o=Acme"));
  CHECK(dn("CN=bob,O=Acme") == dn("CN=bob;O=Acme"));
  CHECK_FALSE(dn("CN=bob") == dn("CN=Bob"));
  CHECK(dn("OID.1.2.3=x") == dn("1.2.3=x"));
}

TEST_CASE("order counts in the first comparison and not in the second") {
  CHECK_FALSE(dn("CN=bob,O=Acme") == dn("O=Acme,CN=bob"));
  CHECK(equal_ignoring_order(dn("CN=bob,O=Acme"), dn("O=Acme,CN=bob")));
  CHECK_FALSE(equal_ignoring_order(dn("CN=bob,O=Acme"), dn("CN=bob")));
  CHECK_FALSE(equal_ignoring_order(dn("CN=a,CN=a,O=b"), dn("CN=a,O=b,O=b")));
}

TEST_CASE("a part with several attributes is one part, in any order") {
  CHECK(dn("OU=a+CN=b,O=c") == dn("CN=b+OU=a,O=c"));
  CHECK_FALSE(equal_ignoring_order(dn("OU=a+CN=b"), dn("OU=a,CN=b")));
}

TEST_CASE("escaped characters are part of the value") {
  CHECK(dn("CN=a\\,b,O=c").parts.at(0).at(0).value == "a,b");
  CHECK(dn("CN=a\\2Cb").parts.at(0).at(0).value == "a,b");
  CHECK(dn("CN=a\\ ").parts.at(0).at(0).value == "a ");
  CHECK(dn("CN=a ").parts.at(0).at(0).value == "a");
  for (auto value : {"a,b", " x ", "#1", "a+b=c\\\"<>;", "plain"})
    CHECK(dn("CN=" + escape_name_value(value)).parts.at(0).at(0).value == value);
}

TEST_CASE("what is no distinguished name is refused") {
  for (auto bad :
       {"", "bob", "CN=a,", "=x", "CN=a,bob", "C N=a", "CN=a\\", "CN=a\\q", "ann@example"})
    CHECK_MESSAGE(!parse_distinguished_name(bad), bad);
}
