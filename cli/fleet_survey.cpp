// cli/fleet_survey.cpp: `$SYS.REQ.SERVER.PING.*` and the answers of all who hear it.
#include "cli/fleet_survey.hpp"

#include "cli/client.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_fields.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::cli {
namespace {

using nlohmann::json;

/// Whoever is much slower than the one before is waited for no more.
constexpr auto longest_silence = std::chrono::milliseconds{400};

std::string name_of(const json& answer) {
  auto name = text(at(answer, "server"), "name");
  return name.empty() ? "?" : name;
}

void take(survey& into, const std::string& payload) {
  auto answer = json::parse(payload, nullptr, false);
  if (!answer.is_object()) {
    into.failures.push_back("?: the answer is not JSON");
    return;
  }
  if (auto error = answer.find("error"); error != answer.end()) {
    auto why = error->is_object() ? text(*error, "description") : error->dump();
    into.failures.push_back(fmt::format("{}: {}", name_of(answer), why));
    return;
  }
  if (!answer.contains("data") || !answer["data"].is_object())
    into.failures.push_back(fmt::format("{}: the answer has no data", name_of(answer)));
  else
    into.answers.push_back(std::move(answer));
}

} // namespace

void add_survey_flags(CLI::App& command, survey_flags& flags) {
  command.add_option("--timeout", flags.timeout, "how long to wait at most (default: 2s)")
      ->type_name("D");
  command.add_flag("--json", flags.json, "what the brokers answered, one JSON object a line");
  add_connect_flags(command, flags.connection);
}

outcome ask_fleet(const survey_flags& flags, std::vector<survey>& questions) {
  auto timeout = parse_duration(flags.timeout);
  if (!timeout || timeout->count() <= 0)
    return problem{fmt::format("--timeout \"{}\" is not a duration", flags.timeout),
                   "write 500ms, 5s, 1m", exit_code::usage};
  connect_options options;
  if (auto wrong = read_connect_flags(flags.connection, options))
    return wrong;
  client peer{options, interrupt_fd()};
  if (auto wrong = peer.connect())
    return wrong;
  std::vector<uint64_t> ids(questions.size());
  for (size_t i = 0; i < questions.size(); ++i) {
    auto inbox = client::new_inbox();
    if (auto wrong = peer.subscribe(inbox, "", ids[i]))
      return wrong;
    if (auto wrong = peer.publish("$SYS.REQ.SERVER.PING." + questions[i].what, "", inbox))
      return wrong;
  }
  if (auto wrong = peer.flush(options.timeout))
    return problem{wrong->text, "only users of the system account may ask this", wrong->code};
  auto end = std::chrono::steady_clock::now() + *timeout;
  auto patience = end; // somebody has to begin
  size_t answered = 0, unheard = 0;
  for (message msg; unheard < questions.size();) {
    auto how = arrival::message;
    if (auto wrong = peer.next(msg, std::min(end, patience), how))
      return wrong;
    if (how != arrival::message)
      break;
    if (msg.payload.empty() && read_header_block(msg.header_block).status == 503) {
      ++unheard; // nobody listens to this question
      continue;
    }
    auto which = std::find(ids.begin(), ids.end(), msg.subscription) - ids.begin();
    take(questions[static_cast<size_t>(which)], msg.payload);
    ++answered;
    patience = std::chrono::steady_clock::now() + longest_silence;
  }
  if (answered == 0)
    return problem{
        unheard < questions.size() ? fmt::format("no broker answered within {}", flags.timeout)
                                   : "no broker takes this question from this user",
        "only users of the system account may ask: --creds of one, or --user", exit_code::nothing};
  for (auto& each : questions)
    std::sort(each.answers.begin(), each.answers.end(),
              [](const json& a, const json& b) { return name_of(a) < name_of(b); });
  return std::nullopt;
}

} // namespace troupe::cli
