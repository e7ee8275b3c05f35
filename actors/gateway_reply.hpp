// actors/gateway_reply.hpp: reply subjects that name the cluster and server that wait for them.
//
// A request may leave the cluster before the other side knows of interest in its answer. So the
// reply goes out as `_GR_.<cluster>.<server>.<reply>`, and the answer finds its way by the prefix
// alone (gateways.md section 9).
#pragma once

#include "actors/crossing.hpp"
#include "actors/timer_wheel.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::actors {

inline constexpr std::string_view mapped_mark = "_GR_.";
/// For so long a subscription is new, and for so long a receiver's answer takes the mapped way.
inline constexpr auto mapped_for = std::chrono::seconds{2};

/// Characters by which servers agree to call a name: of a gateway, or of a server's id.
std::string short_hash(std::string_view name, size_t length = 6);

struct reply_address {
  std::string_view cluster; ///< short_hash() of the gateway's name
  std::string_view server;  ///< short_hash() of the server's id
  std::string_view rest;    ///< the subject itself
};
/// Nothing if it has no such prefix.
std::optional<reply_address> read_mapped(std::string_view subject) noexcept;

/// Stands in the sublist for two seconds after somebody here last got a request with that mapped
/// reply: what he publishes to the plain one takes the mapped way.
class mapped_reply final : public crossing {
public:
  mapped_reply(protocol::ref_ptr<const protocol::subject_text> text, destination_ptr nobody,
               protocol::ref_ptr<const destination> receiver, std::string_view mapped,
               loop_clock::time_point end)
      : crossing{kind::mapped, std::move(text), std::move(nobody), protocol::peer_kind::gateway, 1},
        whose{std::move(receiver)}, subject_there{mapped}, until{end} {}

  const protocol::ref_ptr<const destination> whose;
  const std::string subject_there;
  /// Written by the reactor that brought the request, read by that of the receiver.
  std::atomic<loop_clock::time_point> until;
};
using mapped_reply_ptr = protocol::ref_ptr<mapped_reply>;

/// The mapped replies that one router has put into sublists, by their end and by their text.
/// Whoever asks again and again under one reply has one way, which lasts longer each time.
class mapped_ways {
public:
  /// An account, who was asked there, and the mapped reply, which must outlive this.
  struct name {
    const account* where;
    const destination* whose;
    std::string_view reply;
    bool operator==(const name&) const = default;
  };

  bool empty() const noexcept { return by_end_.empty(); }
  size_t size() const noexcept { return by_end_.size(); }
  /// Null if there is none.
  mapped_reply* find(const name& which) const;
  void add(protocol::ref_ptr<account> where, mapped_reply_ptr way);

  struct entry {
    protocol::ref_ptr<account> where;
    mapped_reply_ptr way;
    loop_clock::time_point end; ///< at the latest look; the way itself may last longer by now
  };
  /// Takes out the one that was looked at longest ago. Not empty.
  entry take();
  /// Takes out one whose time is over; nothing if there is none.
  std::optional<entry> take_ended(loop_clock::time_point now);

private:
  struct hash_of_name {
    size_t operator()(const name& which) const noexcept {
      return std::hash<std::string_view>{}(which.reply) ^ std::hash<const void*>{}(which.whose);
    }
  };

  std::deque<entry> by_end_;
  std::unordered_map<name, mapped_reply*, hash_of_name> by_name_;
};

} // namespace troupe::actors
