// security/tls_context_builder.cpp: from settings and files to a context, or to what is wrong.
#include "security/certificate.hpp"
#include "security/tls_context.hpp"
#include "security/tls_names.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace troupe::security {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;

/// Encrypted keys are refused instead of asking on the terminal.
int no_pass_phrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::vector<x509_ptr> read_certificates(const std::string& pem) {
  std::vector<x509_ptr> out;
  bio_ptr in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  while (auto* next = PEM_read_bio_X509_AUX(in.get(), nullptr, nullptr, nullptr))
    out.emplace_back(next);
  return out;
}

std::string reason_of_last_error() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

} // namespace

class tls_context_builder {
public:
  tls_context_builder(const tls_settings& settings, tls_role role, std::string_view where)
      : settings_{settings}, role_{role}, where_{where}, context_{new tls_context} {
    ERR_clear_error();
    context_->role_ = role;
    context_->insecure_ = role == tls_role::client && settings.insecure;
    context_->native_.reset(
        SSL_CTX_new(role == tls_role::server ? TLS_server_method() : TLS_client_method()));
  }

  tls_build finish() {
    if (ctx() == nullptr) {
      complain("", "OpenSSL gave no context: " + reason_of_last_error());
      return {nullptr, std::move(problems_)};
    }
    SSL_CTX_set_app_data(ctx(), context_.get());
    set_modes();
    set_versions_and_suites();
    load_own_certificate();
    load_authorities();
    load_pins();
    set_verification();
    ERR_clear_error();
    if (!problems_.empty())
      return {nullptr, std::move(problems_)};
    return {std::move(context_), {}};
  }

private:
  SSL_CTX* ctx() const { return context_->native_.get(); }

  void complain(std::string_view key, std::string_view what) {
    problems_.push_back(where_ + ": " + std::string{key} + (key.empty() ? "" : ": ")
                        + std::string{what});
  }

  std::optional<std::string> read(std::string_view key, const std::string& path) {
    std::string text;
    std::array<char, 4096> piece;
    errno = 0;
    std::unique_ptr<std::FILE, freed_by<std::fclose>> in{std::fopen(path.c_str(), "rb")};
    while (in) {
      auto size = std::fread(piece.data(), 1, piece.size(), in.get());
      text.append(piece.data(), size);
      if (size < piece.size())
        break;
    }
    OPENSSL_cleanse(piece.data(), piece.size());
    if (in && std::ferror(in.get()) == 0)
      return text;
    complain(key, "cannot read " + path + ": " + std::strerror(errno));
    return std::nullopt;
  }

  void set_modes() {
    SSL_CTX_set_options(ctx(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET
                                   | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA
                                   | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(ctx(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx(), 0);
    SSL_CTX_set_mode(ctx(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                                | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }

  void set_versions_and_suites() {
    int least = settings_.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (settings_.min_version != "1.2" && settings_.min_version != "1.3")
      complain("min_version", "\"" + settings_.min_version + "\" is not \"1.2\" or \"1.3\"");
    auto suites = translate_cipher_suites(settings_.cipher_suites, where_, problems_);
    if (suites.tls12.empty() && !suites.tls13.empty())
      least = TLS1_3_VERSION; // nothing was named for 1.2
    SSL_CTX_set_min_proto_version(ctx(), least);
    if (suites.tls12.empty())
      suites.tls12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
    if (SSL_CTX_set_cipher_list(ctx(), suites.tls12.c_str()) != 1)
      complain("cipher_suites", "OpenSSL offers none of them: " + reason_of_last_error());
    // Where no suite of 1.3 was named all of them stay on, as with peers in Go; the fastest first.
    if (suites.tls13.empty())
      suites.tls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
    if (SSL_CTX_set_ciphersuites(ctx(), suites.tls13.c_str()) != 1)
      complain("cipher_suites", "OpenSSL refuses them: " + reason_of_last_error());
    auto curves = translate_curves(settings_.curve_preferences, where_, problems_);
    if (!curves.empty() && SSL_CTX_set1_groups_list(ctx(), curves.c_str()) != 1)
      complain("curve_preferences", "this OpenSSL does not offer all of " + curves);
  }

  void load_own_certificate() {
    const auto& cert = settings_.cert_file;
    const auto& key = settings_.key_file;
    if (cert.empty() && key.empty() && role_ == tls_role::client)
      return;
    if (cert.empty())
      complain("cert_file", "is missing; name the PEM file with the certificate");
    if (key.empty())
      complain("key_file", "is missing; name the PEM file with the private key");
    bool certificate_usable = !cert.empty() && use_certificate(cert);
    auto own_key = key.empty() ? nullptr : read_key(key);
    if (!certificate_usable || !own_key)
      return;
    if (X509_check_private_key(SSL_CTX_get0_certificate(ctx()), own_key.get()) != 1) {
      complain("key_file", key + " does not match the certificate in " + cert);
      ERR_clear_error();
    } else if (SSL_CTX_use_PrivateKey(ctx(), own_key.get()) != 1) {
      complain("key_file", "OpenSSL refuses " + key + ": " + reason_of_last_error());
    }
  }

  bool use_certificate(const std::string& path) {
    auto pem = read("cert_file", path);
    if (!pem)
      return false;
    auto chain = read_certificates(*pem);
    ERR_clear_error();
    if (chain.empty()) {
      complain("cert_file", path + " holds no certificate in PEM form");
      return false;
    }
    if (SSL_CTX_use_certificate(ctx(), chain.front().get()) != 1) {
      complain("cert_file", "OpenSSL refuses " + path + ": " + reason_of_last_error());
      return false;
    }
    for (size_t i = 1; i < chain.size(); ++i)
      SSL_CTX_add1_chain_cert(ctx(), chain[i].get());
    context_->not_after_ = not_after(chain.front().get());
    return true;
  }

  key_ptr read_key(const std::string& path) {
    auto pem = read("key_file", path);
    if (!pem)
      return nullptr;
    bool encrypted = false;
    bio_ptr in{BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size()))};
    key_ptr out{PEM_read_bio_PrivateKey(in.get(), nullptr, &no_pass_phrase, &encrypted)};
    OPENSSL_cleanse(pem->data(), pem->size());
    if (!out)
      complain("key_file", path
                               + (encrypted ? " is protected by a pass phrase; store it without one"
                                            : " holds no private key in PEM form"));
    ERR_clear_error();
    return out;
  }

  void load_authorities() {
    bool demands = settings_.verify || settings_.verify_if_given || settings_.verify_and_map;
    if (settings_.ca_file.empty()) {
      if (role_ == tls_role::client)
        SSL_CTX_set_default_verify_paths(ctx());
      else if (demands)
        complain("ca_file", "is missing; certificates of clients cannot be verified without it");
      return;
    }
    auto pem = read("ca_file", settings_.ca_file);
    if (!pem)
      return;
    auto authorities = read_certificates(*pem);
    ERR_clear_error();
    if (authorities.empty())
      complain("ca_file", settings_.ca_file + " holds no certificate in PEM form");
    auto* store = SSL_CTX_get_cert_store(ctx());
    for (const auto& authority : authorities) {
      X509_STORE_add_cert(store, authority.get());
      if (role_ == tls_role::server)
        SSL_CTX_add_client_CA(ctx(), authority.get());
    }
    // What stands in the file is trusted as it is, be it a root or an intermediate authority.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  }

  void load_pins() {
    for (auto pin : settings_.pinned_certs) {
      for (auto& c : pin)
        c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      if (pin.size() != 64 || pin.find_first_not_of("0123456789abcdef") != pin.npos)
        complain("pinned_certs", "\"" + pin + "\" is not a SHA-256 in 64 hex digits");
      context_->pins_.insert(std::move(pin));
    }
    bool asks = settings_.verify || settings_.verify_if_given || settings_.verify_and_map;
    if (role_ == tls_role::server && !settings_.pinned_certs.empty() && !asks)
      complain("pinned_certs", "needs verify: true, or clients are not asked for a certificate");
  }

  void set_verification() {
    int mode = SSL_VERIFY_NONE;
    if (role_ == tls_role::client)
      mode = context_->insecure_ && context_->pins_.empty() ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
    else if (settings_.verify || settings_.verify_and_map)
      mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    else if (settings_.verify_if_given) // who has pinned certificates wants to see one
      mode = SSL_VERIFY_PEER | (context_->pins_.empty() ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    SSL_CTX_set_verify(ctx(), mode, mode == SSL_VERIFY_NONE ? nullptr : &tls_context::on_verify);
  }

  const tls_settings& settings_;
  tls_role role_;
  std::string where_;
  std::shared_ptr<tls_context> context_;
  std::vector<std::string> problems_;
};

tls_build tls_context::build(const tls_settings& settings, tls_role role, std::string_view where) {
  return tls_context_builder{settings, role, where}.finish();
}

} // namespace troupe::security
