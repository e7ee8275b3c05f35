// monitor/events.hpp: what each event of the system account says (system-events.md section 3).
#pragma once

#include "actors/link_keeper.hpp"
#include "actors/snapshot.hpp"
#include "monitor/varz.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace troupe::monitor {

/// What is new with each event.
struct event_head {
  std::string id;
  actors::wall_time when;
};

/// A head for now.
event_head new_event();

/// `server` is a card's object each time, `account_label` the account's name for people.
nlohmann::ordered_json connect_event(const event_head& head, nlohmann::ordered_json server,
                                     const actors::connection_snapshot& who,
                                     const std::string& account_label);
/// A leaf node of an account is there; without a head.
nlohmann::ordered_json leafnode_connect_event(nlohmann::ordered_json server,
                                              const std::string& account);
/// Also of refused logins: then with another id, on another subject.
nlohmann::ordered_json disconnect_event(const event_head& head, nlohmann::ordered_json server,
                                        const actors::connection_snapshot& who,
                                        const std::string& account_label);
/// `figures.connections` counts.
nlohmann::ordered_json account_connections_event(const event_head& head,
                                                 nlohmann::ordered_json server,
                                                 const actors::account_snapshot& figures,
                                                 const std::string& account_label);
/// The same without head and server, as account statistics list it.
nlohmann::ordered_json account_statistics(const actors::account_snapshot& figures,
                                          const std::string& account_label);

/// What STATSZ has besides `server`. `requests` of `process` do not matter. `heard_of`: ids of
/// other servers, which count like those that links lead to.
nlohmann::ordered_json statistics(const actors::server_snapshot& figures,
                                  const process_facts& process, size_t reactors,
                                  const std::vector<actors::route_snapshot>& routes,
                                  const std::vector<actors::gateway_snapshot>& gateways,
                                  const std::vector<std::string>& heard_of = {});

} // namespace troupe::monitor
