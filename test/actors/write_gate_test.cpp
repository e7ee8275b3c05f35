// test/actors/write_gate_test.cpp: publishers and the owner of one socket never tear a message.
#include "actors/write_gate.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using troupe::actors::write_gate;

namespace {

struct socket_pair {
  socket_pair() {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, both) == 0);
    ours = both[0];
    peers = both[1];
  }
  ~socket_pair() {
    ::close(ours);
    ::close(peers);
  }
  /// What the peer can read now.
  std::string read() const {
    std::string out(1 << 20, '\0');
    auto n = ::recv(peers, out.data(), out.size(), MSG_DONTWAIT);
    out.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return out;
  }
  int ours, peers;
};

iovec as_iovec(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

struct open_gate : socket_pair {
  open_gate() { gate.open(ours); }
  write_gate::outcome publish(std::string_view text) {
    auto piece = as_iovec(text);
    return gate.publish({&piece, 1}, text.size(), pending, sent, [this] { ++written; });
  }
  /// Publishes until the socket takes only a part; what it took is left for the peer to read.
  std::string publish_until_part(std::string_view text) {
    std::string all;
    for (;;) {
      auto outcome = publish(text);
      REQUIRE(outcome != write_gate::outcome::refused);
      all.append(text.substr(0, sent));
      if (outcome == write_gate::outcome::part)
        return all;
    }
  }
  write_gate gate;
  std::atomic<int64_t> pending{0};
  size_t sent = 0;
  int written = 0;
};

} // namespace

TEST_CASE("a publisher writes to a quiet peer and notes it") {
  open_gate world;
  CHECK(world.publish("MSG a 1 0\r\n\r\n") == write_gate::outcome::whole);
  CHECK(world.read() == "MSG a 1 0\r\n\r\n");
  CHECK(world.written == 1);
  CHECK(world.pending == 0);
}

TEST_CASE("a publisher that finds bytes on their way writes nothing") {
  open_gate world;
  world.pending = 1;
  CHECK(world.publish("MSG a 1 0\r\n\r\n") == write_gate::outcome::refused);
  CHECK(world.read().empty());
  CHECK(world.written == 0);
}

TEST_CASE("nobody gets through a closed gate, or to a peer that has gone") {
  open_gate world;
  ::shutdown(world.peers, SHUT_RDWR);
  CHECK(world.publish("late") == write_gate::outcome::refused);
  world.gate.close();
  CHECK(world.publish("later") == write_gate::outcome::refused);
  CHECK(world.written == 0);
}

TEST_CASE("behind a part nobody writes before its rest has come to the owner") {
  open_gate world;
  std::string text(100'000, 'x');
  auto taken = world.publish_until_part(text);
  auto rest = static_cast<int64_t>(text.size() - world.sent);
  CHECK(world.pending == rest);
  CHECK(world.read().size() > 0);
  auto written = world.written;
  CHECK(world.publish("second") == write_gate::outcome::refused);
  CHECK_FALSE(world.gate.pass([&] { FAIL("the owner wrote before the rest"); }));
  world.gate.rest_came();
  CHECK(world.gate.pass([&] { world.pending.fetch_sub(rest); }));
  CHECK(world.publish("third") == write_gate::outcome::whole);
  CHECK(world.written == written + 1);
}

namespace {

constexpr size_t lines_each = 5'000;

/// What the owner is sent: batches, and rests of them that go first.
struct owner_mail {
  void put(std::string text, bool is_rest) {
    std::lock_guard guard{access};
    mail.emplace_back(std::move(text), is_rest);
  }
  std::vector<std::pair<std::string, bool>> take() {
    std::lock_guard guard{access};
    return std::exchange(mail, {});
  }
  std::mutex access;
  std::vector<std::pair<std::string, bool>> mail;
};

std::atomic<int> parts{0};

/// Every other line is longer than the socket's buffer: it takes a part of it.
std::string line_of(char who, size_t number) {
  auto out = std::string{who} + std::to_string(number);
  return out + std::string(number % 2 == 0 ? 0 : 12'000, '.') + '\n';
}

/// Numbered lines, each by whichever way is open to it.
void publish_lines(open_gate& world, owner_mail& owner, char who) {
  for (size_t i = 0; i < lines_each; ++i) {
    auto text = line_of(who, i);
    while (i % 3 == 1 && world.pending != 0)
      std::this_thread::yield(); // a quiet peer, so that the gate is used
    auto piece = as_iovec(text);
    size_t sent = 0;
    switch (world.gate.publish({&piece, 1}, text.size(), world.pending, sent, [] {})) {
    case write_gate::outcome::whole: break;
    case write_gate::outcome::part:
      owner.put(text.substr(sent), true);
      ++parts;
      break;
    case write_gate::outcome::refused:
      world.pending.fetch_add(static_cast<int64_t>(text.size()));
      owner.put(std::move(text), false);
    }
  }
}

/// Writes its mail, in order, until `done`.
void own(open_gate& world, owner_mail& mail, const std::atomic<bool>& done) {
  std::deque<std::string> queue;
  while (!done) {
    for (auto& [text, is_rest] : mail.take()) {
      if (is_rest) {
        queue.push_front(std::move(text));
        world.gate.rest_came();
      } else {
        queue.push_back(std::move(text));
      }
    }
    if (queue.empty())
      continue;
    ssize_t n = 0;
    auto& first = queue.front();
    if (!world.gate.pass([&] { n = ::send(world.ours, first.data(), first.size(), MSG_DONTWAIT); })
        || n <= 0)
      continue;
    first.erase(0, static_cast<size_t>(n));
    if (first.empty())
      queue.pop_front();
    world.pending.fetch_sub(n);
  }
}

/// Reads until both publishers' last lines have come; false if a line is torn or out of order.
bool all_in_order(int fd) {
  std::string text;
  size_t next[2] = {0, 0};
  std::vector<char> buffer(4096);
  while (next[0] < lines_each || next[1] < lines_each) {
    auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0)
      return false;
    text.append(buffer.data(), static_cast<size_t>(n));
    for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      auto& expected = next[text[0] == 'a' ? 0 : 1];
      if (text.compare(0, end + 1, line_of(text[0], expected++)) != 0)
        return false;
    }
  }
  return true;
}

} // namespace

TEST_CASE("lines of two publishers and the owner's own writes arrive whole and in order") {
  open_gate world;
  int small = 4096;
  ::setsockopt(world.ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  timeval deadline{60, 0};
  ::setsockopt(world.peers, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  owner_mail mail;
  std::atomic<bool> done{false};
  std::thread owner{[&] { own(world, mail, done); }};
  std::thread first{[&] { publish_lines(world, mail, 'a'); }};
  std::thread second{[&] { publish_lines(world, mail, 'b'); }};
  bool in_order = all_in_order(world.peers);
  first.join();
  second.join();
  done = true;
  owner.join();
  CHECK(in_order);
  CHECK(parts > 0);
  CHECK(world.pending == 0);
}
