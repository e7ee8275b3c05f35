// test/cli/running_process.hpp: a child process whose output is watched with deadlines.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace troupe::test {

class running_process {
public:
  /// Starts `arguments[0]`; `input` is its whole standard input.
  explicit running_process(const std::vector<std::string>& arguments,
                           const std::string& input = {});
  ~running_process();
  running_process(const running_process&) = delete;
  running_process& operator=(const running_process&) = delete;

  /// Reads output until standard output or standard error holds `text`; false after 20 s or at the
  /// end of both.
  bool says(const std::string& text);
  void send_signal(int number) const;
  /// Reads to the end and gives the exit code; -1 if it had to be killed after 60 s.
  int finish();

  std::string out;
  std::string err;

private:
  using time_point = std::chrono::steady_clock::time_point;
  bool read_more(time_point deadline);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
};

/// A nats-server, or a broker that takes its flags, on a free port of 127.0.0.1, in a folder of its
/// own.
class peer_server {
public:
  /// `extra` is added to its configuration file; `binary` empty: the installed nats-server.
  explicit peer_server(const std::string& extra = {}, const std::string& binary = {});
  ~peer_server();
  peer_server(const peer_server&) = delete;
  peer_server& operator=(const peer_server&) = delete;

  /// False if there is no nats-server in PATH or /usr/sbin: skip with a message then.
  static bool is_installed();
  bool is_up() const { return !url.empty(); }
  void stop();

  std::string url; ///< nats://127.0.0.1:PORT
  std::string folder;

private:
  std::string wait_for_port(int inotify_fd, pid_t pid) const;

  pid_t pid_ = -1;
};

/// A new empty folder under the system's temporary one.
std::string make_folder();

} // namespace troupe::test
