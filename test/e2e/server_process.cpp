// test/e2e/server_process.cpp: a broker's real process on free ports, for as long as a test lives.
#include "server_process.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::e2e {
namespace {
using clock = std::chrono::steady_clock;

/// With a start or an end: a build with sanitizers on a busy machine takes its time.
constexpr std::chrono::seconds patience{30};

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

int milliseconds_until(clock::time_point until) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

uint16_t port_of(const nlohmann::json& urls) {
  auto url = urls[0].get<std::string>();
  return static_cast<uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

/// How often the log says that a reload has ended, one way or the other.
size_t reloads_in(const std::string& log) {
  constexpr std::string_view taken = "Reloaded server configuration";
  constexpr std::string_view refused = "Failed to reload server configuration";
  size_t count = 0;
  for (auto words : {taken, refused})
    for (auto at = log.find(words); at != log.npos; at = log.find(words, at + words.size()))
      ++count;
  return count;
}

struct found_ports {
  uint16_t clients = 0;
  uint16_t monitoring = 0;
};

/// The ports in `folder`'s ports file, if it is there and whole.
std::optional<found_ports> ports_in(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() != ".ports")
      continue;
    auto ports = nlohmann::json::parse(contents_of(entry.path()), nullptr, false);
    if (!ports.is_object() || !ports.contains("nats") || ports["nats"].empty())
      continue;
    found_ports out{port_of(ports["nats"])};
    if (ports.contains("monitoring") && !ports["monitoring"].empty())
      out.monitoring = port_of(ports["monitoring"]);
    return out;
  }
  return std::nullopt;
}
} // namespace

scratch_folder::scratch_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-e2e-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw std::runtime_error("cannot make a folder like " + pattern);
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored; // a file that cannot be removed must not fail the test
  std::filesystem::remove_all(path_, ignored);
}

server_process::server_process(const std::filesystem::path& binary, const std::string& config,
                               int port)
    : server_process{launch{binary,
                            {binary.string(), "-c", "@FOLDER@/server.conf", "-a", "127.0.0.1", "-p",
                             std::to_string(port), "--ports_file_dir", "@FOLDER@"}},
                     config} {}

server_process::server_process(const launch& how, const std::string& config) {
  write_config(config);
  int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ::inotify_add_watch(watch, folder_.path().c_str(), IN_CLOSE_WRITE | IN_MOVED_TO);
  spawn(how);
  try {
    wait_for_ports(watch);
  } catch (...) {
    ::close(watch);
    stop();
    ::close(pid_fd_);
    throw;
  }
  ::close(watch);
}

server_process::~server_process() {
  stop();
  ::close(pid_fd_);
}

std::string server_process::with_folder(std::string text) const {
  constexpr std::string_view word = "@FOLDER@";
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at))
    text.replace(at, word.size(), folder_.path().string());
  return text;
}

void server_process::write_config(const std::string& config) const {
  std::ofstream{folder_.path() / "server.conf"}
      << (config.empty() ? "debug: false\n" : with_folder(config));
}

void server_process::spawn(const launch& how) {
  auto log = (folder_.path() / "log").string();
  std::vector<std::string> texts;
  for (const auto& argument : how.arguments)
    texts.push_back(with_folder(argument));
  std::vector<char*> args;
  for (auto& text : texts)
    args.push_back(text.data());
  args.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // no server outlives a test that was killed
    std::signal(SIGPIPE, SIG_DFL);
    int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execv(how.binary.c_str(), args.data());
    ::_exit(127);
  }
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pid_fd_ < 0)
    throw std::runtime_error("cannot watch the server's process");
}

void server_process::wait_for_ports(int watch) {
  auto until = clock::now() + patience;
  for (;;) {
    if (auto found = ports_in(folder_.path())) {
      port_ = found->clients;
      monitoring_port_ = found->monitoring;
      return;
    }
    std::array<pollfd, 2> waited{{{watch, POLLIN, 0}, {pid_fd_, POLLIN, 0}}};
    auto ready = ::poll(waited.data(), waited.size(), milliseconds_until(until));
    if (ready == 0)
      throw std::runtime_error("the server wrote no ports file:\n" + log());
    if (waited[1].revents != 0)
      throw std::runtime_error("the server ended at its start:\n" + log());
    std::array<char, 4096> events;
    while (::read(watch, events.data(), events.size()) > 0) {
    }
  }
}

bool server_process::running() {
  return !wait_for_exit(std::chrono::milliseconds{0});
}

void server_process::signal(int number) const {
  if (!exit_code_)
    ::kill(pid_, number);
}

void server_process::reload(std::chrono::milliseconds patience) {
  auto until = clock::now() + patience;
  auto before = reloads_in(log());
  int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ::inotify_add_watch(watch, (folder_.path() / "log").c_str(), IN_MODIFY);
  signal(SIGHUP);
  bool ended = false;
  for (bool more = true; more && !ended;) {
    pollfd waited{watch, POLLIN, 0};
    more = ::poll(&waited, 1, milliseconds_until(until)) > 0;
    std::array<char, 4096> events;
    while (::read(watch, events.data(), events.size()) > 0) {
    }
    ended = reloads_in(log()) > before;
  }
  ::close(watch);
  if (!ended)
    throw std::runtime_error("the server says nothing of a reload:\n" + log());
}

std::optional<int> server_process::wait_for_exit(std::chrono::milliseconds patience) {
  if (exit_code_)
    return exit_code_;
  pollfd waited{pid_fd_, POLLIN, 0};
  if (::poll(&waited, 1, static_cast<int>(patience.count())) > 0) {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

int server_process::stop() {
  signal(SIGINT);
  if (!wait_for_exit(patience))
    signal(SIGKILL);
  return wait_for_exit(patience).value_or(-1);
}

std::string server_process::log() const {
  return contents_of(folder_.path() / "log");
}
} // namespace troupe::e2e
