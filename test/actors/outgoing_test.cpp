// test/actors/outgoing_test.cpp: what a batch holds when it is sealed.
#include "actors/outgoing.hpp"
#include "actors/subscription.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using actors::block_pool;
using actors::block_ref;
using actors::outgoing;
using protocol::make_ref;

namespace {

constexpr size_t pool_block = 64 * 1024;

std::string joined(const outgoing& batch) {
  std::string out;
  for (const auto& each : batch.pieces)
    out.append(each.data, each.size);
  return out;
}

bool lies_in_its_block(const actors::piece& what) {
  return what.data >= what.owner->data()
         && what.data + what.size <= what.owner->data() + what.owner->capacity();
}

actors::subscription_ptr subscribe(const actors::destination_ptr& to, std::string_view sid) {
  return make_ref<actors::subscription>(protocol::subject_text::make("a"), sid, to);
}

} // namespace

TEST_CASE("a sealed batch is all that was appended, in order, and counts its bytes") {
  std::mt19937 dice{11};
  for (int round = 0; round < 50; ++round) {
    block_pool pool{pool_block};
    auto batch = make_ref<outgoing>(pool, size_t{dice() % 4 == 0 ? dice() % 300'000 : 0});
    auto slab = block_ref::allocate(3000);
    std::fill_n(slab->data(), 3000, 's');
    std::string expected;
    for (int i = 0; i < 300; ++i) {
      std::string text(1 + dice() % (dice() % 10 == 0 ? 100'000 : 200),
                       static_cast<char>('a' + dice() % 26));
      switch (dice() % 3) {
      case 0: batch->append(text); break;
      case 1: {
        text.resize(std::min<size_t>(text.size(), 3000), 's');
        std::fill(text.begin(), text.end(), 's');
        batch->append_slice(slab.get(), {slab->data(), text.size()});
        break;
      }
      case 2: {
        auto* at = batch->room(text.size() + dice() % 100); // asks for more than it writes
        batch->wrote(std::copy(text.begin(), text.end(), at));
        break;
      }
      }
      expected += text;
      REQUIRE(batch->bytes_so_far() == expected.size());
    }
    batch->seal();
    CHECK(batch->bytes_so_far() == expected.size());
    CHECK((joined(*batch) == expected));
    for (const auto& each : batch->pieces) {
      CHECK(each.size > 0);
      CHECK(lies_in_its_block(each));
    }
  }
}

TEST_CASE("a small batch takes a small block, a growing one soon the pool's") {
  block_pool pool{pool_block};
  auto batch = make_ref<outgoing>(pool, size_t{0});
  std::string line(100, 'x');
  batch->append(line);
  for (int i = 0; i < 10'000; ++i)
    batch->append(line);
  batch->seal();
  CHECK(batch->pieces.front().owner->capacity() <= 512);
  CHECK(batch->pieces.back().owner->capacity() == pool_block);
  CHECK(batch->pieces.size() < 10'001 * line.size() / pool_block + 8);
}

TEST_CASE("a batch with a good guess of its size is one piece") {
  block_pool pool{pool_block};
  for (size_t size : {300u, 5000u, 40'000u, 64'000u}) {
    auto batch = make_ref<outgoing>(pool, size);
    for (size_t i = 0; i < size / 100; ++i)
      batch->append(std::string(100, 'x'));
    batch->seal();
    CHECK_MESSAGE(batch->pieces.size() == 1, size);
  }
}

TEST_CASE("more room than the pool's blocks have is one contiguous piece all the same") {
  block_pool pool{pool_block};
  auto batch = make_ref<outgoing>(pool, size_t{0});
  std::string large(3 * pool_block, 'x');
  batch->append("before");
  batch->append(large);
  batch->seal();
  REQUIRE(batch->pieces.size() == 2);
  CHECK(batch->pieces[1].size == large.size());
}

TEST_CASE("a slice keeps its block until the batch dies, a batch keeps no other") {
  block_pool pool{pool_block};
  auto read = pool.take();
  auto batch = make_ref<outgoing>(pool, size_t{0});
  batch->append("MSG a 1 5\r\n");
  batch->append_slice(read.get(), {read->data() + 10, 5});
  batch->append("\r\n");
  batch->seal();
  CHECK(!read->unique());
  REQUIRE(batch->pieces.size() == 3);
  CHECK(batch->pieces[1].data == read->data() + 10);
  // One block for what stands before the slice and behind it.
  CHECK(batch->pieces[0].owner.get() == batch->pieces[2].owner.get());
  auto formatted = batch->pieces[0].owner;
  batch.reset();
  CHECK(read->unique());
  CHECK(formatted->unique());
}

TEST_CASE("deliveries are counted by subscription, those in turns merged") {
  block_pool pool{pool_block};
  auto to = make_ref<actors::destination>(1u, 0u, protocol::peer_kind::client, 1000);
  std::vector<actors::subscription_ptr> subs;
  for (auto sid : {"1", "2", "3"})
    subs.push_back(subscribe(to, sid));
  auto batch = make_ref<outgoing>(pool, size_t{0});
  for (auto sid : {"11", "12", "13", "14", "15"})
    batch->count(*subscribe(to, sid), 10);
  for (int turn = 0; turn < 100; ++turn)
    for (const auto& each : subs)
      batch->count(*each, 10);
  CHECK(batch->messages == 305);
  CHECK(batch->payload_bytes == 3050);
  REQUIRE(batch->counts.size() == 5 + 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(batch->counts[5 + i].to == subs[i]);
    CHECK(batch->counts[5 + i].messages == 100);
  }
  CHECK(!subs[0]->unique());
  batch.reset();
  CHECK(subs[0]->unique());
}

TEST_CASE("however many subscriptions take turns, their counts add up to the messages") {
  block_pool pool{pool_block};
  std::mt19937 dice{5};
  auto to = make_ref<actors::destination>(1u, 0u, protocol::peer_kind::client, 1000);
  std::vector<actors::subscription_ptr> subs;
  for (int i = 0; i < 20; ++i)
    subs.push_back(subscribe(to, std::to_string(i)));
  std::vector<uint64_t> expected(subs.size());
  auto batch = make_ref<outgoing>(pool, size_t{0});
  for (int i = 0; i < 1000; ++i) {
    auto pick = dice() % subs.size();
    batch->count(*subs[pick], 1);
    ++expected[pick];
  }
  std::vector<uint64_t> found(subs.size());
  for (const auto& each : batch->counts)
    found[static_cast<size_t>(std::stoi(each.to->sid))] += each.messages;
  CHECK(found == expected);
  CHECK(batch->messages == 1000);
}
