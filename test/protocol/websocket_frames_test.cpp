// test/protocol/websocket_frames_test.cpp: what a websocket peer's frames come to, however they are
// cut.
#include "protocol/websocket_frames.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::protocol;
using namespace std::string_literals;

namespace {

constexpr websocket_mask key{'\x11', '\x22', '\x33', '\x44'};

/// One frame; `first`: its first byte. `size` is written as it is, so that it may be a lie.
std::string frame(int first, std::string payload, bool masked = true) {
  std::array<char, longest_websocket_header> header;
  auto length = write_websocket_header(header.data(), websocket_opcode::binary, payload.size(),
                                       masked ? &key : nullptr);
  header[0] = static_cast<char>(first);
  if (masked)
    apply_websocket_mask(payload.data(), payload.size(), key, 0);
  return std::string{header.data(), length} + payload;
}

std::string close_with(int code, const std::string& text = {}) {
  return frame(0x88,
               std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + text);
}

/// Reads `wire` `step` bytes at a time and writes down what it heard.
std::string hear(const std::string& wire, size_t step,
                 websocket_masking masking = websocket_masking::demanded) {
  websocket_reader reader{masking};
  std::string out, pongs;
  for (size_t at = 0; at < wire.size(); at += step) {
    auto part = wire.substr(at, step);
    out += part.substr(0, reader.read(part.data(), part.size()));
    if (reader.owes_pong())
      pongs = "<pong " + std::string{reader.pong()} + ">";
  }
  out += pongs;
  if (reader.ended())
    out += "<end " + std::to_string(static_cast<int>(reader.answer())) + " "
           + std::string{reader.problem()} + ">";
  return out;
}

std::string at_every_cut(const std::string& wire,
                         websocket_masking masking = websocket_masking::demanded) {
  auto whole = hear(wire, wire.size(), masking);
  for (size_t step = 1; step < wire.size() && step < 300; ++step)
    CHECK_MESSAGE(hear(wire, step, masking) == whole, "in steps of " << step);
  return whole;
}

} // namespace

TEST_CASE("of messages that may be compressed it is known which are, and where they end") {
  auto wire = frame(0xc2, "squeezed") + frame(0x82, "plain") + frame(0x42, "two") + frame(0x89, "x")
              + frame(0x00, " parts") + frame(0x80, "") + frame(0x82, "");
  for (size_t step = 1; step <= wire.size(); ++step) {
    CAPTURE(step);
    websocket_reader reader{websocket_masking::demanded, true};
    std::string heard;
    for (size_t at = 0; at < wire.size(); at += step) {
      auto piece = wire.substr(at, step);
      auto* in = piece.data();
      for (auto left = piece.size(); left > 0;) {
        auto part = reader.next(in, left);
        in += part.used;
        left -= part.used;
        if (!part.text.empty() && part.deflated)
          for (char c : part.text)
            heard += static_cast<char>(c == ' ' ? '_' : c - 'a' + 'A');
        else
          heard += part.text;
        heard += part.ends ? (part.deflated ? "!" : ".") : "";
      }
    }
    CHECK(heard == "SQUEEZED!plain.TWO_PARTS!.");
    CHECK(reader.owes_pong());
    CHECK_FALSE(reader.ended());
  }
}

TEST_CASE("the bit of compression is for the first frame of a message, where it was agreed on") {
  auto first = [](const std::string& wire, bool agreed) {
    auto bytes = wire;
    websocket_reader reader{websocket_masking::demanded, agreed};
    auto* in = bytes.data();
    for (auto left = bytes.size(); left > 0 && !reader.ended();) {
      auto part = reader.next(in, left);
      in += part.used;
      left -= part.used;
    }
    return reader.ended();
  };
  CHECK_FALSE(first(frame(0xc2, "a"), true));
  CHECK(first(frame(0xc2, "a"), false));
  CHECK(first(frame(0xa2, "a"), true));
  CHECK(first(frame(0xf2, "a"), true));
  CHECK(first(frame(0xc9, "a"), true));
  CHECK(first(frame(0x02, "a") + frame(0xc0, "b"), true));
}

TEST_CASE("payloads are one stream, whatever frames and fragments they come in") {
  CHECK(at_every_cut(frame(0x82, "PING\r\n") + frame(0x81, "SUB a 1\r\n"))
        == "PING\r\nSUB a 1\r\n");
  CHECK(at_every_cut(frame(0x02, "PI") + frame(0x00, "") + frame(0x80, "NG\r\n")) == "PING\r\n");
  CHECK(at_every_cut(frame(0x82, "") + frame(0x82, "x")) == "x");
}

TEST_CASE("frames of every length of header are understood") {
  for (size_t size : {125u, 126u, 65535u, 65536u, 70000u}) {
    std::string payload;
    for (size_t i = 0; i < size; ++i)
      payload += static_cast<char>('a' + i % 26);
    auto wire = frame(0x82, payload);
    CHECK(hear(wire, wire.size()) == payload);
    CHECK(hear(wire, 7) == payload);
    auto plain = frame(0x82, payload, false);
    CHECK(hear(plain, 1000, websocket_masking::forbidden) == payload);
  }
}

TEST_CASE("a ping in the middle of a message is answered with what it held") {
  CHECK(at_every_cut(frame(0x02, "PI") + frame(0x89, "alive?") + frame(0x80, "NG\r\n"))
        == "PING\r\n<pong alive?>");
  CHECK(at_every_cut(frame(0x89, "")) == "<pong >");
  CHECK(at_every_cut(frame(0x8a, "I am")) == "");
  CHECK(at_every_cut(frame(0x89, std::string(125, 'p'))) == "<pong " + std::string(125, 'p') + ">");
}

TEST_CASE("a close is answered with its own status, and nothing behind it counts") {
  CHECK(at_every_cut(close_with(1000, "bye") + frame(0x82, "late")) == "<end 1000 >");
  CHECK(at_every_cut(close_with(3999)) == "<end 3999 >");
  CHECK(at_every_cut(frame(0x82, "PING\r\n") + frame(0x88, "")) == "PING\r\n<end 0 >");
}

TEST_CASE("whoever breaks the protocol is told how") {
  auto ends = [](const std::string& wire, const std::string& why, int code = 1002) {
    CHECK(at_every_cut(wire + frame(0x82, "late"))
          == "<end " + std::to_string(code) + " " + why + ">");
  };
  ends(frame(0x82, "x", false), "mask bit missing");
  ends(frame(0xc2, "x"), "reserved bits are set, of an extension that was not agreed on");
  ends(frame(0x92, "x"), "reserved bits are set, of an extension that was not agreed on");
  ends(frame(0x83, "x"), "unknown opcode, or frames out of order");
  ends(frame(0x8b, "x"), "unknown opcode");
  ends(frame(0x80, "x"), "unknown opcode, or frames out of order");
  ends(frame(0x02, "") + frame(0x82, ""), "unknown opcode, or frames out of order");
  ends(frame(0x09, "x"), "a control frame is fragmented or longer than 125 bytes");
  ends(frame(0x89, std::string(126, 'x')),
       "a control frame is fragmented or longer than 125 bytes");
  ends(frame(0x88, "x"), "a close frame of one byte");
  ends(close_with(1005), "an invalid status in a close frame");
  ends(close_with(999), "an invalid status in a close frame");
  ends(close_with(5000), "an invalid status in a close frame");
  ends(close_with(1000, "\xc3"), "a close frame's reason is no UTF-8", 1007);
  ends("\x82\xfe\x00\x05"s + "\x11\x22\x33\x44", "invalid payload length");
  ends("\x82\xff"s + std::string(8, '\xff') + "\x11\x22\x33\x44", "invalid payload length");
  ends("\x82\xff"s + std::string(8, '\0') + "\x11\x22\x33\x44", "invalid payload length");
}

TEST_CASE("a server's frames are not masked, and a client's only without leave") {
  CHECK(at_every_cut(frame(0x82, "INFO"), websocket_masking::forbidden)
        == "<end 1002 a server's frame is masked>");
  CHECK(at_every_cut(frame(0x82, "INFO", false), websocket_masking::forbidden) == "INFO");
  CHECK(at_every_cut(frame(0x82, "PI", false) + frame(0x82, "NG"), websocket_masking::optional)
        == "PING");
}

TEST_CASE("a mask goes on where the part before has ended") {
  std::string text(61, '.');
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    auto whole = text;
    apply_websocket_mask(whole.data(), whole.size(), key, 0);
    auto parts = text;
    apply_websocket_mask(parts.data(), cut, key, 0);
    apply_websocket_mask(parts.data() + cut, parts.size() - cut, key, cut);
    CHECK(parts == whole);
  }
}
