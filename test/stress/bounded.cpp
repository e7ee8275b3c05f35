// test/stress/bounded.cpp: one subscriber stops reading while a publisher sends gigabytes.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"
#include "payload.hpp"

#include <array>

namespace troupe::stress {
namespace {

constexpr int64_t margin = 32 * 1024 * 1024;
constexpr uint64_t most_in_flight = 4 * 1024 * 1024;
constexpr size_t healthy = 2;

struct load {
  const char* name;
  size_t size;    ///< bytes of a payload
  size_t one_in;  ///< the stalled one wants every so-many-th message only
  uint64_t share; ///< of the bytes to send: one so-many-th
  bool singly;    ///< each message comes to the broker alone, by one of many publishers
};

class bounded_play {
public:
  bounded_play(const settings& wish, report& out, const load& what)
      : out_{out}, what_{what}, max_pending_{(wish.full ? 64 : 8) * int64_t{1024} * 1024},
        under_test_{wish, {max_pending_, -1}}, hub_{wish.patience},
        total_{wish.amount_or(500'000'000, 10'000'000'000) / what.share} {}

  void play() {
    open();
    before_ = under_test_.memory();
    bool through = hub_.run([&] { return received_ == healthy * sent_ && bytes_ >= total_; },
                            [&] {
                              publish_some();
                              measure();
                            });
    out_.check(through, "{}: the others get everything: {} of {}", what_.name, received_,
               healthy * sent_);
    auto limit = max_pending_ + margin;
    out_.check(!memory_counts || most_ < limit, "{}: the broker stays under {} MiB, not {}",
               what_.name, limit >> 20, most_ >> 20);
    judge_stalled();
    for (auto& line : readers_)
      out_.check(line->open() && line->errors().empty(), "{}: the others are not cut", what_.name);
    out_.note(fmt::format("{}: {} messages, {} MB, memory {} MiB before, at most {} MiB, {} MiB "
                          "after",
                          what_.name, sent_, bytes_ / 1'000'000, before_ >> 20, most_ >> 20,
                          under_test_.memory() >> 20));
    readers_.clear();
    publishers_.clear();
    under_test_.judge_end(out_);
  }

private:
  void open() {
    stalled_ = std::make_unique<client>(hub_, under_test_.port(),
                                        client::options{true, true, "", 64 * 1024});
    stalled_->subscribe("bounded.0", 1);
    stalled_->ping();
    for (size_t i = 0; i < healthy; ++i) {
      readers_.push_back(std::make_unique<client>(hub_, under_test_.port()));
      readers_.back()->subscribe("bounded.*", 1);
      readers_.back()->ping();
      readers_.back()->on_message = [this, i](const message& got) { judge(i, got); };
    }
    for (size_t i = 0; i < (what_.singly ? 16u : 1u); ++i)
      publishers_.push_back(std::make_unique<client>(hub_, under_test_.port()));
    numbers_.resize(publishers_.size());
    for (auto& next : next_)
      next.resize(publishers_.size());
    hub_.run(
        [&] { return stalled_->in_step() && readers_[0]->in_step() && readers_[1]->in_step(); });
    stalled_->read(false);
  }

  void publish_some() {
    for (size_t i = 0; i < publishers_.size(); ++i)
      while (may_publish(*publishers_[i])) {
        write_payload(payload_, {static_cast<uint32_t>(i), numbers_[i]++}, what_.size);
        publishers_[i]->publish(sent_ % what_.one_in == 0 ? "bounded.0" : "bounded.1", payload_);
        if (what_.singly)
          publishers_[i]->ping();
        bytes_ += payload_.size();
        ++sent_;
      }
  }

  bool may_publish(const client& line) const {
    return bytes_ < total_ && line.unsent() < 256 * 1024 && (!what_.singly || line.in_step())
           && (sent_ - received_ / healthy) * (what_.size + 64) < most_in_flight;
  }

  void judge(size_t which, const message& got) {
    ++received_;
    auto from = read_payload(got.payload);
    if (!out_.check(from && from->publisher < publishers_.size(), "{}: a message is whole",
                    what_.name))
      return;
    auto& next = next_[which][from->publisher];
    out_.check(from->number == next, "{}: reader {} gets {} next, not {}", what_.name, which, next,
               from->number);
    next = from->number + 1;
  }

  void measure() {
    if (++turns_ % 64 == 0)
      most_ = std::max(most_, under_test_.memory());
  }

  void judge_stalled() {
    std::string closed;
    auto told = [&] {
      closed = under_test_.monitoring("/connz?state=closed");
      return closed.find("Slow Consumer (Pending Bytes)") != closed.npos;
    };
    out_.check(hub_.run(told), "{}: monitoring says why the stalled one was cut: {}", what_.name,
               closed);
    stalled_->read(true);
    out_.check(hub_.run([&] { return !stalled_->open(); }), "{}: the stalled one is cut",
               what_.name);
    out_.check(stalled_->errors().empty(), "{}: no -ERR tells it: {}", what_.name,
               stalled_->errors());
  }

  report& out_;
  load what_;
  int64_t max_pending_;
  broker under_test_;
  hub hub_;
  uint64_t total_;
  std::unique_ptr<client> stalled_;
  std::vector<std::unique_ptr<client>> readers_, publishers_;
  std::string payload_;
  std::vector<uint64_t> numbers_; // next of each publisher
  std::array<std::vector<uint64_t>, healthy> next_;
  uint64_t sent_ = 0, bytes_ = 0, received_ = 0, turns_ = 0;
  int64_t before_ = 0, most_ = 0;
};

} // namespace

void bounded(const settings& wish, report& out) {
  bounded_play{wish, out, {"8 KiB", 8192, 1, 1, false}}.play();
  bounded_play{wish, out, {"16 bytes", 16, 1, 10, false}}.play();
  // What is queued for the stalled one lies among much that is not.
  bounded_play{wish, out, {"1 KiB, one in 16", 1024, 16, 1, false}}.play();
  bounded_play{wish, out, {"32 bytes, each read alone", 32, 1, 32, true}}.play();
}

} // namespace troupe::stress
