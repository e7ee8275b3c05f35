// federation/leaf_door.cpp: what is asked of a hub, and what comes of it.
#include "federation/leaf_door.hpp"

#include "actors/websocket_door.hpp"
#include "federation/local_urls.hpp"

namespace troupe::federation {

void upgrade_to_websocket(caf::actor_system& sys, actors::reactor& home,
                          const actors::accepted_ptr& socket, const hub_terms& hub,
                          const hub_address& where, uint64_t number, const dial_boss_actor& boss) {
  actors::websocket_door_terms terms;
  terms.what = "Leafnode over a websocket";
  terms.timeout = hub.first_info_timeout;
  if (hub.demands_tls) {
    terms.tls = hub.tls;
    terms.tls_host = where.tls_name;
    terms.timeout += hub.tls_timeout;
  }
  auto path = where.url.path;
  if (path.ends_with('/'))
    path.pop_back();
  auto port = where.url.port == 0 ? socket->port : static_cast<uint16_t>(where.url.port);
  terms.host = host_and_port(where.host, port); // the socket's is that of a proxy, if there is one
  terms.path = path + "/leafnode";
  terms.no_masking = hub.no_masking;
  terms.deflate = hub.deflate;
  spawn_websocket_door(sys, home, socket, std::move(terms),
                       {[boss, number, host = where.host](actors::accepted_ptr through, bool) {
                          caf::anon_send(boss, atom::dialled_v, std::move(through), number, host);
                        },
                        [boss, number] { caf::anon_send(boss, atom::gave_up_v, number); }});
}

} // namespace troupe::federation
