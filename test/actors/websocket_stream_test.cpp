// test/actors/websocket_stream_test.cpp: batches become frames that the other end understands.
#include "actors/subscription.hpp"
#include "actors/websocket_stream.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::actors;
using namespace troupe::protocol;

namespace {

struct world {
  block_pool pool{4096};

  outgoing_ptr batch(const std::string& copied, const std::string& shared) {
    auto out = make_ref<outgoing>(pool, size_t{0});
    out->append(copied);
    auto block = block_ref::allocate(shared.size());
    shared.copy(block->data(), shared.size());
    out->append_slice(block.get(), {block->data(), shared.size()});
    out->seal();
    return out;
  }

  static std::string bytes(const outgoing& of) {
    std::string out;
    for (const auto& each : of.pieces)
      out.append(each.data, each.size);
    CHECK(out.size() == of.bytes_so_far());
    return out;
  }

  /// What the other end reads of it.
  static std::string read(websocket_reader& by, const outgoing& frame) {
    auto wire = bytes(frame);
    return wire.substr(0, by.read(wire.data(), wire.size()));
  }
};

} // namespace

TEST_CASE_FIXTURE(world, "a batch of an accepted websocket is framed without a copy") {
  websocket_stream stream{{}, nullptr, {}};
  auto payload = std::string(5000, 'p');
  auto plain = batch("MSG a 1 5000\r\n", payload);
  auto framed = stream.frame(*plain, pool);
  CHECK(framed->pieces.back().data == plain->pieces.back().data);
  websocket_reader peer{websocket_masking::forbidden};
  auto wire = bytes(*framed);
  CHECK(wire.substr(0, peer.read(wire.data(), wire.size())) == "MSG a 1 5000\r\n" + payload);
  CHECK_FALSE(peer.ended());
}

TEST_CASE_FIXTURE(world, "whoever dialled masks, unless he was granted not to") {
  websocket_reader demanding{websocket_masking::demanded};
  websocket_stream dialled{{true, false}, nullptr, {}};
  for (int i = 0; i < 200; ++i) { // more masks than are made at once
    auto plain = batch("PING\r\n", std::string(31, 'x'));
    CHECK(read(demanding, *dialled.frame(*plain, pool)) == "PING\r\n" + std::string(31, 'x'));
    CHECK(bytes(*plain) == "PING\r\n" + std::string(31, 'x')); // others may share it
  }
  websocket_stream granted{{true, true}, nullptr, {}};
  CHECK(read(demanding, *granted.frame(*batch("a", "b"), pool)).empty());
  CHECK(demanding.problem() == "mask bit missing");
}

TEST_CASE_FIXTURE(world, "the last frame says why, or answers the peer's") {
  websocket_stream leaving{{}, nullptr, {}};
  auto wire = bytes(*leaving.close_frame(close_reason::server_shutdown, pool));
  CHECK(wire == std::string{'\x88', 17, '\x03', '\xe9'} + "Server Shutdown");
  CHECK(leaving.has_closed());
  websocket_stream answering{{true, false}, nullptr, {}};
  std::string said{'\x88', 2, '\x03', '\xe8'};
  answering.reader.read(said.data(), said.size());
  websocket_reader peer{websocket_masking::demanded};
  CHECK(read(peer, *answering.close_frame(close_reason::client_closed, pool)).empty());
  CHECK(peer.ended());
  CHECK(peer.problem().empty());
  CHECK(peer.answer() == websocket_status::normal);
}

namespace {

/// What `to` understands of `wire`, which comes `step` bytes at a time and is taken in pieces of
/// `room`.
std::string inflated(websocket_stream& to, const std::string& wire, size_t step, size_t room) {
  std::string out, space(room, 0);
  for (size_t at = 0; at < wire.size() && !to.reader.ended(); at += step) {
    auto piece = wire.substr(at, step);
    auto* in = piece.data();
    for (auto left = piece.size();;) {
      auto made = to.unframe(in, left, space.data(), room);
      out.append(space, 0, made);
      if (made == 0)
        break;
    }
  }
  return out;
}

} // namespace

TEST_CASE_FIXTURE(world,
                  "compressed messages are understood at the other end, however they are cut") {
  for (bool masks : {true, false}) {
    websocket_stream dialled{{true, !masks, true}, nullptr, {}};
    auto repetitive = std::string(20'000, 'a') + "b";
    std::string random;
    for (uint32_t i = 1; random.size() < 5000; i = i * 1664525 + 1013904223)
      random += static_cast<char>(i >> 24);
    std::string wire, sent;
    for (const auto& text : {repetitive, random, std::string{"PING\r\n"}, repetitive}) {
      auto plain = batch(text, "tail");
      auto framed = bytes(*dialled.frame(*plain, pool));
      CHECK((framed[0] == '\xc2') == (text == repetitive)); // else it would only grow
      CHECK(bytes(*plain) == text + "tail");
      wire += framed;
      sent += text + "tail";
    }
    CHECK(wire.size() < 6000);
    for (size_t step : {size_t{1}, size_t{7}, size_t{64}, wire.size()})
      for (size_t room : {size_t{1}, size_t{10}, size_t{4096}, size_t{1} << 20}) {
        CAPTURE(step);
        CAPTURE(room);
        websocket_stream accepted{{false, !masks, true}, nullptr, {}};
        CHECK(inflated(accepted, wire, step, room) == sent);
        CHECK_FALSE(accepted.has_early());
        CHECK_FALSE(accepted.reader.ended());
      }
  }
}

TEST_CASE_FIXTURE(world,
                  "a few bytes that stand for many are made in pieces of the room there is") {
  websocket_stream dialled{{true, true, true}, nullptr, {}};
  auto wire = bytes(*dialled.frame(*batch(std::string(500'000, 0), "x"), pool));
  CHECK(wire.size() < 3000);
  websocket_stream accepted{{false, true, true}, nullptr, {}};
  std::string space(1000, 0);
  auto* in = wire.data();
  auto left = wire.size();
  CHECK(accepted.unframe(in, left, space.data(), space.size()) == space.size());
  CHECK(accepted.has_early());
  size_t sum = space.size();
  while (auto made = accepted.unframe(in, left, space.data(), space.size()))
    sum += made;
  CHECK(sum == 500'001);
  CHECK_FALSE(accepted.has_early());
}

TEST_CASE_FIXTURE(world, "what is not compressed though it says so ends the conversation") {
  websocket_stream accepted{{false, true, true}, nullptr, {}};
  std::string wire{"\xc2\x04\xff\xff\xff\xff"};
  inflated(accepted, wire, wire.size(), 100);
  CHECK(accepted.reader.ended());
  CHECK(accepted.reader.problem() == "compressed data is malformed");
  CHECK_FALSE(accepted.has_early());
}

TEST_CASE_FIXTURE(world, "no compressed message is of more than its peer takes") {
  websocket_stream dialled{{true, true, true}, nullptr, {}};
  dialled.limit_messages(2000);
  std::string copied(3001, 'a'), shared(6001, 'b');
  auto wire = bytes(*dialled.frame(*batch(copied, shared), pool));
  websocket_stream accepted{{false, true, true}, nullptr, {}};
  std::string all;
  for (size_t at = 0; at < wire.size();) {
    CHECK(wire[at] == '\xc2');
    auto size = size_t{2} + static_cast<unsigned char>(wire[at + 1]); // they are short
    auto message = inflated(accepted, wire.substr(at, size), size, 10'000);
    CHECK(message.size() <= 2000);
    all += message;
    at += size;
  }
  CHECK(all == copied + shared);
  dialled.limit_messages(100);
  CHECK_MESSAGE(bytes(*dialled.frame(*batch(copied, shared), pool))[0] == '\x82',
                "messages of a hundred bytes would only grow");
}

TEST_CASE_FIXTURE(world, "a compressed message may end in all ways that RFC 7692 has examples of") {
  auto heard = [](const std::string& payload, size_t step) {
    websocket_stream accepted{{false, true, true}, nullptr, {}};
    auto wire = std::string{'\xc2', static_cast<char>(payload.size())} + payload;
    auto out = inflated(accepted, wire + std::string{"\x82\x01!"}, step, 3);
    return out + std::string{accepted.reader.problem()};
  };
  using namespace std::string_literals;
  for (size_t step = 1; step <= 20; ++step) {
    CAPTURE(step);
    CHECK(heard("\xf2\x48\xcd\xc9\xc9\x07\x00"s, step) == "Hello!");     // one block
    CHECK(heard("\x00\x05\x00\xfa\xffHello\x00"s, step) == "Hello!");    // not compressed
    CHECK(heard("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, step) == "Hello!"); // the last one
    CHECK(heard("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, step) == "Hello!"); // two
    CHECK(heard("\x00"s, step) == "!"); // nothing
  }
}

TEST_CASE_FIXTURE(world, "what is cut off in the middle of a block is no compressed message") {
  const std::string whole{"\xf2\x48\xcd\xc9\xc9\x07\x00", 7};
  for (size_t size = 0; size < whole.size(); ++size)
    for (size_t step : {size_t{1}, size_t{100}}) {
      CAPTURE(size);
      websocket_stream accepted{{false, true, true}, nullptr, {}};
      auto wire = std::string{'\xc2', static_cast<char>(size)} + whole.substr(0, size);
      inflated(accepted, wire, step, 100);
      CHECK(accepted.reader.ended());
      CHECK(accepted.reader.problem().starts_with("compressed data is "));
    }
}
