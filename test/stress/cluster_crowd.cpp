// test/stress/cluster_crowd.cpp: three linked brokers, thousands of nodes, and one who asks all.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"
#include "test/e2e/free_port.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

namespace troupe::stress {
namespace {

constexpr size_t brokers = 3;
constexpr size_t broadcasts = 5;
constexpr size_t most_arriving = 256; // at once, as a listener's backlog is finite

/// A question that each node of a fleet hears and answers to the inbox of whoever asked.
class cluster_crowd_play {
public:
  cluster_crowd_play(const settings& wish, report& out)
      : out_{out}, hub_{wish.patience}, nodes_(wish.amount_or(600, 15'000)),
        answers_(nodes_.size()) {
    broker_wishes one;
    for (size_t i = 0; i < brokers; ++i) { // each dials those that are there
      one.cluster.insert(one.cluster.begin(), e2e::free_port());
      members_.push_back(std::make_unique<broker>(wish, one));
    }
  }

  void play() {
    assemble();
    settle();
    auto before = links();
    for (size_t i = 0; i < broadcasts; ++i)
      broadcast();
    // A pool may still have been filled meanwhile; what was there has to be there.
    auto after = links();
    for (const auto& each : before)
      out_.check(after.contains(each), "no route flaps, as {} did", each);
    for (const auto& each : members_) {
      out_.check(each->monitoring("/varz").find("\"slow_consumers\": 0") != std::string::npos,
                 "nobody is a slow consumer");
      out_.note(fmt::format("memory of a broker {} KiB", each->memory() >> 10));
    }
    for (auto& each : nodes_)
      each->close();
    asking_->close();
    for (const auto& each : members_)
      each->judge_end(out_);
  }

private:
  /// As many nodes at each broker; done when every SUB has taken effect there.
  void assemble() {
    auto start = out_.seconds();
    size_t next = 0;
    size_t ready = 0;
    auto arrive = [&](size_t which) {
      client::options how;
      how.source = fmt::format("127.0.0.{}", 2 + which % 8); // ports of one address would run out
      auto& each = nodes_[which];
      each = std::make_unique<client>(hub_, members_[which % brokers]->port(), how);
      each->subscribe("fleet.all", 1);
      each->subscribe(fmt::format("fleet.node.{}", which), 2);
      each->ping();
      each->on_pong = [&ready] { ++ready; };
      each->on_message = [&each, which](const message& got) {
        each->publish(got.reply, std::to_string(which));
      };
    };
    bool through = hub_.run([&] { return ready == nodes_.size(); },
                            [&] {
                              while (next < nodes_.size() && next - ready < most_arriving)
                                arrive(next++);
                            });
    for (auto& each : nodes_)
      if (each)
        each->on_pong = nullptr;
    out_.check(through, "all are connected: {} of {}", ready, nodes_.size());
    out_.note(fmt::format("{} nodes at {} brokers after {:.2f} s", ready, brokers,
                          out_.seconds() - start));
  }

  /// Interest crosses a link in its order: where a later one is known, that of the nodes is too.
  void settle() {
    asking_ = std::make_unique<client>(hub_, members_.front()->port());
    asking_->subscribe("inbox.all", 2);
    asking_->subscribe("inbox.first", 1);
    std::vector<std::unique_ptr<client>> last(brokers);
    for (size_t i = 0; i < brokers; ++i) {
      last[i] = std::make_unique<client>(hub_, members_[i]->port());
      last[i]->subscribe("first", 1);
      last[i]->on_message = [&, i](const message& got) {
        last[i]->publish(got.reply, std::to_string(i));
      };
    }
    std::vector<bool> linked(brokers);
    asking_->on_message = [&](const message& got) { linked[number_in(got.payload)] = true; };
    bool through =
        hub_.run([&] { return std::count(linked.begin(), linked.end(), true) == brokers; },
                 [&] {
                   if (!asking_->in_step())
                     return;
                   asking_->publish("first", "who is there?", "inbox.first");
                   asking_->ping();
                 });
    out_.check(through, "the brokers are linked");
    for (auto& each : last)
      each->close();
    asking_->on_message = [this](const message& got) {
      if (got.sid != 2)
        return;
      ++answered_;
      ++answers_[number_in(got.payload)];
    };
  }

  void broadcast() {
    auto start = out_.seconds();
    answered_ = 0;
    std::fill(answers_.begin(), answers_.end(), 0);
    asking_->publish("fleet.all", std::string(100, 'x'), "inbox.all");
    bool through = hub_.run([&] { return answered_ >= nodes_.size(); });
    auto took = out_.seconds() - start;
    out_.check(through, "all answer: {} of {}", answered_, nodes_.size());
    out_.check(std::all_of(answers_.begin(), answers_.end(), [](auto each) { return each == 1; }),
               "everybody answers once");
    out_.note(fmt::format("{} answers in {:.1f} ms", answered_, took * 1000));
  }

  size_t number_in(std::string_view text) const {
    size_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return std::min(out, answers_.size() - 1);
  }

  /// The numbers that the routes got when they began, each with that of its broker.
  std::set<std::string> links() const {
    std::set<std::string> out;
    for (size_t i = 0; i < brokers; ++i) {
      auto seen = members_[i]->monitoring("/routez");
      for (size_t at = 0; (at = seen.find("\"rid\":", at)) != seen.npos; ++at)
        out.insert(fmt::format("route{} of broker {}",
                               seen.substr(at + 6, seen.find(',', at) - at - 6), i));
    }
    return out;
  }

  report& out_;
  std::vector<std::unique_ptr<broker>> members_;
  hub hub_;
  std::vector<std::unique_ptr<client>> nodes_;
  std::unique_ptr<client> asking_;
  std::vector<uint32_t> answers_; // by node
  size_t answered_ = 0;
};

} // namespace

void cluster_crowd(const settings& wish, report& out) {
  cluster_crowd_play{wish, out}.play();
}

} // namespace troupe::stress
