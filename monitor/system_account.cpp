// monitor/system_account.cpp: from the broker's calls to the actors of the system account.
#include "monitor/system_account.hpp"

#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "monitor/announcer.hpp"
#include "monitor/services.hpp"

#include <atomic>

namespace troupe::monitor {
namespace {

using actors::account;
using actors::happening;

constexpr auto longest_goodbye = std::chrono::seconds{5};

class system_account final : public actors::observer {
public:
  system_account(caf::actor_system& sys, actors::core& shared, const actors::broker& whose)
      : sys_{sys}, whose_{whose}, figures_{whose}, card_{whose.server_id(), whose.options()},
        stage_{shared.accounts, card_, figures_} {
    auto speak = [&shared](const caf::strong_actor_ptr& self) {
      return std::make_unique<actors::internal_client>(shared, self);
    };
    announcer_ = spawn_announcer(sys_, stage_, speak);
    services_ = spawn_services(sys_, stage_, speak, announcer_, true);
    tree(); // now both have their subscriptions
  }

  bool wants(happening what, const account& where) const override {
    if (silent_.load(std::memory_order_relaxed))
      return false;
    switch (what) {
    case happening::connected: return hears(account_subject(where, "CONNECT"));
    case happening::disconnected: return hears(account_subject(where, "DISCONNECT"));
    case happening::refused:
      return hears(server_subject(card_, "CLIENT.AUTH.ERR"))
             || const_cast<account&>(where).interests.has_interest(refused_subject);
    }
    return false;
  }

  void note(actors::notice what) override {
    caf::anon_send(announcer_, std::make_shared<const actors::notice>(std::move(what)));
  }

  /// nats-server does not count those of the global account.
  void counted(const actors::account_ptr& where, int64_t connections) override {
    if (where == stage_.accounts.global || silent_.load(std::memory_order_relaxed))
      return;
    if (hears(counts_subject(*where)) || hears(old_counts_subject(*where)))
      caf::anon_send(announcer_, atom::counted_v, where, connections);
  }

  void reloaded() override { card_.follow(whose_.options()); }

  void lame_duck() override {
    silent_ = true;
    caf::anon_send(announcer_, atom::leaving_v);
    caf::anon_send(services_, atom::leaving_v);
  }

  void farewell() override {
    silent_ = true;
    caf::scoped_actor self{sys_, true};
    caf::anon_send(services_, atom::leaving_v);
    self->request(announcer_, longest_goodbye, atom::farewell_v)
        .receive([](bool) {},
                 [&](const caf::error& e) {
                   actors::log::warn("The announcer did not say goodbye: {}", sys_.render(e));
                 });
    caf::anon_send(services_, atom::shut_down_v);
    self->wait_for(services_);
  }

  std::vector<actors::actor_snapshot> tree() const override {
    std::vector<actors::actor_snapshot> out;
    caf::scoped_actor self{sys_, true};
    auto ask = [&](const auto& whom) {
      self->request(whom, longest_goodbye, atom::tree_v)
          .receive(
              [&](const actors::tree_ptr& part) {
                out.insert(out.end(), part->begin(), part->end());
              },
              [&](const caf::error& e) {
                actors::log::warn("An actor did not answer: {}", sys_.render(e));
              });
    };
    ask(announcer_);
    ask(services_);
    return out;
  }

private:
  bool hears(const std::string& subject) const { return !subject.empty() && stage_.hears(subject); }

  caf::actor_system& sys_;
  const actors::broker& whose_;
  broker_source figures_;
  server_card card_;
  stage stage_;
  announcer_actor announcer_;
  services_actor services_;
  std::atomic<bool> silent_{false};
};

} // namespace

actors::broker::observer_maker system_account_of(const actors::broker& whose) {
  return [&whose](caf::actor_system& sys, actors::core& shared) {
    return std::make_shared<system_account>(sys, shared, whose);
  };
}

} // namespace troupe::monitor
