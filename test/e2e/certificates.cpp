// test/e2e/certificates.cpp: a certificate authority for the life of one test run.
#include "certificates.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace troupe::e2e {
namespace {
using key_ptr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using certificate_ptr = std::unique_ptr<X509, void (*)(X509*)>;

struct identity {
  key_ptr key{nullptr, EVP_PKEY_free};
  certificate_ptr certificate{nullptr, X509_free};
};

void require(bool ok, const char* what) {
  if (!ok)
    throw std::runtime_error(std::string{"certificates: "} + what);
}

void add_extension(X509* to, X509* issuer, int which, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension{
      X509V3_EXT_conf_nid(nullptr, &context, which, value), X509_EXTENSION_free};
  require(extension && X509_add_ext(to, extension.get(), -1) == 1, value);
}

void add_name(X509_NAME* name, const char* field, const char* value) {
  auto bytes = reinterpret_cast<const unsigned char*>(value);
  require(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, -1, -1, 0) == 1, value);
}

/// Signed by `issuer`, or by itself if there is none.
identity make(long serial, const char* common_name, const char* alternative_names,
              const identity* issuer, bool authority, long lasts = 86400) {
  identity out;
  out.key.reset(EVP_EC_gen("P-256"));
  out.certificate.reset(X509_new());
  require(out.key && out.certificate, "no memory");
  auto x509 = out.certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), lasts);
  X509_set_pubkey(x509, out.key.get());
  auto name = X509_get_subject_name(x509);
  add_name(name, "O", "Acme");
  add_name(name, "CN", common_name);
  auto signer = issuer ? issuer : &out;
  X509_set_issuer_name(x509, X509_get_subject_name(signer->certificate.get()));
  if (authority)
    add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE");
  if (alternative_names)
    add_extension(x509, signer->certificate.get(), NID_subject_alt_name, alternative_names);
  require(X509_sign(x509, signer->key.get(), EVP_sha256()) > 0, "signing");
  return out;
}

void write(const identity& who, const std::filesystem::path& folder, const std::string& name) {
  auto open = [&](const std::string& file) {
    return std::unique_ptr<FILE, int (*)(FILE*)>{std::fopen((folder / file).c_str(), "w"),
                                                 std::fclose};
  };
  auto certificate = open(name + ".pem");
  auto key = open(name + "-key.pem");
  require(certificate && PEM_write_X509(certificate.get(), who.certificate.get()) == 1, "writing");
  require(
      key
          && PEM_write_PrivateKey(key.get(), who.key.get(), nullptr, nullptr, 0, nullptr, nullptr)
                 == 1,
      "writing");
}
} // namespace

void write_certificates(const std::filesystem::path& folder) {
  auto ca = make(1, "test authority", nullptr, nullptr, true);
  write(ca, folder, "ca");
  write(make(2, "localhost", "IP:127.0.0.1,DNS:localhost", &ca, false), folder, "server");
  write(make(3, "bob", "email:alice@example.com", &ca, false), folder, "client");
  write(make(5, "fleet",
             "DNS:*.ny.example.net,DNS:*.tyo.example.net,DNS:*.ops.example.net,"
             "DNS:*.ldn.example.net",
             &ca, false),
        folder, "fleet");
  write(make(4, "stranger", nullptr, nullptr, false), folder, "other");
  write(make(5, "localhost", "IP:127.0.0.1,DNS:localhost", &ca, false, -60), folder, "expired");
}
} // namespace troupe::e2e
