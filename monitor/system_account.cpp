// monitor/system_account.cpp: from the broker's calls to the actors of the system account.
#include "monitor/system_account.hpp"

#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "monitor/announcer.hpp"
#include "monitor/auditor.hpp"
#include "monitor/counter.hpp"
#include "monitor/services.hpp"

#include <atomic>
#include <optional>

namespace troupe::monitor {
namespace {

using actors::account;
using actors::happening;

constexpr auto longest_goodbye = std::chrono::seconds{5};

class system_account final : public actors::observer {
public:
  system_account(caf::actor_system& sys, actors::core& shared, actors::broker& whose,
                 const system_surroundings& around)
      : sys_{sys}, whose_{whose}, audit_{around.audit}, figures_{whose},
        card_{whose.server_id(), whose.options(), [&whose] { return whose.cluster_name(); }},
        controls_{around.reload, [&whose](uint64_t cid) { return whose.kick(cid); },
                  [&whose](uint64_t cid) { return whose.advise_to_leave(cid); },
                  [this](actors::notice what) { note(std::move(what)); }},
        stage_{shared.accounts,
               card_,
               figures_,
               controls_,
               &silent_,
               whose.options().gateway.enabled(),
               shared.links ? &roll_ : nullptr} {
    auto speak = [&shared](const caf::strong_actor_ptr& self) {
      return std::make_unique<actors::internal_client>(shared, self);
    };
    announcer_ = spawn_announcer(sys_, stage_, speak, true);
    services_ = spawn_services(sys_, stage_, speak, announcer_, true);
    auditor_ = spawn_auditor(sys_, audit_, queue_, true);
    if (shared.links) {
      counting_.emplace(counting{*shared.links,
                                 [&shared](const actors::account_ptr& which) {
                                   caf::anon_send(shared.supervisor, atom::rules_v, which);
                                 },
                                 &roll_,
                                 [this] {
                                   if (!silent_.load(std::memory_order_relaxed))
                                     caf::anon_send(announcer_, atom::broadcast_v);
                                 }});
      counter_ = spawn_counter(sys_, stage_, *counting_, speak);
    }
    tree(); // now both have their subscriptions
  }

  bool wants(happening what, const account& where) const override {
    return heard(what, where) || (what != happening::kept && recorded());
  }

  void note(actors::notice what) override {
    bool for_ears = heard(what.what, *what.where);
    auto shared = std::make_shared<const actors::notice>(std::move(what));
    if (for_ears)
      caf::anon_send(announcer_, shared);
    if (shared->what != happening::kept && recorded() && queue_.admit())
      caf::anon_send(auditor_, shared);
  }

  void account_changed(const actors::account_ptr& which, actors::account_change what) override {
    if (counter_ && !ended_.load(std::memory_order_relaxed))
      caf::anon_send(counter_, atom::watch_v, which);
    if (recorded() && queue_.admit())
      caf::anon_send(auditor_, atom::rules_v, which, static_cast<uint8_t>(what));
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
    ended_ = true;
    caf::scoped_actor self{sys_, true};
    caf::anon_send(services_, atom::leaving_v);
    self->request(announcer_, longest_goodbye, atom::farewell_v)
        .receive([](bool) {},
                 [&](const caf::error& e) {
                   actors::log::warn("The announcer did not say goodbye: {}", sys_.render(e));
                 });
    caf::anon_send(services_, atom::shut_down_v);
    if (counter_) {
      caf::anon_send(counter_, atom::shut_down_v);
      self->wait_for(counter_);
    }
    caf::anon_send(auditor_, atom::shut_down_v); // behind what it still has to write
    self->wait_for(services_, auditor_);
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
    if (counter_)
      ask(counter_);
    ask(auditor_);
    return out;
  }

private:
  bool recorded() const { return !ended_.load(std::memory_order_relaxed) && audit_.is_open(); }

  bool heard(happening what, const account& where) const {
    if (silent_.load(std::memory_order_relaxed))
      return false;
    switch (what) {
    case happening::connected:
      return hears(account_subject(where, "CONNECT"))
             || (stage_.gateways && hears(account_subject(where, leafnode_event)));
    case happening::kept: return hears(account_subject(where, "CONNECT"));
    case happening::disconnected: return hears(account_subject(where, "DISCONNECT"));
    case happening::refused:
      return hears(server_subject(card_, "CLIENT.AUTH.ERR"))
             || const_cast<account&>(where).interests.has_interest(refused_subject);
    case happening::denied:
    case happening::commanded: return false; // no event tells of it
    }
    return false;
  }

  bool hears(const std::string& subject) const { return !subject.empty() && stage_.hears(subject); }

  caf::actor_system& sys_;
  const actors::broker& whose_;
  audit_log& audit_;
  audit_queue queue_;
  broker_source figures_;
  server_card card_;
  server_roll roll_;
  controls controls_;
  stage stage_;
  announcer_actor announcer_;
  services_actor services_;
  auditor_actor auditor_;
  std::optional<counting> counting_;
  counter_actor counter_;           ///< none: the broker has no links to other servers
  std::atomic<bool> silent_{false}; ///< nothing is said or answered any more
  std::atomic<bool> ended_{false};
};

} // namespace

actors::broker::observer_maker system_account_of(actors::broker& whose,
                                                 system_surroundings around) {
  return [&whose, around = std::move(around)](caf::actor_system& sys, actors::core& shared) {
    return std::make_shared<system_account>(sys, shared, whose, around);
  };
}

} // namespace troupe::monitor
