// test/security/key_pair_test.cpp: seeds, signatures and sealed boxes.
#include "security/key_pair.hpp"

#include "security/text_encoding.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe::security;

namespace {

// The vectors of accounts-and-auth.md section 2.2: the seed is 00 01 … 1f. Test keys.
struct known_pair {
  nkey_kind kind;
  std::string_view seed;
  std::string_view key;
};

constexpr known_pair known[] = {
    {nkey_kind::user, "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y",
     "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK"},
    {nkey_kind::account, "SAAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4HYMHI",
     "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV"},
    {nkey_kind::operator_key, "SOAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H2AJA",
     "OAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QZVT"},
    {nkey_kind::server, "SNAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H2D5U",
     "NAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RSWB"},
};

// Made with nkeys' Go library: raw seeds 20 21 … 3f and 40 41 … 5f. Test keys.
constexpr std::string_view curve_seed =
    "SXACAIJCEMSCKJRHFAUSUKZMFUXC6MBRGIZTINJWG44DSOR3HQ6T4PY4AQ";
constexpr std::string_view curve_key = "XA2YA4WWGZMIBUNO5IZJVX4REE4DQUPNEGRI4O3V5FS5BUWNCZRFI2LE";
constexpr std::string_view other_curve_seed =
    "SXAEAQKCINCEKRSHJBEUUS2MJVHE6UCRKJJVIVKWK5MFSWS3LROV4XZ47Q";
constexpr uint8_t box_of_go[] = {
    0x78, 0x6b, 0x76, 0x31, 0xdc, 0xe8, 0xec, 0x2e, 0xa2, 0xfd, 0xb5, 0xdc, 0x67, 0x7e,
    0x07, 0xde, 0x5d, 0x8e, 0x86, 0x4d, 0x76, 0x5e, 0xdd, 0xd8, 0x92, 0x76, 0x7d, 0xf2,
    0x45, 0xc6, 0xfe, 0x9e, 0x5d, 0x10, 0xe5, 0x66, 0xdb, 0x0c, 0xcd, 0x18, 0xe3, 0x7f,
    0x91, 0x46, 0xa0, 0xae, 0x4b, 0x15, 0xb5, 0xc6, 0x02, 0x6f, 0x2c, 0x4e, 0xa5, 0xd8};

std::string base64(const raw_signature& signature) {
  return to_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
}

} // namespace

TEST_CASE("a known seed gives its known public key and is written as it was read") {
  for (const auto& [kind, seed, key] : known) {
    auto pair = key_pair::from_seed(seed);
    REQUIRE_MESSAGE(pair, seed);
    CHECK(pair->kind() == kind);
    CHECK(pair->public_text() == key);
    CHECK(pair->seed().text() == seed);
  }
}

TEST_CASE("a nonce is signed as every other library signs it") {
  auto pair = key_pair::from_seed(known[0].seed);
  REQUIRE(pair);
  auto signature = pair->sign("ErmRA7c3WgMeaqc");
  CHECK(
      base64(signature)
      == "ZlTni-6pc9WIRGxcNMGct5rF3E5XtkoePT3Nbmtnh_6WLCWG_8j0vBnNaXzxAtXvCK4MCqRGXJuTNmT7pBvNCQ");
  CHECK(verify(pair->public_key(), "ErmRA7c3WgMeaqc", signature));
  CHECK_FALSE(verify(pair->public_key(), "ErmRA7c3WgMeaqd", signature));
  signature[63] ^= 1;
  CHECK_FALSE(verify(pair->public_key(), "ErmRA7c3WgMeaqc", signature));
  CHECK_FALSE(verify({nkey_kind::curve, pair->public_key().key}, "", pair->sign("")));
}

TEST_CASE("one changed letter anywhere makes a seed unreadable") {
  std::string good{known[0].seed};
  for (size_t i = 0; i < good.size(); ++i)
    for (char c : {'A', 'Z', '7', 'u', '=', '1', ' ', '\0'})
      if (good[i] != c) {
        auto bad = good;
        bad[i] = c;
        CHECK_MESSAGE(!nkey_seed::parse(bad), bad);
      }
  for (const auto& bad : {good + "A", good + "=", good + "\n", good.substr(1), std::string{},
                          std::string{known[0].key}, std::string(58, 'A')})
    CHECK_FALSE(nkey_seed::parse(bad));
}

TEST_CASE("fresh seeds of every kind begin with S and their letter, and never repeat") {
  for (auto [kind, letter] : {std::pair{nkey_kind::operator_key, 'O'},
                              {nkey_kind::account, 'A'},
                              {nkey_kind::user, 'U'},
                              {nkey_kind::server, 'N'},
                              {nkey_kind::cluster, 'C'},
                              {nkey_kind::curve, 'X'}}) {
    auto one = nkey_seed::create(kind), other = nkey_seed::create(kind);
    CHECK(one.text().size() == 58);
    CHECK(one.text()[0] == 'S');
    CHECK(one.text()[1] == letter);
    CHECK(one.text() != other.text());
    auto again = nkey_seed::parse(one.text());
    REQUIRE(again);
    CHECK(again->raw() == one.raw());
    CHECK(again->kind() == kind);
  }
}

TEST_CASE("a seed leaves nothing behind where it lay") {
  alignas(nkey_seed) std::array<unsigned char, sizeof(nkey_seed)> place{};
  auto* seed = new (place.data()) nkey_seed{nkey_kind::user, {}};
  *seed = nkey_seed::create(nkey_kind::user);
  auto raw = seed->raw();
  seed->~nkey_seed();
  CHECK(std::search(place.begin(), place.end(), raw.begin(), raw.end()) == place.end());
}

TEST_CASE("curve seeds make no signing pair and signing seeds no curve pair") {
  CHECK_FALSE(key_pair::from_seed(curve_key_pair::create().seed().text()));
  CHECK_FALSE(curve_key_pair::from_seed(known[0].seed));
}

TEST_CASE("only the two ends of a sealed box can open it, and only unchanged") {
  auto server = curve_key_pair::create(), service = curve_key_pair::create(),
       stranger = curve_key_pair::create();
  for (std::string_view message : {"", "x", "an authorization request"}) {
    auto box = server.seal(message, service.public_text());
    REQUIRE(box);
    CHECK(box->starts_with("xkv1"));
    CHECK(service.open(*box, server.public_text()) == message);
    CHECK(server.open(*box, service.public_text()) == message); // crypto_box knows no direction
    CHECK_FALSE(stranger.open(*box, server.public_text()));
    CHECK_FALSE(service.open(*box, stranger.public_text()));
    for (size_t i = 0; i < box->size(); ++i) {
      auto bad = *box;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      CHECK_MESSAGE(!service.open(bad, server.public_text()), "byte " << i);
      CHECK_FALSE(service.open(box->substr(0, i), server.public_text()));
    }
    CHECK(*box != *server.seal(message, service.public_text()));
  }
}

TEST_CASE("a box that Go's library sealed opens") {
  auto pair = curve_key_pair::from_seed(other_curve_seed);
  REQUIRE(pair);
  CHECK(pair->open({reinterpret_cast<const char*>(box_of_go), sizeof box_of_go}, curve_key)
        == "sealed by Go");
  CHECK(curve_key_pair::from_seed(curve_seed)->public_text() == curve_key);
}

TEST_CASE("the curve key of a seed is the one that the reference's own tests have for it") {
  auto pair =
      curve_key_pair::from_seed("SXAAXMRAEP6JWWHNB6IKFL554IE6LZVT6EY5MBRICPILTLOPHAG73I3YX4");
  REQUIRE(pair);
  CHECK(pair->public_text() == "XAB3NANV3M6N7AHSQP2U5FRWKKUT7EG2ZXXABV4XVXYQRJGM4S2CZGHT");
}

TEST_CASE("nothing is sealed to what is no curve key") {
  auto pair = curve_key_pair::create();
  for (std::string_view whom : {std::string_view{}, known[0].key, curve_seed})
    CHECK_FALSE(pair.seal("secret", whom));
  CHECK_FALSE(pair.seal("secret", encode({nkey_kind::curve, {}}))); // a point of small order
}

TEST_CASE("base32 and base64url are read in one spelling only") {
  std::array<uint8_t, 3> out{};
  CHECK(to_base32(std::array<uint8_t, 3>{0xFF, 0, 1}) == "74AAC");
  CHECK(from_base32("74AAC", out));
  CHECK(out == std::array<uint8_t, 3>{0xFF, 0, 1});
  for (std::string_view bad : {"74AAD", "74aac", "74AA", "74AAC=", "74AA "})
    CHECK_FALSE_MESSAGE(from_base32(bad, out), bad);
  for (std::string_view text : {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd"})
    CHECK(from_base64url(to_base64url(text)) == text);
  for (std::string_view bad : {"YQ==", "Y", "YR", "Y Q", "YQ\n", "+/+/", "YWJjZA="})
    CHECK_FALSE_MESSAGE(from_base64url(bad), bad);
  for (int byte = 0x80; byte < 0x100; ++byte) // which libsodium alone would let through
    for (size_t at = 0; at < 4; ++at) {
      std::string text = "YWJj";
      text[at] = static_cast<char>(byte);
      CHECK_FALSE_MESSAGE(from_base64url(text), byte);
      CHECK_FALSE_MESSAGE(from_any_base64(text, out), byte);
    }
}
