// test/e2e/server_process.hpp: a broker's real process on free ports, for as long as a test lives.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::e2e {
/// A directory of its own under $TMPDIR that goes away with the object.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// A command line; `@FOLDER@` in it and in the configuration stands for the scratch folder, where
/// the configuration lies in `server.conf` and the ports file is looked for.
struct launch {
  std::filesystem::path binary;
  std::vector<std::string> arguments; ///< from argv[0] on
};

class server_process {
public:
  server_process(const launch& how, const std::string& config);
  /// Starts `binary -c FILE -a 127.0.0.1 -p PORT --ports_file_dir DIR` and returns when the ports
  /// file has been written. Port -1: a free one. Throws std::runtime_error with the log if the
  /// process ends or nothing is written within thirty seconds.
  server_process(const std::filesystem::path& binary, const std::string& config, int port = -1);
  ~server_process();
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  uint16_t port() const { return port_; }
  /// 0: it serves no monitoring.
  uint16_t monitoring_port() const { return monitoring_port_; }
  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number) const;
  /// Replaces the configuration file; the server reads it again on SIGHUP.
  void write_config(const std::string& config) const;
  /// SIGHUP; returns when the log says that the configuration was taken or refused. Throws
  /// std::runtime_error if it says neither within `patience`.
  void reload(std::chrono::milliseconds patience);
  /// Exit code, or 128 + the signal that ended it; nothing if it still runs at the deadline.
  std::optional<int> wait_for_exit(std::chrono::milliseconds patience);
  /// SIGINT and at most thirty seconds of patience, then SIGKILL. Returns the exit code.
  int stop();
  std::string log() const;

private:
  std::string with_folder(std::string text) const;
  void spawn(const launch& how);
  void wait_for_ports(int watch);

  scratch_folder folder_;
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  std::optional<int> exit_code_;
  uint16_t port_ = 0;
  uint16_t monitoring_port_ = 0;
};
} // namespace troupe::e2e
