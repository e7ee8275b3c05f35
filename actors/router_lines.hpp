// actors/router_lines.hpp: the part of the router that every delivery runs through; it is compiled
// into its callers, for a call costs as much as one of its steps.
#pragma once

#include "actors/router.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace troupe::actors {

/// Payloads from this size on are not copied: a count on their block is cheaper.
constexpr size_t slice_from = 2048;

/// memcpy without a call for the short texts that control lines are made of.
[[gnu::always_inline]] inline char* put(char* at, std::string_view text) noexcept {
  const char* from = text.data();
  size_t n = text.size();
  if (n > 32) {
    std::memcpy(at, from, n);
  } else if (n > 16) {
    std::memcpy(at, from, 16);
    std::memcpy(at + n - 16, from + n - 16, 16);
  } else if (n >= 8) {
    std::memcpy(at, from, 8);
    std::memcpy(at + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    std::memcpy(at, from, 4);
    std::memcpy(at + n - 4, from + n - 4, 4);
  } else {
    for (size_t i = 0; i < n; ++i)
      at[i] = from[i];
  }
  return at + n;
}

inline char* put_number(char* at, size_t value) noexcept {
  if (value < 10) {
    *at = static_cast<char>('0' + value);
    return at + 1;
  }
  if (value < 100) {
    at[0] = static_cast<char>('0' + value / 10);
    at[1] = static_cast<char>('0' + value % 10);
    return at + 2;
  }
  return std::to_chars(at, at + 20, value).ptr;
}

[[gnu::always_inline]] inline bool router::is_plain(const routed_message& msg) noexcept {
  return msg.pub.reply.empty() && !msg.pub.has_header && msg.pub.data.size() < slice_from;
}

[[gnu::always_inline]] inline bool router::line_is_known(uint64_t subject, const subscription& sub,
                                                         const crossing* via,
                                                         const routed_message& msg) const noexcept {
  const auto& known = lines_[sub.to->slot % known_lines];
  return known.flush == numbers_.flushes && known.to == &sub && known.subject == subject
         && known.size == msg.pub.data.size() && known.via == via;
}

[[gnu::always_inline]] inline void router::write_known(outgoing& out, subscription& sub,
                                                       const routed_message& msg) {
  const auto& known = lines_[sub.to->slot % known_lines];
  auto wire = msg.pub.wire();
  // The line's whole buffer is copied when it is short: fixed sizes need no loop.
  char* at = out.room(known.text.size() + wire.size());
  char* begin = at;
  if (known.length <= 32)
    std::memcpy(at, known.text.data(), 32);
  else
    std::memcpy(at, known.text.data(), known.text.size());
  at += known.length;
  at = put(at, wire);
  out.wrote(at);
  out.count(sub, wire.size() - 2);
  unsent_ += static_cast<size_t>(at - begin);
}

/// A small message without reply and headers: its control line is likely to be known.
[[gnu::always_inline]] inline void router::write_plain(outgoing& out, uint64_t subject,
                                                       subscription& sub, const crossing* via,
                                                       const routed_message& msg) {
  const auto& pub = msg.pub;
  if (!line_is_known(subject, sub, via, msg)) [[unlikely]] {
    auto& known = lines_[sub.to->slot % known_lines];
    std::string_view sid = sub.sid;
    if (4 + pub.subject.size() + 1 + sid.size() + 1 + 20 + 2 > known.text.size()) {
      write(out, sub, msg, false, false);
      return;
    }
    char* at = put(known.text.data(), "MSG ");
    at = put(at, pub.subject);
    *at++ = ' ';
    at = put(at, sid);
    *at++ = ' ';
    at = put_number(at, pub.data.size());
    at = put(at, "\r\n");
    known.flush = numbers_.flushes;
    known.to = &sub;
    known.via = via;
    known.subject = subject;
    known.size = pub.data.size();
    known.length = static_cast<size_t>(at - known.text.data());
  }
  write_known(out, sub, msg);
}

[[gnu::always_inline]] inline void router::hand_over(uint64_t subject, subscription& sub,
                                                     const crossing* via, const routed_message& msg,
                                                     uint8_t quirks) {
  auto& to = *sub.to;
  auto& out = &to == msg.from ? own_batch(msg) : batch_for(to);
  bool counted = (quirks & quirk_limited) != 0;
  if (is_plain(msg) && !counted) [[likely]]
    write_plain(out, subject, sub, via, msg);
  else
    write(out, sub, msg, msg.pub.has_header && (quirks & quirk_no_headers) != 0, counted);
  if ((quirks & (quirk_tracks_replies | quirk_wants_origin)) != 0) [[unlikely]]
    note(out, msg, quirks);
}

[[gnu::always_inline]] inline bool router::repeat(const known_subject& subject,
                                                  const protocol::publication& pub,
                                                  const destination* from) {
  const auto& last = last_;
  if (last.flush != numbers_.flushes || last.subject != subject.id || last.size != pub.data.size()
      || !pub.reply.empty() || pub.has_header || subject.receivers.get() != last.receivers
      || last.receivers->stale())
    return false;
  auto& sub = *last.to;
  auto quirks =
      sub.quirks.load(std::memory_order_relaxed) | sub.to->quirks.load(std::memory_order_relaxed);
  if ((quirks & ~quirk_no_headers) != 0 || sub.to.get() == from)
    return false;
  auto wire = pub.wire();
  auto& out = *last.out;
  char* begin = out.room(last.text.size() + wire.size());
  if (last.length <= 32)
    std::memcpy(begin, last.text.data(), 32);
  else
    std::memcpy(begin, last.text.data(), last.text.size());
  char* end = put(begin + last.length, wire);
  out.wrote(end);
  out.count(sub, wire.size() - 2);
  unsent_ += static_cast<size_t>(end - begin);
  return true;
}

} // namespace troupe::actors
