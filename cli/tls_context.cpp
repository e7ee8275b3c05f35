// cli/tls_context.cpp: loads certificates for client connections.
#include "cli/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe::cli {
namespace {

problem bad_file(std::string_view what, const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0) // OpenSSL would say "system lib"
    return {fmt::format("cannot use {} \"{}\": {}", what, file, std::strerror(errno)),
            "it must be a readable PEM file", exit_code::usage};
  auto code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return {fmt::format("cannot use {} \"{}\": {}", what, file,
                      reason == nullptr ? "not readable" : reason),
          "it must be a readable PEM file", exit_code::usage};
}

outcome load_identity(SSL_CTX* context, const connect_options& options) {
  if (options.tls_cert.empty() && options.tls_key.empty())
    return std::nullopt;
  if (options.tls_cert.empty() || options.tls_key.empty())
    return problem{"a client certificate needs both its file and its key's file",
                   "give --tls-cert together with --tls-key", exit_code::usage};
  if (SSL_CTX_use_certificate_chain_file(context, options.tls_cert.c_str()) != 1)
    return bad_file("the certificate", options.tls_cert);
  if (SSL_CTX_use_PrivateKey_file(context, options.tls_key.c_str(), SSL_FILETYPE_PEM) != 1)
    return bad_file("the key", options.tls_key);
  return std::nullopt;
}

} // namespace

outcome make_tls_context(const connect_options& options, tls_context& out) {
  ERR_clear_error();
  tls_context made{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  if (!made)
    return problem{"OpenSSL cannot make a TLS context", ""};
  SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                   | SSL_MODE_RELEASE_BUFFERS);
  if (options.tls_ca.empty())
    SSL_CTX_set_default_verify_paths(made.get());
  else if (SSL_CTX_load_verify_locations(made.get(), options.tls_ca.c_str(), nullptr) != 1)
    return bad_file("the authority", options.tls_ca);
  if (auto wrong = load_identity(made.get(), options))
    return wrong;
  SSL_CTX_set_verify(made.get(), options.tls_insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  out = std::move(made);
  return std::nullopt;
}

} // namespace troupe::cli
