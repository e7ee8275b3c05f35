// cli/request_command.cpp: `troupe request` asks and shows the replies.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/connect_flags.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/message_printer.hpp"
#include "cli/payload.hpp"
#include "cli/subject_argument.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <memory>

namespace troupe::cli {
namespace {

struct request_flags {
  connect_flags connection;
  std::string subject;
  std::string payload;
  std::string timeout = "2s";
  std::vector<std::string> headers;
  uint64_t replies = 1;
  bool show_headers = false;
  bool raw = false;
  bool json = false;

  print_mode mode() const {
    if (json)
      return print_mode::json;
    if (raw)
      return print_mode::raw;
    return show_headers ? print_mode::headers : print_mode::plain;
  }
};

constexpr auto examples = R"(Examples:
  troupe request time.now                        one reply, within 2 seconds
  troupe request fleet.ping --replies 0 --timeout 3s --raw
                                                 everybody's reply for 3 seconds
  troupe request '$SYS.REQ.SERVER.PING' --json --user sys --password …

Exit codes: 0 the replies came, 1 failure, 2 wrong usage,
            3 no responders, or --timeout passed before --replies had come)";

outcome collect_replies(client& peer, const request_flags& flags,
                        std::chrono::nanoseconds timeout) {
  message_printer printer{flags.mode()};
  auto deadline = std::chrono::steady_clock::now() + timeout;
  message msg;
  while (flags.replies == 0 || printer.printed() < flags.replies) {
    auto how = arrival::message;
    if (auto wrong = peer.next(msg, deadline, how))
      return wrong;
    if (how != arrival::message)
      break;
    if (msg.payload.empty() && read_header_block(msg.header_block).status == 503)
      return problem{fmt::format("no responders are listening on {}", flags.subject), "",
                     exit_code::nothing};
    if (!printer.print(msg))
      return std::nullopt;
  }
  if (printer.printed() > 0 && printer.printed() >= flags.replies)
    return std::nullopt;
  auto came = printer.printed() == 0
                  ? std::string{"no reply"}
                  : fmt::format("only {} of {} replies", printer.printed(), flags.replies);
  return problem{fmt::format("{} within {}", came, flags.timeout), "", exit_code::nothing};
}

outcome ask(const request_flags& flags) {
  if (auto wrong = check_publish_argument(flags.subject))
    return wrong;
  header_list headers;
  if (auto wrong = read_header_arguments(flags.headers, headers))
    return wrong;
  auto timeout = parse_duration(flags.timeout);
  if (!timeout || timeout->count() <= 0)
    return problem{fmt::format("--timeout \"{}\" is not a duration", flags.timeout),
                   "write 500ms, 5s, 1m", exit_code::usage};
  std::string payload;
  if (auto wrong = read_payload(flags.payload, "", payload))
    return wrong;
  connect_options options;
  if (auto wrong = read_connect_flags(flags.connection, options))
    return wrong;
  client peer{options, interrupt_fd()};
  if (auto wrong = peer.connect())
    return wrong;
  auto inbox = client::new_inbox();
  uint64_t id = 0;
  if (auto wrong = peer.subscribe(inbox, "", id))
    return wrong;
  if (auto wrong = peer.publish(flags.subject, payload, inbox, headers))
    return wrong;
  return collect_replies(peer, flags, *timeout);
}

} // namespace

void add_request_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<request_flags>();
  auto* command = parent.add_subcommand("request", "ask and show the replies");
  command->add_option("SUBJECT", flags->subject, "whom to ask")->required();
  command->add_option("PAYLOAD", flags->payload, "the question; - reads it from standard input");
  command
      ->add_option("--replies", flags->replies, "wait for N; 0: all until --timeout (default: 1)")
      ->type_name("N");
  command->add_option("--timeout", flags->timeout, "how long to wait in all (default: 2s)")
      ->type_name("D");
  command->add_option("--header", flags->headers, "add a header; may be repeated")
      ->type_name("KEY:VALUE")
      ->allow_extra_args(false);
  command->add_flag("--headers", flags->show_headers, "also show the replies' headers");
  auto* raw = command->add_flag("--raw", flags->raw, "payloads only, one a line");
  command->add_flag("--json", flags->json, "one JSON object a line")->excludes(raw);
  add_connect_flags(*command, flags->connection);
  command->footer(examples);
  command->callback([flags, &status] {
    auto wrong = ask(*flags);
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
