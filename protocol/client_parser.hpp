// protocol/client_parser.hpp: cuts one client's byte stream into operations, without copying.
//
// Source: client-protocol.md sections 3 to 5. A verb may arrive in any case and be cut anywhere.
#pragma once

#include "protocol/errc.hpp"
#include "protocol/scan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace troupe::protocol {

struct parser_limits {
  size_t max_control_line = 4096;    ///< bytes of arguments after the verb
  int64_t max_payload = 1024 * 1024; ///< bytes of headers and body; -1: no limit
};

/// A PUB or HPUB. `data` is headers and body; the two bytes behind it are always "\r\n", so that
/// `wire()` can be forwarded in one piece.
struct publication {
  std::string_view subject;
  std::string_view reply;
  std::string_view data;
  size_t header_size = 0;
  bool has_header = false; ///< came as HPUB
  std::string_view wire() const noexcept { return {data.data(), data.size() + 2}; }
};

/// How far a parse came.
struct parse_progress {
  size_t used = 0;   ///< bytes of complete operations; the caller keeps the rest
  size_t wanted = 0; ///< bytes that the unfinished operation will have in all, 0: not known yet
};

enum class verb : uint8_t {
  partial,
  unknown,
  connect,
  pub,
  hpub,
  sub,
  unsub,
  ping,
  pong,
  info,
  ok,
  err
};

/// The verb that `in` starts with; `length` becomes the number of bytes of its name. `partial`
/// means: more bytes could still make it one.
inline verb read_verb(std::string_view in, size_t& length) noexcept {
  static constexpr std::array<verb_name<verb>, 10> table{{{"PUB", verb::pub},
                                                          {"HPUB", verb::hpub},
                                                          {"SUB", verb::sub},
                                                          {"UNSUB", verb::unsub},
                                                          {"PING", verb::ping},
                                                          {"PONG", verb::pong},
                                                          {"CONNECT", verb::connect},
                                                          {"INFO", verb::info},
                                                          {"+OK", verb::ok},
                                                          {"-ERR", verb::err}}};
  return find_verb(in, table, length);
}

/// Within one parse(), equal subjects of equal control lines in a row are the same view.
/// `Sink` has these members; each returns false to stop behind the operation (to wait, or because
/// the connection ends):
///   bool on_first_byte(char)       before anything else, only while `sink.silent()` is true
///   bool on_connect(string_view json), on_info(json), on_peer_error(text)
///   bool on_publish(const publication&)
///   bool on_subscribe(subject, queue, sid), on_unsubscribe(sid, optional<int64_t> max)
///   bool on_ping(), on_pong()
///   void on_violation(errc)        the stream is unusable from here on
/// and `bool accepts_headers()`. Views point into `in`: they die when parse() returns.
template <class Sink>
class client_parser {
public:
  client_parser(Sink& sink, const parser_limits& limits) noexcept : sink_{sink}, limits_{limits} {}

  parse_progress parse(std::string_view in) {
    begin_ = in.data();
    at_ = begin_;
    end_ = begin_ + in.size();
    wanted_ = 0;
    last_line_ = {};
    while (at_ != end_ && next()) {
    }
    return {static_cast<size_t>(at_ - begin_), wanted_};
  }

private:
  static constexpr size_t max_arguments = 5;

  struct arguments {
    std::array<std::string_view, max_arguments> item;
    size_t count = 0;
  };

  bool fail(errc code) {
    sink_.on_violation(code);
    return false;
  }

  /// One operation: true when `at_` moved behind it and the sink wants more.
  bool next() {
    // Publishers repeat themselves: the same control line, byte for byte, is the same operation.
    if (repeats(last_line_, at_, end_))
      return payload(last_, at_ + last_line_.size());
    if (end_ - at_ > 4 && std::memcmp(at_, "PUB ", 4) == 0 && !sink_.silent()) [[likely]]
      return publish(at_ + 4, false);
    if (sink_.silent() && !sink_.on_first_byte(*at_))
      return false;
    size_t length = 0;
    auto what = read_verb({at_, static_cast<size_t>(end_ - at_)}, length);
    const char* rest = at_ + length;
    switch (what) {
    case verb::partial: return false;
    case verb::unknown: return fail(errc::unknown_operation);
    case verb::pub: return after_blank(rest) && publish(rest, false);
    case verb::hpub: return after_blank(rest) && publish(rest, true);
    case verb::sub: return after_blank(rest) && subscribe(rest);
    case verb::unsub: return after_blank(rest) && unsubscribe(rest);
    case verb::connect: return text(rest, [this](auto json) { return sink_.on_connect(json); });
    case verb::info: return text(rest, [this](auto json) { return sink_.on_info(json); });
    case verb::err: return text(rest, [this](auto words) { return sink_.on_peer_error(words); });
    case verb::ping: return text(rest, [this](auto) { return sink_.on_ping(); });
    case verb::pong: return text(rest, [this](auto) { return sink_.on_pong(); });
    case verb::ok: return text(rest, [](auto) { return true; });
    }
    return fail(errc::unknown_operation);
  }

  /// Verbs with arguments need a blank behind their name.
  bool after_blank(const char* rest) {
    if (rest == end_)
      return false;
    return is_blank(*rest) || fail(errc::unknown_operation);
  }

  /// The control line's arguments from `from` on; `line_end` becomes the byte behind its LF.
  /// False if the line is not complete, or too long (which the sink has been told).
  bool line(const char* from, std::string_view& args, const char*& line_end) {
    from = skip_blanks(from, end_);
    auto size = static_cast<size_t>(end_ - from);
    auto* newline = static_cast<const char*>(std::memchr(from, '\n', size));
    size_t length = newline ? static_cast<size_t>(newline - from) : size;
    if (length > 0 && from[length - 1] == '\r')
      --length;
    if (length > limits_.max_control_line)
      return fail(errc::control_line_too_long);
    if (!newline)
      return false;
    args = {from, length};
    line_end = newline + 1;
    return true;
  }

  template <class F>
  bool text(const char* from, F&& deliver) {
    std::string_view args;
    const char* behind = nullptr;
    if (!line(from, args, behind))
      return false;
    while (!args.empty() && is_blank(args.back()))
      args.remove_suffix(1);
    at_ = behind;
    return deliver(args);
  }

  /// Cuts at blanks; a stray CR inside a line is one too. More than fit: count says so.
  static arguments split(std::string_view args) noexcept {
    arguments out;
    const char* at = args.data();
    const char* end = at + args.size();
    for (;;) {
      while (at != end && ends_token(*at))
        ++at;
      if (at == end)
        return out;
      const char* stop = find_token_end(at, end);
      if (out.count == max_arguments) {
        ++out.count;
        return out;
      }
      out.item[out.count++] = {at, static_cast<size_t>(stop - at)};
      at = stop;
    }
  }

  bool subscribe(const char* from) {
    std::string_view args;
    const char* behind = nullptr;
    if (!line(from, args, behind))
      return false;
    auto a = split(args);
    if (a.count != 2 && a.count != 3)
      return fail(errc::malformed_arguments);
    at_ = behind;
    return a.count == 2 ? sink_.on_subscribe(a.item[0], std::string_view{}, a.item[1])
                        : sink_.on_subscribe(a.item[0], a.item[1], a.item[2]);
  }

  bool unsubscribe(const char* from) {
    std::string_view args;
    const char* behind = nullptr;
    if (!line(from, args, behind))
      return false;
    auto a = split(args);
    if (a.count != 1 && a.count != 2)
      return fail(errc::malformed_arguments);
    at_ = behind;
    // Anything but a number means "at once", as it does for 0.
    auto max = a.count == 2 ? std::optional<int64_t>{parse_size(a.item[1])} : std::nullopt;
    return sink_.on_unsubscribe(a.item[0], max);
  }

  bool publish(const char* from, bool has_header) {
    std::string_view args;
    const char* body = nullptr;
    publication pub;
    int64_t total = 0;
    if (!has_header && plain_line(from, pub.subject, total, body)) {
      // The one shape that matters: PUB <subject> <size>\r\n with single blanks.
    } else {
      if (!line(from, args, body))
        return false;
      auto a = split(args);
      size_t sizes = has_header ? 2 : 1;
      if (a.count != 1 + sizes && a.count != 2 + sizes)
        return fail(errc::malformed_arguments);
      if (has_header && !sink_.accepts_headers())
        return fail(errc::malformed_arguments);
      pub.subject = a.item[0];
      if (a.count == 2 + sizes)
        pub.reply = a.item[1];
      total = parse_size(a.item[a.count - 1]);
      if (has_header) {
        auto head = parse_size(a.item[a.count - 2]);
        if (head < 0 || head > total)
          return fail(errc::malformed_arguments);
        pub.header_size = static_cast<size_t>(head);
        pub.has_header = head > 0;
      }
    }
    if (total < 0)
      return fail(errc::malformed_arguments);
    if (limits_.max_payload >= 0 && total > limits_.max_payload)
      return fail(errc::payload_too_large); // before we wait for, or reserve, a byte of it
    pub.data = {body, static_cast<size_t>(total)};
    last_line_ = {at_, static_cast<size_t>(body - at_)};
    last_ = pub;
    return payload(pub, body);
  }

  /// The counted bytes behind a control line that ends at `body`.
  bool payload(const publication& what, const char* body) {
    size_t size = what.data.size();
    if (static_cast<size_t>(end_ - body) < size + 2) {
      wanted_ = static_cast<size_t>(body - at_) + size + 2;
      return false;
    }
    if (body[size] != '\r' || body[size + 1] != '\n')
      return fail(errc::unknown_operation);
    auto pub = what;
    pub.data = {body, size};
    at_ = body + size + 2;
    return sink_.on_publish(pub);
  }

  /// Reads `<subject> <size>\r\n`; false without a trace if the line looks any different.
  bool plain_line(const char* from, std::string_view& subject, int64_t& size,
                  const char*& behind) noexcept {
    const char* stop = find_token_end(from, end_);
    if (stop == from || stop == end_ || *stop != ' ')
      return false;
    const char* digit = stop + 1;
    int64_t value = 0;
    for (; digit != end_ && *digit >= '0' && *digit <= '9'; ++digit) {
      if (digit - stop > 9)
        return false;
      value = value * 10 + (*digit - '0');
    }
    if (digit == stop + 1 || end_ - digit < 2 || digit[0] != '\r' || digit[1] != '\n')
      return false;
    if (static_cast<size_t>(digit - from) > limits_.max_control_line)
      return false;
    subject = {from, static_cast<size_t>(stop - from)};
    size = value;
    behind = digit + 2;
    return true;
  }

  Sink& sink_;
  const parser_limits& limits_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  size_t wanted_ = 0;
  std::string_view last_line_; // of a PUB or HPUB earlier in this input
  publication last_;           // what it said
};

} // namespace troupe::protocol
