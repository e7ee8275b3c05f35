// cli/account_push.cpp: `troupe account push` brings accounts to running brokers.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/client.hpp"
#include "cli/connect_flags.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/temporary_user.hpp"
#include "cli/text_table.hpp"
#include "security/creds_file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace troupe::cli {
namespace {

using nlohmann::json;
using security::store_editor;
using texts = std::vector<std::string>;

struct push_flags {
  account_place place;
  connect_flags connection;
  texts accounts;
  std::string wait = "300ms";
};

constexpr auto footer = R"(Examples:
  troupe account push --server nats://127.0.0.1:4222
  troupe account push acme guests --server tls://c1.example.net:4222 --tls-ca ca.pem
Logs in with a temporary user of the system account, or with --creds. Brokers that follow the store itself need
no push; a nats-server takes it with a resolver of type full (`account config --format nats --resolver-dir D`).
Exit codes: 0 every broker that answered took every account, 1 failure, 3 nobody answered)";

constexpr auto subject = "$SYS.REQ.CLAIMS.UPDATE";

struct answer {
  std::string account, server, text;
  bool good = false;
};

answer read_answer(const std::string& account, const message& msg) {
  answer out{account, {}, {}, false};
  auto reply = json::parse(msg.payload, nullptr, false);
  if (!reply.is_object()) {
    out.text = "the answer is not JSON";
    return out;
  }
  auto text_at = [](const json& from, const char* key) {
    auto at = from.find(key);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  if (auto server = reply.find("server"); server != reply.end() && server->is_object())
    out.server = text_at(*server, "name");
  if (auto data = reply.find("data"); data != reply.end() && data->is_object()) {
    out.text = text_at(*data, "message");
    out.good = true;
  }
  if (auto error = reply.find("error"); error != reply.end() && error->is_object()) {
    out.text = text_at(*error, "description");
    out.good = false;
  }
  return out;
}

/// Sends one JWT and hears every broker that answers until `wait` passes without another.
outcome push_one(client& to, const std::string& name, const std::string& jwt,
                 std::chrono::nanoseconds timeout, std::chrono::nanoseconds wait,
                 std::vector<answer>& answers) {
  auto inbox = client::new_inbox();
  uint64_t id = 0;
  if (auto wrong = to.subscribe(inbox, "", id))
    return wrong;
  if (auto wrong = to.publish(subject, jwt, inbox))
    return wrong;
  auto patience = timeout;
  for (;;) {
    message msg;
    auto how = arrival::message;
    if (auto wrong = to.next(msg, std::chrono::steady_clock::now() + patience, how))
      return wrong;
    if (how != arrival::message)
      break;
    if (msg.subscription != id)
      continue;
    if (msg.payload.empty() && read_header_block(msg.header_block).status == 503)
      return problem{
          fmt::format("no broker takes accounts on {}", subject),
          "brokers with a memory resolver, or that read the store, take none: restart or "
          "let them read it",
          exit_code::nothing};
    answers.push_back(read_answer(name, msg));
    patience = wait;
  }
  if (answers.empty() || answers.back().account != name)
    return problem{
        fmt::format("no broker answered about account {} within {}", name, show_duration(timeout)),
        "", exit_code::nothing};
  return to.unsubscribe(id);
}

outcome log_in(const push_flags& flags, const store_editor& store, connect_options& options) {
  const auto& given = flags.connection;
  auto system = store.find_account(store.owner().system_account);
  bool own = !given.creds.empty() || !given.nkey.empty() || !given.plain.user.empty()
             || !given.plain.token.empty();
  if (auto wrong = read_connect_flags(flags.connection, options))
    return wrong;
  if (own)
    return std::nullopt;
  if (auto* wrong = std::get_if<std::string>(&system))
    return problem{"the system account is missing: " + *wrong, "--creds FILE logs in otherwise"};
  return make_temporary_user(store, std::get<security::named_account>(system), "account push",
                             options.identity);
}

void print_answers(const push_flags& flags, const std::vector<answer>& answers) {
  if (flags.place.json) {
    auto out = json::array();
    for (const auto& one : answers)
      out.push_back({{"account", one.account},
                     {"server", one.server},
                     {"message", one.text},
                     {"taken", one.good}});
    fmt::print("{}\n", out.dump(1));
    return;
  }
  text_table table{{"ACCOUNT", "BROKER", "TAKEN", "IT SAYS"}};
  for (const auto& one : answers)
    table.add({one.account, one.server, one.good ? "yes" : "NO", one.text});
  fmt::print("{}", table.text());
}

outcome push(const push_flags& flags) {
  auto wait = parse_duration(flags.wait);
  if (!wait || wait->count() <= 0)
    return problem{fmt::format("--wait \"{}\" is not a duration", flags.wait), "write 300ms, 1s",
                   exit_code::usage};
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  texts names, problems;
  for (const auto& one : flags.accounts.empty() ? store->accounts() : flags.accounts) {
    auto found = store->find_account(one);
    if (auto* wrong = std::get_if<std::string>(&found))
      problems.push_back(*wrong);
    else
      names.push_back(std::get<security::named_account>(found).name);
  }
  if (!problems.empty())
    return all_of(problems);
  connect_options options;
  if (auto wrong = log_in(flags, *store, options))
    return wrong;
  client to{options, interrupt_fd()};
  if (auto wrong = to.connect())
    return wrong;
  std::vector<answer> answers;
  outcome stopped;
  for (const auto& name : names) {
    std::string why;
    auto text = security::read_store_file(store->layout().account_file(name), why);
    stopped =
        push_one(to, name, security::jwt_in(text.value_or("")), options.timeout, *wait, answers);
    if (stopped)
      break;
  }
  if (!answers.empty())
    print_answers(flags, answers);
  if (stopped)
    return stopped;
  for (const auto& one : answers)
    if (!one.good)
      problems.push_back(
          fmt::format("{} does not take account {}: {}", one.server, one.account, one.text));
  return all_of(problems);
}

} // namespace

void add_account_push(CLI::App& account, int& status) {
  auto flags = std::make_shared<push_flags>();
  auto* command = account.add_subcommand("push", "bring accounts to running brokers");
  command->add_option("ACCOUNT", flags->accounts, "names or public keys (default: all)");
  command->add_option("--wait", flags->wait, "for further brokers' answers (default: 300ms)")
      ->type_name("D");
  add_connect_flags(*command, flags->connection);
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags] { return push(*flags); });
}

} // namespace troupe::cli
