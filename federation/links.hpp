// federation/links.hpp: the links of one broker, as the broker and monitoring see them.
#pragma once

#include "actors/link_keeper.hpp"

#include <memory>

namespace troupe::federation {

/// For broker::attach().
std::unique_ptr<actors::link_keeper> make_links();

} // namespace troupe::federation
