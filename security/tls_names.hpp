// security/tls_names.hpp: cipher suites and curves by the names operators know from NATS.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// Colon-separated lists as OpenSSL wants them.
struct cipher_lists {
  std::string tls12; ///< empty: none of that version was named
  std::string tls13; ///< likewise
};

/// Adds a sentence to `problems` for each unknown name, beginning with `where` and listing what is
/// known; the rest is translated in the order given.
cipher_lists translate_cipher_suites(const std::vector<std::string>& names, std::string_view where,
                                     std::vector<std::string>& problems);

/// As above; a colon-separated list of groups.
std::string translate_curves(const std::vector<std::string>& names, std::string_view where,
                             std::vector<std::string>& problems);

} // namespace troupe::security
