// cli/account_config.cpp: `troupe account config` prints a broker's configuration for a store.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/broker_config_text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace troupe::cli {
namespace {

struct config_flags {
  account_place place;
  config_wishes wishes;
  std::string format = "troupe";
};

constexpr auto footer = R"(Examples:
  troupe account config > troupe.yaml                      for `troupe run --config`
  troupe account config --format choria >> broker.conf     for `troupe broker run`
  troupe account config --format nats > nats.conf          nats-server; all accounts in the file
  troupe account config --format nats --resolver-dir /var/lib/nats/jwt    and `account push`)";

outcome print_config(const config_flags& flags) {
  auto format = config_format_of(flags.format);
  if (!format)
    return problem{fmt::format("--format \"{}\" is none of: troupe, choria, nats", flags.format),
                   "", exit_code::usage};
  std::optional<security::store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  std::vector<std::string> problems;
  auto text = broker_config(*format, *store, flags.wishes, problems);
  if (auto wrong = all_of(problems))
    return wrong;
  fmt::print("{}", text);
  return std::nullopt;
}

} // namespace

void add_account_config(CLI::App& account, int& status) {
  auto flags = std::make_shared<config_flags>();
  auto* command = account.add_subcommand("config", "print a broker's configuration for this store");
  command->add_option("--format", flags->format, "troupe (default), choria or nats")
      ->type_name("FORMAT");
  command->add_option("--host", flags->wishes.host, "where it listens (default: 127.0.0.1)")
      ->type_name("ADDRESS");
  command->add_option("--port", flags->wishes.port, "(default: 4222)")->type_name("N");
  command->add_option("--monitoring-port", flags->wishes.monitoring_port, "(default: 8222)")
      ->type_name("N");
  command
      ->add_option("--resolver-dir", flags->wishes.resolver_dir,
                   "nats: a full resolver that keeps accounts there, instead of all in the text")
      ->type_name("DIR");
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags] { return print_config(*flags); });
}

} // namespace troupe::cli
