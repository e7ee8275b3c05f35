// cli/bench_command.cpp: `troupe bench` loads a server and says what it carried.
#include "cli/bench_link.hpp"
#include "cli/bench_load.hpp"
#include "cli/bench_publisher.hpp"
#include "cli/bench_report.hpp"
#include "cli/commands.hpp"
#include "cli/connect_flags.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/subject_argument.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <memory>

namespace troupe::cli {
namespace {

struct bench_flags {
  connect_flags connection;
  load_plan load;
  std::string subscriber_servers;
  std::string idle = "10s";
  uint64_t requests = 0;
  uint32_t in_flight = 1;
  uint32_t connections = 0;
  uint32_t handshakes = 0;
  uint32_t interest = 0;
  uint32_t subscriptions = 2;
  uint32_t at_once = 128;
  bool hold_until_eof = false;
  bool json = false;
};

constexpr auto examples = R"(Examples:
  troupe bench --messages 50000000                       publish only
  troupe bench --sub 1 --messages 20000000               one publisher to one subscriber
  troupe bench --pub 4 --sub 4 --pairs                   four pairs, each with its own subject
  troupe bench --sub 8                                   one publisher to eight subscribers
  troupe bench --sub 1 --size 8192 --verify              every message parsed and numbered
  troupe bench --requests 20000                          round trips, one at a time
  troupe bench --requests 200000 --in-flight 64          round trips, pipelined
  troupe bench --connections 10000 --subscriptions 2     idle connections, held until Ctrl-C
  troupe bench --handshakes 2000 --tls --tls-insecure    TLS handshakes with log-in
  troupe bench --sub 1 --subscriber-server nats://other  over a link between two servers
  troupe bench --interest 100000 --subscriber-server ... until a linked server knows of them

Time runs from the first publish to the last delivery (publish only: to the last PONG).
Sizes are payload bytes; MB/s count payloads. Without --verify messages are counted by
their length, each one's first and last byte being checked.
Exit codes: 0 everything arrived, 1 failure or lost messages, 2 wrong usage, 3 stopped)";

outcome check_flags(const bench_flags& flags) {
  const auto& load = flags.load;
  auto usage = [](std::string text, std::string hint = {}) {
    return problem{std::move(text), std::move(hint), exit_code::usage};
  };
  if (auto wrong = check_publish_argument(load.subject))
    return wrong;
  if ((flags.requests > 0) + (flags.connections > 0) + (flags.handshakes > 0) + (flags.interest > 0)
      > 1)
    return usage("--requests, --connections, --handshakes and --interest exclude each other");
  if (flags.interest > 0 && flags.subscriber_servers.empty())
    return usage("--interest needs --subscriber-server: who subscribes is there");
  if (load.verify && load.size < stamp_size)
    return usage(fmt::format("--verify needs --size {} or more for its numbers", stamp_size));
  if (load.pairs && (load.publishers < 2 || load.subscribers % load.publishers != 0))
    return usage("--pairs needs --pub 2 or more and as many --sub, or a multiple");
  if (load.pairs && !load.queue.empty())
    return usage("--pairs and --queue exclude each other");
  if (load.publishers > 4096 || load.subscribers > 4096)
    return usage("at most 4096 publishers and subscribers", "see --connections for idle ones");
  if (load.bare_relay && (load.publishers != 1 || load.subscribers != 1 || load.verify))
    return usage("a bare relay carries one publisher to one subscriber, unverified");
  if (flags.connections > 0 || flags.handshakes > 0) {
    if (!load.subscriber_user.empty())
      return usage("--subscriber-user is for loads with subscribers and for --requests");
    if (!flags.subscriber_servers.empty())
      return usage("--subscriber-server is for loads with subscribers and for --requests");
  }
  return std::nullopt;
}

outcome bench_load(const bench_flags& flags, load_plan plan) {
  plan.publisher_threads = std::min(plan.publisher_threads, plan.publishers);
  plan.subscriber_threads = std::min(plan.subscriber_threads, std::max(plan.subscribers, 1u));
  load_result result;
  if (auto wrong = run_load(plan, result, interrupt_fd()))
    return wrong;
  print_load(plan, result, flags.json);
  return std::nullopt;
}

outcome bench_requests(const bench_flags& flags, const load_plan& load) {
  request_plan plan;
  plan.connection = load.connection;
  plan.requests = flags.requests;
  plan.in_flight = flags.in_flight;
  plan.size = load.size;
  plan.subject = load.subject;
  plan.responder_user = load.subscriber_user;
  plan.responder_servers = load.subscriber_servers;
  plan.idle_limit = load.idle_limit;
  latency_result result;
  if (auto wrong = run_requests(plan, result, interrupt_fd()))
    return wrong;
  print_requests(plan, result, flags.json);
  return std::nullopt;
}

outcome bench_swarm(const bench_flags& flags, const load_plan& load) {
  swarm_plan plan;
  plan.connection = load.connection;
  plan.hold = flags.connections > 0;
  plan.connections = plan.hold ? flags.connections : flags.handshakes;
  plan.subscriptions = plan.hold ? flags.subscriptions : 0;
  plan.at_once = flags.at_once;
  plan.idle_limit = load.idle_limit;
  plan.show_progress = load.show_progress;
  swarm_result result;
  return run_swarm(plan, result, interrupt_fd(), flags.hold_until_eof ? STDIN_FILENO : -1,
                   [&](const swarm_result& opened) { print_swarm(plan, opened, flags.json); });
}

outcome bench_interest(const bench_flags& flags, const load_plan& load) {
  interest_plan plan;
  plan.sessions = load;
  plan.subscriptions = flags.interest;
  interest_result result;
  return run_interest(
      plan, result, interrupt_fd(), flags.hold_until_eof ? STDIN_FILENO : -1,
      [&](const interest_result& known) { print_interest(plan, known, flags.json); });
}

outcome run_bench(const bench_flags& flags) {
  if (auto wrong = check_flags(flags))
    return wrong;
  auto load = flags.load;
  if (auto wrong = read_connect_flags(flags.connection, load.connection))
    return wrong;
  auto idle = parse_duration(flags.idle);
  if (!idle || idle->count() <= 0)
    return problem{fmt::format("--idle-limit \"{}\" is not a duration", flags.idle),
                   "write 500ms, 5s, 1m", exit_code::usage};
  load.idle_limit = *idle;
  if (!flags.subscriber_servers.empty())
    if (auto wrong = parse_servers(flags.subscriber_servers, load.subscriber_servers))
      return wrong;
  load.show_progress = !flags.json;
  interrupt_fd();
  if (flags.requests > 0)
    return bench_requests(flags, load);
  if (flags.connections > 0 || flags.handshakes > 0)
    return bench_swarm(flags, load);
  if (flags.interest > 0)
    return bench_interest(flags, load);
  return bench_load(flags, load);
}

void add_load_flags(CLI::App& command, bench_flags& flags) {
  auto& load = flags.load;
  auto number = [&](const char* name, auto& to, const char* help, uint64_t least) {
    command.add_option(name, to, help)
        ->type_name("N")
        ->check(CLI::Range(least, uint64_t{1'000'000'000'000}));
  };
  number("--messages", load.messages, "published in all (default: 1000000)", 1);
  number("--size", load.size, "payload bytes (default: 16)", 0);
  number("--pub", load.publishers, "publishers (default: 1)", 1);
  number("--sub", load.subscribers, "subscribers (default: 0, publish only)", 0);
  command.add_flag("--pairs", load.pairs,
                   "each publisher has a subject, and subscribers, of its own");
  command.add_option("--queue", load.queue, "all subscribers join this queue group")
      ->type_name("NAME");
  command.add_option("--subject", load.subject, "the subject (default: bench)")
      ->type_name("SUBJECT");
  command
      .add_option("--subscriber-user", load.subscriber_user,
                  "subscribers, and who answers requests, log in as this user (of another account, "
                  "say), with the same password")
      ->type_name("NAME");
  command
      .add_option("--subscriber-server", flags.subscriber_servers,
                  "subscribers, and who answers requests, connect to this server, which is linked "
                  "to the other one")
      ->type_name("URL");
  number("--subjects", load.subjects, "go around N subjects SUBJECT.0 … (default: 1)", 1);
  command.add_flag("--wildcard", load.wildcard,
                   "subscribe to SUBJECT.* instead of to each subject");
  command.add_flag("--headers", load.headers, "publish with a header");
  command.add_flag("--verify", load.verify, "parse every message and check its number");
  number("--extra-subscriptions", load.extra_subscriptions,
         "hold N unrelated wildcard subscriptions meanwhile", 0);
  number("--publisher-threads", load.publisher_threads, "(default: 1)", 1);
  number("--subscriber-threads", load.subscriber_threads, "(default: 1)", 1);
  number("--block", load.block_size, "bytes per write, about (default: 131072)", 1);
  command.add_flag("--bare-relay", load.bare_relay,
                   "the peer is bench/relay: measures this machine and this tool");
}

} // namespace

void add_bench_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<bench_flags>();
  auto* command = parent.add_subcommand("bench", "load a server and measure what it carries");
  add_load_flags(*command, *flags);
  auto number = [&](const char* name, auto& to, const char* help, uint64_t least) {
    command->add_option(name, to, help)
        ->type_name("N")
        ->check(CLI::Range(least, uint64_t{1'000'000'000}));
  };
  number("--requests", flags->requests, "measure N round trips of request and reply", 1);
  number("--in-flight", flags->in_flight, "requests at once (default: 1)", 1);
  number("--connections", flags->connections, "open N idle connections and hold them", 1);
  number("--subscriptions", flags->subscriptions, "of each idle connection (default: 2)", 0);
  command->add_flag("--hold-until-eof", flags->hold_until_eof,
                    "hold idle connections, or interest, until standard input ends");
  number("--handshakes", flags->handshakes, "connect, log in and close, N times", 1);
  number("--interest", flags->interest,
         "subscribe to N subjects at --subscriber-server, until --server knows of them", 1);
  number("--at-once", flags->at_once, "connections being opened at any time (default: 128)", 1);
  command
      ->add_option("--idle-limit", flags->idle, "give up when nothing moves for D (default: 10s)")
      ->type_name("D");
  command->add_flag("--json", flags->json, "report in JSON");
  add_connect_flags(*command, flags->connection);
  command->footer(examples);
  command->callback([flags, &status] {
    auto wrong = run_bench(*flags);
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
