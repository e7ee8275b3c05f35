// security/store_sharing.hpp: which imports of a store's accounts hold, as a broker would judge
// them.
#pragma once

#include "security/claims.hpp"
#include "security/sharing.hpp"

#include <cstdint>
#include <vector>

namespace troupe::security {

/// Accounts by public key, in the order given; activation tokens are judged at `now` (Unix
/// seconds). `strict`: the operator says that only signing keys sign.
sharing share_all(const std::vector<account_claims>& accounts, bool strict, int64_t now);

} // namespace troupe::security
