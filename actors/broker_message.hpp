// actors/broker_message.hpp: a message of the broker's own, on its way to the reactor that
// publishes it.
#pragma once

#include "actors/account.hpp"
#include "actors/destination.hpp"
#include "protocol/client_parser.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::actors {

/// What an internal client publishes: a counterpart of PUB and HPUB.
struct broker_message {
  /// `headers`: a whole block, `NATS/1.0` to the blank line, or nothing.
  broker_message(account_ptr account, std::string_view to, std::string_view payload,
                 std::string_view answer_to = {}, std::string_view headers = {});

  protocol::publication publication() const noexcept;

  account_ptr where;
  std::string subject;
  std::string reply;
  std::string wire; ///< headers, payload and the line's end
  size_t header_size = 0;
  destination_ptr from; ///< hears when nobody listens to a request; never hears the message itself
};

/// Published in this order, and flushed behind the last one.
using broker_messages_ptr = std::shared_ptr<const std::vector<broker_message>>;

} // namespace troupe::actors
