// cli/actors_command.cpp: `troupe actors` shows the actors of running brokers.
#include "cli/actor_table.hpp"
#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/problem.hpp"
#include "monitor/admin_paths.hpp"
#include "monitor/admin_socket.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace troupe::cli {
namespace {

constexpr int pause_ms = 1000;       // between two looks of --watch
constexpr int largest_pid = 4194304; // of Linux

struct actors_flags {
  std::string socket;
  int pid = 0;
  bool json = false;
  bool watch = false;
};

constexpr auto examples = R"(Examples:
  troupe actors                     every broker that this user runs
  troupe actors --pid 4711 --watch  one of them, once a second, until Ctrl-C
  troupe actors --json | jq '.actors[] | select(.mailbox > 0)'

The broker answers its own user and root. As root, give --socket.
Exit codes: 0 done or Ctrl-C, 1 failure, 2 wrong usage, 3 no broker runs)";

outcome find_sockets(const actors_flags& flags, std::vector<std::string>& out) {
  if (!flags.socket.empty()) {
    out.push_back(flags.socket);
    return std::nullopt;
  }
  for (const auto& place : monitor::running_brokers())
    if (flags.pid == 0 || place.pid == flags.pid)
      out.push_back(place.path);
  if (!out.empty())
    return std::nullopt;
  std::string places;
  for (const auto& directory : monitor::admin_directories())
    places += (places.empty() ? "" : " and ") + directory;
  if (flags.pid != 0)
    return problem{fmt::format("process {} is no running broker of this user", flags.pid),
                   fmt::format("looked into {}; troupe actors lists them all", places),
                   exit_code::nothing};
  return problem{"no broker of this user is running",
                 fmt::format("looked into {}; start one with troupe run, or give --socket", places),
                 exit_code::nothing};
}

actor_row read_row(const nlohmann::json& from) {
  actor_row out;
  out.path = from.value("path", "");
  out.place = from.value("place", "");
  out.state = from.value("state", "");
  out.mailbox = from.value("mailbox", uint64_t{0});
  out.in_messages = from.value("in_msgs", uint64_t{0});
  out.out_messages = from.value("out_msgs", uint64_t{0});
  out.in_bytes = from.value("in_bytes", uint64_t{0});
  out.out_bytes = from.value("out_bytes", uint64_t{0});
  return out;
}

std::string for_people(const nlohmann::json& report) {
  const auto& server = report.at("server");
  std::vector<actor_row> rows;
  for (const auto& each : report.at("actors"))
    rows.push_back(read_row(each));
  return fmt::format("{} (pid {}) at {}:{}, up {}, {} clients, {} actors\n\n{}",
                     server.value("server_name", ""), server.value("pid", 0),
                     server.value("host", ""), server.value("port", 0), server.value("uptime", ""),
                     server.value("connections", uint64_t{0}), rows.size(), actor_table(rows));
}

/// Appends what is to be shown of the broker behind `path`.
outcome look_into(const std::string& path, bool as_json, std::string& out) {
  auto reply = monitor::ask_broker(path, "actors");
  if (!reply.fault.empty())
    return problem{reply.fault, "is the broker running, and as this user?", exit_code::failure};
  if (as_json) {
    out += reply.document;
    return std::nullopt;
  }
  try {
    out += (out.empty() ? "" : "\n") + for_people(nlohmann::json::parse(reply.document));
  } catch (const nlohmann::json::exception&) {
    return problem{fmt::format("{} answers, but not as a broker of this version does", path), "",
                   exit_code::failure};
  }
  return std::nullopt;
}

/// True if a second has passed, false on Ctrl-C.
bool pause() {
  pollfd stop{interrupt_fd(), POLLIN, 0};
  return ::poll(&stop, 1, pause_ms) == 0;
}

outcome show_actors(const actors_flags& flags) {
  bool clear = flags.watch && !flags.json && ::isatty(STDOUT_FILENO) != 0;
  do {
    std::vector<std::string> sockets;
    if (auto wrong = find_sockets(flags, sockets))
      return wrong;
    std::string text;
    for (const auto& path : sockets)
      if (auto wrong = look_into(path, flags.json, text))
        return wrong;
    fmt::print("{}{}", clear ? "\x1b[H\x1b[2J" : "", text);
    if (std::fflush(stdout) != 0)
      return std::nullopt; // the reader has left
  } while (flags.watch && pause());
  return std::nullopt;
}

} // namespace

void add_actors_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<actors_flags>();
  auto* command = parent.add_subcommand("actors", "show the actors of running brokers");
  auto* socket = command->add_option("--socket", flags->socket, "the broker's admin socket")
                     ->type_name("PATH");
  command->add_option("--pid", flags->pid, "the broker with this process id")
      ->type_name("N")
      ->check(CLI::Range(1, largest_pid))
      ->excludes(socket);
  command->add_flag("--json", flags->json, "one JSON document a broker");
  command->add_flag("--watch", flags->watch, "again every second, until Ctrl-C");
  command->footer(examples);
  command->callback([flags, &status] {
    auto wrong = show_actors(*flags);
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
