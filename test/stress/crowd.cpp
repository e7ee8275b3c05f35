// test/stress/crowd.cpp: thousands of connections, broadcasts to all, a crash, and all come back.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"
#include "test/e2e/free_port.hpp"

namespace troupe::stress {
namespace {

constexpr size_t broadcasts = 5;
constexpr size_t most_arriving = 256; // at once, as a listener's backlog is finite

struct member {
  std::unique_ptr<client> line;
  uint64_t heard = 0;
};

class crowd_play {
public:
  crowd_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish, {.port = e2e::free_port()}}, hub_{wish.patience},
        members_(wish.amount_or(500, 15'000)) {}

  void play() {
    auto empty = under_test_.memory();
    assemble("all are connected");
    auto full = under_test_.memory();
    out_.note(fmt::format("memory {} KiB empty, {} KiB with {} connections: {:.2f} KiB each",
                          empty >> 10, full >> 10, members_.size(),
                          static_cast<double>(full - empty) / 1024
                              / static_cast<double>(members_.size())));
    for (size_t i = 0; i < broadcasts; ++i)
      broadcast();
    crash();
    assemble("all are back after the crash");
    for (size_t i = 0; i < broadcasts; ++i)
      broadcast();
    for (auto& each : members_)
      each.line->close();
    publisher_->close();
    under_test_.judge_end(out_);
  }

private:
  /// Connects whoever is not; done when every SUB has taken effect.
  void assemble(std::string_view what) {
    auto start = out_.seconds();
    ready_ = 0;
    size_t next = 0;
    bool through = hub_.run([&] { return ready_ == members_.size(); },
                            [&] {
                              while (next < members_.size() && next - ready_ < most_arriving)
                                arrive(next++);
                            });
    out_.check(through, "{}: {} of {}", what, ready_, members_.size());
    publisher_ = std::make_unique<client>(hub_, under_test_.port());
    publisher_->ping();
    out_.check(hub_.run([&] { return publisher_->in_step(); }), "a publisher gets in, too");
    out_.note(fmt::format("{} after {:.2f} s", what, out_.seconds() - start));
  }

  void arrive(size_t which) {
    auto& each = members_[which];
    client::options how;
    how.source = fmt::format("127.0.0.{}", 2 + which % 8); // ports of one address would run out
    each.line = std::make_unique<client>(hub_, under_test_.port(), how);
    each.line->subscribe("crowd.all", 1);
    each.line->subscribe(fmt::format("crowd.node.{}", which), 2);
    each.line->ping();
    each.line->on_pong = [this] { ++ready_; };
    each.line->on_message = [this, &each](const message& got) {
      ++(got.sid == 1 ? each.heard : direct_);
      ++heard_;
    };
  }

  void broadcast() {
    auto start = out_.seconds();
    for (auto& each : members_)
      each.heard = 0;
    heard_ = direct_ = 0;
    publisher_->publish("crowd.all", std::string(100, 'x'));
    publisher_->publish(fmt::format("crowd.node.{}", members_.size() / 2), "you");
    out_.check(hub_.run([&] { return heard_ >= members_.size() + 1; }),
               "a broadcast reaches all: {} of {}", heard_, members_.size() + 1);
    auto took = out_.seconds() - start;
    bool once = std::all_of(members_.begin(), members_.end(),
                            [](const auto& each) { return each.heard == 1; });
    out_.check(once && direct_ == 1, "a broadcast reaches everybody once");
    out_.note(fmt::format("broadcast in {:.1f} ms", took * 1000));
  }

  void crash() {
    under_test_.kill_and_restart();
    publisher_->close();
    auto gone = [&] {
      return std::none_of(members_.begin(), members_.end(),
                          [](const auto& each) { return each.line->open(); });
    };
    out_.check(hub_.run(gone), "everybody notices the crash");
    out_.note("the broker was killed and started again");
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::vector<member> members_;
  std::unique_ptr<client> publisher_;
  uint64_t ready_ = 0, heard_ = 0, direct_ = 0;
};

} // namespace

void crowd(const settings& wish, report& out) {
  crowd_play{wish, out}.play();
}

} // namespace troupe::stress
