// protocol/server_parser.hpp: cuts what a server sends its client into operations, without copying.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::protocol {

/// Every way a server's stream can be unreadable for a client.
enum class server_stream_error : uint8_t {
  none = 0,
  unknown_operation,
  line_too_long,
  bad_arguments,
  payload_too_large,
  bad_payload_end,
};

constexpr std::string_view describe(server_stream_error code) {
  switch (code) {
  case server_stream_error::none: return "no error";
  case server_stream_error::unknown_operation: return "the server sent an unknown operation";
  case server_stream_error::line_too_long: return "the server sent an endless control line";
  case server_stream_error::bad_arguments: return "the server sent a message with bad arguments";
  case server_stream_error::payload_too_large: return "the server announced a too large payload";
  case server_stream_error::bad_payload_end: return "a payload does not end where the server said";
  }
  return "";
}

/// What a client believes of a server. Both in bytes; an INFO with many URLs is a long line.
struct server_stream_limits {
  size_t max_control_line = 1024 * 1024;
  size_t max_payload = 64 * 1024 * 1024;
};

/// One MSG or HMSG. All views point into the bytes given to parse_server_stream().
struct server_message {
  std::string_view subject;
  std::string_view sid;
  std::string_view reply;   ///< empty: none
  std::string_view headers; ///< the block with its closing blank line; empty: a plain MSG
  std::string_view payload; ///< without the headers
};

namespace detail {

/// The blank-separated words of one line; any run of SP and TAB is one separator.
struct line_words {
  std::array<std::string_view, 6> word;
  size_t count = 0; ///< 6 also means "six or more"

  explicit line_words(std::string_view line) noexcept {
    constexpr std::string_view blanks = " \t";
    for (auto at = line.find_first_not_of(blanks); at != line.npos && count < word.size();) {
      auto end = line.find_first_of(blanks, at);
      word[count++] = line.substr(at, end - at);
      at = line.find_first_not_of(blanks, end);
    }
  }
};

/// One to nine digits; anything else is refused.
constexpr bool parse_size(std::string_view text, size_t& out) noexcept {
  if (text.empty() || text.size() > 9)
    return false;
  out = 0;
  for (char c : text) {
    if (c < '0' || c > '9')
      return false;
    out = out * 10 + static_cast<size_t>(c - '0');
  }
  return true;
}

/// True if `line` opens with `verb` (upper case) in any mixture of cases, followed by a blank or
/// nothing; `rest` is then what follows.
constexpr bool opens_with(std::string_view line, std::string_view verb,
                          std::string_view& rest) noexcept {
  if (line.size() < verb.size())
    return false;
  for (size_t i = 0; i < verb.size(); ++i) {
    char c = line[i];
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
    if (c != verb[i])
      return false;
  }
  rest = line.substr(verb.size());
  if (rest.empty())
    return true;
  if (rest.front() != ' ' && rest.front() != '\t')
    return false;
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t'))
    rest.remove_prefix(1);
  return true;
}

struct message_args {
  server_message msg;
  size_t header_size = 0;
  size_t total_size = 0;
};

/// MSG: subject sid [reply] size; HMSG: subject sid [reply] header-size total-size.
inline bool parse_message_args(std::string_view text, bool with_headers, message_args& out) {
  line_words args{text};
  size_t sizes = with_headers ? 2 : 1;
  if (args.count != 2 + sizes && args.count != 3 + sizes)
    return false;
  out.msg.subject = args.word[0];
  out.msg.sid = args.word[1];
  if (args.count == 3 + sizes)
    out.msg.reply = args.word[2];
  if (with_headers && !parse_size(args.word[args.count - 2], out.header_size))
    return false;
  return parse_size(args.word[args.count - 1], out.total_size) && out.header_size <= out.total_size;
}

/// The text of -ERR without its quotes.
constexpr std::string_view unquote(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'')
    return text.substr(1, text.size() - 2);
  return text;
}

} // namespace detail

/// Hands every complete operation in `in` to `sink` and returns how many bytes that used up; the
/// caller keeps the rest. Views given to `sink` die when this returns. `sink` has:
///   on_info(json)  on_message(const server_message&)  on_ping()  on_pong()  on_ok()
///   on_err(text)                     what the server complains of: the words of its -ERR
///   on_broken(server_stream_error)   the stream cannot be read any further; close it
/// (client-protocol.md sections 2, 4 and 5.2)
template <class Sink>
size_t parse_server_stream(std::string_view in, const server_stream_limits& lim, Sink& sink) {
  size_t done = 0;
  auto broken = [&](server_stream_error code) {
    sink.on_broken(code);
    return done;
  };
  while (done < in.size()) {
    auto eol = in.find('\n', done);
    auto line = in.substr(done, eol - done); // no '\n' yet: npos reaches to the end
    if (line.size() > lim.max_control_line)
      return broken(server_stream_error::line_too_long);
    if (eol == in.npos)
      return done;
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    auto next = eol + 1;
    std::string_view rest;
    bool with_headers = detail::opens_with(line, "HMSG", rest);
    if (with_headers || detail::opens_with(line, "MSG", rest)) {
      detail::message_args args;
      if (!detail::parse_message_args(rest, with_headers, args))
        return broken(server_stream_error::bad_arguments);
      if (args.total_size > lim.max_payload) // before waiting for a byte of it
        return broken(server_stream_error::payload_too_large);
      if (in.size() - next < args.total_size + 2)
        return done;
      if (in.substr(next + args.total_size, 2) != "\r\n")
        return broken(server_stream_error::bad_payload_end);
      args.msg.headers = in.substr(next, args.header_size);
      args.msg.payload = in.substr(next + args.header_size, args.total_size - args.header_size);
      sink.on_message(args.msg);
      next += args.total_size + 2;
    } else if (detail::opens_with(line, "PING", rest)) {
      sink.on_ping();
    } else if (detail::opens_with(line, "PONG", rest)) {
      sink.on_pong();
    } else if (detail::opens_with(line, "+OK", rest)) {
      sink.on_ok();
    } else if (detail::opens_with(line, "-ERR", rest)) {
      sink.on_err(detail::unquote(rest));
    } else if (detail::opens_with(line, "INFO", rest)) {
      sink.on_info(rest);
    } else {
      return broken(server_stream_error::unknown_operation);
    }
    done = next;
  }
  return done;
}

} // namespace troupe::protocol
