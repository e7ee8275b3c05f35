// test/actors/direct_write_test.cpp: what a publisher may write to another reactor's peer itself.
#include "actors/event_loop.hpp"
#include "test/actors/router_world.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace troupe;
using actors::write_gate;

namespace {

/// One peer with a socket whose gate is open, and a batch for it.
struct quiet_peer : test::router_world {
  quiet_peer() {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, both) == 0);
    ours = both[0];
    theirs = both[1];
    dest = join().dest;
    dest->direct.where = account.get();
    dest->gate.open(ours);
    sub = subscribe(peers.front(), "a", "1");
  }
  ~quiet_peer() {
    dest->direct.counts.clear(); // as the owner does: they keep the peer alive
    ::close(ours);
    ::close(theirs);
  }
  actors::outgoing_ptr batch(std::string_view text) {
    auto out = protocol::make_ref<actors::outgoing>(pool, size_t{0});
    out->append(text);
    out->count(*sub, 2);
    out->seal();
    return out;
  }
  std::string read() const {
    std::string out(1 << 20, '\0');
    auto n = ::recv(theirs, out.data(), out.size(), MSG_DONTWAIT);
    out.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return out;
  }
  uint64_t account_messages() const { return account->shares[0].out.messages; }

  int ours, theirs;
  actors::destination_ptr dest;
  actors::subscription_ptr sub;
};

/// Its reactor is awake: nobody has made it sleep.
struct awake_peer : quiet_peer {
  awake_peer() { dest->home = &loop; }
  /// Publishes in one batch; what the peer must hear.
  std::string publish_many(size_t count, size_t size) {
    std::string body(size, 'x');
    std::string all;
    for (size_t i = 0; i < count; ++i) {
      publish({"a", body});
      all += test::as_heard({"a", body}, "1", true);
    }
    routes.flush();
    return all;
  }
  /// What came into the mailbox of its owner.
  std::string handed_over() {
    sched.run();
    return peers.front().take();
  }

  actors::event_loop loop{sys};
};

} // namespace

TEST_CASE("what is written directly is counted by the account at once and kept for the owner") {
  quiet_peer world;
  for (int i = 0; i < 2; ++i)
    CHECK(world.dest->write_directly(*world.batch("MSG a 1 2\r\nhi\r\n"), 0)
          == write_gate::outcome::whole);
  CHECK(world.read() == "MSG a 1 2\r\nhi\r\nMSG a 1 2\r\nhi\r\n");
  CHECK(world.account_messages() == 2);
  CHECK(world.dest->direct.messages == 2);
  CHECK(world.dest->direct.payload_bytes == 4);
  REQUIRE(world.dest->direct.counts.size() == 1);
  CHECK(world.dest->direct.counts[0].messages == 2);
  CHECK(world.sub->delivered == 0);
}

TEST_CASE("what is written to a link directly keeps no interest alive") {
  quiet_peer world;
  world.dest->direct.where = nullptr; // as links have it
  CHECK(world.dest->write_directly(*world.batch("RMSG A a 2\r\nhi\r\n"), 0)
        == write_gate::outcome::whole);
  CHECK(world.dest->direct.messages == 1);
  CHECK(world.dest->direct.counts.empty());
}

TEST_CASE("of many subscriptions the owner adds up the counts before more is written directly") {
  quiet_peer world;
  size_t written = 0;
  while (written < 1000) {
    world.sub = world.subscribe(world.peers.front(), "a", std::to_string(written + 2));
    if (world.dest->write_directly(*world.batch("MSG a 1 2\r\nhi\r\n"), 0)
        == write_gate::outcome::refused)
      break;
    ++written;
  }
  CHECK(written == world.dest->direct.counts.size());
  CHECK(written < 1000);
  CHECK(world.dest->direct.crowded);
}

TEST_CASE("a subscription with a maximum is never written to directly") {
  quiet_peer world;
  world.sub->quirks = actors::quirk_limited;
  CHECK(world.dest->write_directly(*world.batch("MSG a 1 2\r\nhi\r\n"), 0)
        == write_gate::outcome::refused);
  CHECK(world.read().empty());
  CHECK(world.account_messages() == 0);
}

TEST_CASE("a reply subject that the peer may answer on goes through its owner") {
  quiet_peer world;
  auto batch = world.batch("MSG a 1 _INBOX.x 2\r\nhi\r\n");
  batch->replies.emplace_back("_INBOX.x");
  CHECK(world.dest->write_directly(*batch, 0) == write_gate::outcome::refused);
  CHECK(world.read().empty());
}

TEST_CASE("of a batch that the socket takes in part the rest is left, to the byte") {
  quiet_peer world;
  std::string text(3'000'000, 'x');
  for (size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>('a' + i % 23);
  auto batch = world.batch(text);
  REQUIRE(world.dest->write_directly(*batch, 0) == write_gate::outcome::part);
  CHECK(batch->is_rest);
  CHECK(world.dest->direct.messages == 0); // the owner counts it with the rest
  CHECK(world.dest->pending == static_cast<int64_t>(batch->bytes_so_far()));
  std::string all;
  for (auto part = world.read(); !part.empty(); part = world.read())
    all += part;
  for (const auto& each : batch->pieces)
    all.append(each.data, each.size);
  CHECK(all == text);
}

TEST_CASE("a large batch of small messages is written by the publisher though the peer is awake") {
  awake_peer world;
  auto all = world.publish_many(64, 1024);
  CHECK(world.read() == all);
  CHECK(world.handed_over().empty());
  CHECK(world.account_messages() == 64);
}

TEST_CASE("an awake reactor is handed what it can write together with other batches") {
  awake_peer world;
  auto all = world.publish_many(16, 1024);
  CHECK(world.read().empty());
  CHECK(world.handed_over() == all);
}

TEST_CASE("slices of large payloads are handed over, however few") {
  awake_peer world;
  auto all = world.publish_many(3, 40'000);
  CHECK(world.read().empty());
  CHECK(world.handed_over() == all);
}

TEST_CASE("a large batch waits behind what the owner has still to write") {
  awake_peer world;
  world.dest->pending = 1;
  auto all = world.publish_many(64, 1024);
  CHECK(world.read().empty());
  CHECK(world.handed_over() == all);
}

TEST_CASE("what the socket does not take of a large batch comes to the owner as its rest") {
  awake_peer world;
  int small = 32 * 1024;
  ::setsockopt(world.ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  auto all = world.publish_many(200, 1024);
  CHECK(world.dest->pending > 0);
  auto rest = world.handed_over();
  CHECK(rest.size() == static_cast<size_t>(world.dest->pending));
  CHECK(world.read() + rest == all);
}
