// test/stress/link_burst.cpp: more comes over a route than a subscriber behind it can read at once.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"
#include "test/e2e/free_port.hpp"

#include <string>

namespace troupe::stress {
namespace {

constexpr size_t payload_size = 1000;
constexpr uint64_t most_in_flight = 1024 * 1024;

/// The publisher writes as fast as its broker reads; the subscriber reads one block in each turn of
/// the same loop. It is slower than the route, but it reads all the time: it must not be cut.
class burst_play {
public:
  burst_play(const settings& wish, report& out)
      : out_{out}, hub_{wish.patience}, messages_{wish.amount_or(200'000, 2'000'000)} {
    broker_wishes one;
    one.max_pending = 8 * 1024 * 1024;
    one.cluster = {e2e::free_port(), e2e::free_port()};
    here_ = std::make_unique<broker>(wish, one);
    std::swap(one.cluster.front(), one.cluster.back());
    there_ = std::make_unique<broker>(wish, one);
  }

  void play() {
    client reading{hub_, there_->port()};
    client publishing{hub_, here_->port()};
    uint64_t heard = 0;
    reading.on_message = [&](const message& got) { ++(got.sid == 1 ? heard : first_); };
    reading.subscribe("burst", 1);
    reading.subscribe("first", 2);
    bool linked = hub_.run([&] { return first_ > 0; },
                           [&] {
                             if (publishing.in_step()) {
                               publishing.publish("first", "");
                               publishing.ping();
                             }
                           });
    out_.check(linked, "the brokers are linked");
    std::string payload(payload_size, 'x');
    uint64_t sent = 0;
    auto start = out_.seconds();
    bool through = hub_.run([&] { return heard == messages_ || !reading.open(); },
                            [&] {
                              while (sent < messages_ && publishing.unsent() < most_in_flight) {
                                publishing.publish("burst", payload);
                                ++sent;
                              }
                            });
    auto took = out_.seconds() - start;
    out_.check(through && heard == messages_, "all of a burst comes over: {} of {}", heard,
               messages_);
    out_.check(reading.open(), "who reads all the time is not cut: {}", reading.errors());
    out_.note(fmt::format("{} messages in {:.2f} s", heard, took));
    reading.close();
    publishing.close();
    here_->judge_end(out_);
    there_->judge_end(out_);
  }

private:
  report& out_;
  std::unique_ptr<broker> here_;
  std::unique_ptr<broker> there_;
  hub hub_;
  uint64_t messages_;
  uint64_t first_ = 0;
};

} // namespace

void link_burst(const settings& wish, report& out) {
  burst_play{wish, out}.play();
}

} // namespace troupe::stress
