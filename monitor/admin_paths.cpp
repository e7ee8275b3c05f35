// monitor/admin_paths.cpp: directories only their owner can enter, sockets named by pid.
#include "monitor/admin_paths.hpp"

#include "monitor/unix_stream.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>
#include <string_view>

namespace troupe::monitor {
namespace {

constexpr std::string_view prefix = "troupe-";
constexpr std::string_view suffix = ".sock";

std::string private_directory() {
  return fmt::format("/tmp/troupe-{}", ::geteuid());
}

/// Empty: a directory, ours, and nobody else may look or write into it. Somebody else may have made
/// the one in /tmp before us, or put a link there.
std::string fault_of(const std::string& directory) {
  struct stat found {};
  if (::lstat(directory.c_str(), &found) != 0)
    return fmt::format("{}: {}", directory, std::strerror(errno));
  if (!S_ISDIR(found.st_mode))
    return directory + " is not a directory";
  if (found.st_uid != ::geteuid())
    return directory + " belongs to somebody else";
  if ((found.st_mode & 077) != 0)
    return directory + " is open to others; chmod 700 it";
  return {};
}

/// 0: not the name of a broker's socket.
pid_t pid_in(std::string_view name) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)
      || name.size() <= prefix.size() + suffix.size())
    return 0;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  pid_t out = 0;
  auto [stop, code] = std::from_chars(name.data(), name.data() + name.size(), out);
  return code == std::errc{} && stop == name.data() + name.size() && out > 0 ? out : 0;
}

/// A broker that has just started may not listen yet.
bool exists(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

} // namespace

std::vector<std::string> admin_directories() {
  std::vector<std::string> out;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/')
    out.emplace_back(runtime);
  out.push_back(private_directory());
  return out;
}

std::string make_admin_path(pid_t pid, std::string& fault) {
  ::mkdir(private_directory().c_str(), 0700); // an existing one is judged below
  for (const auto& directory : admin_directories()) {
    fault = fault_of(directory);
    if (fault.empty())
      return fmt::format("{}/{}{}{}", directory, prefix, pid, suffix);
  }
  return {};
}

socket_life probe_socket(const std::string& path) {
  int why = 0;
  if (unix_stream::connect(path, why).is_open())
    return socket_life::alive;
  return why == ECONNREFUSED ? socket_life::dead : socket_life::unknown;
}

std::vector<admin_place> running_brokers() {
  std::vector<admin_place> out;
  for (const auto& directory : admin_directories()) {
    if (!fault_of(directory).empty())
      continue;
    std::unique_ptr<DIR, int (*)(DIR*)> list{::opendir(directory.c_str()), ::closedir};
    while (list) {
      const auto* entry = ::readdir(list.get());
      if (entry == nullptr)
        break;
      auto pid = pid_in(entry->d_name);
      if (pid == 0)
        continue;
      auto path = directory + '/' + entry->d_name;
      switch (probe_socket(path)) {
      case socket_life::alive: out.push_back({path, pid}); break;
      case socket_life::dead:
        if (!exists(pid))
          ::unlink(path.c_str());
        break;
      case socket_life::unknown: break;
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return out;
}

} // namespace troupe::monitor
