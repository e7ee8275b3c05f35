// actors/caf_compat.hpp: the only file that spells what differs between CAF releases.
#pragma once

#include <caf/all.hpp>

namespace troupe {

template <class... In> // handled without an answer; 1.x: caf::result<void>(In...)
using accepts = caf::reacts_to<In...>;
template <class Out, class... In> // answered with one Out; 1.x: caf::result<Out>(In...)
using answers = typename caf::replies_to<In...>::template with<Out>;

} // namespace troupe

#define TROUPE_ADD_ATOM(name, text) CAF_ADD_ATOM(troupe, troupe::atom, name, text) // 1.x: no text
