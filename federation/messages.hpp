// federation/messages.hpp: what the actors of links send each other.
#pragma once

#include "actors/gateway_snapshot.hpp"
#include "actors/interfaces.hpp"
#include "actors/leaf_snapshot.hpp"
#include "actors/link_keeper.hpp"
#include "federation/pool_place.hpp"
#include "federation/terms.hpp"
#include "protocol/close_reason.hpp"
#include "protocol/link_info.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::federation {

/// What a link has learned of its peer before it may take part.
struct introduction {
  uint64_t rid = 0;
  bool solicited = false;
  protocol::link_info info;
  std::string ip;             ///< where its connection comes from or went to
  std::string user, password; ///< as an accepted peer sent them
};

/// What the cluster thinks of an introduction.
struct admission {
  bool admitted = false;
  protocol::close_reason reason = protocol::close_reason::none;
  std::string error;   ///< sent as -ERR before the end; empty: nothing is said
  std::string because; ///< for the log
  bool loudly = false; ///< the log line is an error
  pool_place place;    ///< if it is admitted
  /// Accounts that the peer alone has pinned, and that have their route.
  std::vector<std::string> elsewhere;
};

/// What a peer said later, of itself or of a third server.
struct peer_news {
  uint64_t rid = 0;
  protocol::link_info info;
  std::string
      pinned; ///< not empty: that account may get a route of its own now; `info` says nothing
};

/// The other members of the cluster, as far as other clusters are concerned.
struct fellow_members {
  std::vector<std::string> gateway_urls; ///< "host:port", without those that are about to go
  std::vector<std::string> server_names;
  bool operator==(const fellow_members&) const = default;
};

using introduction_ptr = std::shared_ptr<const introduction>;
using admission_ptr = std::shared_ptr<const admission>;
using peer_news_ptr = std::shared_ptr<const peer_news>;
using routes_ptr = std::shared_ptr<std::vector<actors::route_snapshot>>;

// Of leaf nodes: leaf_messages.hpp.
struct leaf_introduction;
struct leaf_admission;
struct leaf_terms;
struct hub_news;
using leaf_introduction_ptr = std::shared_ptr<const leaf_introduction>;
using leaf_admission_ptr = std::shared_ptr<const leaf_admission>;
using leaf_terms_ptr = std::shared_ptr<const leaf_terms>;
using hub_news_ptr = std::shared_ptr<const hub_news>;
using leafs_ptr = std::shared_ptr<std::vector<actors::leaf_snapshot>>;

// Of gateways: gateway_messages.hpp.
struct gateway_introduction;
struct gateway_admission;
struct gateway_terms;
struct gateway_news;
using gateway_introduction_ptr = std::shared_ptr<const gateway_introduction>;
using gateway_admission_ptr = std::shared_ptr<const gateway_admission>;
using gateway_terms_ptr = std::shared_ptr<const gateway_terms>;
using gateway_news_ptr = std::shared_ptr<const gateway_news>;
using gateways_ptr = std::shared_ptr<std::vector<actors::gateway_snapshot>>;

} // namespace troupe::federation

CAF_BEGIN_TYPE_ID_BLOCK(troupe_federation, caf::id_block::troupe_actors::end)
TROUPE_ADD_ATOM(dial, "dial")
TROUPE_ADD_ATOM(dialled, "dialled")
TROUPE_ADD_ATOM(gave_up, "gaveup")
TROUPE_ADD_ATOM(tell, "tell")
TROUPE_ADD_ATOM(go_on, "goon")
TROUPE_ADD_ATOM(waited, "waited")
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::introduction_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::admission_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::peer_news_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::terms_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::routes_ptr))
TROUPE_ADD_ATOM(hold_off, "holdoff")
TROUPE_ADD_ATOM(taken, "taken")
TROUPE_ADD_ATOM(pin, "pin")
TROUPE_ADD_ATOM(unhold, "unhold")
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::leaf_introduction_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::leaf_admission_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::leaf_terms_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::hub_news_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::leafs_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::gateway_introduction_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::gateway_admission_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::gateway_terms_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::gateway_news_ptr))
CAF_ADD_TYPE_ID(troupe_federation, (troupe::federation::gateways_ptr))
CAF_END_TYPE_ID_BLOCK(troupe_federation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::introduction_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::admission_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::peer_news_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::terms_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::routes_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::leaf_introduction_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::leaf_admission_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::leaf_terms_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::hub_news_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::leafs_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::gateway_introduction_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::gateway_admission_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::gateway_terms_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::gateway_news_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::federation::gateways_ptr)

namespace troupe::federation {

/// The ROUTE actor: one connection to another server of the cluster, pinned to its reactor.
using route_actor = actors::link_actor::extend<
    accepts<admission_ptr>,                    // The cluster's answer to its introduction.
    accepts<atom::tell, std::string>,          // A line for the peer, once it is admitted.
    accepts<atom::go_on>,                      // To itself: more of the interest has to be told.
    accepts<atom::rules, terms_ptr>,           // New settings.
    accepts<atom::cut, std::string>,           // Ends it, for the reason that is given.
    accepts<atom::watch, actors::account_ptr>, // An account came, changed or was removed.
    accepts<atom::pin, std::string, bool>,     // The peer has a route of that account alone, or no
                                               // longer has one.
    answers<routes_ptr, atom::describe, bool>, // Of this one; with subscriptions or not.
    answers<actors::tree_ptr, atom::tree>>;

/// The DIALER actor: see dialer.hpp.
using dialer_actor =
    caf::typed_actor<accepts<atom::dial, uint64_t>, // Begins after so many milliseconds.
                     accepts<atom::shut_down>, answers<actors::tree_ptr, atom::tree>>;

/// Who has dialers. `dialled`: one has reached its remote, which is numbered so, under this name;
/// an SRV record's is that of the host.
/// `gave_up`: one will not try again.
using dial_boss_actor =
    caf::typed_actor<accepts<atom::dialled, actors::accepted_ptr, uint64_t, std::string>,
                     accepts<atom::gave_up, uint64_t>>;

/// The CLUSTER actor: knows all members, their links and whom to dial.
using cluster_actor = dial_boss_actor::extend<
    accepts<atom::adopt, actors::accepted_ptr>,      // A peer has come.
    accepts<introduction_ptr>,                       // Answered by an admission.
    accepts<peer_news_ptr>,                          // A later INFO.
    accepts<atom::taken, uint64_t>,                  // The peer has let this link in as well.
    accepts<atom::waited, uint64_t>,                 // To itself: it was kept idle enough.
    accepts<atom::unhold, std::string, std::string>, // To itself: a server may be asked again for
                                                     // a route of that account.
    accepts<atom::watch, actors::account_ptr>,       // An account came, changed or was removed.
    accepts<atom::apply, actors::settings_ptr>,      // A reload.
    accepts<atom::lame_duck>,                        // Tells the peers that this broker goes.
    accepts<atom::tell, std::string, std::string>,   // All members, now and later: of a cluster, an
                                                     // INFO; empty: no more.
    accepts<atom::shut_down>,                        // Ends all links, then itself.
    answers<routes_ptr, atom::describe, bool>, answers<actors::tree_ptr, atom::tree>>;

} // namespace troupe::federation
