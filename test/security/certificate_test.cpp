// test/security/certificate_test.cpp: the names and dates of a certificate.
#include "security/certificate.hpp"

#include "security/authenticator.hpp"
#include "test/security/test_certificates.hpp"

#include <doctest/doctest.h>

#include <openssl/pem.h>

#include <cstdio>
#include <memory>

using namespace troupe::security;
using troupe::test::test_certificates;

namespace {

struct loaded {
  explicit loaded(const std::string& path) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "r"),
                                                         &std::fclose};
    REQUIRE(file);
    certificate = {PEM_read_X509(file.get(), nullptr, nullptr, nullptr), &X509_free};
    REQUIRE(certificate);
  }
  X509* get() const { return certificate.get(); }
  std::unique_ptr<X509, decltype(&X509_free)> certificate{nullptr, &X509_free};
};

/// First line of what the openssl command prints, without its line end.
std::string said_by(const std::string& command) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{popen(command.c_str(), "r"), &pclose};
  char line[512] = {};
  if (!pipe || std::fgets(line, sizeof line, pipe.get()) == nullptr)
    return {};
  std::string out{line};
  return out.substr(0, out.find('\n'));
}

} // namespace

TEST_CASE("alternative names come as mail, DNS, URI, whatever their order in the certificate") {
  test_certificates pki;
  loaded client{pki.client_cert()};
  auto names = certificate_names(client.get());
  CHECK(names.names
        == std::vector<std::string>{"ann@example.com", "client.example.com", "urn:client:7"});
}

TEST_CASE("the subject reads most specific part first and parses back to itself") {
  test_certificates pki;
  loaded client{pki.client_cert()};
  CHECK(subject_dn(client.get()) == test_certificates::client_dn);
  auto names = certificate_names(client.get());
  CHECK(names.subject == parse_distinguished_name(test_certificates::client_dn));
  CHECK(names.subject_texts
        == std::vector<std::string>{"CN=client,OU=Eng,O=Acme,C=US,DC=com,DC=example",
                                    "CN=client,OU=Eng,O=Acme,C=US"});
}

TEST_CASE("digests are those that the openssl command computes") {
  test_certificates pki;
  loaded client{pki.client_cert()};
  auto spki = said_by("openssl x509 -in " + pki.client_cert()
                      + " -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum");
  CHECK(spki.substr(0, 64) == spki_sha256(client.get()));
  auto whole = said_by("openssl x509 -in " + pki.client_cert() + " -outform DER | sha256sum");
  CHECK(whole.substr(0, 64) == cert_sha256(client.get()));
}

TEST_CASE("the end of a certificate is the one that was signed") {
  using namespace std::chrono;
  test_certificates pki;
  auto now = system_clock::now();
  auto left = not_after(loaded{pki.server_cert()}.get()) - now;
  CHECK(left > hours{24 * 30} - minutes{5});
  CHECK(left < hours{24 * 30} + minutes{5});
  CHECK(not_after(loaded{pki.expired_cert()}.get()) < now);
}

TEST_CASE("a real certificate finds users by each of its names and by no part of its subject") {
  test_certificates pki;
  loaded client{pki.client_cert()};
  auto who = certificate_names(client.get());
  auto finds = [&](const char* name) {
    authentication_settings s;
    s.map_certificates = true;
    s.users.emplace_back();
    s.users[0].name = name;
    return std::holds_alternative<accepted>(authenticator{s}.login({}, &who));
  };
  for (auto yes :
       {"ann@example.com", "client.example.com", "urn:client:7",
        "CN=client,OU=Eng,O=Acme,DC=example,DC=com,C=US",
        "C=US,CN=client,OU=Eng,O=Acme,DC=example,DC=com",
        "cn = client, ou=Eng,O=Acme,DC=example,DC=com,C=US", "CN=client,OU=Eng,O=Acme,C=US",
        "CN=client,OU=Eng,O=Acme,C=US,DC=com,DC=example"})
    CHECK_MESSAGE(finds(yes), yes);
  for (auto no : {"client", "CN=client", "O=Acme,C=US,CN=client,OU=Eng", "example.com",
                  "CN=Client,OU=Eng,O=Acme,C=US", ""})
    CHECK_MESSAGE(!finds(no), no);
}
