// cli/broker_config_text.hpp: a broker's configuration that serves a store of accounts.
#pragma once

#include "security/store_editor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

enum class config_format : uint8_t { troupe, choria, nats };

std::optional<config_format> config_format_of(std::string_view name);

struct config_wishes {
  std::string host = "127.0.0.1";
  uint16_t port = 4222;
  uint16_t monitoring_port = 8222;
  /// nats: folder of a full resolver, which takes pushes; empty: every account is in the text.
  std::string resolver_dir;
};

/// Problems name accounts that would be missing, and what to do.
std::string broker_config(config_format format, const security::store_editor& store,
                          const config_wishes& wishes, std::vector<std::string>& problems);

} // namespace troupe::cli
