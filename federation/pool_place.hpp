// federation/pool_place.hpp: what one of several routes to a server is there for.
//
// Source: routes.md section 6.
#pragma once

#include <cstdint>
#include <string>

namespace troupe::federation {

/// A slot of a pool, the route of one account, or, to a peer without pools, the only route.
struct pool_place {
  /// Our accounts are divided between so many. Both ends take the same number, so that the interest
  /// and the messages of an account keep their order: that of the peer; between two of us, the
  /// larger one.
  uint32_t slots = 1;
  uint32_t slot = 0;
  std::string account; ///< not empty: it carries this one alone, and has no slot
  bool pooled = false; ///< the peer knows of pools, and of routes of one account
  bool operator==(const pool_place&) const = default;

  bool has_slot() const noexcept { return account.empty(); }
};

} // namespace troupe::federation
