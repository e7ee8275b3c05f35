// actors/connection_input.cpp: what the peer says, operation by operation.
#include "actors/connection.hpp"

#include "actors/log.hpp"
#include "actors/router_lines.hpp"
#include "protocol/subject.hpp"

#include <fmt/format.h>

namespace troupe::actors {

using protocol::close_reason;
using protocol::errc;

namespace {

/// Bytes that one client may cause to be formatted before others have a turn.
constexpr size_t output_a_turn = 8 * 1024 * 1024;

} // namespace

/// Parses `size` bytes of `data`; what cannot be used yet is kept.
void connection::consume(block& data, size_t size) {
  last_activity_ = home_.loop.now();
  batch_block_ = &data;
  subject_seen_ = nullptr;
  parsing_ = true;
  size_t at = 0;
  size_t wanted = 0;
  protocol::parser_limits limits = home_.current->parsing;
  limits.max_payload = max_payload_;
  parsing_by_ = &limits;
  protocol::client_parser<connection> parser{*this, limits};
  while (at < size && paused_ == 0 && phase_ == phase::talking) {
    auto progress = parser.parse({data.data() + at, size - at});
    insert_fresh();
    at += progress.used;
    wanted = progress.wanted;
    if (home_.routes.unsent() < output_a_turn)
      break; // everything used, or an unfinished operation
    flush_batch();
    queue_own();
  }
  parsing_ = false;
  parsing_by_ = nullptr;
  if (phase_ == phase::talking && at < size)
    keep(data, at, size, wanted);
  end_batch();
  batch_block_ = nullptr;
}

/// Everybody gets what this client published so far.
void connection::flush_batch() {
  home_.routes.flush();
  if (batch_messages_ > 0 && account_)
    account_->shares[home_.index].in.add(batch_messages_, batch_bytes_);
  in_messages_ += std::exchange(batch_messages_, 0);
  in_bytes_ += std::exchange(batch_bytes_, 0);
  wait_for_congested();
}

/// May the parser go on? Not when others should have a turn, and not when we wait for something.
bool connection::go_on() {
  return paused_ == 0 && phase_ == phase::talking && home_.routes.unsent() < output_a_turn;
}

// -- operations
// ------------------------------------------------------------------------------------

bool connection::on_first_byte(char c) {
  if (c == 'C' || c == 'c')
    return true;
  if (log_in_without_connect())
    return true;
  if (phase_ != phase::talking || (login_ && login_->asking))
    return false;
  refuse_login("it spoke before it logged in");
  return false;
}

/// What was found to be allowed.
[[gnu::always_inline]] inline void connection::send_on(const protocol::publication& pub) {
  if (verbose_) [[unlikely]]
    say("+OK\r\n");
  if (home_.routes.repeat(*subject_, pub, dest_.get()))
    return;
  routed_message msg{pub, batch_block_, dest_.get(), own_, this};
  auto delivered = home_.routes.deliver(*account_, *subject_, msg);
  if (delivered == 0 && wants_no_responders_ && !pub.reply.empty()) [[unlikely]]
    no_responders(pub);
}

bool connection::on_publish(const protocol::publication& pub) {
  active_ = true;
  if (fresh_) [[unlikely]]
    insert_fresh();
  ++batch_messages_;
  batch_bytes_ += pub.data.size();
  if (pub.subject.data() != subject_seen_) {
    // Who hears a response is asked for each: a subscription to that one makes nothing stale.
    bool response = pub.subject.starts_with(account_->reply_prefix);
    if (response || !subject_ || subject_->subject != pub.subject)
      select_subject(pub.subject);
    subject_seen_ = response ? nullptr : pub.subject.data();
  }
  if (log::enabled(config::log_level::trace)) [[unlikely]]
    trace_publish(pub);
  if (pedantic_ && !protocol::is_valid_publish(pub.subject)) [[unlikely]]
    say_error(describe(errc::invalid_publish_subject).wire);
  if (!subject_allowed_ || !pub.reply.empty()) [[unlikely]] {
    if (!subject_->mapping.empty()) {
      publish_mapped(pub);
      return go_on();
    }
    if (!may_publish(pub))
      return go_on();
  }
  send_on(pub);
  return go_on();
}

/// Under another name, by which it is judged as well.
void connection::publish_mapped(const protocol::publication& pub) {
  auto named = subject_;
  subject_ = known_subject_ptr{&home_.routes.mapped(*named)};
  auto renamed = pub;
  renamed.subject = subject_->subject;
  subject_allowed_ = decide_publish(subject_->subject);
  if ((subject_allowed_ && pub.reply.empty()) || may_publish(renamed))
    send_on(renamed);
  subject_ = std::move(named);
  subject_allowed_ = false; // so that the next one comes here
}

void connection::select_subject(std::string_view subject) {
  subject_ = nullptr; // it may be used again
  subject_ = home_.routes.memory_of(*account_).find(subject, *account_);
  subject_allowed_ = subject_->mapping.empty() && decide_publish(subject);
}

/// What does not change for this client and subject; remembered, for lists may be long.
bool connection::decide_publish(std::string_view subject) {
  if (subject_->reserved || (subject_->reserved_outside && !account_->is_system))
    return false;
  if (!permissions_)
    return true;
  auto permitted = [&] {
    return permissions_->may_publish(subject)
           || (permissions_ != granted_ && home_.current->hosts.may_register(granted_, subject));
  };
  if (subject_->once)
    return permitted();
  if (!verdicts_)
    verdicts_ = std::make_unique<verdict_cache>();
  auto slot = subject_->id % verdict_cache::size;
  if (verdicts_->id[slot] != subject_->id) {
    verdicts_->id[slot] = subject_->id;
    verdicts_->allowed[slot] = permitted();
  }
  return verdicts_->allowed[slot];
}

bool connection::may_publish(const protocol::publication& pub) {
  auto violation = [&](std::string_view what, std::string_view subject) {
    auto name = log::printable(subject, 4096);
    log::error("{} - {} Violation - Subject \"{}\"", who(), what, name);
    tell_denied(what == "Publish" ? "publish" : "reply", subject);
    say_error(fmt::format("Permissions Violation for {} \"{}\"",
                          what == "Publish" ? "Publish to" : "Publish with Reply of", name));
    return false;
  };
  bool reserved = subject_->reserved || (subject_->reserved_outside && !account_->is_system);
  if (!subject_allowed_) {
    bool narrowed = permissions_ != granted_; // by the fleet's client hosts: no reply widens that
    bool answer = !reserved && responses_
                  && (!narrowed || home_.current->hosts.may_answer(pub.subject))
                  && responses_->use(pub.subject, home_.loop.now());
    if (!answer)
      return violation("Publish", pub.subject);
  }
  if (!pub.reply.empty())
    for (std::string_view prefix : {"_R_.", "_GR_.", "$JS.ACK."})
      if (pub.reply.starts_with(prefix))
        return violation("Publish with Reply", pub.reply);
  return true;
}

/// Tells the requester at once that nobody will answer, on its own inbox subscription.
void connection::no_responders(const protocol::publication& pub) {
  auto inbox = account_->interests.match(pub.reply);
  for (auto* item : inbox->plain()) {
    auto& sub = static_cast<subscription&>(*item);
    if (sub.to.get() != dest_.get())
      continue;
    router::write_no_responders(own(), pub.reply, sub.sid, pub.subject);
    own().count(sub, 0, true); // not one of the messages that a maximum counts
    return;
  }
}

bool connection::on_ping() {
  active_ = true;
  trace_in("PING", {});
  if (begin_fence(std::exchange(unsubscribed_, false)))
    return false;
  fence_done();
  return go_on();
}

bool connection::on_pong() {
  trace_in("PONG", {});
  if (pings_out_ > 0) {
    rtt_ = loop_clock::now() - ping_sent_;
    introductions_.reset();
  }
  pings_out_ = 0;
  return true;
}

bool connection::on_info(std::string_view json) {
  protocol::connect_options ignored;
  if (parse_connect(json, ignored) == errc::none)
    return true;
  on_violation(errc::malformed_connect);
  return false;
}

bool connection::on_peer_error(std::string_view text) {
  log::error("{} - Client error {}", who(), log::printable(text));
  linger(close_reason::client_closed);
  return false;
}

void connection::on_violation(errc code) {
  if (phase_ != phase::talking)
    return;
  if (must_log_in_ && code == errc::unknown_operation) {
    refuse_login("it spoke before it logged in");
    return;
  }
  log::error("{} - {}", who(),
             describe(code).wire.empty() ? std::string_view{"Malformed operation"}
                                         : describe(code).wire);
  if (describe(code).wire.empty())
    linger(protocol::reason_of(code));
  else
    fail(code);
}

void connection::trace_in(std::string_view verb, std::string_view arguments) const {
  if (log::enabled(config::log_level::trace)) [[unlikely]]
    log::trace("{} - <<- [{}{}{}]", who(), verb, arguments.empty() ? "" : " ",
               log::printable(arguments));
}

void connection::trace_publish(const protocol::publication& pub) const {
  auto longest = home_.current->options.limits.max_traced_msg_len;
  auto line = fmt::format("{}{}{} {}", pub.subject, pub.reply.empty() ? "" : " ", pub.reply,
                          pub.data.size());
  log::trace("{} - <<- [{} {}]", who(), pub.has_header ? "HPUB" : "PUB", log::printable(line));
  log::trace(
      "{} - <<- MSG_PAYLOAD: [\"{}\"]", who(),
      log::printable(pub.data, longest > 0 ? static_cast<size_t>(longest) : pub.data.size()));
}

} // namespace troupe::actors
