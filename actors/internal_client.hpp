// actors/internal_client.hpp: the broker as a client of its own accounts.
//
// An actor that speaks in an account owns one: its interface is or extends connection_actor, and it
// hands `deliver` and `overrun` to the functions of the same names. Nobody waits for an internal
// client, so `await_drain` never comes; `drained`, `fenced` and login results mean nothing to it,
// unless it asked for them itself.
#pragma once

#include "actors/account.hpp"
#include "actors/broker_message.hpp"
#include "actors/interfaces.hpp"
#include "actors/subscription.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

class slot_numbers;
struct core;

/// What an internal client hears. The views die when the handler returns.
struct internal_message {
  const account_ptr& where;  ///< the account of the subscription
  const destination* origin; ///< the peer that published it; null: the broker itself
  std::string_view subject;
  std::string_view reply;
  std::string_view headers; ///< the whole block; empty: none
  std::string_view payload;
};

using internal_handler = std::function<void(const internal_message&)>;

/// Publishes in the name of one internal client, always by the same reactor, so that each
/// subscriber hears what one thread publishes in that order. May be copied to other threads; let
/// go of it when the broker ends, for it keeps the reactor's actor alive.
class internal_publisher {
public:
  internal_publisher() = default;
  internal_publisher(reactor_actor by, destination_ptr from) noexcept
      : by_{std::move(by)}, from_{std::move(from)} {}

  void publish(account_ptr where, std::string_view subject, std::string_view payload,
               std::string_view reply = {}, std::string_view headers = {}) const;
  void publish(std::vector<broker_message> all) const;

  const reactor_actor& by() const noexcept { return by_; }
  const destination_ptr& from() const noexcept { return from_; }

private:
  reactor_actor by_;
  destination_ptr from_;
};

/// Subscriptions of the broker itself and their handlers. Belongs to its actor and is only called
/// from it, on CAF's scheduler or on a thread of its own; with it ends all of its interest.
/// Messages of the broker do not come back to the internal client that published them.
class internal_client {
public:
  /// Bytes that may wait for it. What comes beyond is dropped: publishers never wait for the broker
  /// itself, and it cannot cut itself off.
  static constexpr int64_t max_pending = 16 * 1024 * 1024;

  /// `self` is the owner; `by` the reactor that publishes for it.
  internal_client(slot_numbers& slots, uint64_t cid, reactor_actor by,
                  const caf::strong_actor_ptr& self);
  internal_client(core& shared, const caf::strong_actor_ptr& self);
  internal_client(const internal_client&) = delete;
  internal_client& operator=(const internal_client&) = delete;
  ~internal_client();

  /// In force when this returns. Answers the sid, by which it can be ended.
  std::string subscribe(const account_ptr& where, std::string_view subject,
                        internal_handler on_message, std::string_view queue = {});
  void unsubscribe(std::string_view sid);
  /// Takes over a subscription that somebody else inserts, or has inserted, into `where`.
  void adopt(const account_ptr& where, subscription_ptr sub, internal_handler on_message);

  void publish(account_ptr where, std::string_view subject, std::string_view payload,
               std::string_view reply = {}, std::string_view headers = {}) const {
    publisher_.publish(std::move(where), subject, payload, reply, headers);
  }
  const internal_publisher& publisher() const noexcept { return publisher_; }
  const destination_ptr& dest() const noexcept { return dest_; }

  // -- mail --------------------------------------------------------------------------------------

  void deliver(const outgoing_ptr& batch);
  void overrun();

private:
  struct entry {
    account_ptr where;
    subscription_ptr sub;
    std::shared_ptr<const internal_handler> on_message;
  };
  struct text_hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const noexcept {
      return std::hash<std::string_view>{}(s);
    }
  };
  class batch_reader;

  void hand_over(std::string_view sid, const internal_message& msg);

  slot_numbers& slots_;
  destination_ptr dest_;
  internal_publisher publisher_;
  std::unordered_map<std::string, entry, text_hash, std::equal_to<>> subscriptions_; // by sid
  std::string scratch_; // a batch of several pieces, put together
  uint64_t next_sid_ = 1;
};

} // namespace troupe::actors
