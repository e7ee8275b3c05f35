// actors/pinned.hpp: keeps an actor on the loop that it was spawned on.
#pragma once

#include "actors/event_loop.hpp"

namespace troupe::actors {

/// Base of actors that live on one event loop for good:
/// `caf::actor_config where{&loop}; sys.spawn_class<T, caf::no_spawn_options>(where, …)`.
/// Under CAF's test scheduler there is no loop and it behaves like any other actor.
template <class Base>
class pinned : public Base {
public:
  explicit pinned(caf::actor_config& cfg) : Base(cfg), loop_{dynamic_cast<event_loop*>(cfg.host)} {}

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr mail, caf::execution_unit* context) override {
    // Whoever sends, from whichever thread: it runs at home.
    Base::enqueue(std::move(mail), loop_ ? loop_ : context);
  }

  event_loop* home() const noexcept { return loop_; }

private:
  event_loop* loop_;
};

} // namespace troupe::actors
