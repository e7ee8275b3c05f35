// protocol/link_limits.hpp: how long the lines between servers may be.
//
// A link is shared by many clients, and often by many accounts: what one of them makes long, such
// as a subject with many queue groups of long names, must not end it.
#pragma once

#include <cstddef>

namespace troupe::protocol {

/// Bytes of arguments behind a verb that no line of interest or message of ours exceeds; INFO may.
/// nats-server ends a link for more than 64 KiB.
inline constexpr size_t longest_common_line = size_t{60} * 1024;
/// The same to a Troupe, over a route or a gateway.
inline constexpr size_t longest_own_line = size_t{1024} * 1024;

/// What is taken from a peer that has been let in. A nats-server's line may be longer than ours
/// would be, and whoever logs in as a leaf node may be anybody.
inline constexpr size_t longest_leaf_line = 4 * longest_common_line;
inline constexpr size_t longest_server_line = 4 * longest_own_line;

} // namespace troupe::protocol
