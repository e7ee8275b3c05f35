// test/federation/gateway_book_test.cpp: which clusters are known, and where they are dialled.
#include "federation/gateway_book.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace troupe;
using namespace troupe::federation;
using strings = std::vector<std::string>;

namespace {

config::peer_url url(const std::string& host, int port = 7222) {
  config::peer_url out;
  out.host = host;
  out.port = port;
  return out;
}

remote_plan remote(const std::string& name, std::vector<config::peer_url> urls) {
  remote_plan out;
  out.from.name = name;
  out.from.urls = std::move(urls);
  return out;
}

gateways_plan plan_of_g1() {
  auto mine = std::make_shared<gateway_terms>();
  mine->info.gateway = "G1";
  mine->info.server_name = "us";
  mine->user = "gate";
  mine->password = "word";
  gateways_plan out;
  out.mine = std::move(mine);
  out.member_names = {"fellow"};
  return out;
}

gateway_introduction from(const std::string& cluster, const std::string& server, bool solicited) {
  gateway_introduction out;
  out.solicited = solicited;
  out.info.gateway = cluster;
  out.info.server_name = server;
  return out;
}

std::set<std::string> places(const gateway_book::cluster& of) {
  std::set<std::string> out;
  for (const auto& each : of.addresses)
    out.insert(each.url.host + ":" + std::to_string(each.url.port));
  return out;
}

} // namespace

TEST_CASE("configured clusters are dialled at each of their addresses") {
  gateway_book book;
  auto now = book.follow({remote("G2", {url("a"), url("b")}), remote("G3", {url("c")})});
  CHECK(now.come.size() == 3);
  CHECK(now.added == strings{"G2", "G3"});
  CHECK(book.is_configured("G2"));
  CHECK(book.addresses() == 3);
  CHECK(book.with_address(now.come[0].number)->name == "G2");
  CHECK_FALSE(book.with_address(99));
}

TEST_CASE("a reload adds and removes clusters, and leaves the others alone") {
  gateway_book book;
  book.follow({remote("G2", {url("a")}), remote("G3", {url("c")})});
  book.find("G2")->gid = 7;
  book.find("G3")->gid = 8;
  auto now = book.follow({remote("G3", {url("c")}), remote("G4", {url("d")})});
  CHECK(now.links == std::vector<uint64_t>{7});
  CHECK(now.gone.size() == 1);
  CHECK(now.dropped == strings{"G2"});
  CHECK(now.added == strings{"G4"});
  CHECK(book.find("G3")->gid == 8);
  SUBCASE("one whose addresses have changed is dialled anew") {
    auto other = book.follow({remote("G3", {url("e")}), remote("G4", {url("d")})});
    CHECK(other.links == std::vector<uint64_t>{8});
    CHECK(other.added == strings{"G3"});
    CHECK(book.find("G3")->gid == 0);
  }
}

TEST_CASE("gossip adds clusters and addresses, and takes nothing away") {
  gateway_book book;
  auto now = book.learn("G2", {"a:7222", "b:7222", "nonsense", "c:0"}, true);
  CHECK(now.added == strings{"G2"});
  CHECK(now.come.size() == 2);
  CHECK_FALSE(book.is_configured("G2"));
  now = book.learn("G2", {"a:7222", "d:7222"}, true);
  CHECK(now.added.empty());
  CHECK(places(*book.find("G2")) == std::set<std::string>{"a:7222", "b:7222", "d:7222"});
  CHECK(book.learn("G3", {}, true).added.empty());
  CHECK_FALSE(book.find("G3"));
  CHECK(book.learn("G4", {"x:1"}, false).added.empty());
  CHECK_FALSE(book.find("G4"));
}

TEST_CASE("a cluster's own list replaces what was discovered, but not what is configured") {
  gateway_book book;
  book.follow({remote("G2", {url("a")})});
  book.learn("G2", {"b:7222"}, true);
  auto now = book.replace("G2", {"c:7222"});
  CHECK(now.gone.size() == 1);
  CHECK(now.come.size() == 1);
  CHECK(places(*book.find("G2")) == std::set<std::string>{"a:7222", "c:7222"});
  CHECK(book.replace("G9", {"c:7222"}).come.empty());
}

TEST_CASE("a cluster that says it is nowhere is dialled again when somebody knows better") {
  gateway_book book;
  book.learn("G2", {"a:7222"}, true);
  book.replace("G2", {}); // its link ends later, with nobody left to dial
  CHECK(book.find("G2")->addresses.empty());
  auto now = book.learn("G2", {"b:7222"}, true);
  CHECK(now.come.size() == 1);
  CHECK(now.added == strings{"G2"});
  CHECK_MESSAGE(book.learn("G2", {"c:7222"}, true).added.empty(), "it is being dialled");
}

TEST_CASE("a cluster that was learned of may be configured later, and stays dialled") {
  gateway_book book;
  book.learn("G2", {"b:7222"}, true);
  auto now = book.follow({remote("G2", {url("a")})});
  CHECK(now.added.empty());
  CHECK(now.come.size() == 1);
  CHECK(book.is_configured("G2"));
}

TEST_CASE("gossip that never ends fills no memory") {
  gateway_book book;
  for (int i = 0; i < 1000; ++i)
    book.learn("G" + std::to_string(i), {"a:" + std::to_string(i + 1)}, true);
  CHECK(book.all().size() == 256);
  for (int i = 0; i < 1000; ++i)
    book.learn("G0", {"a:" + std::to_string(i + 1)}, true);
  CHECK(book.find("G0")->addresses.size() == 64);
}

TEST_CASE("all addresses are tried in turn, then there is a pause") {
  using enum gateway_book::next_step;
  gateway_book book;
  book.follow({remote("G2", {url("a"), url("b")})});
  auto& whom = *book.find("G2");
  for (int round = 0; round < 5; ++round) {
    CHECK(book.missed(whom, 0, false) == dial);
    CHECK_MESSAGE(book.missed(whom, 0, false) == pause, "a configured one is never forgotten");
  }
  book.learn("G3", {"c:1"}, true);
  auto& learned = *book.find("G3");
  CHECK(book.missed(learned, 1, false) == pause);
  CHECK(book.missed(learned, 1, false) == pause);
  CHECK(book.missed(learned, 1, true) == pause);
  CHECK(book.missed(learned, 1, false) == forget);
  auto now = book.forget("G3");
  CHECK(now.gone.size() == 1);
  CHECK(now.dropped == strings{"G3"});
  CHECK_FALSE(book.find("G3"));
}

TEST_CASE("who is dialled hears the user of the URL, or else that of this broker") {
  auto plan = plan_of_g1();
  gateway_book book;
  auto named = url("tk1.example.net");
  named.user = "tokyo";
  named.password = "secret";
  book.follow({remote("G2", {named, url("10.0.0.2")})});
  const auto& whom = *book.find("G2");
  for (const auto& each : whom.addresses) {
    auto to = gateway_book::target(whom, each.number, *plan.mine);
    CHECK(to.name == "G2");
    CHECK_MESSAGE(to.host == "tk1.example.net", "certificates name hosts");
    CHECK(to.user == (each.url.user.empty() ? "gate" : "tokyo"));
    CHECK(to.password == (each.url.user.empty() ? "word" : "secret"));
  }
  CHECK(gateway_book::gossip("ID", whom).find("secret") == std::string::npos);
  CHECK(gateway_book::gossip("ID", whom).find("\"gateway_cmd\":1") != std::string::npos);
  CHECK(gateway_book::gossip("ID", {}).empty());
}

TEST_CASE("clusters that are not configured are refused if the configuration says so") {
  auto plan = plan_of_g1();
  CHECK(judge(from("G2", "them", false), plan, false).admitted);
  plan.reject_unknown = true;
  CHECK(judge(from("G2", "them", false), plan, true).admitted);
  CHECK(judge(from("G2", "them", true), plan, true).admitted);
  auto no = judge(from("G2", "them", false), plan, false);
  CHECK_FALSE(no.admitted);
  CHECK(no.error == "Connection to gateway \"G2\" rejected");
  CHECK_MESSAGE(!judge(from("G1", "them", false), plan, false).admitted,
                "our own name opens no door");
}

TEST_CASE("a server named as one of this cluster is left without a word") {
  auto plan = plan_of_g1();
  for (const auto* name : {"us", "fellow"})
    for (bool solicited : {false, true}) {
      auto no = judge(from("G2", name, solicited), plan, true);
      CHECK_FALSE(no.admitted);
      CHECK(no.error.empty());
      CHECK(no.because.find(name) != std::string::npos);
    }
  CHECK(judge(from("G2", "", false), plan, true).admitted);
}
