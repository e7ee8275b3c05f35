// federation/asking.hpp: what a thread that may wait asks an actor.
#pragma once

#include "actors/log.hpp"

#include <caf/all.hpp>

#include <chrono>

namespace troupe::federation {

/// Waits for the answer, five seconds at most. Empty: there was none, which the log tells, or there
/// is no such actor. Never on a loop or in an actor.
template <class Out, class Handle, class... In>
Out ask(caf::actor_system& sys, const Handle& whom, In... in) {
  constexpr auto longest_answer = std::chrono::seconds{5};
  Out out;
  if (!whom)
    return out;
  caf::scoped_actor self{sys, true};
  self->request(whom, longest_answer, in...)
      .receive([&](const Out& answer) { out = answer; },
               [&](const caf::error& e) {
                 actors::log::warn("An actor did not answer: {}", sys.render(e));
               });
  return out;
}

} // namespace troupe::federation
