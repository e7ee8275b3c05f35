// test/stress/client.hpp: one plain connection to a broker; never blocks, never hides an error.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe::stress {

struct message {
  std::string_view subject;
  uint64_t sid = 0;
  std::string_view reply;
  std::string_view payload; ///< headers included
};

class hub;

/// Belongs to one hub. Views handed to the callbacks die when they return; a callback may send on
/// any client and close any.
class client {
public:
  struct options {
    bool echo = true;
    bool speaks = true;     ///< sends CONNECT; false: what is sent is all that is sent
    std::string source;     ///< local address to connect from; empty: any
    int receive_buffer = 0; ///< bytes; 0: the system's choice
  };

  client(hub& home, uint16_t port, const options& how);
  client(hub& home, uint16_t port) : client{home, port, options{}} {}
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void send(std::string_view bytes);
  void publish(std::string_view subject, std::string_view payload, std::string_view reply = {});
  void subscribe(std::string_view subject, uint64_t sid, std::string_view queue = {});
  void unsubscribe(uint64_t sid, uint64_t max = 0);
  void ping();

  /// Bytes that the socket has not taken yet.
  size_t unsent() const { return out_.size() - out_head_; }
  /// While reading is off, the end of the connection goes unnoticed too.
  void read(bool on);
  /// No more is sent; what comes is still read.
  void finish_writing();
  /// Drops the connection, by RST if `reset`.
  void close(bool reset = false);
  bool open() const { return fd_ >= 0; }
  bool ended_by_peer() const { return ended_by_peer_; }

  uint64_t messages() const { return messages_; }
  uint64_t bytes() const { return bytes_; } ///< all that was read
  uint64_t pings() const { return pings_; } ///< sent with ping()
  uint64_t pongs() const { return pongs_; }
  bool in_step() const { return pings_ == pongs_; }
  const std::string& errors() const { return errors_; } ///< every -ERR, one a line

  std::function<void(const message&)> on_message;
  std::function<void()> on_pong;
  std::function<void()> on_end; ///< the peer ended it

private:
  friend class hub;
  void ready(uint32_t events);
  void write();
  void receive();
  void parse();
  bool parse_line(std::string_view line, size_t& next);
  void ended();
  void watch();

  hub& home_;
  int fd_ = -1;
  uint32_t watched_ = 0;
  bool reading_ = true;
  bool parses_ = true;
  bool finishing_ = false;
  bool ended_by_peer_ = false;
  std::string in_;
  size_t in_head_ = 0;
  std::string out_;
  size_t out_head_ = 0;
  uint64_t messages_ = 0, bytes_ = 0, pings_ = 0, pongs_ = 0;
  std::string errors_;
};

} // namespace troupe::stress
