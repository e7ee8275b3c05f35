// actors/gateway_reply.hpp: reply subjects that name the cluster and server that wait for them.
//
// A request may leave the cluster before the other side knows of interest in its answer. So the
// reply goes out as `_GR_.<cluster>.<server>.<reply>`, and the answer finds its way by the prefix
// alone (gateways.md section 9).
#pragma once

#include "actors/crossing.hpp"
#include "actors/timer_wheel.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

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

/// Stands in the sublist for two seconds after somebody here has got a request with a mapped reply:
/// what he publishes to the plain one takes the mapped way.
class mapped_reply final : public crossing {
public:
  mapped_reply(protocol::ref_ptr<const protocol::subject_text> text, destination_ptr nobody,
               protocol::ref_ptr<const destination> receiver, std::string_view mapped,
               loop_clock::time_point end)
      : crossing{kind::mapped, std::move(text), std::move(nobody), protocol::peer_kind::gateway, 1},
        whose{std::move(receiver)}, subject_there{mapped}, until{end} {}

  const protocol::ref_ptr<const destination> whose;
  const std::string subject_there;
  const loop_clock::time_point until;
};
using mapped_reply_ptr = protocol::ref_ptr<mapped_reply>;

} // namespace troupe::actors
