// federation/leaf_session.cpp: a leaf node's link from its first word to its last.
#include "federation/leaf_session.hpp"

#include "actors/log.hpp"
#include "federation/telling.hpp"
#include "protocol/errc.hpp"
#include "protocol/subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;
using protocol::errc;
using protocol::peer_role;

namespace {

/// Bytes that one peer may cause to be formatted before others have a turn.
constexpr size_t output_a_turn = 8 * 1024 * 1024;
/// Of an interest, with the blanks.
constexpr size_t longest_weight = 12;

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", log::printable(text, 4096));
}

} // namespace

leaf_session::leaf_session(leaf_host& host, leaf_place where, leaf_terms_ptr mine,
                           std::optional<dialled_hub> hub, std::string nonce)
    : host_{host}, where_{std::move(where)}, mine_{std::move(mine)}, hub_{std::move(hub)},
      nonce_{std::move(nonce)}, stage_{hub_ ? stage::expecting_info : stage::expecting_connect},
      rules_{protocol::link_side::leaf}, limits_{mine_->parsing}, parser_{*this, rules_, limits_} {}

leaf_session::~leaf_session() {
  retire();
}

protocol::parse_progress leaf_session::parse(std::string_view in, actors::block* owner) {
  owner_ = owner;
  subject_seen_ = nullptr;
  auto out = parser_.parse(in);
  owner_ = nullptr;
  return out;
}

bool leaf_session::has_enough() const noexcept {
  return where_.routes.unsent() >= output_a_turn;
}

bool leaf_session::fail(close_reason why, std::string_view error, std::string_view text) {
  if (stage_ == stage::over)
    return false;
  stage_ = stage::over;
  host_.end(why, error, text);
  return false;
}

bool leaf_session::on_ping() {
  host_.say("PONG\r\n");
  return true;
}

bool leaf_session::on_pong() {
  host_.ponged();
  return true;
}

void leaf_session::on_violation(errc code) {
  auto text = describe(code).wire;
  fail(protocol::reason_of(code), text, text.empty() ? "Malformed operation" : text);
}

void leaf_session::forget_subject() noexcept {
  subject_.reset();
  subject_seen_ = nullptr;
}

void leaf_session::follow_account() {
  if (!admitted())
    return;
  policy_ = account_->policy();
  limits_.max_payload = policy_->max_payload(mine_->parsing.max_payload);
  if (auto own = user_limits_.payload; own >= 0)
    limits_.max_payload = limits_.max_payload < 0 ? own : std::min(limits_.max_payload, own);
  forget_subject();
  if (streams_)
    streams_->follow(policy_, *account_, *heard_);
}

// -- the peer's interest
// ---------------------------------------------------------------------------

bool leaf_session::loop_found() {
  hold_off_ = longest_hold_off;
  auto text = fmt::format(
      "Loop detected for leafnode account=\"{}\". Delaying attempt to reconnect for {}s",
      account_->name, longest_hold_off.count());
  return fail(close_reason::protocol_violation, text, text);
}

bool leaf_session::has_room() const {
  auto own = user_limits_.subscriptions;
  return policy_->admits_subscription(heard_->size(), mine_->max_subscriptions)
         && (own < 0 || static_cast<int64_t>(heard_->size()) < own);
}

/// False: not taken, or the end.
bool leaf_session::takes_interest(const protocol::link_interest& what) {
  if (may_pass(allowed_.sends, what.subject)) {
    if (has_room() || heard_->find(*account_, {{}, what.subject, what.queue})) // another weight
      return true;
    if (!std::exchange(told_full_, true))
      log::error("lid:{} - maximum subscriptions exceeded", where_.dest->cid);
    host_.say("-ERR 'maximum subscriptions exceeded'\r\n");
    return false;
  }
  // A leaf knows its permissions, and may not ask for what they refuse.
  if (!hub_ && user_ && protocol::is_literal(what.subject)
      && user_->may_subscribe(what.subject, what.queue) == security::subscribe_verdict::refused) {
    auto text =
        fmt::format("Permissions Violation for Subscription to {}", in_quotes(what.subject));
    fail(close_reason::protocol_violation, text, text);
  }
  return false;
}

bool leaf_session::on_interest(const protocol::link_interest& what) {
  if (what.add && what.subject == loop_subject_)
    return loop_found();
  actors::peer_interest::key key{{}, what.subject, what.queue};
  if (!what.add)
    lose_interest(key);
  else if (takes_interest(what))
    hear_interest(key, std::max(what.weight, 1U));
  return stage_ != stage::over && !has_enough();
}

/// In force in all accounts that it reaches when this returns.
void leaf_session::hear_interest(const actors::peer_interest::key& what, uint32_t weight) {
  using outcome = actors::peer_interest::outcome;
  auto how = heard_->put(account_, what, weight);
  if (how == outcome::invalid)
    host_.say("-ERR 'Invalid Subscription'\r\n");
  else if (how != outcome::known && !streams_->idle())
    streams_->put(*heard_->find(*account_, what));
}

void leaf_session::lose_interest(const actors::peer_interest::key& what) {
  if (!streams_->idle())
    if (const auto* known = heard_->find(*account_, what))
      streams_->drop(*known);
  heard_->drop(*account_, what);
}

std::vector<std::string> leaf_session::interest_list() const {
  std::vector<std::string> out;
  if (!heard_)
    return out;
  heard_->for_each(*account_,
                   [&](const actors::remote_interest& each) { out.emplace_back(each.subject()); });
  return out;
}

// -- messages
// --------------------------------------------------------------------------------------

void leaf_session::await_answers(const std::vector<std::string>& replies) {
  if (responses_)
    for (const auto& reply : replies)
      if (!passes(allowed_.takes, reply))
        responses_->remember(reply, host_.now());
}

bool leaf_session::may_come(std::string_view subject) {
  subject_is_answer_ = false;
  if (passes(allowed_.takes, subject))
    return true;
  subject_is_answer_ = responses_ && responses_->use(subject, host_.now());
  if (subject_is_answer_)
    return true;
  if (!hub_ && user_ && !passes(user_, subject)) {
    auto text = fmt::format("Permissions Violation for Publish to {}", in_quotes(subject));
    fail(close_reason::protocol_violation, text, text);
  }
  return false;
}

bool leaf_session::on_message(const protocol::link_message& msg) {
  ++in_messages;
  in_bytes += msg.pub.data.size();
  if (msg.pub.subject.data() != subject_seen_ || !subject_) {
    bool response = msg.pub.subject.starts_with(account_->reply_prefix) // as in connection
                    || subject_is_answer_;
    if (response || !subject_ || subject_->subject != msg.pub.subject) {
      subject_may_come_ = may_come(msg.pub.subject);
      if (stage_ == stage::over)
        return false;
      subject_ = where_.routes.memory_of(*account_).find(msg.pub.subject, *account_);
    }
    subject_seen_ = response || subject_is_answer_ ? nullptr : msg.pub.subject.data();
  }
  if (!subject_may_come_)
    return true;
  actors::link_origin from{*where_.dest, where_.dest->cluster(), msg.queues};
  actors::routed_message out{msg.pub, owner_, where_.dest.get(), own_, nullptr};
  out.link = &from;
  where_.routes.deliver_linked(*account_, *subject_, out);
  return !has_enough();
}

// -- our interest
// ----------------------------------------------------------------------------------

void leaf_session::tell_more() {
  if (!admitted())
    return;
  for (auto left = told_a_turn; left > 0 && !untold_.empty();) {
    left -= std::min(left, bytes_to_tell(*untold_.back()));
    announce(untold_.back());
    untold_.pop_back();
  }
  if (!untold_.empty())
    host_.go_on_telling();
}

void leaf_session::tell(const actors::interest_changes& changes) {
  if (!admitted())
    return;
  for (const auto& each : changes.all)
    if (each.where == account_)
      announce(each.what);
}

void leaf_session::announce(const actors::shared_text& what) {
  if (!may_pass(allowed_.takes, what->subject()))
    return;
  // Leafs of a cluster are told apart by its name; of those without, each one's own is known here.
  const auto& dest = *where_.dest;
  bool counted = dest.role == peer_role::leaf_down && dest.cluster().empty() && !dest.isolated;
  auto own = counted ? heard_->weight_of(*account_, *what) : 0;
  for (const auto& each : told_->update(account_, what, own))
    write(each);
}

void leaf_session::write(const actors::announcement& what) {
  auto subject = what.what->subject();
  auto queue = what.what->queue();
  line_.clear();
  auto to = std::back_inserter(line_);
  if (queue.empty()) {
    fmt::format_to(to, "LS{} {}\r\n", what.weight > 0 ? '+' : '-', subject);
  } else {
    if (steps_weights_ && what.weight != 1)
      fmt::format_to(to, "LS+ {} {} 1\r\n", subject, queue);
    if (what.weight > 0)
      fmt::format_to(to, "LS+ {} {} {}\r\n", subject, queue, what.weight);
    else
      fmt::format_to(to, "LS- {} {}\r\n", subject, queue);
  }
  if (subject.size() + queue.size() + longest_weight <= where_.dest->longest_line)
    host_.say(line_);
  else
    too_long_.note("lid", where_.dest->cid);
}

// -- the end
// ---------------------------------------------------------------------------------------

void leaf_session::retire() {
  stage_ = stage::over;
  if (heard_) {
    where_.links.remove(*where_.dest);
    streams_.reset();
    heard_->clear();
  }
  heard_.reset();
  told_.reset();
  responses_.reset();
  untold_.clear();
  forget_subject();
}

} // namespace troupe::federation
