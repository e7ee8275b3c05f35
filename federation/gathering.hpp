// federation/gathering.hpp: one answer made of the answers of several actors.
#pragma once

#include <caf/all.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace troupe::federation {

/// `List`: a vector of what each of them answers a shared_ptr of. Who does not answer in time is
/// left out. Belongs to the actor that asks.
template <class List>
class gathering {
public:
  using list_ptr = std::shared_ptr<List>;

  /// It is delivered once `parts` answers, or failures, have come.
  gathering(caf::typed_response_promise<list_ptr> to, size_t parts)
      : state_{std::make_shared<state>(state{std::move(to), std::make_shared<List>(), parts})} {
    if (parts == 0)
      state_->to.deliver(state_->all);
  }

  /// Counts as one part.
  void add(const List& some) const {
    state_->all->insert(state_->all->end(), some.begin(), some.end());
    done();
  }

  template <class Self, class Whom, class... Question>
  void ask(Self& self, const Whom& whom, const Question&... question) const {
    constexpr auto longest_answer = std::chrono::seconds{2};
    self.request(whom, longest_answer, question...)
        .then([me = *this](const list_ptr& some) { me.add(*some); },
              [me = *this](const caf::error&) { me.done(); });
  }

private:
  struct state {
    caf::typed_response_promise<list_ptr> to;
    list_ptr all;
    size_t left;
  };
  void done() const {
    if (--state_->left == 0)
      state_->to.deliver(state_->all);
  }
  std::shared_ptr<state> state_;
};

} // namespace troupe::federation
