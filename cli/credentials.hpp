// cli/credentials.hpp: who a client tool is by a creds file or an nkey seed.
#pragma once

#include "cli/problem.hpp"
#include "security/key_pair.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::cli {

/// Proves itself by signing the server's nonce. The pair is wiped with it.
struct credentials {
  std::string jwt; ///< empty: an nkey that the server's configuration knows
  security::key_pair pair;
  std::string shown; ///< "user \"node1\" of creds file a.creds, expired 2 days ago": no secret

  /// base64url of the signature over the text `nonce`.
  std::string sign(std::string_view nonce) const;
};

using credentials_ptr = std::shared_ptr<const credentials>;

/// Reads a creds file (user JWT and its seed). `now`: Unix seconds.
outcome read_creds_file(const std::string& path, int64_t now, credentials_ptr& out);
/// Reads a file with a user's seed.
outcome read_nkey_file(const std::string& path, credentials_ptr& out);

} // namespace troupe::cli
