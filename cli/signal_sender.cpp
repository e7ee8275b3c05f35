// cli/signal_sender.cpp: finds the process, sends the signal.
#include "cli/signal_sender.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace troupe::cli {
namespace {

namespace fs = std::filesystem;

int number_of(const std::string& word) {
  if (word == "stop")
    return SIGKILL;
  if (word == "quit")
    return SIGINT;
  if (word == "term")
    return SIGTERM;
  if (word == "reload")
    return SIGHUP;
  if (word == "reopen")
    return SIGUSR1;
  return word == "ldm" ? SIGUSR2 : 0;
}

/// Digits and nothing else, as a pid file has them; 0 if it is no process id.
pid_t parse_pid(std::string_view text) {
  pid_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out > 0 ? out : 0;
}

/// Processes that run under this name, but for ourselves.
std::vector<pid_t> processes_named(std::string_view name) {
  std::vector<pid_t> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/proc", ignored}) {
    auto pid = parse_pid(entry.path().filename().string());
    if (pid == 0 || pid == ::getpid())
      continue;
    std::ifstream file{entry.path() / "comm"};
    std::string comm;
    std::getline(file, comm);
    if (comm == name)
      out.push_back(pid);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string send(pid_t pid, int signal) {
  if (::kill(pid, signal) == 0)
    return {};
  return fmt::format("cannot signal process {}: {}", pid, std::strerror(errno));
}

std::string send_to_name(int signal, const std::string& prefix, bool many) {
  auto pids = processes_named("nats-server");
  std::erase_if(pids, [&](pid_t pid) { return !std::to_string(pid).starts_with(prefix); });
  if (pids.empty())
    return "no nats-server processes running";
  if (pids.size() > 1 && !many)
    return fmt::format("multiple nats-server processes running:\n{}", fmt::join(pids, "\n"));
  std::string problems;
  for (auto pid : pids)
    problems += send(pid, signal);
  return problems;
}

} // namespace

std::string send_signal(const std::string& word, const std::string& target) {
  int signal = number_of(word);
  if (signal == 0)
    return fmt::format("unknown signal \"{}\"", word);
  if (target.empty())
    return send_to_name(signal, "", false);
  if (target.ends_with('*'))
    return send_to_name(signal, target.substr(0, target.size() - 1), true);
  if (auto pid = parse_pid(target); pid != 0)
    return send(pid, signal);
  std::ifstream file{target};
  if (!file)
    return fmt::format("open {}: {}", target, std::strerror(errno));
  std::stringstream content;
  content << file.rdbuf();
  auto pid = parse_pid(content.str());
  return pid != 0 ? send(pid, signal) : fmt::format("invalid pid: {}", content.str());
}

} // namespace troupe::cli
