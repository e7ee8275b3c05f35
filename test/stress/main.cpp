// test/stress/main.cpp: command line and exit code of the stress scenarios.
#include "scenario.hpp"

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <sys/resource.h>

namespace {
using namespace troupe::stress;

struct entry {
  const char* name;
  const char* claim;
  void (*play)(const settings&, report&);
};

constexpr entry entries[] = {
    {"order", "each subscriber gets each publisher's messages in order, none lost, none doubled",
     order},
    {"queue", "a queue group gets each message exactly once, however its members come and go",
     queue_groups},
    {"interest", "a request that follows its SUB is answered, always", interest},
    {"barrier",
     "after the PONG to a SUB whatever anybody publishes arrives; after an UNSUB, no more",
     barrier},
    {"bounded", "a subscriber that stops reading costs max_pending, is cut, and harms nobody",
     bounded},
    {"floods", "whoever makes the broker talk to itself without reading is cut, too",
     bounded_floods},
    {"limit", "UNSUB with a maximum delivers exactly that many", auto_unsubscribe},
    {"attack", "nothing that is sent to the client port disturbs the others", attack},
    {"crowd", "a broadcast reaches all, and after a crash all are back", crowd},
    {"link_burst", "a subscriber that reads is not cut by what comes over a route", link_burst},
    {"cluster_crowd", "a question to the nodes of three linked brokers is answered by all",
     cluster_crowd},
};

void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool play(const entry& which, const settings& wish) {
  report out;
  fmt::print("{}: {}\n  seed {}, {} reactors{}\n", which.name, which.claim, wish.seed,
             wish.reactors > 0 ? std::to_string(wish.reactors) : "default",
             wish.full ? ", full" : "");
  std::fflush(stdout);
  try {
    which.play(wish, out);
  } catch (const std::exception& e) {
    out.broken(e.what());
  }
  fmt::print("{}: {} after {:.1f} s\n", which.name,
             out.failures() == 0 ? "held" : fmt::format("BROKEN {} times", out.failures()),
             out.seconds());
  std::fflush(stdout);
  return out.failures() == 0;
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  settings wish;
  std::vector<std::string> names;
  std::string help = "Scenarios, all unless some are named:\n";
  for (const auto& each : entries)
    help += fmt::format("  {:<13} {}\n", each.name, each.claim);
  CLI::App app{"Loads and attacks a broker's process\n" + help, "stress"};
  app.add_option("scenarios", names, "which ones");
  app.add_option("--server", wish.server, "binary that takes nats-server's flags")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--reactors", wish.reactors, "event loops (Troupe only)");
  app.add_option("--messages", wish.amount,
                 "how much of what the scenario counts: messages, rounds, strings, bytes, clients");
  app.add_option("--seed", wish.seed, "of all that is random");
  app.add_flag("--full", wish.full, "the large numbers");
  int patience = static_cast<int>(wish.patience.count());
  app.add_option("--patience", patience, "seconds without progress that fail a scenario");
  CLI11_PARSE(app, argc, argv);
  wish.patience = std::chrono::seconds{patience};
  bool held = true;
  size_t played = 0;
  for (const auto& each : entries) {
    if (!names.empty() && std::find(names.begin(), names.end(), each.name) == names.end())
      continue;
    held = play(each, wish) && held;
    ++played;
  }
  if (played < std::max<size_t>(names.size(), 1)) {
    fmt::print(stderr, "stress: no such scenario; try --help\n");
    return 2;
  }
  return held ? 0 : 1;
}
