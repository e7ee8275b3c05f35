// federation/member_finder.cpp: ask, tell, wait.
#include "federation/member_finder.hpp"

#include "actors/pinned.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe::federation {
namespace {

constexpr std::chrono::seconds shortest_wait{1}, longest_wait{60}, wait_after_failure{5};

class member_finder final : public actors::pinned<member_finder_actor::base>,
                            public actors::timer_owner {
public:
  member_finder(caf::actor_config& cfg, actors::reactor& home, std::string record,
                members_told tell)
      : actors::pinned<member_finder_actor::base>(cfg), home_{home}, record_{std::move(record)},
        tell_{std::move(tell)}, lookup_{home.loop}, timer_{*this} {}

  const char* name() const override { return "member finder"; }

  behavior_type make_behavior() override {
    // A look-up belongs to the loop's thread, which the first mail is read on.
    caf::anon_send(member_finder_actor{this}, atom::go_on_v);
    return {
        [this](atom::go_on) { ask(); },
        [this](atom::shut_down) { quit(); },
        [this](atom::tree) {
          actors::actor_snapshot mine;
          mine.path = "broker/cluster/finder";
          mine.place = fmt::format("reactor {}", home_.index);
          mine.state = state();
          mine.mailbox = mailbox().size();
          return std::make_shared<std::vector<actors::actor_snapshot>>(1, std::move(mine));
        },
    };
  }

  void on_exit() override {
    timer_.stop();
    lookup_.cancel();
    tell_ = nullptr;
  }

  void on_timer(actors::timer&) override { ask(); }

private:
  void ask() {
    lookup_.ask_services(record_, [this](service_answer answer) {
      auto wait = answer.known ? std::clamp(answer.good_for, shortest_wait, longest_wait)
                               : wait_after_failure;
      if (answer.known && answer.targets.empty())
        wait = wait_after_failure;
      last_ = std::move(answer);
      home_.loop.timers().start(timer_, wait);
      tell_(last_);
    });
  }

  std::string state() const {
    return last_.targets.empty()
               ? fmt::format("{}: {}", record_, last_.problem.empty() ? "asking" : last_.problem)
               : fmt::format("{}: {} members", record_, last_.targets.size());
  }

  actors::reactor& home_;
  const std::string record_;
  members_told tell_;
  name_lookup lookup_;
  actors::timer timer_;
  service_answer last_;
};

} // namespace

member_finder_actor spawn_member_finder(caf::actor_system& sys, actors::reactor& home,
                                        std::string record, members_told tell) {
  caf::actor_config where{&home.loop};
  return sys.spawn_class<member_finder, caf::no_spawn_options>(where, home, std::move(record),
                                                               std::move(tell));
}

} // namespace troupe::federation
