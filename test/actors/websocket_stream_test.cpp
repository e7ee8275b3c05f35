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
