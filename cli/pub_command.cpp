// cli/pub_command.cpp: `troupe pub` publishes messages.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/connect_flags.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/payload.hpp"
#include "cli/subject_argument.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <poll.h>

#include <memory>

namespace troupe::cli {
namespace {

struct pub_flags {
  connect_flags connection;
  std::string subject;
  std::string payload;
  std::string input;
  std::string reply;
  std::string sleep;
  std::vector<std::string> headers;
  uint64_t count = 1;
  bool quiet = false;
  bool json = false;
};

constexpr auto examples = R"(Examples:
  troupe pub orders.new '{"id": 7}'
  date | troupe pub clock -
  troupe pub orders.new hello --header Content-Type:text/plain --header X-Try:1
  troupe pub tick x --count 10 --sleep 1s

Exit codes: 0 the server has all messages, 1 failure, 2 wrong usage, 3 stopped before the end)";

struct publish_plan {
  std::string payload;
  header_list headers;
  std::chrono::nanoseconds pause{};
};

outcome make_plan(const pub_flags& flags, publish_plan& out) {
  if (auto wrong = check_publish_argument(flags.subject))
    return wrong;
  if (!flags.reply.empty())
    if (auto wrong = check_publish_argument(flags.reply))
      return wrong;
  if (auto wrong = read_header_arguments(flags.headers, out.headers))
    return wrong;
  if (!flags.sleep.empty()) {
    auto pause = parse_duration(flags.sleep);
    if (!pause)
      return problem{fmt::format("--sleep \"{}\" is not a duration", flags.sleep),
                     "write 500ms, 5s, 1m", exit_code::usage};
    out.pause = *pause;
  }
  return read_payload(flags.payload, flags.input, out.payload);
}

/// True if it was interrupted.
bool pause_for(std::chrono::nanoseconds length) {
  pollfd stop{interrupt_fd(), POLLIN, 0};
  auto millis = std::chrono::ceil<std::chrono::milliseconds>(length).count();
  return poll(&stop, 1, static_cast<int>(millis)) != 0;
}

/// With a pause between them every message is confirmed, and sent again over a new connection if
/// the old one broke; without one, all are confirmed together at the end.
outcome publish_all(client& to, const pub_flags& flags, const publish_plan& plan,
                    std::chrono::nanoseconds timeout) {
  for (uint64_t i = 0; i < flags.count; ++i) {
    auto wrong = to.publish(flags.subject, plan.payload, flags.reply, plan.headers);
    if (!wrong && plan.pause.count() > 0)
      wrong = to.flush(timeout);
    if (wrong && plan.pause.count() > 0 && wrong->text.find("is lost") != std::string::npos) {
      fmt::print(stderr, "troupe: {}; sending message {} again\n", wrong->text, i + 1);
      wrong = to.reconnect(std::chrono::steady_clock::time_point::max());
      --i;
    }
    if (wrong)
      return wrong;
    if (plan.pause.count() > 0 && i + 1 < flags.count && pause_for(plan.pause))
      return problem{fmt::format("stopped after {} of {} messages", i + 1, flags.count), "",
                     exit_code::nothing};
  }
  return to.flush(timeout);
}

outcome connect_and_publish(const pub_flags& flags) {
  publish_plan plan;
  connect_options options;
  if (auto wrong = make_plan(flags, plan))
    return wrong;
  if (auto wrong = read_connect_flags(flags.connection, options))
    return wrong;
  client to{options, interrupt_fd()};
  if (auto wrong = to.connect())
    return wrong;
  if (auto wrong = publish_all(to, flags, plan, options.timeout))
    return wrong;
  if (flags.json)
    fmt::print("{}\n", nlohmann::json{{"subject", flags.subject},
                                      {"messages", flags.count},
                                      {"bytes", plan.payload.size() * flags.count}}
                           .dump());
  else if (!flags.quiet)
    fmt::print("published {} message{} of {} bytes to {}\n", flags.count,
               flags.count == 1 ? "" : "s", plan.payload.size(), flags.subject);
  return std::nullopt;
}

} // namespace

void add_pub_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<pub_flags>();
  auto* command = parent.add_subcommand("pub", "publish messages");
  if (parent.get_name() == "tool")
    flags->payload = "-"; // Choria's `tool pub SUBJECT` reads standard input
  command->add_option("SUBJECT", flags->subject, "where to")->required();
  auto* payload =
      command->add_option("PAYLOAD", flags->payload, "the message; - reads it from standard input");
  command->add_option("--input", flags->input, "read the message from this file")
      ->type_name("FILE")
      ->excludes(payload);
  command->add_option("--header", flags->headers, "add a header; may be repeated")
      ->type_name("KEY:VALUE")
      ->allow_extra_args(false);
  command->add_option("--reply", flags->reply, "the reply subject")->type_name("SUBJECT");
  command->add_option("--count", flags->count, "publish it N times (default: 1)")->type_name("N");
  command->add_option("--sleep", flags->sleep, "wait between messages")->type_name("D");
  command->add_flag("--quiet", flags->quiet, "say nothing on success");
  command->add_flag("--json", flags->json, "report in JSON");
  add_connect_flags(*command, flags->connection);
  command->footer(examples);
  command->callback([flags, &status] {
    auto wrong = connect_and_publish(*flags);
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
