// security/tls_context.cpp: sessions of a context, and who may be at their other end.
#include "security/tls_context.hpp"

#include "security/certificate.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

namespace troupe::security {

void tls_session_free::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

void tls_context::native_free::operator()(ssl_ctx_st* native) const noexcept {
  SSL_CTX_free(native);
}

int tls_context::on_verify(int chain_ok, x509_store_ctx_st* store) {
  auto* session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* self =
      static_cast<const tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
  if (chain_ok != 1 && !self->insecure_)
    return 0;
  bool leaf = X509_STORE_CTX_get_error_depth(store) == 0;
  if (leaf && !self->pins_.empty()
      && !self->pins_.contains(spki_sha256(X509_STORE_CTX_get_current_cert(store)))) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  return 1;
}

tls_session tls_context::make_session(std::string_view host) const {
  tls_session out{SSL_new(native_.get())};
  if (!out)
    return out;
  if (role_ == tls_role::server) {
    SSL_set_accept_state(out.get());
    return out;
  }
  SSL_set_connect_state(out.get());
  if (host.empty())
    return out;
  std::string name{host};
  auto* rules = SSL_get0_param(out.get());
  bool address = X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
  if (!address) {
    SSL_set_tlsext_host_name(out.get(), name.c_str());
    // As peers in Go judge: only alternative names count, never the CN.
    SSL_set_hostflags(out.get(),
                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(out.get(), name.c_str()) != 1)
      return nullptr;
  }
  return out;
}

std::string describe_tls_failure(const ssl_st* session) {
  std::string out;
  if (auto verdict = SSL_get_verify_result(session); verdict == X509_V_ERR_APPLICATION_VERIFICATION)
    out = "the peer's certificate is not in pinned_certs";
  else if (verdict != X509_V_OK)
    out = std::string{"the peer's certificate: "} + X509_verify_cert_error_string(verdict);
  auto code = ERR_peek_last_error();
  if (out.empty() && code != 0) {
    const char* reason = ERR_reason_error_string(code);
    out = reason != nullptr ? reason : "TLS error " + std::to_string(code);
  }
  ERR_clear_error();
  return out.empty() ? "the peer closed the connection" : out;
}

} // namespace troupe::security
