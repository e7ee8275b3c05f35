// cli/account_push.cpp: `troupe account push` brings accounts to running brokers.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/client.hpp"
#include "cli/connect_flags.hpp"
#include "cli/duration.hpp"
#include "cli/interrupt.hpp"
#include "cli/moment.hpp"
#include "cli/temporary_user.hpp"
#include "cli/text_table.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <set>

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
  bool prune = false;
};

constexpr auto footer = R"(Examples:
  troupe account push --server nats://127.0.0.1:4222
  troupe account push acme guests --server tls://c1.example.net:4222 --tls-ca ca.pem
Logs in with a temporary user of the system account, or with --creds. Brokers that follow the store itself need
no push; a nats-server takes it with a resolver of type full (`account config --format nats --resolver-dir D`).
With --prune brokers delete the accounts that the store does not have; their resolvers must allow that
(allow_delete), and a key of the operator must be among the store's keys.
Exit codes: 0 every broker that answered took every account, 1 failure, 3 nobody answered)";

constexpr auto update = "$SYS.REQ.CLAIMS.UPDATE", list = "$SYS.REQ.CLAIMS.LIST",
               remove = "$SYS.REQ.CLAIMS.DELETE";

struct answer {
  std::string account, server, text;
  bool good = false, pruned = false;
};

answer read_answer(const std::string& account, const message& msg) {
  answer out;
  out.account = account;
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

/// How long to wait for the first broker, and for each further one.
struct patience {
  std::chrono::nanoseconds first, further;
};

/// Asks all brokers, and hears each that answers. `about`: for the sentence if none does.
outcome ask_all(client& to, const char* subject, const std::string& about,
                const std::string& payload, const patience& patience,
                const std::function<void(const message&)>& heard) {
  auto inbox = client::new_inbox();
  uint64_t id = 0;
  if (auto wrong = to.subscribe(inbox, "", id))
    return wrong;
  if (auto wrong = to.publish(subject, payload, inbox))
    return wrong;
  bool any = false;
  for (;;) {
    message msg;
    auto how = arrival::message;
    auto until = std::chrono::steady_clock::now() + (any ? patience.further : patience.first);
    if (auto wrong = to.next(msg, until, how))
      return wrong;
    if (how != arrival::message)
      break;
    if (msg.subscription != id)
      continue;
    if (msg.payload.empty() && read_header_block(msg.header_block).status == 503)
      return problem{
          fmt::format("no broker listens on {}", subject),
          "brokers with a memory resolver, or that read the store, take none: restart or "
          "let them read it",
          exit_code::nothing};
    heard(msg);
    any = true;
  }
  if (!any)
    return problem{
        fmt::format("no broker answered about {} within {}", about, show_duration(patience.first)),
        "", exit_code::nothing};
  return to.unsubscribe(id);
}

/// Sends one JWT, and notes what each broker says to it.
outcome push_one(client& to, const char* subject, const std::string& account,
                 const std::string& jwt, const patience& patience, std::vector<answer>& answers) {
  return ask_all(to, subject, "account " + account, jwt, patience, [&](const message& msg) {
    answers.push_back(read_answer(account, msg));
    answers.back().pruned = subject == remove;
  });
}

/// What brokers take for an order of the operator's to delete this account.
outcome sign_removal(const store_editor& store, const std::string& account, std::string& out) {
  auto by = store.key_for_accounts();
  if (auto* wrong = std::get_if<std::string>(&by))
    return problem{*wrong};
  const auto& signer = std::get<security::key_pair>(by);
  security::generic_claims order;
  order.standard.subject = signer.public_text();
  order.standard.expires = unix_now() + 60;
  order.type = "generic";
  order.data = json{{"accounts", {account}}, {"type", "generic"}}.dump();
  security::claims any = std::move(order);
  auto made = security::encode_jwt(any, signer, unix_now());
  if (auto* error = std::get_if<security::jwt_error>(&made))
    return problem{"the order to delete account " + account + " is not signed: " + error->reason};
  out = std::get<std::string>(std::move(made));
  return std::nullopt;
}

/// Has brokers delete what the store does not have.
outcome prune(client& to, const store_editor& store, const patience& patience,
              std::vector<answer>& answers) {
  std::set<std::string> strangers;
  auto stopped = ask_all(to, list, "its accounts", "", patience, [&](const message& msg) {
    auto reply = json::parse(msg.payload, nullptr, false);
    if (!reply.is_object() || !reply.contains("data") || !reply["data"].is_array())
      return;
    for (const auto& one : reply["data"])
      if (one.is_string() && one != store.owner().system_account
          && store.name_of(one.get<std::string>()).empty())
        strangers.insert(one.get<std::string>());
  });
  for (const auto& account : strangers) {
    if (stopped)
      break;
    std::string order;
    if (auto wrong = sign_removal(store, account, order))
      return wrong;
    stopped = push_one(to, remove, account, order, patience, answers);
  }
  return stopped;
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
                     {"pruned", one.pruned},
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
  if (flags.prune && !flags.accounts.empty())
    return problem{"--prune looks at the whole store", "leave the names of accounts out",
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
  const patience patience{options.timeout, *wait};
  outcome stopped;
  for (const auto& name : names) {
    std::string why;
    auto text = security::read_store_file(store->layout().account_file(name), why);
    stopped = push_one(to, update, name, security::jwt_in(text.value_or("")), patience, answers);
    if (stopped)
      break;
  }
  if (flags.prune && !stopped)
    stopped = prune(to, *store, patience, answers);
  if (!answers.empty())
    print_answers(flags, answers);
  if (stopped)
    return stopped;
  for (const auto& one : answers)
    if (!one.good)
      problems.push_back(fmt::format("{} does not {} account {}: {}", one.server,
                                     one.pruned ? "delete" : "take", one.account, one.text));
  return all_of(problems);
}

} // namespace

void add_account_push(CLI::App& account, int& status) {
  auto flags = std::make_shared<push_flags>();
  auto* command = account.add_subcommand("push", "bring accounts to running brokers");
  command->add_option("ACCOUNT", flags->accounts, "names or public keys (default: all)");
  command->add_option("--wait", flags->wait, "for further brokers' answers (default: 300ms)")
      ->type_name("D");
  command->add_flag("--prune", flags->prune, "delete accounts there that the store does not have");
  add_connect_flags(*command, flags->connection);
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags] { return push(*flags); });
}

} // namespace troupe::cli
