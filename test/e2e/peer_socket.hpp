// test/e2e/peer_socket.hpp: one raw client connection on which every wait has a deadline.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct ssl_st;

namespace troupe::e2e {
/// What a case finds wrong; its text is the reason that the runner prints.
struct case_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct tls_options {
  std::filesystem::path ca_file;     // whom the client trusts
  std::filesystem::path certificate; // empty: none is shown
  std::filesystem::path key;
  bool at_most_1_2 = false;
};

class peer_socket {
public:
  using clock = std::chrono::steady_clock;

  peer_socket(uint16_t port, std::chrono::milliseconds patience);
  ~peer_socket();
  peer_socket(const peer_socket&) = delete;
  peer_socket& operator=(const peer_socket&) = delete;

  /// A connection that a listener has accepted; `port`: the listener's.
  peer_socket(int accepted, uint16_t port, std::chrono::milliseconds patience);

  /// True if something still accepts connections on the port.
  static bool can_connect(uint16_t port);

  /// Returns an empty text, or why the handshake failed.
  std::string start_tls(const tls_options& options);

  /// By which the server's log names this end, if it has dialled.
  uint16_t own_port() const { return own_port_; }
  bool uses_tls() const { return ssl_ != nullptr; }

  /// An error of the peer's (it closed) is no failure here: the next read tells.
  void send(std::string_view bytes);
  void half_close();
  void close();

  /// Blocks until the server's process has taken every byte out of its socket, so that the next
  /// write is certain to arrive as a read of its own.
  void wait_until_read() const;

  /// Appends what arrives to `unread()`, `most` bytes of it; false at the end of the stream. Throws
  /// at the deadline.
  bool read_more(clock::time_point until, size_t most = 65536);
  bool read_more() { return read_more(clock::now() + patience_); }
  std::string_view unread() const { return unread_; }
  void consume(size_t bytes) { unread_.erase(0, bytes); }

private:
  void prepare() const;
  bool wait(short events, clock::time_point until) const;

  int fd_ = -1;
  uint16_t port_;
  uint16_t own_port_ = 0;
  std::chrono::milliseconds patience_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string unread_;
};
} // namespace troupe::e2e
