// cli/connect_flags.hpp: the flags and environment variables by which every client tool connects.
#pragma once

#include "cli/connect_options.hpp"

#include <string>

namespace CLI {
class App;
}

namespace troupe::cli {

/// What was typed; read_connect_flags() makes connect_options of it.
struct connect_flags {
  std::string servers;
  std::string timeout = "5s";
  std::string creds;
  std::string nkey;
  connect_options plain; ///< the flags that need no reading
};

/// Adds --server, --creds, --user, --password, --token, --tls… to `command`.
void add_connect_flags(CLI::App& command, connect_flags& flags);

/// The server is, in this order: --server, TROUPE_URL, NATS_URL, nats://127.0.0.1:4222. Creds are,
/// unless flags say who we are: TROUPE_CREDS, NATS_CREDS.
outcome read_connect_flags(const connect_flags& flags, connect_options& out);

} // namespace troupe::cli
