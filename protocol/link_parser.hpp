// protocol/link_parser.hpp: cuts the stream of a peer server into operations, without copying.
//
// Source: routes.md section 8, gateways.md section 5, leafnodes.md section 9.
#pragma once

#include "protocol/client_parser.hpp"
#include "protocol/errc.hpp"
#include "protocol/scan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace troupe::protocol {

/// What a link is, which decides what its peer may say.
enum class link_side : uint8_t {
  route,
  gateway_inbound,  ///< the peer dialled: it sends messages
  gateway_outbound, ///< we dialled: it sends interest
  leaf,             ///< either end of a leaf node's link
};

enum class link_verb : uint8_t {
  partial,
  unknown,
  connect,
  info,
  ping,
  pong,
  ok,
  err,
  interest,         ///< RS+
  no_interest,      ///< RS-
  leaf_interest,    ///< LS+
  no_leaf_interest, ///< LS-
  account,          ///< A+
  no_account,       ///< A-
  rmsg,
  hmsg,
  lmsg
};

/// The verb that `in` starts with, as find_verb() tells it.
inline link_verb read_link_verb(std::string_view in, size_t& length) noexcept {
  static constexpr std::array<verb_name<link_verb>, 15> table{{{"RMSG", link_verb::rmsg},
                                                               {"HMSG", link_verb::hmsg},
                                                               {"LMSG", link_verb::lmsg},
                                                               {"RS+", link_verb::interest},
                                                               {"RS-", link_verb::no_interest},
                                                               {"LS+", link_verb::leaf_interest},
                                                               {"LS-", link_verb::no_leaf_interest},
                                                               {"A+", link_verb::account},
                                                               {"A-", link_verb::no_account},
                                                               {"PING", link_verb::ping},
                                                               {"PONG", link_verb::pong},
                                                               {"INFO", link_verb::info},
                                                               {"CONNECT", link_verb::connect},
                                                               {"+OK", link_verb::ok},
                                                               {"-ERR", link_verb::err}}};
  return find_verb(in, table, length);
}

/// `none` if the peer of such a link may use the verb, else what is wrong with it.
constexpr errc judge_verb(link_side side, link_verb what) noexcept {
  using enum link_verb;
  bool leaf = side == link_side::leaf;
  bool route = side == link_side::route;
  switch (what) {
  case partial:
  case connect:
  case info:
  case ping:
  case pong:
  case ok:
  case err: return errc::none;
  case unknown: return errc::unknown_operation;
  case leaf_interest:
  case no_leaf_interest:
  case lmsg: return leaf || route ? errc::none : errc::unknown_operation;
  case hmsg: return side == link_side::gateway_outbound ? errc::wrong_direction : errc::none;
  case rmsg:
    if (leaf)
      return errc::unknown_operation;
    return side == link_side::gateway_outbound ? errc::wrong_direction : errc::none;
  case interest:
  case no_interest:
  case account:
  case no_account:
    if (leaf)
      return errc::unknown_operation;
    return side == link_side::gateway_inbound ? errc::wrong_direction : errc::none;
  }
  return errc::unknown_operation;
}

/// What the peer may say at the moment. Read anew for each operation, so that a sink may change it
/// while it is called.
struct link_rules {
  link_side side = link_side::route;
  bool origin_in_unsub = false; ///< LS- names its origin: both INFOs said `lnocu`
  bool names_account = true;    ///< false: a route of one account, which no verb names
  /// Until this is false, interest and messages are `authorization_violation`: nobody has us wait
  /// for a payload before he said who he is.
  bool handshake = true;
};

/// RS+, RS-, LS+ or LS-. Subjects and names are not judged. A link without accounts in its verbs
/// (a leaf node's, a route of one account) leaves `account` empty.
struct link_interest {
  bool add = false;
  bool of_leaf = false;    ///< LS rather than RS: on a route, interest on behalf of a leaf node
  std::string_view origin; ///< the leaf node's cluster; empty: none, or not said
  std::string_view account;
  std::string_view subject;
  std::string_view queue; ///< empty: plain interest
  uint32_t weight = 0;    ///< members behind the peer, at least 1; 0 without a queue, and in RS-
};

/// RMSG, HMSG or LMSG.
struct link_message {
  publication pub;
  std::string_view account;                 ///< empty on a link that names none
  std::string_view origin;                  ///< LMSG on a route: cluster of the leaf it came from
  std::span<const std::string_view> queues; ///< the groups of which a member is to have it
  bool listed = false;                      ///< had a list, which may be empty
};

/// One per link, kept as long as the link: it holds the storage of queue lists.
/// Within one parse(), equal control lines in a row have the same views, subject and queue list
/// included. `Sink` has these members; each returns false to stop behind the operation:
///   bool on_connect(string_view json), on_info(json), on_peer_error(text without its quotes)
///   bool on_ping(), on_pong(), on_ok()
///   bool on_interest(const link_interest&)
///   bool on_account(bool interested, string_view account)   A+ and A-, from gateways only
///   bool on_message(const link_message&)
///   void on_violation(errc)                      the stream is unusable from here on
/// Views die when parse() returns.
template <class Sink>
class link_parser {
public:
  link_parser(Sink& sink, const link_rules& rules, const parser_limits& limits) noexcept
      : sink_{sink}, rules_{rules}, limits_{limits} {}

  parse_progress parse(std::string_view in) {
    begin_ = in.data();
    at_ = begin_;
    end_ = begin_ + in.size();
    wanted_ = 0;
    last_line_ = {};
    while (at_ != end_ && next()) {
    }
    if (words_.capacity() > most_words_kept)
      words_ = {}; // one endless queue list is no reason to keep so much
    return {static_cast<size_t>(at_ - begin_), wanted_};
  }

private:
  static constexpr size_t most_words_kept = 256;

  bool fail(errc code) {
    sink_.on_violation(code);
    return false;
  }

  /// One operation: true when `at_` moved behind it and the sink wants more.
  bool next() {
    if (repeats(last_line_, at_, end_))
      return payload(at_ + last_line_.size());
    size_t length = 0;
    auto what = read_link_verb({at_, static_cast<size_t>(end_ - at_)}, length);
    const char* rest = at_ + length;
    switch (what) {
    case link_verb::partial: return false;
    case link_verb::unknown: return fail(errc::unknown_operation);
    case link_verb::connect:
      return text(rest, [this](auto json) { return sink_.on_connect(json); });
    case link_verb::info: return text(rest, [this](auto json) { return sink_.on_info(json); });
    case link_verb::err:
      return text(rest, [this](auto words) { return sink_.on_peer_error(unquote(words)); });
    case link_verb::ping: return text(rest, [this](auto) { return sink_.on_ping(); });
    case link_verb::pong: return text(rest, [this](auto) { return sink_.on_pong(); });
    case link_verb::ok: return text(rest, [this](auto) { return sink_.on_ok(); });
    case link_verb::interest:
    case link_verb::no_interest:
    case link_verb::leaf_interest:
    case link_verb::no_leaf_interest: return may_say(what, rest) && interest(what, rest);
    case link_verb::account:
    case link_verb::no_account: return may_say(what, rest) && account(what, rest);
    case link_verb::rmsg:
    case link_verb::hmsg:
    case link_verb::lmsg: return may_say(what, rest) && message(what, rest);
    }
    return fail(errc::unknown_operation);
  }

  /// Is a verb with arguments, whose name ends at `rest`, legal now? False also if that cannot be
  /// told yet.
  bool may_say(link_verb what, const char* rest) {
    if (rules_.handshake)
      return fail(errc::authorization_violation);
    if (auto wrong = judge_verb(rules_.side, what); wrong != errc::none)
      return fail(wrong);
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

  static std::string_view unquote(std::string_view words) noexcept {
    if (words.size() >= 2 && words.front() == '\'' && words.back() == '\'')
      return words.substr(1, words.size() - 2);
    return words;
  }

  /// Cuts at blanks, into `words_`; a stray CR inside a line is one too.
  void split(std::string_view args) {
    words_.clear();
    const char* at = args.data();
    const char* end = at + args.size();
    for (;;) {
      while (at != end && ends_token(*at))
        ++at;
      if (at == end)
        return;
      const char* stop = find_token_end(at, end);
      words_.emplace_back(at, static_cast<size_t>(stop - at));
      at = stop;
    }
  }

  /// [origin] [account] subject [queue [weight]]
  bool interest(link_verb what, const char* from) {
    std::string_view args;
    const char* behind = nullptr;
    if (!line(from, args, behind))
      return false;
    last_line_ = {}; // its queues are where the words come now
    split(args);
    link_interest out;
    out.add = what == link_verb::interest || what == link_verb::leaf_interest;
    out.of_leaf = what == link_verb::leaf_interest || what == link_verb::no_leaf_interest;
    bool on_leaf = rules_.side == link_side::leaf;
    bool has_origin = out.of_leaf && !on_leaf && (out.add || rules_.origin_in_unsub);
    bool named = !on_leaf && rules_.names_account;
    size_t lead = (has_origin ? 1U : 0U) + (named ? 1U : 0U);
    size_t for_queue = out.add ? 2 : 1;
    if (words_.size() != lead + 1 && words_.size() != lead + 1 + for_queue)
      return fail(errc::malformed_arguments);
    if (has_origin)
      out.origin = words_[0];
    if (named)
      out.account = words_[lead - 1];
    out.subject = words_[lead];
    if (words_.size() > lead + 1) {
      out.queue = words_[lead + 1];
      if (out.add) {
        auto weight = parse_size(words_[lead + 2]);
        if (weight < 1)
          return fail(errc::malformed_arguments);
        out.weight = static_cast<uint32_t>(weight);
      }
    }
    at_ = behind;
    return sink_.on_interest(out);
  }

  bool account(link_verb what, const char* from) {
    std::string_view args;
    const char* behind = nullptr;
    if (!line(from, args, behind))
      return false;
    last_line_ = {};
    split(args);
    if (words_.size() != 1)
      return fail(errc::malformed_arguments);
    at_ = behind;
    if (rules_.side == link_side::route)
      return true; // servers before pooling sent it there; it never meant anything
    return sink_.on_account(what == link_verb::account, words_[0]);
  }

  /// [origin] [account] subject [reply | + reply queue… | | queue…] [header-size] size
  bool message(link_verb what, const char* from) {
    std::string_view args;
    const char* body = nullptr;
    if (!line(from, args, body))
      return false;
    last_line_ = {};
    split(args);
    bool on_leaf = rules_.side == link_side::leaf;
    bool has_origin = what == link_verb::lmsg && !on_leaf;
    bool named = !on_leaf && rules_.names_account;
    size_t lead = (has_origin ? 1U : 0U) + (named ? 1U : 0U);
    size_t sizes = what == link_verb::hmsg || has_origin ? 2 : 1;
    size_t count = words_.size();
    if (count < lead + 1 + sizes)
      return fail(errc::malformed_arguments);
    last_ = {};
    if (has_origin)
      last_.origin = words_[0];
    if (named)
      last_.account = words_[lead - 1];
    last_.pub.subject = words_[lead];
    if (!read_list(std::span{words_}.subspan(lead + 1, count - lead - 1 - sizes)))
      return fail(errc::malformed_arguments);
    auto total = parse_size(words_[count - 1]);
    auto head = sizes == 2 ? parse_size(words_[count - 2]) : 0;
    if (total < 0 || head < 0 || head > total)
      return fail(errc::malformed_arguments);
    if (limits_.max_payload >= 0 && total > limits_.max_payload)
      return fail(errc::payload_too_large); // before we wait for, or reserve, a byte of it
    last_.pub.header_size = static_cast<size_t>(head);
    last_.pub.has_header = head > 0;
    size_ = static_cast<size_t>(total);
    last_line_ = {at_, static_cast<size_t>(body - at_)};
    return payload(body);
  }

  /// What stands between a message's subject and its sizes.
  bool read_list(std::span<const std::string_view> words) noexcept {
    if (words.empty())
      return true;
    if (words.size() == 1) {
      last_.pub.reply = words[0];
      return true;
    }
    last_.listed = true;
    if (words[0] == "|") {
      last_.queues = words.subspan(1);
      return true;
    }
    last_.pub.reply = words[1];
    last_.queues = words.subspan(2);
    return words[0] == "+";
  }

  /// The counted bytes behind the control line of `last_`, which ends at `body`.
  bool payload(const char* body) {
    if (static_cast<size_t>(end_ - body) < size_ + 2) {
      wanted_ = static_cast<size_t>(body - at_) + size_ + 2;
      return false;
    }
    if (body[size_] != '\r' || body[size_ + 1] != '\n')
      return fail(errc::unknown_operation);
    last_.pub.data = {body, size_};
    at_ = body + size_ + 2;
    return sink_.on_message(last_);
  }

  Sink& sink_;
  const link_rules& rules_;
  const parser_limits& limits_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  size_t wanted_ = 0;
  std::string_view last_line_; // of a message earlier in this input
  link_message last_;          // what it said
  size_t size_ = 0;            // of its payload
  std::vector<std::string_view> words_;
};

} // namespace troupe::protocol
