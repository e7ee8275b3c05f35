// monitor/announcer.hpp: makes events of what happens (system-events.md section 3).
#pragma once

#include "actors/account_registry.hpp"
#include "actors/broker.hpp"
#include "actors/internal_client.hpp"
#include "monitor/messages.hpp"
#include "monitor/server_card.hpp"
#include "monitor/server_roll.hpp"
#include "monitor/source.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::monitor {

/// What a user of the system account may do to the broker. They wait: not on a reactor.
struct controls {
  std::function<std::string()> reload; ///< empty: done; else why not
  std::function<bool(uint64_t)> kick;  ///< by cid; false: there is none
  std::function<actors::broker::advice(uint64_t)> advise_to_leave;
  /// Puts on record that somebody asked for one of these.
  std::function<void(actors::notice)> record = {};
};

/// What the actors of the system account share; outlives them.
struct stage {
  actors::account_registry& accounts;
  server_card& card;
  const source& figures;
  const controls& hands;
  const std::atomic<bool>* silent = nullptr; ///< set: nobody is answered any more
  bool gateways = false;                     ///< other clusters want to know where leaf nodes are
  const server_roll* roll = nullptr;         ///< null: no link leads to other servers

  bool is_silent() const noexcept { return silent && silent->load(std::memory_order_relaxed); }
  /// Ids of other servers that are there.
  std::vector<std::string> heard_of() const {
    return roll ? roll->ids() : std::vector<std::string>{};
  }
  /// Does anybody listen to `subject` in the system account?
  bool hears(std::string_view subject) const {
    return accounts.system->interests.has_interest(subject);
  }
};

/// "$SYS.ACCOUNT.<account>.CONNECT" and its like; empty if no subject can name the account.
std::string account_subject(const actors::account& which, std::string_view event);
std::string server_subject(const server_card& card, std::string_view event);
/// What the account itself may hear of refused logins.
inline constexpr std::string_view refused_subject = "$SYS.ACCOUNT.CLIENT.AUTH.ERR";
/// Behind "$SYS.ACCOUNT.<account>.": a leaf node of the account is there.
inline constexpr std::string_view leafnode_event = "LEAFNODE.CONNECT";
/// The two subjects of an account's number of connections, in the order they are published in.
std::string old_counts_subject(const actors::account& which);
std::string counts_subject(const actors::account& which);

/// Where its events go: made by its actor, which is handed in.
using speech =
    std::function<std::unique_ptr<actors::internal_client>(const caf::strong_actor_ptr&)>;

/// For figures it waits for other actors, so it needs a thread of its own, unless the source of
/// `on` never waits. `on` must outlive it.
announcer_actor spawn_announcer(caf::actor_system& sys, const stage& on, speech speak,
                                bool own_thread);

} // namespace troupe::monitor
