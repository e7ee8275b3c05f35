// security/tls_context.hpp: how one listener or link speaks TLS, built from its settings.
#pragma once

#include "security/tls_settings.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;
struct x509_store_ctx_st;

namespace troupe::security {

enum class tls_role : uint8_t {
  server, ///< accepts; needs a certificate
  client, ///< dials out; presents a certificate if it has one
};

struct tls_session_free {
  void operator()(ssl_st* session) const noexcept;
};
/// One connection's TLS state; the caller gives it its BIOs or descriptor.
using tls_session = std::unique_ptr<ssl_st, tls_session_free>;

class tls_context;
using tls_context_ptr = std::shared_ptr<const tls_context>;

/// What came of building a context: either `context` or at least one of `problems`, each a sentence
/// that begins with the caller's `where` and names the file and the reason.
struct tls_build {
  tls_context_ptr context;
  std::vector<std::string> problems;
};

/// Immutable and usable from any thread. A reload builds a new one and swaps the pointer; sessions
/// keep the context they were made from. TLS 1.2 and 1.3 only; no compression, no renegotiation, no
/// resumption (a resumed session would skip the check of the peer's certificate, and NATS clients
/// do not resume). Buffers of idle sessions are released; writes may be partial and may be repeated
/// from another address.
class tls_context {
public:
  /// Reads the files named in `settings`; names every problem at once.
  static tls_build build(const tls_settings& settings, tls_role role, std::string_view where);

  /// A session in accept or connect state; null if out of memory. `host` (clients only): the name
  /// or address that was dialled; it goes into SNI and, unless `insecure`, must be in the
  /// certificate of the peer.
  tls_session make_session(std::string_view host = {}) const;

  tls_role role() const noexcept { return role_; }
  ssl_ctx_st* native() const noexcept { return native_.get(); }
  /// When our own certificate ends; absent for a client without one.
  std::optional<std::chrono::system_clock::time_point> not_after() const noexcept {
    return not_after_;
  }

private:
  friend class tls_context_builder;
  struct native_free {
    void operator()(ssl_ctx_st* native) const noexcept;
  };

  tls_context() = default;
  static int on_verify(int chain_ok, x509_store_ctx_st* store);

  std::unique_ptr<ssl_ctx_st, native_free> native_;
  tls_role role_ = tls_role::server;
  bool insecure_ = false;
  std::unordered_set<std::string> pins_;
  std::optional<std::chrono::system_clock::time_point> not_after_;
};

/// Why the last handshake step of `session` failed, for the log: the certificate's fault if there
/// is one, else what OpenSSL queued for this thread. Empties that queue.
std::string describe_tls_failure(const ssl_st* session);

} // namespace troupe::security
