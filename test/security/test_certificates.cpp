// test/security/test_certificates.cpp: signs the certificates of the small PKI.
#include "test/security/test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

namespace troupe::test {
namespace {

constexpr long one_day = 24 * 60 * 60;

struct x509_free {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct key_free {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

struct identity {
  std::unique_ptr<EVP_PKEY, key_free> key;
  std::unique_ptr<X509, x509_free> certificate;
};

struct attribute {
  const char* type;
  const char* value;
};

/// `subject` in the order of the encoding; `alternatives` as in openssl.cnf; `signer` null: an
/// authority that signs itself.
struct wish {
  std::vector<attribute> subject;
  const char* alternatives = nullptr;
  const identity* signer = nullptr;
  long days = 30;
};

void extend(X509* certificate, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
  if (extension == nullptr)
    throw std::runtime_error{std::string{"bad extension "} + value};
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

identity make(const wish& what) {
  static long serial = 1000;
  identity out{std::unique_ptr<EVP_PKEY, key_free>{EVP_EC_gen("P-256")},
               std::unique_ptr<X509, x509_free>{X509_new()}};
  auto* c = out.certificate.get();
  const auto& signer = what.signer != nullptr ? *what.signer : out;
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(c), -10 * one_day);
  X509_gmtime_adj(X509_getm_notAfter(c), what.days * one_day);
  X509_set_pubkey(c, out.key.get());
  auto* name = X509_get_subject_name(c);
  for (const auto& part : what.subject)
    X509_NAME_add_entry_by_txt(name, part.type, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(part.value), -1, -1, 0);
  X509_set_issuer_name(c, X509_get_subject_name(signer.certificate.get()));
  extend(c, signer.certificate.get(), NID_subject_key_identifier, "hash");
  if (what.signer == nullptr) {
    extend(c, c, NID_basic_constraints, "critical,CA:TRUE");
    extend(c, c, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    extend(c, signer.certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    extend(c, signer.certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  }
  if (what.alternatives != nullptr)
    extend(c, signer.certificate.get(), NID_subject_alt_name, what.alternatives);
  if (X509_sign(c, signer.key.get(), EVP_sha256()) == 0)
    throw std::runtime_error{"cannot sign a test certificate"};
  return out;
}

template <class Write>
void write(const std::string& path, Write body) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "w"), &std::fclose};
  if (!file || body(file.get()) != 1)
    throw std::runtime_error{"cannot write " + path};
}

void save(const identity& who, const std::string& certificate, const std::string& key) {
  write(certificate, [&](std::FILE* f) { return PEM_write_X509(f, who.certificate.get()); });
  if (!key.empty())
    write(key, [&](std::FILE* f) {
      return PEM_write_PrivateKey(f, who.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

std::filesystem::path make_directory() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-pki-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"cannot make a temporary directory"};
  return pattern;
}

} // namespace

test_certificates::test_certificates()
    : directory_{make_directory()}, ca_{path("ca.pem")}, server_cert_{path("server.pem")},
      server_key_{path("server.key")}, client_cert_{path("client.pem")},
      client_key_{path("client.key")}, expired_cert_{path("expired.pem")},
      expired_key_{path("expired.key")}, foreign_ca_{path("foreign_ca.pem")},
      foreign_cert_{path("foreign.pem")}, foreign_key_{path("foreign.key")} {
  constexpr auto local = "DNS:localhost,IP:127.0.0.1,IP:::1";
  auto ca = make({{{"O", "Acme"}, {"CN", "Test CA"}}});
  auto foreign_ca = make({{{"O", "Elsewhere"}, {"CN", "Foreign CA"}}});
  save(ca, ca_, "");
  save(foreign_ca, foreign_ca_, "");
  save(make({{{"CN", "server"}}, local, &ca}), server_cert_, server_key_);
  save(make({{{"CN", "server"}}, local, &ca, -1}), expired_cert_, expired_key_);
  save(make({{{"C", "US"},
              {"DC", "com"},
              {"DC", "example"},
              {"O", "Acme"},
              {"OU", "Eng"},
              {"CN", "client"}},
             "URI:urn:client:7,DNS:client.example.com,email:ann@example.com",
             &ca}),
       client_cert_, client_key_);
  save(make({{{"CN", "client"}}, "email:ann@example.com", &foreign_ca}), foreign_cert_,
       foreign_key_);
}

test_certificates::~test_certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

} // namespace troupe::test
