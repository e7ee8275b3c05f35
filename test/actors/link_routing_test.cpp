// test/actors/link_routing_test.cpp: which server gets a message, in which words, and how often.
#include "actors/broker_services.hpp"
#include "actors/response_table.hpp"
#include "test/actors/link_world.hpp"

using namespace troupe;
using test::link_world;
using test::peer_role;
using test::virtual_link;
using enum test::peer_role;

namespace {

size_t times(std::string_view what, std::string_view in) {
  size_t out = 0;
  for (auto at = in.find(what); at != in.npos; at = in.find(what, at + what.size()))
    ++out;
  return out;
}

/// Links in all roles, the client among them, all of which want "a".
struct everybody : link_world {
  everybody() {
    for (auto role : {route, gateway_out, leaf_down, leaf_up})
      by_role.push_back(&link(role));
    for (auto* each : by_role)
      wants(*each, "a");
    listen(here, "a");
    flush();
    hear();
  }
  /// One letter for each that heard something: c, r, g, d, u.
  std::string hear() {
    std::string out;
    if (!here.take().empty())
      out += 'c';
    for (size_t i = 0; i < by_role.size(); ++i)
      if (!by_role[i]->take().empty())
        out += "rgdu"[i];
    return out;
  }
  test::peer& here = join();
  std::vector<virtual_link*> by_role;
};

} // namespace

TEST_CASE_FIXTURE(everybody, "what a client publishes goes to clients and over every link") {
  CHECK(say({"a", "x"}) == 5);
  CHECK(hear() == "crgdu");
}

TEST_CASE_FIXTURE(everybody, "what comes over a link goes on as the table of forwarding says") {
  auto from = [&](virtual_link& which, const test::sent& what) {
    arrive(which, what);
    return hear();
  };
  CHECK(from(link(route), {"a", "x"}) == "cd");
  CHECK(from(link(gateway_in), {"a", "x"}) == "crdu");
  CHECK(from(link(leaf_down), {"a", "x"}) == "crgdu");
  CHECK(from(link(leaf_up), {"a", "x"}) == "cgdu");
  for (auto* each : by_role)
    wants(*each, "_R_.x.y");
  flush();
  hear();
  CHECK(from(link(route), {"_R_.x.y", "x"}) == "du");
}

TEST_CASE_FIXTURE(link_world, "nothing goes back over the link that it came from") {
  for (auto role : {route, leaf_down, leaf_up}) {
    auto& one = link(role);
    wants(one, "a");
    CHECK(arrive(one, {"a", "x"}) == 0);
    CHECK(times("MSG", one.take()) == 0);
    wants_no_more(one, "a");
  }
}

TEST_CASE_FIXTURE(link_world, "nothing of a leaf cluster comes back to it, over routes neither") {
  auto& one = link(leaf_down, {.cluster = "L1"});
  auto& other = link(leaf_down, {.cluster = "L1"});
  auto& third = link(leaf_down, {.cluster = "L2"});
  auto& on_behalf = link(route);
  auto& peer = link(route);
  for (auto* each : {&other, &third, &peer})
    wants(*each, "a");
  wants(on_behalf, "a", {}, 1, "L1");
  flush();
  for (auto& each : all_links)
    each.take();
  CHECK(arrive(one, {"a", "x"}) == 2);
  CHECK(other.take().empty());
  CHECK(on_behalf.take().empty());
  CHECK(third.take() == "LMSG a 1\r\nx\r\n");
  CHECK(peer.take() == "LMSG L1 A a 0 1\r\nx\r\n");
  CHECK(arrive(peer, {"a", "x"}, {}, "L1") == 1);
  CHECK(third.take() == "LMSG a 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(link_world, "each kind of link is written to in its own words") {
  auto& to_route = link(route);
  auto& to_gateway = link(gateway_out);
  auto& to_leaf = link(leaf_down);
  auto& bare = link(route, {.headers = false});
  for (auto& each : all_links)
    wants(each, "a");
  flush();
  for (auto& each : all_links)
    each.take();
  say({"a", "x"});
  CHECK(to_route.take() == "RMSG A a 1\r\nx\r\n");
  CHECK(to_gateway.take() == "RMSG A a 1\r\nx\r\n");
  CHECK(to_leaf.take() == "LMSG a 1\r\nx\r\n");
  bare.take();
  say({"a", "x", "r"});
  CHECK(to_route.take() == "RMSG A a r 1\r\nx\r\n");
  CHECK(to_leaf.take() == "LMSG a r 1\r\nx\r\n");
  CHECK(to_gateway.take() == "RMSG A a r 1\r\nx\r\n");
  bare.take();
  say({"a", "x", "r", "NATS/1.0\r\n\r\n"});
  CHECK(to_route.take() == "HMSG A a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n");
  CHECK(to_gateway.take() == "HMSG A a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n");
  CHECK(to_leaf.take() == "HMSG a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n");
  CHECK(bare.take() == "RMSG A a r 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(link_world, "a link that wants a message for many reasons gets it once") {
  auto& peer = link(route);
  for (auto subject : {"a", "*", ">"})
    wants(peer, subject);
  wants(peer, "a", "q1");
  wants(peer, "*", "q2");
  CHECK(say({"a", "x"}) == 3);
  CHECK(peer.take() == "RMSG A a | q1 q2 1\r\nx\r\n");
  CHECK(say({"a", "x", "r"}) == 3);
  CHECK(peer.take() == "RMSG A a + r q1 q2 1\r\nx\r\n");
  CHECK(say({"a", "x", {}, "NATS/1.0\r\n\r\n"}) == 3);
  CHECK(peer.take() == "HMSG A a | q1 q2 12 13\r\nNATS/1.0\r\n\r\nx\r\n");
}

TEST_CASE_FIXTURE(link_world,
                  "no line is longer than the peer takes: groups beyond that get nothing") {
  auto& peer = link(route);
  std::string group(20'000, 'q');
  for (char each : {'1', '2', '3', '4'})
    wants(peer, "a", group + each);
  wants(peer, "a");
  wants(peer, ">");
  flush();
  peer.take();
  say({"a", "x"});
  auto line = peer.take();
  CHECK(times(group, line) == 3);
  CHECK(line.starts_with("RMSG A a | q"));
  CHECK(line.ends_with(" 1\r\nx\r\n"));
  CHECK(line.size() < protocol::longest_common_line);
  say({"a", "x", "r"});
  CHECK(times(group, peer.take()) == 3);
  say({std::string(protocol::longest_common_line, 's'), "x"});
  CHECK(peer.take() == "");
  peer.to->longest_line = protocol::longest_own_line;
  say({"a", "x"});
  CHECK(times(group, peer.take()) == 4);
}

TEST_CASE_FIXTURE(link_world, "many small messages over a link, and each has its own size") {
  auto& one = link(route);
  auto& leaf = link(leaf_down);
  for (auto* each : {&one, &leaf}) {
    wants(*each, "a");
    wants(*each, "b.c");
  }
  flush();
  one.take();
  leaf.take();
  std::string heard, heard_below;
  for (std::string_view body : {"x", "yy", "zz", "zzzzzzzzzzzzzzzz", ""})
    for (auto subject : {"a", "b.c", "b.c"}) {
      publish({subject, body});
      auto line = std::string{subject} + " " + std::to_string(body.size()) + "\r\n";
      heard.append("RMSG A ").append(line).append(body).append("\r\n");
      heard_below.append("LMSG ").append(line).append(body).append("\r\n");
    }
  flush();
  CHECK(one.take() == heard);
  CHECK(leaf.take() == heard_below);
}

TEST_CASE_FIXTURE(link_world, "a payload of 2 KiB and more goes over a link without a copy") {
  auto& one = link(route);
  wants(one, "a");
  std::string body(2048, 'x');
  say({"a", body});
  CHECK(one.take() == "RMSG A a 2048\r\n" + body + "\r\n");
  CHECK(one.heard().pieces.back().owner.get() == read.get());
  body.resize(2000);
  say({"a", body});
  CHECK(one.take() == "RMSG A a 2000\r\n" + body + "\r\n");
  CHECK(one.heard().pieces.back().owner.get() != read.get());
}

TEST_CASE_FIXTURE(link_world, "members of a group on other servers count as much as those here") {
  auto& here = join();
  auto& there = link(route);
  listen(here, "a", "q");
  wants(there, "a", "q", 9);
  flush();
  there.take();
  for (int i = 0; i < 2000; ++i)
    REQUIRE(publish({"a", "x"}) == 1);
  flush();
  auto local = times("MSG a 1 1", here.take());
  auto remote = times("RMSG A a | q 1", there.take());
  CHECK(local + remote == 2000);
  CHECK(local > 120);
  CHECK(local < 290);
}

TEST_CASE_FIXTURE(link_world, "members behind leafs serve only when the cluster has none") {
  auto& leaf = link(leaf_down);
  auto& far_leaf = link(route); // of another server of the cluster
  auto& peer = link(route);
  wants(leaf, "a", "q", 5);
  wants(far_leaf, "a", "q", 5, "L9");
  wants(peer, "a", "q", 1);
  flush();
  for (auto& each : all_links)
    each.take();
  for (int i = 0; i < 50; ++i)
    REQUIRE(publish({"a", "x"}) == 1);
  flush();
  CHECK(times("RMSG A a | q 1", peer.take()) == 50);
  wants_no_more(peer, "a", "q");
  for (int i = 0; i < 100; ++i)
    REQUIRE(publish({"a", "x"}) == 1);
  flush();
  auto near = times("LMSG a | q 1", leaf.take());
  auto far = times("RMSG A a | q 1", far_leaf.take());
  CHECK(near + far == 100);
  CHECK(near > 20);
  CHECK(far > 20);
}

TEST_CASE_FIXTURE(link_world, "a group that the own cluster does not serve goes to the nearest") {
  auto& far = link(gateway_out);
  auto& near = link(gateway_out);
  auto& leaf = link(leaf_down);
  far.to->rtt = 9000;
  near.to->rtt = 100;
  for (auto* each : {&far, &near}) {
    wants(*each, "a", "q");
    wants(*each, "a", "only");
    wants(*each, "a");
  }
  wants(far, "a", "far");
  wants(leaf, "a", "q");
  flush();
  for (auto& each : all_links)
    each.take();
  CHECK(say({"a", "x"}) == 5);
  CHECK(leaf.take() == "LMSG a | q 1\r\nx\r\n");
  auto first = near.take();
  CHECK(first == "RMSG A a | only 1\r\nx\r\n");
  CHECK(far.take() == "RMSG A a | far 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(link_world, "a link's message is for no group that it does not name") {
  auto& here = join();
  auto& peer = link(route);
  auto& next = link(route);
  listen(here, "a", "q");
  wants(next, "a", "q");
  CHECK(arrive(peer, {"a", "x"}) == 0);
  CHECK(arrive(peer, {"a", "x"}, {"other"}) == 0);
  for (int i = 0; i < 20; ++i)
    REQUIRE(arrive(peer, {"a", "x"}, {"other", "q"}) == 1);
  CHECK(times("MSG a 1 1", here.take()) == 20);
  CHECK(times("RMSG", next.take()) == 0);
}

TEST_CASE_FIXTURE(link_world, "a routed message for a group without a member here hops once more") {
  auto& peer = link(route);
  auto& next = link(route);
  auto& leaf = link(leaf_down, {.cluster = "L1"});
  wants(peer, "a", "q");
  wants(next, "a", "q");
  wants(leaf, "a", "q");
  flush();
  for (auto& each : all_links)
    each.take();
  CHECK(arrive(peer, {"a", "x"}, {"q"}) == 1);
  CHECK(leaf.take() == "LMSG a | q 1\r\nx\r\n");
  CHECK(arrive(peer, {"a", "x"}, {"q"}, "L1") == 1); // not into the same leaf cluster
  CHECK(leaf.take().empty());
  CHECK(next.take() == "LMSG L1 A a | q 0 1\r\nx\r\n");
  wants_no_more(next, "a", "q");
  CHECK(arrive(peer, {"a", "x"}, {"q"}, "L1") == 0);
}

TEST_CASE_FIXTURE(link_world, "a link that is going gets nothing, and its groups go elsewhere") {
  auto& going = link(route);
  auto& staying = link(route);
  for (auto* each : {&going, &staying}) {
    wants(*each, "a");
    wants(*each, "b", "q");
  }
  going.to->doom();
  CHECK(say({"a", "x"}) == 1);
  for (int i = 0; i < 20; ++i)
    REQUIRE(say({"b", "x"}) == 1);
  CHECK(times("MSG", going.take()) == 0);
  CHECK(times("RMSG", staying.take()) == 21);
}

TEST_CASE_FIXTURE(link_world, "a request that only another server can answer has a responder") {
  auto& peer = link(route);
  CHECK(say({"svc", "x", "inbox"}) == 0);
  wants(peer, "svc");
  CHECK(say({"svc", "x", "inbox"}) == 1);
}

TEST_CASE_FIXTURE(link_world, "a link whose peer may only answer is told each reply it was sent") {
  auto& asked = link(leaf_down);
  auto& another = link(leaf_down);
  asked.to->set_quirk(actors::quirk_tracks_replies, true);
  for (auto* each : {&asked, &another})
    wants(*each, "svc");
  wants(asked, "svc", "g"); // a second reason, the same message
  listen(join(), "svc");
  CHECK(say({"svc", "no reply"}) > 0);
  CHECK(say({"svc", "x", "in.1"}) > 0);
  CHECK(say({"svc", "y", "in.2", "NATS/1.0\r\n\r\n"}) > 0);
  CHECK(arrive(another, {"svc", "z", "in.3"}) > 0);
  flush();
  CHECK(asked.heard().replies == std::vector<std::string>{"in.1", "in.2", "in.3"});
  CHECK(another.heard().replies.empty()); // it may say anything
}

TEST_CASE_FIXTURE(
    link_world,
    "only his own server is asked who a user is, all servers of his account's figures") {
  std::vector<actors::response_table> tables{1};
  routes.serve(tables, 0, [] { return actors::loop_clock::time_point{}; });
  auto system = protocol::make_ref<actors::account>("$SYS", size_t{1}, true, &links);
  auto tenant = std::exchange(account, system);
  auto services = actors::broker_services(*tenant, system, join().dest);
  for (const auto& each : services)
    tenant->add_interest(each);
  auto& other = link(gateway_out);
  wants(other, "$SYS.REQ.USER.*.INFO");
  wants(other, "$SYS.REQ.ACCOUNT.*.STATZ");
  auto& here = join();
  listen(here, "$SYS.REQ.USER.*.INFO");
  account = tenant;
  other.take();
  CHECK(say({"$SYS.REQ.USER.INFO", "", "in.1"}) == 1);
  CHECK(here.take().starts_with("MSG $SYS.REQ.USER.A.INFO "));
  CHECK(other.take().empty());
  CHECK(say({"$SYS.REQ.ACCOUNT.PING.STATZ", "", "in.2"}) == 1);
  CHECK(other.take().find(" $SYS.REQ.ACCOUNT.A.STATZ ") != std::string::npos);
  for (const auto& each : services)
    tenant->drop_interest(*each);
}
