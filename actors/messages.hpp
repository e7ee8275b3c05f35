// actors/messages.hpp: everything that travels between actors, under the ids it travels by.
#pragma once

#include "actors/account.hpp"
#include "actors/broker_message.hpp"
#include "actors/caf_compat.hpp"
#include "actors/interest_news.hpp"
#include "actors/outgoing.hpp"
#include "actors/settings.hpp"
#include "actors/snapshot.hpp"
#include "actors/subscription.hpp"
#include "protocol/close_reason.hpp"
#include "security/authenticator.hpp"

#include <memory>
#include <string>

namespace troupe::actors {

class websocket_stream;

/// A socket that a listener accepted, or a dialer connected, on its way to its reactor.
struct accepted_socket {
  int fd = -1;
  uint16_t port = 0;
  std::string ip;
  std::shared_ptr<websocket_stream> websocket = {}; ///< null: bytes are what they are
};

struct jwt_outcome;

/// What an expensive check of credentials came to.
struct login_result {
  security::verdict outcome;
  std::shared_ptr<const jwt_outcome> jwt = {}; ///< in operator mode this counts
};

using login_result_ptr = std::shared_ptr<const login_result>;
using accepted_ptr = std::shared_ptr<accepted_socket>;
using connections_ptr = std::shared_ptr<std::vector<connection_snapshot>>;
/// The cids of an account's connections on one reactor, or of those that must go.
using census_ptr = std::shared_ptr<std::vector<uint64_t>>;
using tree_ptr = std::shared_ptr<std::vector<actor_snapshot>>;

} // namespace troupe::actors

CAF_BEGIN_TYPE_ID_BLOCK(troupe, caf::first_custom_type_id)
TROUPE_ADD_ATOM(deliver, "deliver") // at most 10 characters
TROUPE_ADD_ATOM(await_drain, "awaitdrain")
TROUPE_ADD_ATOM(drained, "drained")
TROUPE_ADD_ATOM(fence, "fence")
TROUPE_ADD_ATOM(fenced, "fenced")
TROUPE_ADD_ATOM(overrun, "overrun")
TROUPE_ADD_ATOM(adopt, "adopt")
TROUPE_ADD_ATOM(apply, "apply")
TROUPE_ADD_ATOM(describe, "describe")
TROUPE_ADD_ATOM(tree, "tree")
TROUPE_ADD_ATOM(announce, "announce")
TROUPE_ADD_ATOM(lame_duck, "lameduck")
TROUPE_ADD_ATOM(evict, "evict")
TROUPE_ADD_ATOM(shut_down, "shutdown")
TROUPE_ADD_ATOM(watch, "watch")
TROUPE_ADD_ATOM(rules, "rules")
TROUPE_ADD_ATOM(fetch, "fetch")
TROUPE_ADD_ATOM(cut, "cut")
TROUPE_ADD_ATOM(publish, "publish")
TROUPE_ADD_ATOM(kick, "kick")
TROUPE_ADD_ATOM(advise, "advise")
TROUPE_ADD_ATOM(interest, "interest")
CAF_ADD_TYPE_ID(troupe, (troupe::actors::outgoing_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::login_result_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::accepted_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::settings_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::connections_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::tree_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::connection_query))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::census_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::account_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::broker_messages_ptr))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::interest_changes_ptr))
CAF_END_TYPE_ID_BLOCK(troupe)

// These never leave the process: they need no inspect().
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::outgoing_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::login_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::accepted_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::settings_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::connections_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::tree_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::connection_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::account_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::census_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::broker_messages_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::interest_changes_ptr)
