// test/protocol/link_journal.hpp: a sink that writes down what a link's parser told it.
#pragma once

#include "protocol/link_parser.hpp"

#include <string>
#include <utility>

namespace troupe::test {

/// One entry an operation; everything it heard is in `text`.
struct link_journal {
  std::string text;
  bool broken = false;
  size_t stop_after = SIZE_MAX; ///< entries, after which every operation asks the parser to stop

  bool on_connect(std::string_view json) { return note("connect ", json); }
  bool on_info(std::string_view json) { return note("info ", json); }
  bool on_peer_error(std::string_view words) { return note("err ", words); }
  bool on_ping() { return note("ping", {}); }
  bool on_pong() { return note("pong", {}); }
  bool on_ok() { return note("ok", {}); }
  bool on_interest(const protocol::link_interest& in) {
    text += in.of_leaf ? "leaf" : "";
    text += in.add ? "+" : "-";
    add(" origin ", in.origin);
    add(" in ", in.account);
    add(" ", in.subject);
    add(" queue ", in.queue);
    if (in.weight > 0)
      text += " x" + std::to_string(in.weight);
    return note({}, {});
  }
  bool on_account(bool interested, std::string_view account) {
    return note(interested ? "account+ " : "account- ", account);
  }
  bool on_message(const protocol::link_message& in) {
    text += in.pub.has_header ? "hmsg" : "msg";
    add(" origin ", in.origin);
    add(" in ", in.account);
    add(" ", in.pub.subject);
    add(" reply ", in.pub.reply);
    if (in.listed)
      text += " for";
    for (auto queue : in.queues)
      add(" ", queue);
    if (in.pub.has_header)
      text += " head " + std::to_string(in.pub.header_size);
    text.append("=").append(in.pub.data);
    return note({}, {});
  }
  void on_violation(protocol::errc code) {
    note("violation ", std::to_string(static_cast<int>(code)));
    broken = true;
  }

private:
  void add(std::string_view what, std::string_view value) {
    if (!value.empty())
      text.append(what).append(value);
  }
  bool note(std::string_view what, std::string_view detail) {
    text.append(what).append(detail).append(";");
    return stop_after-- > 1;
  }
};

/// Plays `wire` in reads of `step` bytes after a first one of `first`, as a link would: what is not
/// used is kept.
inline std::string replay_link(std::string_view wire, const protocol::link_rules& rules,
                               size_t first, size_t step = SIZE_MAX,
                               const protocol::parser_limits& limits = {}) {
  link_journal journal;
  protocol::link_parser<link_journal> parser{journal, rules, limits};
  std::string kept;
  for (size_t at = 0, size = first; at <= wire.size() && !journal.broken;) {
    kept += wire.substr(at, size);
    auto progress = parser.parse(kept);
    kept.erase(0, progress.used);
    if (at + size >= wire.size() || at + size < at)
      break;
    at += std::exchange(size, step);
  }
  return journal.text;
}

} // namespace troupe::test
