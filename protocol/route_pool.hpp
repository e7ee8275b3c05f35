// protocol/route_pool.hpp: over which of several routes to one server an account goes.
//
// Source: routes.md section 6.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::protocol {

/// The slot of an account among `slots` routes: FNV-1a, 32 bit, of its name. Never fails; with one
/// slot, or none, it is the first.
constexpr uint32_t slot_of_account(std::string_view account, uint32_t slots) noexcept {
  if (slots <= 1)
    return 0;
  uint32_t hash = 0x811c9dc5;
  for (char c : account)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return hash % slots;
}

} // namespace troupe::protocol
