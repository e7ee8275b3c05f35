// config/tls_options.hpp: the keys of a TLS block, for the two formats that have blocks.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

#include <span>

namespace troupe::config {

struct tls_entry {
  std::string_view key; ///< the same name in YAML and in nats-server's format
  unit kind;
  field (*at)(security::tls_settings&);
  std::string_view help;
  bool yaml_only = false;
};

std::span<const tls_entry> tls_registry();

/// Reads the map `block`, which stands under `key` at `where`; `path` is Troupe's name of the
/// block ("listen.tls") for origins. Files named in it are not opened.
security::tls_settings read_tls(const value& block, const place& where, std::string_view path,
                                dialect from, findings& found);

} // namespace troupe::config
