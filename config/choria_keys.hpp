// config/choria_keys.hpp: every key that Choria's broker knows, its kind and whether it is served.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace troupe::config {

enum class choria_kind : uint8_t { text, path, number, flag, duration, list, provider, level };

enum class choria_use : uint8_t {
  served,    ///< maps onto an option
  later,     ///< accepted, its feature is not active yet
  restricts, ///< the same, and it would have kept somebody out
  ignored    ///< concerns agents and clients, or nothing any more
};

struct choria_key {
  std::string_view pattern; ///< at most one `*`, which stands for a name of the operator's
  choria_kind kind;
  choria_use use;
};

std::span<const choria_key> choria_keys();

/// "plugin.choria.network." and `name`.
inline std::string network_key(std::string_view name) {
  return "plugin.choria.network." + std::string{name};
}

/// The row a key belongs to; null for an unknown key.
const choria_key* find_choria_key(std::string_view key);

/// Is an unknown key of this name worth a warning (choria-broker.md 2.8)?
bool is_watched(std::string_view key);

/// Empty when `text` is of this kind, else what would be right: "a whole number".
std::string_view kind_mismatch(choria_kind kind, std::string_view text);

} // namespace troupe::config
