// federation/peer_link.hpp: the half of a link that knows its socket but not its protocol.
#pragma once

#include "actors/interest_news.hpp"
#include "actors/link_destination.hpp"
#include "actors/peer_stream.hpp"
#include "actors/snapshot.hpp"
#include "federation/link_terms.hpp"
#include "protocol/client_parser.hpp"
#include "protocol/close_reason.hpp"
#include "security/certificate.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::federation {

/// How nats-server speaks of links of one kind in its log.
struct link_words {
  std::string_view created; ///< "Route connection created"
  std::string_view closed;  ///< "Router connection closed"
  std::string_view tls;     ///< "TLS route handshake error"
  std::string_view prefix;  ///< "rid": its number in log lines
};

/// A peer_stream with what routes, gateways and leaf nodes have in common: TLS from the first byte,
/// or as soon as the peer turns out to begin with it, or none; a time
/// limit for the handshake, pings, a peer that hangs, figures. The actor that derives from it owns
/// the session that knows the protocol. Everything on its reactor's thread.
class peer_link : public actors::peer_stream {
public:
  void on_timer(actors::timer& which) override;
  void on_fault(const char* what) noexcept override;

protected:
  /// `dialled`: the host that the peer's certificate has to name; null: the peer came to us.
  peer_link(actors::reactor& home, actors::accepted_ptr socket, actors::link_destination_ptr dest,
            link_terms_ptr terms, const link_words& words, const std::string* dialled);
  ~peer_link() = default;

  // -- what the protocol adds --------------------------------------------------------------------

  /// The connection is there, and encrypted if it has to be: whoever speaks first may speak.
  virtual void begin() = 0;
  /// As link_parser does; the views of messages lie in `owner`.
  virtual protocol::parse_progress parse(std::string_view in, actors::block& owner) = 0;
  /// Others should have a turn, and what was published be sent, before it parses on.
  virtual bool has_enough() const = 0;
  /// The peer may take part.
  virtual bool admitted() const = 0;
  /// It has said all it has to; somebody else has to make up his mind about it.
  virtual bool awaits_decision() const = 0;
  /// Withdraws its interest; called once.
  virtual void withdraw() = 0;
  /// By mail to itself: the next part of the interest is told, after whatever else is waiting.
  virtual void tell_next() = 0;

  // -- life --------------------------------------------------------------------------------------

  /// Registers the socket, and begins with TLS or without.
  void start();
  /// From now on the peer gets messages, is pinged (at once: its round trip is known soon, and its
  /// answer says that it has let us in), and must answer.
  void let_in();
  /// `text` goes to the log, `error` to the peer as -ERR; both may be empty.
  void end(protocol::close_reason why, std::string_view error, std::string_view text, bool loudly);
  /// A PONG has come.
  void note_pong();
  /// There is more interest to be told: tell_next(), when the peer has read most of what was said.
  /// It may be more than a slow reader may have before it, and can wait, unlike messages.
  void tell_when_read();
  /// Changes of interest counted so much until they were told, which they are now.
  void told(const actors::interest_changes& changes);
  /// In the place of peer_stream's.
  void drained();
  /// Figures of what others wrote directly are taken in.
  void settle_figures();
  /// "10.0.0.1:6222 - rid:5"
  std::string who() const;
  bool was_dialled() const noexcept { return dialled_; }
  /// What names the peer in the certificate that it has shown, if it has.
  std::optional<security::certificate_identity> certificate() const;

  // -- peer_stream -------------------------------------------------------------------------------

  void consume(actors::block& data, size_t size) override;
  void flush_batch() override;
  void take(const actors::outgoing_ptr& batch) override;
  void sniff() override;
  void tls_failed() override;
  void tls_done() override;
  void retire(protocol::close_reason reason) override;
  actors::loop_clock::duration write_deadline() const override { return common_->write_deadline; }
  bool must_take_all() const override { return common_->close_when_behind; }

  const actors::link_destination_ptr link_;
  link_terms_ptr common_; ///< replaced by the actor when a reload comes
  uint64_t out_messages_ = 0, out_bytes_ = 0;
  actors::loop_clock::time_point started_;
  std::chrono::nanoseconds rtt_{0};

private:
  void talk();
  void life_due();
  void ping();

  const link_words& words_;
  const bool dialled_;
  const std::string tls_host_;
  bool retired_ = false;
  bool owes_interest_ = false; // it waits in its own list of those that wait for this peer
  uint32_t pings_out_ = 0;
  actors::loop_clock::time_point ping_sent_;
};

/// When something happened, by the wall clock.
actors::wall_time wall(const actors::event_loop& loop, actors::loop_clock::time_point when);

} // namespace troupe::federation
