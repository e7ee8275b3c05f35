// actors/peer_stream.hpp: one peer's socket: what was read and kept, what is queued and written.
#pragma once

#include "actors/destination.hpp"
#include "actors/messages.hpp"
#include "actors/reactor.hpp"
#include "actors/tls_stream.hpp"
#include "actors/websocket_stream.hpp"
#include "actors/write_patience.hpp"
#include "protocol/close_reason.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::actors {

/// The half of a connection or link that knows bytes but not their meaning: socket, TLS, websocket
/// frames, unfinished input, output, back-pressure, and the order in which all of it ends. The
/// actor that derives from it parses (`consume`) and says what its end means to others (`retire`).
/// Everything happens on its reactor's thread. In three files: peer_stream.cpp (input, life),
/// peer_stream_output.cpp, peer_stream_frames.cpp (what is different for websockets).
class peer_stream : public io_handler, public timer_owner {
public:
  /// Ends it now; `discard` drops what is queued.
  void close(protocol::close_reason reason, bool discard = false);
  bool is_open() const noexcept { return phase_ < phase::lingering; }

  void on_io(uint32_t events) override;
  void on_flush() override;

protected:
  enum class phase : uint8_t {
    sniffing,    // waiting for whoever speaks first: TLS or plain
    handshaking, // TLS
    talking,
    refusing,  // a failed login is answered late
    lingering, // what is queued goes out, then the socket closes
    closed,
  };
  /// Why input is not read at the moment.
  enum pause_reason : uint8_t { pause_fence = 1, pause_login = 2, pause_congestion = 4 };

  /// Input that is not a whole operation yet, or may not be looked at yet.
  struct kept_input {
    block_ref data;
    size_t size = 0;
    size_t wanted = 0;
  };

  /// `dest` has a slot of the broker's, which is given back with this.
  peer_stream(reactor& home, accepted_ptr socket, destination_ptr dest);
  peer_stream(const peer_stream&) = delete;
  peer_stream& operator=(const peer_stream&) = delete;
  ~peer_stream();

  // -- what the actor adds -----------------------------------------------------------------------

  virtual caf::strong_actor_ptr me() = 0;
  /// Parses `size` bytes of `data`, and keep()s what cannot be used yet.
  virtual void consume(block& data, size_t size) = 0;
  /// Everybody gets what this peer published so far.
  virtual void flush_batch() = 0;
  /// A batch for the peer: takes its figures, then queue()s it.
  virtual void take(const outgoing_ptr& batch) = 0;
  /// Input while it sniffs.
  virtual void sniff() = 0;
  virtual void tls_failed() = 0; ///< tls_ knows why; must close
  virtual void tls_done() = 0;   ///< must go on to `talking`
  /// Withdraws everything others know of this peer; called at least once, before the socket closes.
  virtual void retire(protocol::close_reason reason) = 0;
  /// The socket is closed; the actor may end.
  virtual void gone() = 0;
  /// For how long the peer may take nothing of what is queued.
  virtual loop_clock::duration write_deadline() const {
    return home_.current->options.timing.write_deadline;
  }
  /// Must it take all that waits within that time, and not just something of it?
  virtual bool must_take_all() const { return false; }

  // -- life --------------------------------------------------------------------------------------

  /// Registers the socket; input is read from now on.
  void open();
  /// Takes part in nothing from here on; closes when what is queued has been written.
  void linger(protocol::close_reason reason);
  void destroy();
  /// Is `which` one of its own? Then it has been dealt with.
  bool stream_timer(timer& which);
  void begin_handshake(security::tls_session session, loop_clock::duration limit);
  void continue_tls();
  std::string peer() const;

  // -- input -------------------------------------------------------------------------------------

  void read_input(size_t most = reactor::read_size);
  void keep(block& data, size_t from, size_t size, size_t wanted);
  void end_batch();
  void pause(pause_reason why);
  void unpause(pause_reason why);
  void update_events();

  // -- output ------------------------------------------------------------------------------------

  /// The batch of this peer's own answers, and of its messages to itself.
  outgoing& own();
  void say(std::string_view text);
  void say_error(std::string_view text);
  void queue_own();
  void queue(const outgoing_ptr& batch);
  void write_output();
  void await_drain(const caf::strong_actor_ptr& whom);
  void drained();
  void release_waiters();
  void wait_for_congested();
  /// It takes part in nothing any more.
  void stop_reading();

  reactor& home_;
  accepted_ptr socket_;
  destination_ptr dest_;
  io_token token_;
  phase phase_ = phase::talking;
  uint8_t paused_ = 0;
  bool blocked_ = false; // the socket takes no more
  bool parsing_ = false;
  int fd_ = -1;
  std::unique_ptr<tls_stream> tls_;
  websocket_stream* ws_ = nullptr; // the socket's own; null: no frames
  kept_input kept_;
  outgoing_ptr own_;
  int64_t queued_bytes_ = 0;
  std::vector<caf::strong_actor_ptr> waiters_; // publishers that read no more, for this peer's sake
  uint64_t stalls_ = 0;
  loop_clock::time_point last_activity_;
  timer life_timer_; // the actor's own limits; lingering

private:
  void read_large();
  bool unframe(char* data, size_t& size);
  void read_deflated();
  bool take_deflated(char*& in, size_t& left);
  size_t make_large_room();
  void read_early();
  void heed_frames();
  void line_up(const outgoing_ptr& batch);
  void queue_framed(const outgoing_ptr& batch);
  void queue_frame(const outgoing_ptr& frame);
  void discard_input();
  void input_failed(io_result::status what);
  void wrote(size_t bytes);
  void wait_for_room();
  void write_due();
  void wait_for_itself();
  void stop_waiting();

  uint32_t watched_events_ = 0;
  bool input_ended_ = false;
  bool filled_ = false; // the last read found as much as a usual one may take
  bool shut_ = false;
  uint32_t waiting_for_ = 0;
  std::vector<outgoing_ptr> queue_;
  outgoing_ptr backlog_;  // the last batch, if it may absorb others
  size_t queue_head_ = 0; // index of the first batch not wholly written
  size_t head_piece_ = 0;
  size_t head_offset_ = 0;
  write_patience patience_;
  uint64_t written_ = 0;
  timer write_timer_; // write deadline
  timer stall_timer_; // longest wait for a congested peer
};

} // namespace troupe::actors
