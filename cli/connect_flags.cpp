// cli/connect_flags.cpp: declares and reads the connection flags.
#include "cli/connect_flags.hpp"

#include "cli/duration.hpp"
#include "cli/moment.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdlib>

namespace troupe::cli {

void add_connect_flags(CLI::App& command, connect_flags& flags) {
  auto group = "Connection";
  auto add = [&](const char* name, std::string& to, const char* help) {
    return command.add_option(name, to, help)->group(group);
  };
  add("-s,--server", flags.servers,
      "server URLs, separated by commas (default: $TROUPE_URL, $NATS_URL, nats://127.0.0.1:4222)")
      ->type_name("URL");
  add("--creds", flags.creds,
      "log in with this creds file: a user JWT and its seed (default: $TROUPE_CREDS, $NATS_CREDS)")
      ->type_name("FILE");
  add("--nkey", flags.nkey, "log in with the user seed in this file")->type_name("FILE");
  add("--user", flags.plain.user, "log in as this user")->type_name("NAME");
  add("--password", flags.plain.password, "the user's password")->type_name("TEXT");
  add("--token", flags.plain.token, "log in with a token instead of a user")->type_name("TEXT");
  add("--connection-name", flags.plain.name, "how this connection is called in the monitoring")
      ->type_name("NAME");
  add("--connect-timeout", flags.timeout, "for connecting and logging in (default: 5s)")
      ->type_name("D");
  add("--tls-ca", flags.plain.tls_ca, "trust the authorities in this PEM file")->type_name("FILE");
  add("--tls-cert", flags.plain.tls_cert, "our certificate (PEM)")->type_name("FILE");
  add("--tls-key", flags.plain.tls_key, "its private key (PEM)")->type_name("FILE");
  command.add_flag("--tls", flags.plain.tls, "insist on TLS")->group(group);
  command.add_flag("--tls-first", flags.plain.tls_first, "shake hands before the server's INFO")
      ->group(group);
  command
      .add_flag("--tls-insecure", flags.plain.tls_insecure, "do not check the server's certificate")
      ->group(group);
}

namespace {

/// Who we are: one of --creds, --nkey, --user, --token, or the environment's creds.
outcome read_identity(const connect_flags& flags, connect_options& out) {
  int ways = int{!flags.creds.empty()} + int{!flags.nkey.empty()} + int{!out.token.empty()}
             + int{!out.user.empty()};
  if (ways > 1)
    return problem{"--creds, --nkey, --user and --token exclude each other", "", exit_code::usage};
  auto creds = flags.creds;
  for (auto variable : {"TROUPE_CREDS", "NATS_CREDS"})
    if (const char* value = std::getenv(variable); ways == 0 && creds.empty() && value != nullptr)
      creds = value;
  if (!creds.empty())
    return read_creds_file(creds, unix_now(), out.identity);
  if (!flags.nkey.empty())
    return read_nkey_file(flags.nkey, out.identity);
  return std::nullopt;
}

} // namespace

outcome read_connect_flags(const connect_flags& flags, connect_options& out) {
  out = flags.plain;
  std::string servers = flags.servers;
  for (auto variable : {"TROUPE_URL", "NATS_URL"})
    if (const char* value = std::getenv(variable); servers.empty() && value != nullptr)
      servers = value;
  if (servers.empty())
    servers = "nats://127.0.0.1:4222";
  if (auto wrong = parse_servers(servers, out.servers))
    return wrong;
  auto timeout = parse_duration(flags.timeout);
  if (!timeout || timeout->count() <= 0)
    return problem{fmt::format("--connect-timeout \"{}\" is not a duration", flags.timeout),
                   "write 500ms, 5s, 1m", exit_code::usage};
  out.timeout = *timeout;
  if (!out.password.empty() && out.user.empty())
    return problem{"--password needs --user", "", exit_code::usage};
  return read_identity(flags, out);
}

} // namespace troupe::cli
