// test/federation/route_world.hpp: a route's session without a socket, and what it says.
#pragma once

#include "actors/link_registry.hpp"
#include "federation/route_session.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

using namespace troupe::federation;
using protocol::close_reason;

struct journal final : route_host {
  struct ending {
    close_reason why;
    std::string error;
    bool loudly;
  };
  void say(std::string_view line) override { said += line; }
  void introduce(introduction one) override { who = std::move(one); }
  void offer_name(introduction one) override { offers.push_back(std::move(one)); }
  void pass_on(peer_news one) override { news.push_back(std::move(one)); }
  void miss(const std::string& account) override { missed.push_back(account); }
  void ponged() override { ++pongs; }
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view, bool loudly) override {
    ended = ending{why, std::string{error}, loudly};
  }
  std::string take() { return std::exchange(said, {}); }

  std::string said;
  std::optional<introduction> who;
  std::vector<introduction> offers;
  std::vector<peer_news> news;
  std::vector<std::string> missed;
  int pongs = 0;
  bool more = false;
  std::optional<ending> ended;
};

inline terms_ptr terms_of_us(security::permission_rules rules = {}) {
  auto out = std::make_shared<terms>();
  out->info.server_id = "US";
  out->info.server_name = "us";
  out->info.cluster = "C1";
  out->info.port = 6222;
  if (rules != security::permission_rules{})
    out->permissions = protocol::make_ref<const security::permissions>(rules);
  out->parsing.max_control_line = 4096;
  out->parsing.max_payload = -1;
  return out;
}

struct session_world {
  explicit session_world(bool solicited = false, terms_ptr mine = terms_of_us())
      : session{host,      {accounts, links, routes, dest}, std::move(mine),        7,
                solicited, solicited ? "mesh" : "",         solicited ? "word" : ""} {
    session.begin();
    greeting = host.take();
  }

  void hear(const std::string& bytes) { session.parse(bytes, nullptr); }
  /// As a peer that says `info` besides its names does it.
  void admit(const std::string& info = "\"headers\":true,\"lnoc\":true,\"lnocu\":true") {
    hear("CONNECT {\"cluster\":\"C1\"}\r\n");
    hear("INFO {\"server_id\":\"P\",\"cluster\":\"C1\"," + info + "}\r\n");
    settle({});
  }
  /// The cluster lets it in, to that place.
  void settle(const pool_place& place, std::vector<std::string> elsewhere = {}) {
    REQUIRE(host.who);
    admission yes;
    yes.admitted = true;
    yes.place = place;
    yes.elsewhere = std::move(elsewhere);
    session.settle(yes);
    tell_all();
    first_words = host.take();
  }
  void tell_all() {
    while (std::exchange(host.more, false))
      session.tell_more();
  }
  actors::subscription_ptr subscribe(const actors::account_ptr& where, std::string_view subject,
                                     std::string_view queue = {}) {
    auto one = protocol::make_ref<actors::subscription>(where->interests.share_text(subject, queue),
                                                        "1", client);
    REQUIRE(where->add_interest(one));
    return one;
  }
  /// Of a leaf node of ours.
  actors::subscription_ptr leaf_interest(const actors::account_ptr& where, std::string_view subject,
                                         const std::string& cluster) {
    auto leaf = protocol::make_ref<actors::link_destination>(
        uint64_t{9}, uint32_t{2}, protocol::peer_role::leaf_down, int64_t{1} << 20);
    leaf->set_cluster(cluster);
    auto one = protocol::make_ref<actors::remote_interest>(where->interests.share_text(subject, {}),
                                                           leaf, uint32_t{1});
    REQUIRE(where->add_interest(one));
    return one;
  }
  /// As the link does when it is told that something has changed.
  std::string told(const actors::account_ptr& where, const actors::subscription_ptr& what) {
    actors::interest_changes changes;
    changes.all.push_back({where, what->text()});
    session.tell(changes);
    return host.take();
  }
  size_t wanted(const actors::account_ptr& where, std::string_view subject) {
    return where->interests.match(subject)->fanout();
  }

  actors::block_pool pool{64 * 1024};
  actors::link_registry links{protocol::peer_role::route};
  actors::account_registry accounts{1, "$SYS", {}, {}, &links};
  actors::router routes{pool, 0};
  actors::destination_ptr client = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  actors::link_destination_ptr dest = protocol::make_ref<actors::link_destination>(
      uint64_t{7}, uint32_t{1}, protocol::peer_role::route, int64_t{1} << 20);
  journal host;
  route_session session;
  std::string greeting, first_words;
};

} // namespace troupe::test
