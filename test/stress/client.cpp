// test/stress/client.cpp: one plain connection to a broker.
#include "client.hpp"

#include "hub.hpp"

#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::stress {
namespace {

constexpr size_t read_size = 256 * 1024;

sockaddr_in address_of(const std::string& host, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &out.sin_addr);
  return out;
}

std::string_view next_word(std::string_view& line) {
  auto end = line.find(' ');
  auto out = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return out;
}

uint64_t number(std::string_view text) {
  uint64_t out = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (bad != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error(fmt::format("the broker sent \"{}\" for a number", text));
  return out;
}

} // namespace

client::client(hub& home, uint16_t port, const options& how) : home_{home}, parses_{how.speaks} {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    throw std::runtime_error("no more sockets");
  int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (how.receive_buffer > 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &how.receive_buffer, sizeof how.receive_buffer);
  if (!how.source.empty()) {
    ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    auto from = address_of(how.source, 0);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from);
  }
  auto to = address_of("127.0.0.1", port);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0
      && errno != EINPROGRESS) {
    ::close(fd_);
    throw std::runtime_error(fmt::format("cannot connect: error {}", errno));
  }
  home_.add(*this);
  watched_ = EPOLLIN;
  if (how.speaks)
    out_ = fmt::format("CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true,"
                       "\"echo\":{},\"lang\":\"stress\",\"version\":\"1\",\"protocol\":1}}\r\n",
                       how.echo);
  watch();
}

client::~client() {
  close();
}

void client::send(std::string_view bytes) {
  if (fd_ < 0)
    return;
  out_ += bytes;
  watch();
}

void client::publish(std::string_view subject, std::string_view payload, std::string_view reply) {
  if (fd_ < 0)
    return;
  fmt::format_to(std::back_inserter(out_), "PUB {} {}{}{}\r\n{}\r\n", subject, reply,
                 reply.empty() ? "" : " ", payload.size(), payload);
  watch();
}

void client::subscribe(std::string_view subject, uint64_t sid, std::string_view queue) {
  send(fmt::format("SUB {} {}{}{}\r\n", subject, queue, queue.empty() ? "" : " ", sid));
}

void client::unsubscribe(uint64_t sid, uint64_t max) {
  send(max > 0 ? fmt::format("UNSUB {} {}\r\n", sid, max) : fmt::format("UNSUB {}\r\n", sid));
}

void client::ping() {
  ++pings_;
  send("PING\r\n");
}

void client::read(bool on) {
  reading_ = on;
  watch();
}

void client::finish_writing() {
  finishing_ = true;
  watch();
}

void client::close(bool reset) {
  if (fd_ < 0)
    return;
  if (reset) {
    linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  home_.remove(*this);
  ::close(fd_);
  fd_ = -1;
}

/// Writing waits for the loop, so that what is said in one turn goes out in one write.
void client::watch() {
  if (fd_ < 0)
    return;
  uint32_t events = reading_ ? EPOLLIN : 0u;
  if (unsent() > 0 || finishing_)
    events |= EPOLLOUT;
  if (events != watched_) {
    watched_ = events;
    home_.change(*this, events);
  }
}

void client::ready(uint32_t events) {
  if ((events & EPOLLOUT) != 0)
    write();
  if (fd_ >= 0 && reading_ && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
    receive();
  else if (fd_ >= 0 && !reading_ && (events & (EPOLLHUP | EPOLLERR)) != 0)
    ended();
}

void client::write() {
  if (unsent() > 0) {
    auto done = ::send(fd_, out_.data() + out_head_, unsent(), MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN && errno != ENOTCONN) {
      if (reading_) // what the broker said last is still to be read
        out_head_ = out_.size();
      else
        return ended();
    }
    out_head_ += done > 0 ? static_cast<size_t>(done) : 0;
    if (out_head_ == out_.size()) {
      out_.clear();
      out_head_ = 0;
    } else if (out_head_ > read_size) {
      out_.erase(0, out_head_);
      out_head_ = 0;
    }
  }
  if (unsent() == 0 && finishing_) {
    ::shutdown(fd_, SHUT_WR);
    finishing_ = false;
  }
  watch();
}

void client::receive() {
  auto before = in_.size();
  in_.resize(before + read_size);
  auto got = ::recv(fd_, in_.data() + before, read_size, 0);
  in_.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got > 0) {
    bytes_ += static_cast<uint64_t>(got);
    if (parses_)
      parse();
    else
      in_.clear();
    if (in_.capacity() > 2 * read_size && in_.size() < 4096)
      in_.shrink_to_fit();
    return;
  }
  if (got < 0 && (errno == EAGAIN || errno == ENOTCONN))
    return;
  ended();
}

void client::ended() {
  ended_by_peer_ = true;
  close();
  if (on_end)
    on_end();
}

void client::parse() {
  for (;;) {
    std::string_view rest{in_};
    rest.remove_prefix(in_head_);
    auto end = rest.find('\n');
    if (end == rest.npos)
      break;
    size_t next = end + 1;
    auto line = rest.substr(0, end > 0 && rest[end - 1] == '\r' ? end - 1 : end);
    if (!parse_line(line, next))
      break;
    if (fd_ < 0)
      return;
    in_head_ += next;
  }
  in_.erase(0, in_head_);
  in_head_ = 0;
}

/// `next` is where the payload begins, and then where the next operation does. False: it is not
/// whole yet.
bool client::parse_line(std::string_view line, size_t& next) {
  auto kind = next_word(line);
  if (kind == "MSG" || kind == "HMSG") {
    message got;
    got.subject = next_word(line);
    got.sid = number(next_word(line));
    auto words = std::count(line.begin(), line.end(), ' ') + 1;
    if (words == (kind == "MSG" ? 2 : 3))
      got.reply = next_word(line);
    if (kind == "HMSG")
      next_word(line);
    auto size = number(line);
    auto have = in_.size() - in_head_ - next;
    if (have < size + 2) {
      in_.reserve(in_.size() + size);
      return false;
    }
    got.payload = std::string_view{in_}.substr(in_head_ + next, size);
    if (std::string_view{in_}.substr(in_head_ + next + size, 2) != "\r\n")
      throw std::runtime_error("a message does not end where its size says");
    next += size + 2;
    ++messages_;
    if (on_message)
      on_message(got);
  } else if (kind == "PONG") {
    ++pongs_;
    if (on_pong)
      on_pong();
  } else if (kind == "PING") {
    send("PONG\r\n");
  } else if (kind == "-ERR") {
    errors_.append(line).append("\n");
  } else if (kind != "INFO" && kind != "+OK") {
    throw std::runtime_error(fmt::format("the broker sent \"{} {}\"", kind, line));
  }
  return true;
}

} // namespace troupe::stress
