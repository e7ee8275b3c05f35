// test/protocol/parser_journal.hpp: a sink that writes down what a parser told it.
#pragma once

#include "protocol/client_parser.hpp"

#include <string>

namespace troupe::test {

/// One entry an operation; everything it heard is in `text`.
struct parser_journal {
  std::string text;
  bool silent_peer = false;
  bool headers = true;

  bool silent() const { return silent_peer; }
  bool accepts_headers() const { return headers; }
  bool on_first_byte(char c) {
    silent_peer = false;
    text += "first ";
    text += c;
    text += ';';
    return true;
  }
  bool on_connect(std::string_view json) { return note("connect ", json); }
  bool on_info(std::string_view json) { return note("info ", json); }
  bool on_peer_error(std::string_view words) { return note("err ", words); }
  bool on_ping() { return note("ping", {}); }
  bool on_pong() { return note("pong", {}); }
  bool on_publish(const protocol::publication& pub) {
    text += pub.has_header ? "hpub " : "pub ";
    text += pub.subject;
    if (!pub.reply.empty())
      text.append(" reply ").append(pub.reply);
    if (pub.has_header)
      text += " head " + std::to_string(pub.header_size);
    text.append("=").append(pub.data).append(";");
    return true;
  }
  bool on_subscribe(std::string_view subject, std::string_view queue, std::string_view sid) {
    text.append("sub ").append(subject);
    if (!queue.empty())
      text.append(" queue ").append(queue);
    return note(" as ", sid);
  }
  bool on_unsubscribe(std::string_view sid, std::optional<int64_t> max) {
    text.append("unsub ").append(sid);
    if (max)
      text += " max " + std::to_string(*max);
    return note("", {});
  }
  void on_violation(protocol::errc code) {
    note("violation ", std::to_string(static_cast<int>(code)));
    broken = true;
  }

  bool broken = false;

private:
  bool note(std::string_view what, std::string_view detail) {
    text.append(what).append(detail).append(";");
    return true;
  }
};

/// Plays `wire` in two reads, cut at `cut`, as a connection would: what is not used is kept.
inline std::string replay(std::string_view wire, size_t cut,
                          const protocol::parser_limits& limits = {}) {
  parser_journal journal;
  std::string kept;
  for (auto part : {wire.substr(0, cut), wire.substr(cut)}) {
    kept += part;
    protocol::client_parser<parser_journal> parser{journal, limits};
    auto progress = parser.parse(kept);
    if (journal.broken)
      break;
    kept.erase(0, progress.used);
  }
  return journal.text;
}

} // namespace troupe::test
