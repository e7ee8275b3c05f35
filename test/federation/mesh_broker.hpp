// test/federation/mesh_broker.hpp: a broker as far as routing goes, and one end of a link.
#pragma once

#include "actors/gateway_reply.hpp"
#include "federation/gateway_session.hpp"
#include "federation/leaf_session.hpp"
#include "federation/route_session.hpp"
#include "test/actors/actor_world.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// A reactor's router. What one read made it do leaves when the read ends; meanwhile other reactors
/// go on, so that the end of a read is an event of its own.
struct mesh_reactor {
  mesh_reactor(actors::block_pool& pool, size_t index, actors::link_registry& links,
               std::vector<actors::response_table>& responses)
      : routes{pool, index} {
    routes.federate(links);
    routes.serve(responses, index, actors::loop_clock::now,
                 [] {}); // all plans end before a reply is too old
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
  /// With `gateways` its site is a cluster that others reach by gateways.
  mesh_broker(uint32_t number, uint32_t which_site, bool gateways, uint32_t slots_each)
      : site{which_site}, has_identity{gateways
                                       && take_identity("C" + std::to_string(site),
                                                        "ID" + std::to_string(number))} {
    auto out = std::make_shared<federation::terms>();
    out->info.server_id = "ID" + std::to_string(number);
    out->info.server_name = "broker" + std::to_string(number);
    out->info.cluster = "C" + std::to_string(site);
    out->info.host = "127.0.0.1";
    out->info.port = 1;
    out->max_pending = int64_t{64} * 1024 * 1024;
    out->parsing = {size_t{64} * 1024, -1};
    auto leafs = std::make_shared<federation::leaf_terms>();
    leafs->info = out->info;
    leafs->info.headers = true;
    leafs->info.leafnode_urls.emplace();
    leafs->own_cluster = out->info.cluster;
    leafs->max_pending = out->max_pending;
    leafs->parsing = out->parsing;
    for_leafs = std::move(leafs);
    auto clusters = std::make_shared<federation::gateway_terms>();
    clusters->info = out->info;
    clusters->info.gateway = out->info.cluster;
    clusters->max_pending = out->max_pending;
    clusters->parsing = out->parsing;
    for_gateways = std::move(clusters);
    if (slots_each > 0) {
      out->info.route_pool_size = slots_each;
      out->pinned = {"ACC0"};
    }
    mine = std::move(out);
  }

  const uint32_t site;
  federation::terms_ptr mine;
  federation::leaf_terms_ptr for_leafs;
  federation::gateway_terms_ptr for_gateways;
  actors::link_registry links{protocol::peer_role::route, protocol::peer_role::leaf_down,
                              protocol::peer_role::leaf_up, protocol::peer_role::gateway_in,
                              protocol::peer_role::gateway_out};
  const bool has_identity; ///< accounts ask for it when they are made
  actors::block_pool pool{16 * 1024};
  actors::account_registry accounts{2, "$SYS", "C1", {}, &links};
  std::vector<actors::response_table> responses{2};
  std::array<mesh_reactor, 2> reactors{{{pool, 0, links, responses}, {pool, 1, links, responses}}};
  std::map<uint32_t, mesh_client> clients; // by account
  uint32_t slots = 0;

private:
  bool take_identity(const std::string& cluster, const std::string& id) {
    links.set_identity({actors::short_hash(cluster), actors::short_hash(id)});
    return true;
  }
};

/// One end of a link, whatever its session speaks: what it has said, and what waits.
class mesh_end {
public:
  mesh_end(actor_world& stage, mesh_broker& home, mesh_reactor& on, protocol::peer_role role)
      : on_{on}, dest_{protocol::make_ref<actors::link_destination>(home.slots + 1, home.slots,
                                                                    role, home.mine->max_pending)} {
    ++home.slots;
    actor_ = stage.sys.spawn(act, this);
    dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(actor_);
  }
  virtual ~mesh_end() { caf::anon_send_exit(actor_, caf::exit_reason::kill); }

  /// Takes the first `n` bytes that the other end has said.
  void read(mesh_end& from, size_t n) {
    kept_ += from.out.substr(0, n);
    from.out.erase(0, n);
    parse();
  }
  void admit() {
    introduced = false;
    on_.begin_read();
    settle();
    parse(); // what came behind its introduction
  }
  void tell_more() {
    untold = false;
    tell_rest();
  }
  void account_changed(const actors::account_ptr& which) {
    on_.begin_read();
    follow(which);
  }
  void retire() {
    dest_->doom();
    on_.begin_read();
    withdraw();
    on_.flush();
  }
  bool idle() const { return out.empty() && !introduced && !untold; }

  std::string out;
  std::string ended;
  bool introduced = false, untold = false;

protected:
  virtual protocol::parse_progress take(std::string_view in, actors::block* owner) = 0;
  virtual void settle() = 0;
  virtual void tell_rest() = 0;
  virtual void tell(const actors::interest_changes& changes) = 0;
  virtual void follow(const actors::account_ptr& which) = 0;
  virtual void withdraw() = 0;

  void end_with(std::string_view error, std::string_view text) {
    ended = "ended: " + std::string{error} + " " + std::string{text};
  }

  mesh_reactor& on_;
  actors::link_destination_ptr dest_;

private:
  void parse() {
    if (kept_.empty() || introduced || !ended.empty())
      return;
    auto block = actors::block_ref::allocate(kept_.size());
    std::memcpy(block->data(), kept_.data(), kept_.size());
    on_.begin_read();
    auto progress = take({block->data(), kept_.size()}, block.get());
    kept_.erase(0, progress.used);
  }

  static actors::link_actor::behavior_type act(actors::link_actor::pointer, mesh_end* me) {
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
          me->tell(*changes);
          me->dest_->pending.fetch_sub(changes->cost);
        },
    };
  }

  actors::link_actor actor_;
  std::string kept_;
};

class mesh_route final : public mesh_end, public federation::route_host {
public:
  mesh_route(actor_world& stage, mesh_broker& home, mesh_reactor& on, bool solicited,
             federation::pool_place place)
      : mesh_end{stage, home, on, protocol::peer_role::route},
        session_{*this,     federation::route_place{home.accounts, home.links, on.routes, dest_},
                 home.mine, dest_->cid,
                 solicited, "",
                 ""},
        place_{std::move(place)} {
    session_.begin();
  }

  void say(std::string_view line) override { out += line; }
  void introduce(federation::introduction) override { introduced = true; }
  void pass_on(federation::peer_news) override {}
  void miss(const std::string&) override {}
  void ponged() override {}
  void go_on_telling() override { untold = true; }
  void end(protocol::close_reason, std::string_view error, std::string_view text, bool) override {
    end_with(error, text);
  }

private:
  protocol::parse_progress take(std::string_view in, actors::block* owner) override {
    return session_.parse(in, owner);
  }
  void settle() override {
    federation::admission yes;
    yes.admitted = true;
    yes.place = place_;
    session_.settle(yes);
  }
  void tell_rest() override { session_.tell_more(); }
  void tell(const actors::interest_changes& changes) override { session_.tell(changes); }
  void follow(const actors::account_ptr& which) override { session_.account_changed(which); }
  void withdraw() override { session_.retire(); }

  federation::route_session session_;
  const federation::pool_place place_; ///< as the cluster's actor would have given it
};

/// A link between a leaf node, who dials, and its hub; for one account.
class mesh_leaf final : public mesh_end, public federation::leaf_host {
public:
  mesh_leaf(actor_world& stage, mesh_broker& home, mesh_reactor& on, actors::account_ptr where,
            bool solicited)
      : mesh_end{stage, home, on,
                 solicited ? protocol::peer_role::leaf_up : protocol::peer_role::leaf_down},
        where_{std::move(where)}, session_{*this,
                                           {home.accounts, home.links, on.routes, dest_},
                                           home.for_leafs,
                                           solicited ? std::optional{hub()} : std::nullopt,
                                           "nonce"} {
    session_.begin();
  }

  void say(std::string_view line) override { out += line; }
  void secure() override {}
  void authenticate(const protocol::link_connect&) override { session_.log_in(where_, {}); }
  void introduce(federation::leaf_introduction) override { introduced = true; }
  void hear_urls(const std::vector<std::string>&) override {}
  void ponged() override {}
  std::chrono::steady_clock::time_point now() const override { return {}; }
  void go_on_telling() override { untold = true; }
  void end(protocol::close_reason, std::string_view error, std::string_view text) override {
    end_with(error, text);
  }
  void complained(std::string_view text) override { end_with("complaint", text); }

private:
  federation::dialled_hub hub() const {
    auto terms = std::make_shared<federation::hub_terms>();
    terms->account = where_->name;
    federation::dialled_hub whom;
    whom.terms = std::move(terms);
    return whom;
  }
  protocol::parse_progress take(std::string_view in, actors::block* owner) override {
    return session_.parse(in, owner);
  }
  void settle() override {
    federation::leaf_admission yes;
    yes.admitted = true;
    yes.loop_subject = "$LDS.of" + std::to_string(reinterpret_cast<uintptr_t>(where_.get()));
    session_.settle(yes);
  }
  void tell_rest() override { session_.tell_more(); }
  void tell(const actors::interest_changes& changes) override { session_.tell(changes); }
  void follow(const actors::account_ptr& which) override {
    if (which == where_)
      session_.follow_account();
  }
  void withdraw() override { session_.retire(); }

  const actors::account_ptr where_;
  federation::leaf_session session_;
};

/// One connection of a gateway; messages go from the end that dialled to the other.
class mesh_gateway final : public mesh_end, public federation::gateway_host {
public:
  /// `wanted`: the cluster that is dialled; empty: this end has accepted.
  mesh_gateway(actor_world& stage, mesh_broker& home, mesh_reactor& on, const std::string& wanted)
      : mesh_end{stage, home, on,
                 wanted.empty() ? protocol::peer_role::gateway_in
                                : protocol::peer_role::gateway_out},
        session_{*this,
                 {home.accounts, home.links, on.routes, dest_},
                 home.for_gateways,
                 dialled(wanted)} {
    session_.begin();
  }

  void say(std::string_view line) override { out += line; }
  void introduce(federation::gateway_introduction) override { introduced = true; }
  void pass_on(federation::gateway_news) override {}
  void ponged() override {}
  void go_on_telling() override { untold = true; }
  void end(protocol::close_reason, std::string_view error, std::string_view text) override {
    end_with(error, text);
  }

private:
  static std::optional<federation::dialled_gateway> dialled(const std::string& wanted) {
    std::optional<federation::dialled_gateway> out;
    if (!wanted.empty())
      out.emplace().name = wanted;
    return out;
  }
  protocol::parse_progress take(std::string_view in, actors::block* owner) override {
    return session_.parse(in, owner);
  }
  void settle() override {
    federation::gateway_admission yes;
    yes.admitted = yes.configured = true;
    session_.settle(yes);
  }
  void tell_rest() override { session_.tell_more(); }
  void tell(const actors::interest_changes& changes) override { session_.tell(changes); }
  void follow(const actors::account_ptr& which) override { session_.account_changed(which); }
  void withdraw() override { session_.retire(); }

  federation::gateway_session session_;
};

} // namespace troupe::test
