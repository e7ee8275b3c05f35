// test/federation/mesh_broker.hpp: a broker as far as routing goes, and one end of a link.
#pragma once

#include "federation/route_session.hpp"
#include "test/actors/actor_world.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace troupe::test {

/// A reactor's router. What one read made it do leaves when the read ends; meanwhile other reactors
/// go on, so that the end of a read is an event of its own.
struct mesh_reactor {
  mesh_reactor(actors::block_pool& pool, size_t index, actors::link_registry& links)
      : routes{pool, index} {
    routes.federate(links);
  }

  /// The read before has ended.
  actors::router& begin_read() {
    flush();
    unflushed = true;
    return routes;
  }
  void flush() {
    if (!std::exchange(unflushed, false))
      return;
    routes.flush();
    routes.tell_interest();
  }

  actors::router routes;
  bool unflushed = false;
};

struct mesh_broker;

/// The one client of an account at a broker.
struct mesh_client {
  mesh_broker* home = nullptr;
  mesh_reactor* on = nullptr;
  uint32_t account = 0;
  actors::account_ptr where;
  actors::destination_ptr dest;
  actors::connection_actor actor;
};

struct mesh_broker {
  explicit mesh_broker(uint32_t number) {
    auto out = std::make_shared<federation::terms>();
    out->info.server_id = "ID" + std::to_string(number);
    out->info.server_name = "broker" + std::to_string(number);
    out->info.cluster = "C1";
    out->info.host = "127.0.0.1";
    out->info.port = 1;
    out->max_pending = int64_t{64} * 1024 * 1024;
    out->parsing = {size_t{64} * 1024, -1};
    mine = std::move(out);
  }

  federation::terms_ptr mine;
  actors::link_registry links{protocol::peer_role::route};
  actors::block_pool pool{16 * 1024};
  actors::account_registry accounts{2, "$SYS", "C1", {}, &links};
  std::array<mesh_reactor, 2> reactors{{{pool, 0, links}, {pool, 1, links}}};
  std::map<uint32_t, mesh_client> clients; // by account
  uint32_t slots = 0;
};

/// One end of a link: the real session, and what it has said.
class mesh_route final : public federation::route_host {
public:
  mesh_route(actor_world& stage, mesh_broker& home, mesh_reactor& on, bool solicited) : on_{on} {
    dest_ = protocol::make_ref<actors::link_destination>(
        home.slots + 1, home.slots, protocol::peer_role::route, home.mine->max_pending);
    ++home.slots;
    actor_ = stage.sys.spawn(act, this);
    dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(actor_);
    session = std::make_unique<federation::route_session>(
        *this, federation::route_place{home.accounts, home.links, on.routes, dest_}, home.mine,
        dest_->cid, solicited, "", "");
    session->begin();
  }
  ~mesh_route() { caf::anon_send_exit(actor_, caf::exit_reason::kill); }

  void say(std::string_view line) override { out += line; }
  void introduce(federation::introduction) override { introduced = true; }
  void pass_on(federation::peer_news) override {}
  void ponged() override {}
  void go_on_telling() override { untold = true; }
  void end(protocol::close_reason, std::string_view error, std::string_view text, bool) override {
    ended = "ended: " + std::string{error} + " " + std::string{text};
  }

  /// Takes the first `n` bytes that the other end has said.
  void read(mesh_route& from, size_t n) {
    kept_ += from.out.substr(0, n);
    from.out.erase(0, n);
    parse();
  }
  void admit() {
    introduced = false;
    federation::admission yes;
    yes.admitted = true;
    on_.begin_read();
    session->settle(yes);
    parse(); // what came behind its INFO
  }
  void tell_more() {
    untold = false;
    session->tell_more();
  }
  void account_changed(const actors::account_ptr& which) {
    on_.begin_read();
    session->account_changed(which);
  }
  void retire() {
    dest_->doom();
    on_.begin_read();
    session->retire();
    on_.flush();
  }
  bool idle() const { return out.empty() && !introduced && !untold; }

  std::unique_ptr<federation::route_session> session;
  std::string out;
  std::string ended;
  bool introduced = false, untold = false;

private:
  void parse() {
    if (kept_.empty() || introduced || !ended.empty())
      return;
    auto block = actors::block_ref::allocate(kept_.size());
    std::memcpy(block->data(), kept_.data(), kept_.size());
    on_.begin_read();
    auto progress = session->parse({block->data(), kept_.size()}, block.get());
    kept_.erase(0, progress.used);
  }

  static actors::link_actor::behavior_type act(actors::link_actor::pointer, mesh_route* me) {
    return {
        [me](atom::deliver, const actors::outgoing_ptr& batch) {
          for (const auto& each : batch->pieces)
            me->out.append(each.data, each.size);
          me->dest_->pending.fetch_sub(static_cast<int64_t>(batch->bytes_so_far()));
        },
        [](atom::await_drain, const caf::strong_actor_ptr&) {},
        [](atom::drained) {},
        [](atom::fenced) {},
        [me](atom::overrun) { me->ended = "was cut as a slow consumer"; },
        [](atom::shut_down) {},
        [](const actors::login_result_ptr&) {},
        [me](atom::interest, const actors::interest_changes_ptr& changes) {
          me->session->tell(*changes);
          me->dest_->pending.fetch_sub(changes->cost);
        },
    };
  }

  mesh_reactor& on_;
  actors::link_destination_ptr dest_;
  actors::link_actor actor_;
  std::string kept_;
};

} // namespace troupe::test
