// cli/stream.hpp: one socket to a server, plain or TLS, that never blocks by itself.
#pragma once

#include "cli/address.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;

namespace troupe::cli {

using steady_time = std::chrono::steady_clock::time_point;

enum class io_state : uint8_t { done, want_read, want_write, closed, failed };

struct io_result {
  size_t bytes = 0; ///< moved, if `state` is done; never 0 then
  io_state state = io_state::done;
};

/// A resolved address that begin_connect() takes.
struct socket_address {
  alignas(8) unsigned char bytes[128] = {};
  uint32_t size = 0;
  int family = 0;
};

/// All addresses of host and port; blocks for DNS.
outcome resolve(const server_address& where, std::vector<socket_address>& out);

class stream {
public:
  stream() = default;
  stream(stream&& other) noexcept;
  stream& operator=(stream&& other) noexcept;
  ~stream() { close(); }

  /// Starts a connect; wait for writability, then ask finish_connect(). `source_host_number`
  /// spreads many connections over 127.0.0.x when the target is 127.0.0.1 (0: let the system
  /// choose).
  bool begin_connect(const socket_address& target, uint32_t source_host_number = 0);
  /// True if the connect worked; otherwise errno is kept for last_error().
  bool finish_connect();

  /// From here on everything is TLS; call shake_hands() until it is done.
  bool start_tls(ssl_ctx_st* context, const std::string& host, bool verify);
  io_state shake_hands();

  io_result read_some(char* to, size_t size);
  io_result write_some(const char* from, size_t size);

  /// Waits until the socket is readable (writable), or `stop_fd` is readable, or time is up.
  /// True if the socket is ready.
  bool wait(io_state want, steady_time deadline, int stop_fd = -1) const;

  /// From here on reads and writes block: writes without end, reads up to `read_limit`, after which
  /// they say want_read. For measuring latencies without a poll() in between.
  void make_blocking(std::chrono::milliseconds read_limit);

  void close();
  bool is_open() const { return fd_ >= 0; }
  bool is_tls() const { return tls_ != nullptr; }
  int fd() const { return fd_; }
  /// What went wrong last, in words ("connection refused", "certificate has expired").
  const std::string& last_error() const { return last_error_; }
  /// True if the last connect found nobody listening.
  bool was_refused() const { return refused_; }

private:
  io_result tls_result(int code);
  void hear_alert();
  void note_errno(int code);

  int fd_ = -1;
  ssl_st* tls_ = nullptr;
  bool refused_ = false;
  std::string last_error_;
};

} // namespace troupe::cli
