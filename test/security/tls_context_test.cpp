// test/security/tls_context_test.cpp: which peers get through a handshake, and which settings do.
#include "security/tls_context.hpp"

#include "security/certificate.hpp"
#include "test/security/test_certificates.hpp"

#include <doctest/doctest.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

using namespace troupe::security;
using troupe::test::test_certificates;

namespace {

const test_certificates& pki() {
  static const test_certificates made;
  return made;
}

tls_settings server_settings() {
  tls_settings s;
  s.cert_file = pki().server_cert();
  s.key_file = pki().server_key();
  s.ca_file = pki().ca();
  return s;
}

tls_settings client_settings(bool with_certificate = false) {
  tls_settings s;
  s.ca_file = pki().ca();
  if (with_certificate) {
    s.cert_file = pki().client_cert();
    s.key_file = pki().client_key();
  }
  return s;
}

tls_context_ptr built(const tls_settings& settings, tls_role role) {
  auto out = tls_context::build(settings, role, "tls");
  for (const auto& problem : out.problems)
    FAIL(problem);
  return out.context;
}

std::vector<std::string> problems_of(const tls_settings& settings,
                                     tls_role role = tls_role::server) {
  auto out = tls_context::build(settings, role, "site.conf:3: tls");
  CHECK((out.context == nullptr) == !out.problems.empty());
  for (const auto& problem : out.problems)
    CHECK_MESSAGE(problem.starts_with("site.conf:3: tls: "), problem);
  return out.problems;
}

/// The one problem there must be; fails the test unless it speaks of `about`.
void only_problem(const tls_settings& settings, std::string_view about,
                  tls_role role = tls_role::server) {
  auto problems = problems_of(settings, role);
  REQUIRE(problems.size() == 1);
  CHECK_MESSAGE(problems[0].find(about) != std::string::npos, problems[0]);
}

/// Two sessions joined in memory.
struct handshake {
  handshake(const tls_settings& server, const tls_settings& client, std::string_view host)
      : handshake{built(server, tls_role::server), built(client, tls_role::client), host} {}

  handshake(const tls_context_ptr& server, const tls_context_ptr& client, std::string_view host)
      : at_server{server->make_session()}, at_client{client->make_session(host)} {
    BIO* left = nullptr;
    BIO* right = nullptr;
    BIO_new_bio_pair(&left, 0, &right, 0);
    SSL_set_bio(at_server.get(), left, left);
    SSL_set_bio(at_client.get(), right, right);
    for (int round = 0; round < 20 && !(server_done && client_done); ++round) {
      if (step(at_client.get(), client_done, client_failure)
          && step(at_server.get(), server_done, server_failure))
        continue;
      break;
    }
    // In TLS 1.3 the client is done before the server has judged its certificate.
    ok = server_done && client_done && server_failure.empty() && client_failure.empty();
  }

  static bool step(SSL* session, bool& done, std::string& failure) {
    int result = SSL_do_handshake(session);
    done = result == 1;
    int error = SSL_get_error(session, result);
    if (!done && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
      failure = describe_tls_failure(session);
    return failure.empty();
  }

  tls_session at_server;
  tls_session at_client;
  bool server_done = false;
  bool client_done = false;
  bool ok = false;
  std::string server_failure;
  std::string client_failure;
};

std::string spki_of(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "r"), &std::fclose};
  std::unique_ptr<X509, decltype(&X509_free)> c{
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), &X509_free};
  return spki_sha256(c.get());
}

} // namespace

TEST_CASE("a client that trusts our authority and dials our name gets through") {
  for (auto host : {"localhost", "127.0.0.1", "::1"}) {
    handshake h{server_settings(), client_settings(), host};
    CHECK_MESSAGE(h.ok, h.client_failure << h.server_failure);
    CHECK(std::string{SSL_get_version(h.at_client.get())} == "TLSv1.3");
  }
}

TEST_CASE("a client refuses a wrong name, a foreign authority and an expired certificate") {
  handshake name{server_settings(), client_settings(), "elsewhere.example"};
  CHECK_FALSE(name.ok);
  CHECK(name.client_failure.find("hostname mismatch") != std::string::npos);
  handshake common_name{server_settings(), client_settings(), "server"};
  CHECK_FALSE(common_name.ok);
  handshake address{server_settings(), client_settings(), "127.0.0.2"};
  CHECK_FALSE(address.ok);
  auto foreign = client_settings();
  foreign.ca_file = pki().foreign_ca();
  CHECK_FALSE(handshake{server_settings(), foreign, "localhost"}.ok);
  auto expired = server_settings();
  expired.cert_file = pki().expired_cert();
  expired.key_file = pki().expired_key();
  handshake late{expired, client_settings(), "localhost"};
  CHECK_FALSE(late.ok);
  CHECK(late.client_failure.find("expired") != std::string::npos);
}

TEST_CASE("an insecure client takes any certificate, unless it pins another") {
  auto client = client_settings();
  client.insecure = true;
  client.ca_file = pki().foreign_ca();
  CHECK(handshake{server_settings(), client, "elsewhere.example"}.ok);
  client.pinned_certs = {spki_of(pki().server_cert())};
  CHECK(handshake{server_settings(), client, "elsewhere.example"}.ok);
  client.pinned_certs = {spki_of(pki().client_cert())};
  handshake pinned{server_settings(), client, "elsewhere.example"};
  CHECK_FALSE(pinned.ok);
  CHECK(pinned.client_failure.find("pinned_certs") != std::string::npos);
}

TEST_CASE("verify demands a certificate of our authority") {
  for (bool map : {false, true}) {
    auto server = server_settings();
    (map ? server.verify_and_map : server.verify) = true;
    CHECK(handshake{server, client_settings(true), "localhost"}.ok);
    handshake none{server, client_settings(), "localhost"};
    CHECK_FALSE(none.ok);
    CHECK_FALSE(none.server_failure.empty());
    auto foreign = client_settings();
    foreign.cert_file = pki().foreign_cert();
    foreign.key_file = pki().foreign_key();
    CHECK_FALSE(handshake{server, foreign, "localhost"}.ok);
    auto expired = client_settings();
    expired.cert_file = pki().expired_cert();
    expired.key_file = pki().expired_key();
    CHECK_FALSE(handshake{server, expired, "localhost"}.ok);
  }
}

TEST_CASE("verify_if_given lets in who has no certificate and refuses a bad one") {
  auto server = server_settings();
  server.verify_if_given = true;
  handshake none{server, client_settings(), "localhost"};
  CHECK(none.ok);
  CHECK(SSL_get0_peer_certificate(none.at_server.get()) == nullptr);
  handshake good{server, client_settings(true), "localhost"};
  CHECK(good.ok);
  CHECK(SSL_get0_peer_certificate(good.at_server.get()) != nullptr);
  auto foreign = client_settings();
  foreign.cert_file = pki().foreign_cert();
  foreign.key_file = pki().foreign_key();
  CHECK_FALSE(handshake{server, foreign, "localhost"}.ok);
}

TEST_CASE("of clients that verify, only pinned ones get through") {
  auto server = server_settings();
  server.verify = true;
  server.pinned_certs = {spki_of(pki().client_cert())};
  CHECK(handshake{server, client_settings(true), "localhost"}.ok);
  for (auto& c : server.pinned_certs[0])
    c = static_cast<char>(std::toupper(c));
  CHECK(handshake{server, client_settings(true), "localhost"}.ok);
  server.pinned_certs = {spki_of(pki().server_cert())};
  handshake other{server, client_settings(true), "localhost"};
  CHECK_FALSE(other.ok);
  CHECK(other.server_failure.find("pinned_certs") != std::string::npos);
  server.verify = false;
  server.verify_if_given = true;
  CHECK_FALSE(handshake{server, client_settings(), "localhost"}.ok);
}

TEST_CASE("suites, curves and the least version are those of the settings") {
  auto server = server_settings();
  server.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"};
  server.curve_preferences = {"CurveP384"};
  handshake modern{server, client_settings(), "localhost"};
  REQUIRE(modern.ok);
  CHECK(std::string{SSL_get_cipher(modern.at_client.get())} == "TLS_AES_128_GCM_SHA256");
  CHECK(SSL_get_shared_group(modern.at_server.get(), 0) == NID_secp384r1);
  auto client = built(client_settings(), tls_role::client);
  SSL_CTX_set_max_proto_version(client->native(), TLS1_2_VERSION);
  handshake old{built(server, tls_role::server), client, "localhost"};
  REQUIRE(old.ok);
  CHECK(std::string{SSL_get_cipher(old.at_client.get())} == "ECDHE-ECDSA-AES256-GCM-SHA384");
  server.min_version = "1.3";
  CHECK_FALSE(handshake{built(server, tls_role::server), client, "localhost"}.ok);
  server.min_version = "1.2";
  server.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  CHECK_FALSE(handshake{built(server, tls_role::server), client, "localhost"}.ok);
}

TEST_CASE("sessions are never resumed and tickets never sent") {
  handshake h{server_settings(), client_settings(), "localhost"};
  REQUIRE(h.ok);
  CHECK(SSL_get_num_tickets(h.at_server.get()) == 0);
  CHECK(SSL_SESSION_is_resumable(SSL_get0_session(h.at_client.get())) == 0);
}

TEST_CASE("each unusable setting is named with its file and the reason") {
  auto missing = server_settings();
  missing.cert_file = pki().path("nowhere.pem");
  only_problem(missing, "cert_file: cannot read " + missing.cert_file + ": No such file");
  auto folder = server_settings();
  folder.cert_file = pki().path("");
  only_problem(folder, "Is a directory");
  auto mismatch = server_settings();
  mismatch.key_file = pki().client_key();
  only_problem(mismatch, "does not match the certificate in " + mismatch.cert_file);
  auto swapped = server_settings();
  std::swap(swapped.cert_file, swapped.key_file);
  CHECK(problems_of(swapped).size() == 2);
  auto not_pem = server_settings();
  not_pem.ca_file = pki().path("text");
  std::ofstream{not_pem.ca_file} << "hello";
  only_problem(not_pem, "ca_file: " + not_pem.ca_file + " holds no certificate in PEM form");
  auto no_ca = server_settings();
  no_ca.ca_file.clear();
  no_ca.verify = true;
  only_problem(no_ca, "ca_file: is missing");
  auto half = client_settings(true);
  half.key_file.clear();
  only_problem(half, "key_file: is missing", tls_role::client);
  auto old = server_settings();
  old.min_version = "1.1";
  only_problem(old, "min_version: \"1.1\"");
  auto pins = server_settings();
  pins.verify = true;
  pins.pinned_certs = {"abc"};
  only_problem(pins, "64 hex digits");
  auto unseen = server_settings();
  unseen.pinned_certs = {std::string(64, 'a')};
  only_problem(unseen, "pinned_certs: needs verify");
}

TEST_CASE("an encrypted key is refused without asking for its pass phrase") {
  auto s = server_settings();
  s.key_file = pki().path("locked.key");
  {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(s.key_file.c_str(), "w"),
                                                         &std::fclose};
    unsigned char phrase[] = "secret";
    PEM_write_PrivateKey(file.get(), key.get(), EVP_aes_128_cbc(), phrase, 6, nullptr, nullptr);
  }
  only_problem(s, "protected by a pass phrase");
}

TEST_CASE("unknown names are answered with those that are known, and all problems at once") {
  tls_settings s;
  s.cipher_suites = {"TLS_RSA_WITH_RC4_128_SHA", "tls_aes_128_gcm_sha256"};
  s.curve_preferences = {"secp256k1"};
  s.min_version = "2";
  s.verify = true;
  auto problems = problems_of(s);
  CHECK(problems.size() == 7); // version, two suites, curve, certificate, key, authority
  bool suites = false;
  bool curves = false;
  for (const auto& p : problems) {
    suites = suites
             || (p.find("\"TLS_RSA_WITH_RC4_128_SHA\"") != p.npos
                 && p.find("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384") != p.npos);
    curves = curves || (p.find("\"secp256k1\"") != p.npos && p.find("CurveP256") != p.npos);
  }
  CHECK(suites);
  CHECK(curves);
}

TEST_CASE("every known suite is one that this OpenSSL offers") {
  for (auto name :
       {"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}) {
    auto s = server_settings();
    s.cipher_suites = {name};
    CHECK_MESSAGE(problems_of(s).empty(), name);
  }
  for (auto name : {"X25519", "CurveP256", "CurveP384", "CurveP521"}) {
    auto s = server_settings();
    s.curve_preferences = {name};
    CHECK_MESSAGE(problems_of(s).empty(), name);
  }
}
