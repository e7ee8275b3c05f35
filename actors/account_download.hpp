// actors/account_download.hpp: fetches one account's JWT over HTTP.
#pragma once

#include "security/tls_settings.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace troupe::actors {

struct download_settings {
  std::string url; ///< http or https; the account's public key is put behind it
  std::chrono::nanoseconds timeout = std::chrono::milliseconds{1900};
  std::optional<security::tls_settings> tls; ///< whom to trust, what to show; absent: the system's
};

struct download {
  bool answered = false; ///< the server spoke HTTP, whatever it said
  std::string body;      ///< of an answer 200; at most as long as a JWT may be
  std::string problem;   ///< empty: `body` is there
};

/// Blocks, up to the timeout: for a thread of its own. Only to find the host's address may take
/// longer, as long as the system's resolver lets it.
download download_account(const download_settings& from, const std::string& account);

} // namespace troupe::actors
