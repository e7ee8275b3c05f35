// cli/sub_command.cpp: `troupe sub` shows what is published on subjects.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/connect_flags.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/message_printer.hpp"
#include "cli/subject_argument.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <memory>

namespace troupe::cli {
namespace {

struct sub_flags {
  connect_flags connection;
  std::vector<std::string> subjects;
  std::string queue;
  std::string timeout;
  uint64_t count = 0;
  bool headers = false;
  bool raw = false;
  bool json = false;

  print_mode mode() const {
    if (json)
      return print_mode::json;
    if (raw)
      return print_mode::raw;
    return headers ? print_mode::headers : print_mode::plain;
  }
};

constexpr auto examples = R"(Examples:
  troupe sub 'orders.>'                      every order, until Ctrl-C
  troupe sub orders.new --count 1 --raw      the payload of the next one
  troupe sub 'orders.*' --queue workers      one share of them
  troupe sub '$SYS.ACCOUNT.*.CONNECT'        single quotes keep the shell off $SYS

Exit codes: 0 done or Ctrl-C, 1 failure, 2 wrong usage,
            3 --timeout passed before --count messages (or any) had come)";

outcome check_flags(const sub_flags& flags, std::chrono::nanoseconds& timeout) {
  for (const auto& subject : flags.subjects)
    if (auto wrong = check_subscription_argument(subject))
      return wrong;
  if (flags.queue.find_first_of(" \t\r\n") != flags.queue.npos)
    return problem{"a queue group's name has no blanks", "", exit_code::usage};
  timeout = std::chrono::nanoseconds::zero();
  if (flags.timeout.empty())
    return std::nullopt;
  auto read = parse_duration(flags.timeout);
  if (!read || read->count() <= 0)
    return problem{fmt::format("--timeout \"{}\" is not a duration", flags.timeout),
                   "write 500ms, 5s, 1m", exit_code::usage};
  timeout = *read;
  return std::nullopt;
}

outcome print_messages(client& from, const sub_flags& flags, std::chrono::nanoseconds timeout) {
  message_printer printer{flags.mode()};
  message msg;
  while (flags.count == 0 || printer.printed() < flags.count) {
    auto deadline = timeout.count() > 0 ? std::chrono::steady_clock::now() + timeout
                                        : std::chrono::steady_clock::time_point::max();
    auto how = arrival::message;
    if (auto wrong = from.next(msg, deadline, how))
      return wrong;
    if (how == arrival::stopped)
      return std::nullopt;
    if (how == arrival::timeout) {
      if (flags.count == 0 && printer.printed() > 0)
        return std::nullopt;
      return problem{fmt::format("{} of the expected messages came; then none for {}",
                                 printer.printed(), flags.timeout),
                     "", exit_code::nothing};
    }
    if (!printer.print(msg))
      return std::nullopt;
  }
  return std::nullopt;
}

outcome subscribe_and_print(const sub_flags& flags) {
  std::chrono::nanoseconds timeout{};
  connect_options options;
  if (auto wrong = check_flags(flags, timeout))
    return wrong;
  if (auto wrong = read_connect_flags(flags.connection, options))
    return wrong;
  client from{options, interrupt_fd()};
  from.on_event([](const std::string& what) { fmt::print(stderr, "troupe: {}\n", what); });
  if (auto wrong = from.connect())
    return wrong;
  for (const auto& subject : flags.subjects) {
    uint64_t id = 0;
    if (auto wrong = from.subscribe(subject, flags.queue, id))
      return wrong;
  }
  if (auto wrong = from.flush(options.timeout))
    return wrong;
  fmt::print(stderr, "listening on {} at {}; end with Ctrl-C\n", fmt::join(flags.subjects, ", "),
             from.server().show());
  return print_messages(from, flags, timeout);
}

} // namespace

void add_sub_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<sub_flags>();
  auto* command = parent.add_subcommand("sub", "show what is published on subjects");
  command->add_option("SUBJECT", flags->subjects, "subjects; wildcards `*` and `>`")->required();
  command->add_option("--queue", flags->queue, "join this queue group")->type_name("NAME");
  command->add_option("--count", flags->count, "end after N messages")->type_name("N");
  command->add_option("--timeout", flags->timeout, "end when no message came for D")
      ->type_name("D");
  command->add_flag("--headers", flags->headers, "also show headers");
  auto* raw = command->add_flag("--raw", flags->raw, "payloads only, one a line");
  command->add_flag("--json", flags->json, "one JSON object a line")->excludes(raw);
  add_connect_flags(*command, flags->connection);
  command->footer(examples);
  command->callback([flags, &status] {
    auto wrong = subscribe_and_print(*flags);
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
