// security/tls_settings.hpp: what an operator may say about TLS on one listener or link.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::security {

/// When the server speaks first and when TLS does (client-protocol.md section 14).
enum class handshake_order : uint8_t { info_first, tls_first, automatic };

struct tls_settings {
  std::string cert_file;
  std::string key_file;
  std::string ca_file;
  bool verify = false;          ///< demand a client certificate that chains to `ca_file`
  bool verify_if_given = false; ///< ask for one, verify it only if it is presented
  bool verify_and_map = false;  ///< also take the user from the certificate; implies verify
  bool insecure = false;        ///< when dialling out: do not check the peer
  std::chrono::nanoseconds timeout = std::chrono::seconds{2};
  std::string min_version = "1.2";            ///< "1.2" or "1.3"
  std::vector<std::string> cipher_suites;     ///< Go names
  std::vector<std::string> curve_preferences; ///< Go names
  std::vector<std::string> pinned_certs;      ///< 64 lower-case hex digits: SHA-256 of the SPKI
  int64_t connection_rate_limit = 0;          ///< handshakes per second, 0: none
  handshake_order order = handshake_order::info_first;
  std::chrono::nanoseconds first_fallback = std::chrono::milliseconds{50}; ///< for `automatic`
  bool operator==(const tls_settings&) const = default;
};

} // namespace troupe::security
