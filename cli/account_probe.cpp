// cli/account_probe.cpp: `troupe account probe`: does anything cross that was not declared?
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/client.hpp"
#include "cli/connect_flags.hpp"
#include "cli/interrupt.hpp"
#include "cli/moment.hpp"
#include "cli/probe_plan.hpp"
#include "cli/temporary_user.hpp"
#include "cli/text_table.hpp"
#include "security/store_sharing.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {
namespace {

using security::store_editor;
using texts = std::vector<std::string>;

struct probe_flags {
  account_place place;
  connect_flags connection;
  std::string first, second;
  bool offline = false, literals = false;
};

constexpr auto footer = R"(Examples:
  troupe account probe acme guests                  at the broker of --server
  troupe account probe acme guests --offline        only what the store declares
Logs in to both accounts with temporary users that hear everything, and publishes in each: on random subjects,
on those that brokers use, and on and beside every exported and imported subject. Declared subjects without
wildcards are left alone, because real programs listen there, unless --touch-declared is given.
Exit codes: 0 only what is declared crosses, and all of it; 1 failure, or it is not so; 2 wrong usage)";

/// What came out where it was not published.
struct arrival_seen {
  size_t probe = 0;
  std::string subject;
};

struct side {
  security::named_account account;
  std::unique_ptr<client> link;
};

outcome open_side(const store_editor& store, const connect_options& options, side& out) {
  auto own = options;
  own.echo = false;
  if (auto wrong = make_temporary_user(store, out.account, "account probe", own.identity))
    return wrong;
  out.link = std::make_unique<client>(own, interrupt_fd());
  if (auto wrong = out.link->connect())
    return wrong;
  uint64_t id = 0;
  if (auto wrong = out.link->subscribe(">", "", id))
    return wrong;
  return out.link->flush(options.timeout);
}

/// Takes what has come, without waiting for more.
outcome collect(side& at, bool is_first, const probe_plan& plan, std::vector<arrival_seen>& seen) {
  for (;;) {
    message msg;
    auto how = arrival::message;
    if (auto wrong = at.link->next(msg, std::chrono::steady_clock::now(), how))
      return wrong;
    if (how != arrival::message)
      return std::nullopt;
    for (size_t i = 0; i < plan.probes.size(); ++i)
      if (plan.probes[i].from_first != is_first && plan.probes[i].id == msg.payload)
        seen.push_back({i, msg.subject});
  }
}

outcome publish_all(side& from, bool is_first, const probe_plan& plan,
                    std::chrono::nanoseconds timeout) {
  for (const auto& one : plan.probes)
    if (one.from_first == is_first)
      if (auto wrong = from.link->publish(one.subject, one.id))
        return wrong;
  return from.link->flush(timeout);
}

/// A publisher's PONG says that its messages are on their way; the other's, that they have come. A
/// second round gives ways over several reactors or accounts their time.
outcome run_probes(side (&sides)[2], const probe_plan& plan, std::chrono::nanoseconds timeout,
                   std::vector<arrival_seen>& seen) {
  for (bool first : {true, false})
    if (auto wrong = publish_all(sides[first ? 0 : 1], first, plan, timeout))
      return wrong;
  for (int round = 0; round < 2; ++round)
    for (bool first : {true, false}) {
      auto& at = sides[first ? 0 : 1];
      if (auto wrong = at.link->flush(timeout))
        return wrong;
      if (auto wrong = collect(at, first, plan, seen))
        return wrong;
    }
  return std::nullopt;
}

std::string name_of(const side (&sides)[2], bool first) {
  return sides[first ? 0 : 1].account.name;
}

struct findings {
  texts wrong;
  size_t crossed = 0;
};

findings judge(const side (&sides)[2], const probe_plan& plan,
               const std::vector<arrival_seen>& seen) {
  findings out;
  for (const auto& one : seen) {
    const auto& sent = plan.probes[one.probe];
    ++out.crossed;
    if (std::find(sent.expected.begin(), sent.expected.end(), one.subject) == sent.expected.end())
      out.wrong.push_back(fmt::format("LEAK: what {} publishes on {} ({}) arrives in {} on {}, and "
                                      "nothing declares it",
                                      name_of(sides, sent.from_first), sent.subject, sent.why,
                                      name_of(sides, !sent.from_first), one.subject));
  }
  for (size_t i = 0; i < plan.probes.size(); ++i)
    for (const auto& wanted : plan.probes[i].expected)
      if (std::none_of(seen.begin(), seen.end(),
                       [&](const auto& one) { return one.probe == i && one.subject == wanted; }))
        out.wrong.push_back(fmt::format(
            "what {} publishes on {} is declared to arrive in {} on {}, and does not: does the "
            "broker know the accounts as they are here?",
            name_of(sides, plan.probes[i].from_first), plan.probes[i].subject,
            name_of(sides, !plan.probes[i].from_first), wanted));
  return out;
}

nlohmann::json json_of(const side (&sides)[2], const probe_plan& plan) {
  auto declared = nlohmann::json::array();
  for (const auto& one : plan.declared)
    declared.push_back({{"from", name_of(sides, one.from_first)},
                        {"to", name_of(sides, !one.from_first)},
                        {"kind", one.kind == security::share_kind::stream ? "stream" : "service"},
                        {"subject", one.subject},
                        {"arrives", one.arrives}});
  return {{"declared", declared}, {"not_tried", plan.not_tried}};
}

void print_declared(const side (&sides)[2], const probe_plan& plan) {
  text_table table{{"FROM", "TO", "KIND", "PUBLISHED ON", "ARRIVES ON"}};
  for (const auto& one : plan.declared)
    table.add({name_of(sides, one.from_first), name_of(sides, !one.from_first),
               one.kind == security::share_kind::stream ? "stream" : "requests", one.subject,
               one.arrives});
  if (table.has_rows())
    fmt::print("{}", table.text());
  else
    fmt::print("nothing is declared to cross between {} and {}\n", name_of(sides, true),
               name_of(sides, false));
}

outcome find_sides(const probe_flags& flags, const store_editor& store, side (&out)[2]) {
  texts problems;
  const std::string* names[] = {&flags.first, &flags.second};
  for (size_t i = 0; i < 2; ++i) {
    auto found = store.find_account(*names[i]);
    if (auto* wrong = std::get_if<std::string>(&found))
      problems.push_back(*wrong);
    else
      out[i].account = std::get<security::named_account>(std::move(found));
  }
  if (problems.empty() && out[0].account.name == out[1].account.name)
    problems.push_back("probe needs two different accounts");
  return all_of(problems);
}

outcome probe_accounts(const probe_flags& flags) {
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  side sides[2];
  if (auto wrong = find_sides(flags, *store, sides))
    return wrong;
  texts unreadable;
  auto all = store->all_accounts(unreadable);
  if (auto wrong = all_of(unreadable))
    return wrong;
  auto shared = security::share_all(all, store->owner().strict_signing_keys, unix_now());
  auto plan = plan_probes(all, shared, sides[0].account.claims.standard.subject,
                          sides[1].account.claims.standard.subject, flags.literals,
                          [] { return client::new_inbox().substr(7); });
  auto report = json_of(sides, plan);
  if (!flags.place.json)
    print_declared(sides, plan);
  if (flags.offline) {
    if (flags.place.json)
      fmt::print("{}\n", report.dump(1));
    return std::nullopt;
  }
  connect_options options;
  if (auto wrong = read_connect_flags(flags.connection, options))
    return wrong;
  for (auto& one : sides)
    if (auto wrong = open_side(*store, options, one))
      return wrong;
  std::vector<arrival_seen> seen;
  if (auto wrong = run_probes(sides, plan, options.timeout, seen))
    return wrong;
  auto found = judge(sides, plan, seen);
  if (flags.place.json) {
    report["published"] = plan.probes.size();
    report["crossed"] = found.crossed;
    report["wrong"] = found.wrong;
    fmt::print("{}\n", report.dump(1));
  } else {
    fmt::print("{} messages published at {}, {} crossed{}\n", plan.probes.size(),
               sides[0].link->server().show(), found.crossed,
               found.wrong.empty() ? ", all as declared" : "");
    if (!plan.not_tried.empty())
      fmt::print("not tried, because others may act upon it (--touch-declared does): {}\n",
                 joined(plan.not_tried));
  }
  return all_of(found.wrong);
}

} // namespace

void add_account_probe(CLI::App& account, int& status) {
  auto flags = std::make_shared<probe_flags>();
  auto* command =
      account.add_subcommand("probe", "find out whether more than declared crosses two accounts");
  command->add_option("A", flags->first, "name or public key of an account")->required();
  command->add_option("B", flags->second, "and of another one")->required();
  command->add_flag("--offline", flags->offline, "tell what is declared, and publish nothing");
  command->add_flag("--touch-declared", flags->literals,
                    "publish on declared subjects without wildcards as well");
  add_connect_flags(*command, flags->connection);
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags] { return probe_accounts(*flags); });
}

} // namespace troupe::cli
