// test/cli/running_process.cpp: starts processes, reads their pipes, finds nats-server's port.
#include "running_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

extern char** environ;

namespace troupe::test {
namespace {

using clock = std::chrono::steady_clock;

struct pipe_ends {
  int read = -1;
  int write = -1;
  pipe_ends() {
    int fds[2] = {-1, -1};
    if (pipe2(fds, O_CLOEXEC) == 0) {
      read = fds[0];
      write = fds[1];
    }
  }
};

pid_t spawn(const std::vector<std::string>& arguments, int in, int out, int err) {
  std::vector<char*> argv;
  for (const auto& one : arguments)
    argv.push_back(const_cast<char*>(one.c_str())); // posix_spawn does not write to them
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  if (posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0)
    pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

int millis_until(clock::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

/// True if `fd` gave bytes; closes it at its end.
bool drain(int& fd, std::string& to) {
  char block[4096];
  auto got = read(fd, block, sizeof block);
  if (got > 0) {
    to.append(block, static_cast<size_t>(got));
    return true;
  }
  close(fd);
  fd = -1;
  return false;
}

} // namespace

running_process::running_process(const std::vector<std::string>& arguments,
                                 const std::string& input) {
  pipe_ends in;
  pipe_ends standard;
  pipe_ends error;
  pid_ = spawn(arguments, in.read, standard.write, error.write);
  (void)!write(in.write, input.data(), input.size()); // inputs of tests fit a pipe
  for (int fd : {in.read, in.write, standard.write, error.write})
    close(fd);
  out_fd_ = standard.read;
  err_fd_ = error.read;
}

running_process::~running_process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int fd : {out_fd_, err_fd_})
    if (fd >= 0)
      close(fd);
}

bool running_process::read_more(time_point deadline) {
  pollfd watched[2] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}}; // -1 is not watched
  if ((out_fd_ < 0 && err_fd_ < 0) || poll(watched, 2, millis_until(deadline)) <= 0)
    return false;
  if (watched[0].revents != 0)
    drain(out_fd_, out);
  if (watched[1].revents != 0)
    drain(err_fd_, err);
  return true;
}

bool running_process::says(const std::string& text) {
  auto deadline = clock::now() + std::chrono::seconds{20};
  auto said = [&] { return out.find(text) != out.npos || err.find(text) != err.npos; };
  while (!said())
    if (!read_more(deadline))
      return said();
  return true;
}

void running_process::send_signal(int number) const {
  kill(pid_, number);
}

int running_process::finish() {
  if (pid_ <= 0)
    return -1;
  auto deadline = clock::now() + std::chrono::seconds{60};
  while (read_more(deadline)) {
  }
  if (out_fd_ >= 0 || err_fd_ >= 0)
    kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string make_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-cli-XXXXXX").string();
  return mkdtemp(pattern.data()) == nullptr ? std::string{} : pattern;
}

namespace {

/// Debian installs it where an ordinary user's PATH does not lead. Empty: it is not there.
const std::string& peer_binary() {
  static const std::string found = [] {
    for (std::string name : {"nats-server", "/usr/sbin/nats-server"})
      if (running_process ask{{name, "--version"}}; ask.finish() == 0)
        return name;
    return std::string{};
  }();
  return found;
}

} // namespace

bool peer_server::is_installed() {
  return !peer_binary().empty();
}

peer_server::peer_server(const std::string& extra, const std::string& binary)
    : folder{make_folder()} {
  auto ports = folder + "/ports";
  std::filesystem::create_directory(ports);
  std::ofstream{folder + "/server.conf"} << "host: \"127.0.0.1\"\nport: -1\nports_file_dir: \""
                                         << ports << "\"\nlog_file: \"" << folder << "/log\"\n"
                                         << extra;
  int watch = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(watch, ports.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  pid_ = spawn({binary.empty() ? peer_binary() : binary, "-c", folder + "/server.conf"}, null, null,
               null);
  close(null);
  if (pid_ > 0)
    url = wait_for_port(watch, pid_);
  close(watch);
}

std::string peer_server::wait_for_port(int inotify_fd, pid_t pid) const {
  // Not every event is that of the whole file: a broker may write another one and rename it.
  auto deadline = clock::now() + std::chrono::seconds{20};
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    pollfd ready{inotify_fd, POLLIN, 0};
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) != 1)
      return {};
    char events[4096];
    if (read(inotify_fd, events, sizeof events) <= 0)
      return {};
    std::ifstream file{folder + "/ports/nats-server_" + std::to_string(pid) + ".ports"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    auto begin = text.find("://127.0.0.1:");
    auto end = begin == text.npos ? text.npos : text.find('"', begin);
    if (end != text.npos)
      return "nats" + text.substr(begin, end - begin);
  }
}

void peer_server::stop() {
  if (pid_ <= 0)
    return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

peer_server::~peer_server() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

} // namespace troupe::test
