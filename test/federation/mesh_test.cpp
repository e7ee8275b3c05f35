// test/federation/mesh_test.cpp: random clusters against a plain model.
//
// A failure prints its seed and as few steps as it takes. Again, or for longer:
//   TROUPE_MESH_SEED=17 build/release/bin/federation_test -tc='in every mesh*'
//   TROUPE_MESH_RUNS=100000 build/release/bin/federation_test -tc='in every mesh*'
#include "test/federation/mesh_judge.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <string>

using namespace troupe::test;

namespace {

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

void play_many(mesh_kind by) {
  auto first = number_from("TROUPE_MESH_SEED", 1);
  auto runs = number_from("TROUPE_MESH_RUNS", std::getenv("TROUPE_MESH_SEED") ? 1 : 3000);
  // On slow machines, and under sanitizers, fewer will do.
  auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds{by == mesh_kind::routes ? 6 : 4};
  bool limited = std::getenv("TROUPE_MESH_RUNS") == nullptr;
  uint64_t done = 0;
  actor_world stage;
  for (; done < runs && (!limited || std::chrono::steady_clock::now() < end); ++done) {
    auto plan = make_mesh_plan(first + done, by);
    auto wrong = play(plan, stage);
    if (!wrong.empty()) {
      auto small = shrink(plan, stage);
      FAIL(wrong << "\nin " << to_string(plan) << "\nshrunk: " << play(small, stage) << "\nin "
                 << to_string(small));
    }
  }
  MESSAGE(done << " meshes");
  CHECK(done > 0);
}

} // namespace

TEST_CASE("in every mesh of routes each message reaches all who should get it, and once") {
  play_many(mesh_kind::routes);
}

TEST_CASE("in every mesh of clusters that are leaf nodes of each other the same holds") {
  play_many(mesh_kind::leafs);
}

TEST_CASE("in every mesh of clusters that are joined by gateways the same holds") {
  play_many(mesh_kind::gateways);
}

TEST_CASE("in every mesh of clusters joined by gateways, with leaf nodes, the same holds") {
  play_many(mesh_kind::everything);
}

TEST_CASE("the model itself misses no lost, doubled or stray message") {
  mesh_judge judge;
  mesh_step sub{.what = mesh_step::kind::subscribe, .id = 1};
  mesh_step member{.what = mesh_step::kind::subscribe, .id = 2, .queue = 1};
  mesh_step rest{.what = mesh_step::kind::settle};
  mesh_step say{.what = mesh_step::kind::publish, .id = 7};
  auto verdict = [&](std::vector<mesh_delivery> heard) {
    judge.expect(rest, true);
    judge.expect(say, true);
    return judge.judge(heard);
  };
  judge.expect(sub, true);
  judge.expect(member, true);
  mesh_delivery to_sub{1, "7 ACC0 ", 0};
  mesh_delivery to_member{2, "7 ACC0 ", 0};
  CHECK(verdict({to_sub, to_member}) == "");
  CHECK(verdict({to_member}) == "message 7 on a in ACC0 at 0 did not reach 1");
  CHECK(verdict({to_sub}) == "message 7 on a in ACC0 at 0 reached no member of group q {2}");
  CHECK(verdict({to_sub, to_sub, to_member}) == "message 7 on a in ACC0 at 0 reached 1 2 times");
  CHECK(verdict({to_sub, to_member, to_member})
        == "message 7 on a in ACC0 at 0 reached 2 members of group q");
  CHECK(verdict({to_sub, to_member, {3, "7 ACC0 ", 0}})
        == "message 7 on a in ACC0 at 0 reached an unknown subscription 3");
  CHECK(verdict({to_sub, to_member, {1, "7 ACC0 x", 0}})
        == "message 7 on a in ACC0 at 0 arrived as 7 ACC0 x");
  CHECK(verdict({to_sub, to_member, {1, "8 ACC1 ", 0}}) == "a message of ACC1 was heard in ACC0");
}

TEST_CASE("the model knows where a message comes to through streams and services") {
  const mesh_share stream{.from = 0, .to = 1, .subject = 0};                   // a, as s0.a
  const mesh_share service{.service = true, .from = 1, .to = 0, .subject = 4}; // c, as v1
  mesh_judge judge{{stream, service}};
  mesh_step rest{.what = mesh_step::kind::settle};
  mesh_step taker{.what = mesh_step::kind::subscribe, .id = 1, .account = 1, .subject = 9};
  mesh_step server{.what = mesh_step::kind::subscribe, .id = 2, .account = 1, .subject = 12};
  REQUIRE(subscribed_subject(taker) == "s0.>");
  REQUIRE(subscribed_subject(server) == "c");
  judge.expect(taker, true);
  judge.expect(server, true);
  auto verdict = [&](uint32_t subject, std::vector<mesh_delivery> heard) {
    judge.expect(rest, true);
    judge.expect({.what = mesh_step::kind::publish, .id = 7, .subject = subject}, true);
    return judge.judge(heard);
  };
  constexpr uint32_t on_a = 0, on_v1 = 6;
  CHECK(verdict(on_a, {{1, "7 ACC0 ", 1, "s0.a"}}) == "");
  CHECK(verdict(on_a, {}) == "message 7 on a in ACC0 at 0 did not reach 1");
  CHECK(verdict(on_a, {{1, "7 ACC0 ", 1, "a"}}) == "a message of ACC0 was heard in ACC1");
  CHECK(verdict(on_v1, {{2, "7 ACC0 ", 1, "c"}}) == "");
  CHECK(verdict(on_v1, {}) == "message 7 on v1 in ACC0 at 0 did not reach 2");
  CHECK(verdict(on_a, {{1, "7 ACC0 ", 1, "s0.a"}, {2, "7 ACC0 ", 1, "c"}})
        == "a message of ACC0 was heard in ACC1");
}

TEST_CASE(
    "the model knows that no stream leaves a tree of leaf nodes and comes back, or has ended") {
  const mesh_share stream{.from = 0, .to = 1, .subject = 0}; // a, as s0.a
  mesh_judge judge{{stream}, 1, {0, 1, 1, 2}};
  mesh_step taker{.what = mesh_step::kind::subscribe, .id = 1, .broker = 1, .account = 1};
  taker.subject = 9;
  REQUIRE(subscribed_subject(taker) == "s0.>");
  judge.expect(taker, true);
  auto verdict = [&](uint32_t broker, std::vector<mesh_delivery> heard) {
    judge.expect({.what = mesh_step::kind::settle}, true);
    judge.expect({.what = mesh_step::kind::publish, .id = 7, .broker = broker}, true);
    return judge.judge(heard);
  };
  const mesh_delivery one{1, "7 ACC0 ", 1, "s0.a"};
  CHECK(verdict(0, {one}) == "");
  CHECK(verdict(0, {}) == "message 7 on a in ACC0 at 0 did not reach 1");
  CHECK(verdict(2, {}) == "");
  CHECK(verdict(2, {one}) == "a message of ACC0 was heard in ACC1");
  CHECK(verdict(3, {one}) == "");
  judge.expect({.what = mesh_step::kind::reload, .count = 0}, true);
  CHECK(verdict(0, {one}) == ""); // it may still have been on its way
  CHECK(verdict(0, {}) == "");
  CHECK(verdict(0, {one}) == "a message of ACC0 was heard in ACC1");
}

TEST_CASE(
    "the model knows that a service may overtake a stream on another route, and on no other") {
  const mesh_share stream{.from = 0, .to = 1, .subject = 0};                   // a, as s0.a
  const mesh_share service{.service = true, .from = 1, .to = 0, .subject = 4}; // c, as v1
  constexpr uint32_t on_a = 0, on_v1 = 6, all = 7;
  auto verdict = [&](uint32_t pool, uint32_t broker) {
    mesh_judge judge{{stream, service}, 1, {}, pool};
    mesh_step hears{.what = mesh_step::kind::subscribe, .id = 1, .account = 1, .subject = all};
    judge.expect(hears, true);
    judge.expect({.what = mesh_step::kind::settle}, true);
    mesh_step first{.what = mesh_step::kind::publish, .id = 7, .broker = broker, .subject = on_a};
    auto second = first;
    second.id = 8;
    second.subject = on_v1;
    judge.expect(first, true);
    judge.expect(second, true);
    return judge.judge({{1, "8 ACC0 ", 1, "c"}, {1, "7 ACC0 ", 1, "s0.a"}});
  };
  const std::string late = "message 7 on a in ACC0 at 2 reached 1 after message 8";
  CHECK(verdict(0, 2) == late);
  CHECK(verdict(3, 2) == ""); // the first account has a route of its own
  CHECK(verdict(3, 0) == "message 7 on a in ACC0 at 0 reached 1 after message 8"); // over none
}
