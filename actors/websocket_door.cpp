// actors/websocket_door.cpp: handshake, head, answer.
#include "actors/websocket_door.hpp"

#include "actors/log.hpp"
#include "actors/pinned.hpp"
#include "actors/tls_stream.hpp"
#include "actors/websocket_stream.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace troupe::actors {

namespace {

constexpr std::string_view leaf_path = "/leafnode";
/// RFC 6455 section 1.3.
constexpr std::string_view accept_salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// How long a peer that was refused may take to hear it.
constexpr auto longest_farewell = std::chrono::seconds{1};
constexpr int reads_a_turn = 16;

std::string to_base64(const unsigned char* data, int size) {
  std::array<unsigned char, 64> out;
  auto length = EVP_EncodeBlock(out.data(), data, size);
  return {reinterpret_cast<const char*>(out.data()), static_cast<size_t>(length)};
}

std::string accept_for(std::string_view key) {
  auto text = std::string{key} + std::string{accept_salt};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-1");
  return to_base64(digest.data(), static_cast<int>(size));
}

std::string make_key() {
  std::array<unsigned char, 16> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error("OpenSSL has no random bytes");
  return to_base64(random.data(), static_cast<int>(random.size()));
}

/// As it stands in front of another address; empty: it is no address.
std::string address_in(std::string_view said) {
  std::string text{said};
  in6_addr binary{};
  if (::inet_pton(AF_INET, text.c_str(), &binary) == 1)
    return text;
  return ::inet_pton(AF_INET6, text.c_str(), &binary) == 1 ? "[" + text + "]" : std::string{};
}

class websocket_door final : public pinned<part_actor::base>,
                             public io_handler,
                             public timer_owner {
public:
  websocket_door(caf::actor_config& cfg, reactor& home, accepted_ptr socket,
                 websocket_door_terms terms, websocket_door_outcome outcome)
      : pinned<part_actor::base>(cfg), home_{home}, socket_{std::move(socket)},
        terms_{std::move(terms)}, outcome_{std::move(outcome)}, timer_{*this} {}

  const char* name() const override { return "websocket door"; }

  behavior_type make_behavior() override {
    self_ = caf::actor_cast<part_actor>(this);
    set_down_handler([this](caf::down_msg&) { leave(); });
    monitor(home_.actor);
    begin();
    return {
        [this](atom::shut_down) { leave(); },
        [this](atom::tree) {
          actor_snapshot mine;
          mine.path = fmt::format("broker/reactor/{}/websocket", home_.index);
          mine.place = fmt::format("reactor {}", home_.index);
          mine.state = peer();
          return std::make_shared<std::vector<actor_snapshot>>(1, std::move(mine));
        },
    };
  }

  void on_exit() override {
    give_up();
    self_ = nullptr;
    if (home_.actor) // which else remembers each door that ever was
      demonitor(home_.actor.address());
  }

  // -- io_handler, timer_owner -------------------------------------------------------------------

  void on_io(uint32_t) override { go_on(); }
  void on_flush() override { go_on(); } // TLS may hold a record that epoll will never mention
  void on_fault(const char* what) noexcept override {
    try {
      fail(what);
    } catch (...) { // even the log failed: the socket must still go
      leave();
    }
  }
  void on_timer(timer&) override {
    if (doing_ == step::saying_no)
      leave();
    else
      fail("no upgrade within the time limit");
  }

private:
  enum class step : uint8_t { shaking_hands, reading, saying_yes, asking, saying_no };

  bool dials() const noexcept { return !terms_.host.empty(); }
  std::string peer() const {
    return socket_->ip.find(':') == std::string::npos
               ? fmt::format("{}:{}", socket_->ip, socket_->port)
               : fmt::format("[{}]:{}", socket_->ip, socket_->port);
  }

  void begin() {
    int one = 1;
    ::setsockopt(socket_->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watched_ = EPOLLIN;
    token_ = home_.loop.watch(socket_->fd, watched_, *this);
    home_.loop.timers().start(timer_, terms_.timeout);
    if (terms_.tls) {
      tls_ = std::make_unique<tls_stream>(terms_.tls->make_session(terms_.tls_host), socket_->fd);
      doing_ = step::shaking_hands;
    } else {
      speak();
    }
    if (dials())
      home_.loop.flush_later(token_); // the dialler begins
  }

  /// The connection is encrypted if it has to be.
  void speak() {
    if (!dials()) {
      doing_ = step::reading;
      return;
    }
    key_ = make_key();
    out_ = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n{}{}\r\n",
        terms_.path, terms_.host, key_, terms_.deflate ? protocol::websocket_deflate : "",
        terms_.no_masking ? "Nats-No-Masking: true\r\n" : "");
    doing_ = step::asking;
  }

  void go_on() {
    if (!token_)
      return;
    if (doing_ == step::shaking_hands && !shake_hands())
      return;
    if (!write())
      return;
    if (doing_ == step::asking)
      doing_ = step::reading;
    if (doing_ == step::saying_yes)
      pass_through();
    else
      read();
  }

  /// True: it is done.
  bool shake_hands() {
    switch (tls_->shake_hands()) {
    case tls_stream::handshake::want_read: watch(EPOLLIN); return false;
    case tls_stream::handshake::want_write: watch(EPOLLOUT); return false;
    case tls_stream::handshake::failed:
      fail("TLS handshake error: " + tls_->problem());
      return false;
    case tls_stream::handshake::done: break;
    }
    speak();
    return true;
  }

  /// True: all that there was is written.
  bool write() {
    while (!out_.empty()) {
      iovec one{out_.data(), out_.size()};
      auto result = tls_ ? tls_->write({&one, 1}) : write_socket(socket_->fd, {&one, 1});
      if (result.what == io_result::status::would_block) {
        watch(EPOLLOUT);
        return false;
      }
      if (result.what != io_result::status::ok) {
        fail("it was closed by the peer");
        return false;
      }
      out_.erase(0, result.bytes);
      if (out_.empty() && doing_ == step::saying_no) {
        if (tls_)
          tls_->send_close_notify();
        ::shutdown(socket_->fd, SHUT_WR);
      }
    }
    watch(EPOLLIN);
    return true;
  }

  void read() {
    std::array<char, 4096> part;
    for (int i = 0; i < reads_a_turn; ++i) {
      auto result = tls_ ? tls_->read(part.data(), part.size())
                         : read_socket(socket_->fd, part.data(), part.size());
      if (result.what == io_result::status::would_block)
        return;
      if (result.what != io_result::status::ok) {
        if (doing_ == step::saying_no)
          leave();
        else
          fail("it was closed by the peer");
        return;
      }
      if (doing_ == step::saying_no)
        continue; // its bytes are taken, or a RST could overtake our answer
      auto known = head_.size();
      head_.append(part.data(), result.bytes);
      auto size = protocol::http_head_size(head_, known);
      if (size == 0 && head_.size() <= protocol::longest_http_head)
        continue;
      if (size == 0 || size > protocol::longest_http_head)
        refuse({431, "more than 16 KiB of headers"});
      else if (dials())
        judge_answer(size);
      else
        judge_request(size);
      return;
    }
    home_.loop.flush_later(token_); // others have a turn first
  }

  void judge_request(size_t size) {
    auto parsed = protocol::parse_websocket_request(std::string_view{head_}.substr(0, size));
    if (const auto* no = std::get_if<protocol::http_refusal>(&parsed)) {
      refuse(*no);
      return;
    }
    const auto& request = std::get<protocol::websocket_request>(parsed);
    leaf_ = request.path.ends_with(leaf_path);
    no_masking_ = request.no_masking;
    deflates_ = terms_.deflate && request.deflate;
    if (size < head_.size())
      refuse({400, "client sent data before handshake is complete"});
    else if (!is_from_here(request))
      refuse({403, "origin not allowed"});
    else if (request.path.ends_with("/mqtt"))
      refuse({404, "mqtt websocket endpoint not enabled"});
    else if (leaf_ && !terms_.takes_leafs)
      refuse({404, "not configured to accept leaf node connections; leafnodes.port is not set"});
    else
      accept(request);
  }

  /// Of whoever names an origin: is it one that may come?
  bool is_from_here(const protocol::websocket_request& request) const {
    if (request.origin.empty() || (!terms_.same_origin && terms_.origins.empty()))
      return true;
    auto origin = protocol::parse_web_origin(request.origin);
    if (origin.scheme.empty())
      return false;
    if (terms_.same_origin && origin != protocol::origin_of_host(request.host, tls_ != nullptr))
      return false;
    return terms_.origins.empty()
           || std::find(terms_.origins.begin(), terms_.origins.end(), origin)
                  != terms_.origins.end();
  }

  void accept(const protocol::websocket_request& request) {
    if (!leaf_ && terms_.cookies.any())
      take_cookies(request.cookies);
    forwarded_for_ = address_in(request.forwarded_for);
    out_ = fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n{}{}{}\r\n",
                       accept_for(request.key), deflates_ ? protocol::websocket_deflate : "",
                       terms_.headers, no_masking_ ? "Nats-No-Masking: true\r\n" : "");
    head_.clear();
    doing_ = step::saying_yes;
    go_on();
  }

  void take_cookies(const std::vector<std::string_view>& from) {
    auto value_of = [&](const std::string& name) {
      return std::string{name.empty() ? std::string_view{} : protocol::find_cookie(from, name)};
    };
    const auto& names = terms_.cookies;
    cookies_ = std::make_unique<const cookie_credentials>(
        cookie_credentials{value_of(names.jwt), value_of(names.user), value_of(names.password),
                           value_of(names.token)});
  }

  void refuse(protocol::http_refusal no) {
    if (dials()) {
      fail(no.why);
      return;
    }
    log::error("{} - {} upgrade refused: {}", peer(), terms_.what, no.why);
    out_ = fmt::format("HTTP/1.1 {} {}\r\nSec-Websocket-Version: 13\r\n"
                       "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
                       "Connection: close\r\n\r\n{}\n",
                       no.status, protocol::http_phrase(no.status), no.why.size() + 1, no.why);
    doing_ = step::saying_no;
    home_.loop.timers().start(timer_, longest_farewell);
    go_on();
  }

  void judge_answer(size_t size) {
    auto answer = protocol::parse_websocket_answer(std::string_view{head_}.substr(0, size),
                                                   accept_for(key_), terms_.deflate);
    if (!answer.problem.empty()) {
      fail(answer.problem);
      return;
    }
    no_masking_ = terms_.no_masking && answer.no_masking;
    deflates_ = answer.deflate;
    head_.erase(0, size);
    leaf_ = true;
    pass_through();
  }

  void pass_through() {
    unwatch();
    auto socket = std::exchange(socket_, nullptr);
    socket->websocket =
        std::make_shared<websocket_stream>(websocket_stream::terms{dials(), no_masking_, deflates_},
                                           std::move(tls_), std::move(head_));
    socket->websocket->cookies = std::move(cookies_);
    socket->websocket->forwarded_for = std::move(forwarded_for_);
    outcome_.through(std::move(socket), leaf_);
    end();
  }

  void fail(std::string_view why) {
    log::error("{} - {} not established: {}", peer(), terms_.what, log::printable(why, 1024));
    leave();
  }

  void leave() noexcept {
    give_up();
    end();
  }

  /// What calls may be the loop's rather than CAF's, so it ends by mail.
  void end() {
    outcome_ = {};
    if (self_)
      caf::anon_send_exit(std::exchange(self_, nullptr), caf::exit_reason::user_shutdown);
  }

  /// Closes the socket, if it is still here.
  void give_up() {
    unwatch();
    tls_.reset();
    if (auto socket = std::exchange(socket_, nullptr)) {
      ::close(socket->fd);
      if (outcome_.failed)
        outcome_.failed();
    }
  }

  void watch(uint32_t events) {
    if (events != watched_)
      home_.loop.rewatch(token_, socket_->fd, events);
    watched_ = events;
  }

  void unwatch() {
    timer_.stop();
    if (token_)
      home_.loop.unwatch(token_, socket_->fd);
    token_ = {};
  }

  reactor& home_;
  part_actor self_; // nobody else holds it
  accepted_ptr socket_;
  const websocket_door_terms terms_;
  websocket_door_outcome outcome_;
  timer timer_;
  io_token token_;
  uint32_t watched_ = 0;
  step doing_ = step::reading;
  std::unique_ptr<tls_stream> tls_;
  std::string key_;  // what we asked with
  std::string out_;  // not written yet
  std::string head_; // of the peer, and what came behind it
  std::unique_ptr<const cookie_credentials> cookies_;
  std::string forwarded_for_; // what a proxy says it came for
  bool leaf_ = false;
  bool no_masking_ = false;
  bool deflates_ = false;
};

} // namespace

void spawn_websocket_door(caf::actor_system& sys, reactor& home, accepted_ptr socket,
                          websocket_door_terms terms, websocket_door_outcome outcome) {
  caf::actor_config where{&home.loop};
  sys.spawn_class<websocket_door, caf::no_spawn_options>(where, home, std::move(socket),
                                                         std::move(terms), std::move(outcome));
}

} // namespace troupe::actors
