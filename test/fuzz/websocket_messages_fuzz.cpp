// test/fuzz/websocket_messages_fuzz.cpp: compressed or not, in whatever frames and pieces a message
// comes, it is what its sender made of it; and anything else is the same in all pieces.
#include "actors/subscription.hpp"
#include "actors/websocket_stream.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

using namespace troupe;
using namespace troupe::actors;

namespace {

/// A few bytes may stand for many megabytes: enough is enough here.
constexpr size_t most_heard = 32 * 1024;

void demand(bool truth) {
  if (!truth)
    std::abort();
}

struct heard {
  std::string text, problem;
  bool operator==(const heard&) const = default;
};

/// What `wire` comes to, `step` bytes at a time, each in memory of its own and exact size, for
/// which there is so much `room`.
heard hear(std::string_view wire, size_t step, size_t room) {
  websocket_stream stream{{false, true, true}, nullptr, {}};
  heard out;
  std::vector<char> space(room);
  for (size_t at = 0; at < wire.size() && !stream.reader.ended(); at += step) {
    auto part = wire.substr(at, step);
    std::vector<char> exact{part.begin(), part.end()};
    auto* in = exact.data();
    for (auto left = exact.size(); out.text.size() < most_heard;) {
      auto made = stream.unframe(in, left, space.data(), space.size());
      demand(made <= space.size());
      out.text.append(space.data(), made);
      if (made == 0)
        break;
    }
  }
  out.problem = stream.reader.problem();
  return out;
}

/// Raw deflate with nothing of ours in it.
std::string deflated(std::string_view text, int level, int strategy, int end) {
  static z_stream stream{}; // to make one takes longer than all the rest
  static const bool ready =
      deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  demand(ready);
  deflateReset(&stream);
  deflateParams(&stream, level, strategy);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, end);
  out.resize(out.size() - stream.avail_out);
  if (end == Z_FINISH)
    out += '\0'; // RFC 7692 section 7.2.3.4
  else if (out.ends_with(deflate_tail))
    out.resize(out.size() - deflate_tail.size());
  return out;
}

/// Reads what the fuzzer gives as a plan: which messages are sent, and in how many frames.
class sender {
public:
  explicit sender(std::string_view plan) : plan_{plan} {}

  void send_all() {
    while (!plan_.empty() && wire.size() < 1024 && sent.size() < most_heard / 4)
      send();
  }
  std::string wire, sent;

private:
  size_t take() {
    if (plan_.empty())
      return 0;
    size_t out = static_cast<unsigned char>(plan_.front());
    plan_.remove_prefix(1);
    return out;
  }

  void send() {
    auto how = take();
    std::string text{plan_.substr(0, take() % 64)};
    plan_.remove_prefix(std::min(plan_.size(), text.size()));
    if ((how & 1) != 0 && !text.empty()) // long, and worth compressing
      while (text.size() < 1000)
        text += text;
    constexpr std::array<int, 4> levels{0, 1, 6, 9};
    constexpr std::array<int, 4> strategies{Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_FIXED, Z_RLE};
    bool compressed = (how & 2) != 0;
    auto payload = compressed ? deflated(text, levels[(how >> 2) & 3], strategies[(how >> 4) & 3],
                                         (how & 64) != 0 ? Z_FINISH : Z_SYNC_FLUSH)
                              : text;
    if (compressed && text.empty() && (how & 64) == 0)
      payload.assign(1, '\0'); // for nothing zlib flushes nothing
    frames(payload, compressed, (how & 128) != 0 ? 1 + take() : payload.size() + 1);
    sent += text;
  }

  void frames(std::string_view payload, bool compressed, size_t each) {
    bool first = true;
    do {
      auto part = payload.substr(0, each);
      payload.remove_prefix(part.size());
      frame(part, first ? 2 : 0, first && compressed, payload.empty());
      if (!payload.empty() && part.size() % 2 == 1)
        frame("ping", 9, false, true); // control frames may come in between
      first = false;
    } while (!payload.empty());
  }

  void frame(std::string_view payload, int opcode, bool compressed, bool final) {
    protocol::websocket_mask mask{'\x11', '\x27', '\x33', static_cast<char>(wire.size())};
    std::array<char, protocol::longest_websocket_header> header;
    auto size = protocol::write_websocket_header(header.data(),
                                                 static_cast<protocol::websocket_opcode>(opcode),
                                                 payload.size(), &mask, compressed);
    if (!final)
      header[0] = static_cast<char>(header[0] & 0x7f);
    std::string body{payload};
    protocol::apply_websocket_mask(body.data(), body.size(), mask, 0);
    wire.append(header.data(), size).append(body);
  }

  std::string_view plan_;
};

/// What we send is what the other end hears, whatever it takes at once.
void send_ourselves(std::string_view text, size_t limit) {
  static block_pool pool{4096};
  auto plain = protocol::make_ref<outgoing>(pool, size_t{0});
  for (auto rest = text; !rest.empty();) {
    auto part = rest.substr(0, 100);
    plain->append(part);
    rest.remove_prefix(part.size());
  }
  plain->seal();
  websocket_stream dialled{{true, (limit & 1) != 0, true}, nullptr, {}};
  dialled.limit_messages(limit);
  auto framed = dialled.frame(*plain, pool);
  std::string wire;
  for (const auto& each : framed->pieces)
    wire.append(each.data, each.size);
  demand(hear(wire, 1000, 1000) == heard{std::string{text}, {}});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 4096)
    return 0;
  size_t how = data[0], more = data[1];
  std::string_view text{reinterpret_cast<const char*>(data) + 2, size - 2};
  std::string wire{text}; // any bytes
  if ((how & 1) != 0) {
    sender all{text};
    all.send_all();
    wire = all.wire;
    demand(hear(wire, wire.size() + 1, 1 + more) == heard{all.sent, {}});
  }
  auto whole = hear(wire, wire.size() + 1, 16 * 1024);
  if (whole.text.size() < most_heard)
    for (size_t step : {1 + wire.size() / 256, 2 + more % 32})
      demand(hear(wire, step, 1 + how / 2) == whole);
  if ((how & 2) != 0)
    send_ourselves(std::string_view{wire}.substr(0, most_heard - 1), 1024 + more);
  return 0;
}
