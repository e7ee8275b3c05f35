// test/stress/bounded_floods.cpp: clients that make the broker answer themselves and do not read.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"

namespace troupe::stress {
namespace {

constexpr int64_t max_pending = 8 * 1024 * 1024;
constexpr int64_t margin = 32 * 1024 * 1024;

struct flood {
  const char* name;
  std::string first; ///< sent once
  std::string again; ///< sent over and over
};

std::string times(size_t count, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

std::string many_subscriptions(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += fmt::format("SUB flood {}\r\n", i);
  return out;
}

std::vector<flood> floods() {
  auto message = fmt::format("PUB flood {}\r\n{}\r\n", 4000, std::string(4000, 'x'));
  return {
      {"PINGs", "", times(5000, "PING\r\n")},
      {"messages to itself", "SUB flood 1\r\n", times(16, message)},
      {"small messages to itself, a thousand times each", many_subscriptions(1000),
       times(1000, "PUB flood 2\r\nhi\r\n")},
      {"wrong subjects", "", times(2000, "SUB a..b 1\r\n")},
      {"+OKs", "CONNECT {\"verbose\":true,\"pedantic\":false}\r\n", times(5000, "SUB a 1\r\n")},
      {"requests nobody hears",
       "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB r 1\r\n",
       times(3000, "PUB nobody r 0\r\n\r\n")},
  };
}

class flood_play {
public:
  flood_play(const settings& wish, report& out, const flood& what)
      : out_{out}, what_{what}, under_test_{wish, {max_pending, -1}}, hub_{wish.patience},
        total_{wish.amount_or(100'000'000, 2'000'000'000)} {}

  void play() {
    client witness{hub_, under_test_.port()};
    witness.subscribe("flood.witness", 1);
    client guilty{hub_, under_test_.port(), {true, true, "", 64 * 1024}};
    guilty.send(what_.first);
    guilty.read(false);
    uint64_t sent = 0;
    int64_t most = 0;
    uint64_t turns = 0;
    // It is over when it is cut, when it has sent all, or when its input is not taken any more.
    hub_.run([&] { return !guilty.open() || sent >= total_ || turns > 20'000; },
             [&] {
               ++turns;
               if (guilty.unsent() < 256 * 1024) {
                 guilty.send(what_.again);
                 sent += what_.again.size();
               }
               if (witness.in_step() && turns % 8 == 0) {
                 witness.publish("flood.witness", "x");
                 witness.ping();
                 most = std::max(most, under_test_.memory());
               }
             });
    out_.check(!memory_counts || most < max_pending + margin,
               "{}: the broker stays under {} MiB, not {}", what_.name,
               (max_pending + margin) >> 20, most >> 20);
    auto fate = guilty.open() ? "is not cut" : "is cut";
    out_.check(hub_.run([&] { return witness.in_step(); }) && witness.messages() == witness.pongs(),
               "{}: another client gets all of its {} messages, not {}", what_.name,
               witness.pongs(), witness.messages());
    out_.note(fmt::format("{}: {} after {} MB, memory at most {} MiB", what_.name, fate,
                          sent / 1'000'000, most >> 20));
    guilty.close(true);
    witness.close();
    under_test_.judge_end(out_);
  }

private:
  report& out_;
  flood what_;
  broker under_test_;
  hub hub_;
  uint64_t total_;
};

} // namespace

void bounded_floods(const settings& wish, report& out) {
  for (const auto& what : floods())
    flood_play{wish, out, what}.play();
}

} // namespace troupe::stress
