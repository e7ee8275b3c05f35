// test/security/nkey_test.cpp: public nkeys as text.
#include "security/nkey.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace troupe::security;

namespace {

constexpr raw_public_key sample{0x03, 0xa1, 0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d, 0x70, 0xdd,
                                0x18, 0xe7, 0x4b, 0xc0, 0x99, 0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5,
                                0x0d, 0x5f, 0x1d, 0xdc, 0x86, 0x64, 0x12, 0x55, 0x31, 0xb8};

struct vector_of_spec {
  nkey_kind kind;
  std::string_view text;
};

constexpr vector_of_spec vectors[] = {
    {nkey_kind::user, "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK"},
    {nkey_kind::account, "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV"},
    {nkey_kind::operator_key, "OAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QZVT"},
    {nkey_kind::server, "NAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RSWB"},
};

} // namespace

TEST_CASE("known keys encode to their known text and back") {
  for (const auto& v : vectors) {
    CHECK(encode({v.kind, sample}) == v.text);
    CHECK(decode_public_nkey(v.text) == public_nkey{v.kind, sample});
  }
}

TEST_CASE("the checksum is CRC-16/XMODEM") {
  std::array<uint8_t, 9> digits{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  CHECK(crc16(digits) == 0x31C3);
}

TEST_CASE("every kind starts with its letter and survives a round trip") {
  for (auto [kind, letter] : {std::pair{nkey_kind::operator_key, 'O'},
                              {nkey_kind::account, 'A'},
                              {nkey_kind::user, 'U'},
                              {nkey_kind::server, 'N'},
                              {nkey_kind::cluster, 'C'},
                              {nkey_kind::curve, 'X'}}) {
    auto text = encode({kind, sample});
    CHECK(text.size() == 56);
    CHECK(text.front() == letter);
    CHECK(decode_public_nkey(text) == public_nkey{kind, sample});
  }
}

TEST_CASE("one changed letter anywhere makes a key unreadable") {
  std::string good{vectors[0].text};
  for (size_t i = 0; i < good.size(); ++i)
    for (char c : {'A', 'Z', '7', 'u', '=', '1', ' ', '\0'})
      if (good[i] != c) {
        auto bad = good;
        bad[i] = c;
        CHECK_MESSAGE(!decode_public_nkey(bad), bad);
      }
}

TEST_CASE("lower case, padding, wrong lengths, seeds and unknown prefixes are refused") {
  std::string good{vectors[0].text};
  std::string lower = good;
  for (auto& c : lower)
    c = static_cast<char>(std::tolower(c));
  CHECK_FALSE(decode_public_nkey(lower));
  CHECK_FALSE(decode_public_nkey(good + "="));
  CHECK_FALSE(decode_public_nkey(good + "A"));
  CHECK_FALSE(decode_public_nkey(good.substr(0, 55)));
  CHECK_FALSE(decode_public_nkey(""));
  CHECK_FALSE(decode_public_nkey("SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y"));
  for (int prefix : {0x90, 0x78, 0x08, 0xA1, 0xFF}) // right checksum, not a public key
    CHECK_FALSE(decode_public_nkey(encode({static_cast<nkey_kind>(prefix), sample})));
}

TEST_CASE("server ids are readable server keys and never repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    auto id = make_server_id();
    auto key = decode_public_nkey(id);
    REQUIRE(key);
    CHECK(key->kind == nkey_kind::server);
    CHECK(seen.insert(id).second);
  }
}

TEST_CASE("a nonce is fifteen letters of base64url and never repeats") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto nonce = make_nonce();
    CHECK(nonce.size() == 15);
    CHECK(
        nonce.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        == nonce.npos);
    CHECK(seen.insert(nonce).second);
  }
}
