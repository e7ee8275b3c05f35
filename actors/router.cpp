// actors/router.cpp: match, format, send.
#include "actors/router.hpp"

#include "actors/account_policy.hpp"
#include "actors/event_loop.hpp"
#include "actors/interfaces.hpp"
#include "actors/router_lines.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace troupe::actors {
namespace {

constexpr size_t longest_batch_hint = 256 * 1024;
/// A publisher writes no more than this to the sockets of others before it goes on.
constexpr size_t most_direct_batches = 2;
constexpr size_t small_batch = 4096;
/// Such a batch takes a system call of its own, whoever writes it. To hand it over costs a wake-up,
/// or the other core's fetching of all its lines; and what is read next is as large as what left.
constexpr size_t large_batch = 32 * 1024;
constexpr size_t largest_direct_batch = 2 * 1024 * 1024;

/// Slices of large payloads are left to the owner: the kernel's copying of one such batch goes on
/// beside the reading of the next.
bool is_all_copied(const outgoing& batch) noexcept {
  return batch.bytes_so_far() < batch.messages * slice_from;
}

bool may_write_directly(const destination& to, const outgoing& batch) noexcept {
  auto bytes = batch.bytes_so_far();
  if (!to.home)
    return false;
  if (bytes <= small_batch)
    return to.home->asleep();
  return bytes >= large_batch && bytes <= largest_direct_batch
         && static_cast<int64_t>(bytes) <= to.max_pending && is_all_copied(batch);
}

/// Null: it is something else.
const shadow_subscription* shadow_in(const subscription& sub) noexcept {
  if ((sub.quirks.load(std::memory_order_relaxed) & quirk_crossing) == 0)
    return nullptr;
  const auto& special = static_cast<const crossing&>(sub);
  return special.what == crossing::kind::shadow ? static_cast<const shadow_subscription*>(&special)
                                                : nullptr;
}

} // namespace

known_subject_ptr subject_memory::find(std::string_view subject, account& where) {
  if (subject.starts_with(where.reply_prefix))
    if (auto found = find_response(subject, where))
      return found;
  if (auto it = young_.find(subject); it != young_.end())
    return it->second;
  known_subject_ptr found;
  if (auto it = old_.find(subject); it != old_.end()) {
    found = it->second;
    old_.erase(it);
  } else {
    found = make(subject, where);
    if (found->receivers->stale()) // the sublist has no room for it
      found->fresh = numbers_.flushes;
    if (where.has_mappings.load(std::memory_order_relaxed))
      for (const auto& each : where.policy()->mappings.find(subject))
        found->mapping.push_back({each.upto, make(each.subject, where)});
    if (!seen_before(subject))
      return found;
  }
  if (young_.size() >= generation_size) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(found->subject, found);
  return found;
}

/// Each response to another account has a subject of its own, but as long as nobody listens to
/// particular ones, whoever hears one hears them all: they need no matching. Null: it does.
known_subject_ptr subject_memory::find_response(std::string_view subject, account& where) {
  if (where.hears_some_responses.load(std::memory_order_acquire) != 0
      || where.has_mappings.load(std::memory_order_relaxed)
      || subject.find('.', where.reply_prefix.size()) != subject.npos)
    return {};
  if (!response_ || !response_->unique())
    response_ = protocol::make_ref<known_subject>();
  auto& out = *response_;
  out.once = true;
  out.id = numbers_.next_id++;
  out.subject = subject;
  out.targets.clear();
  out.fresh = 0;
  if (!out.receivers || out.receivers->stale()) {
    out.receivers = where.interests.match(where.reply_prefix + '*'); // no token that is made
    if (out.receivers->stale())
      out.fresh = numbers_.flushes;
  }
  return response_;
}

bool subject_memory::seen_before(std::string_view subject) noexcept {
  auto hash = text_hash{}(subject) ^ reinterpret_cast<uintptr_t>(whose_.get());
  auto mark = static_cast<uint32_t>(hash >> 32) | 1; // a free place has none
  return std::exchange(numbers_.seen[hash % numbers_.seen.size()], mark) == mark;
}

known_subject_ptr subject_memory::make(std::string_view subject, account& where) {
  auto made = protocol::make_ref<known_subject>();
  made->id = numbers_.next_id++;
  made->subject = subject;
  made->reserved = subject.starts_with("_GR_.");
  made->reserved_outside = subject.starts_with("$NRG.");
  made->receivers = where.interests.match(subject);
  return made;
}

subject_memory& router::memory_of(account& which) {
  auto& slot = memories_[&which];
  if (!slot)
    slot = std::make_unique<subject_memory>(account_ptr{&which}, numbers_);
  return *slot;
}

uint32_t router::random() noexcept {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return random_;
}

/// What was matched just now for this message is good for it, kept by the sublist or not.
void router::refresh(account& where, known_subject& subject, const routed_message& msg) {
  if (!subject.receivers->stale() || std::exchange(subject.fresh, 0) == numbers_.flushes)
    return;
  auto outdated = std::exchange(subject.receivers, where.interests.match(subject.subject));
  if (msg.came != passage::published)
    outdated_.push_back(std::move(outdated));
  subject.targets.clear();
  last_.flush = 0;
}

size_t router::deliver(account& where, known_subject& subject, const routed_message& msg) {
  if (!subject.receivers->simple()) [[unlikely]] {
    refresh(where, subject, msg);
    if (subject.receivers->linked())
      return deliver_with_links(where, subject, msg);
  }
  const auto& receivers = *subject.receivers;
  size_t delivered = 0;
  for (auto* item : receivers.plain())
    if (offer(where, subject, static_cast<subscription&>(*item), msg))
      ++delivered;
  for (const auto& group : receivers.groups())
    if (deliver_to_group(where, subject, group, msg))
      ++delivered;
  if (delivered == 1 && receivers.fanout() == 1 && is_plain(msg))
    remember(subject, msg);
  return delivered;
}

/// Prepares repeat() for a message that its only receiver, a plain subscriber, has just got.
void router::remember(const known_subject& subject, const routed_message& msg) {
  const auto& receivers = *subject.receivers;
  if (receivers.plain().empty() || msg.came != passage::published)
    return;
  auto& heard_by = static_cast<subscription&>(*receivers.plain().front());
  // An import's stream is on its way to the importer's subscription.
  const auto* shadow = shadow_in(heard_by);
  auto& sub = shadow ? *shadow->origin : heard_by;
  if (sub.to.get() == msg.from || !line_is_known(subject.id, sub, shadow, msg))
    return;
  const auto& line = lines_[sub.to->slot % known_lines];
  last_.flush = numbers_.flushes;
  last_.subject = subject.id;
  last_.size = msg.pub.data.size();
  last_.receivers = &receivers;
  last_.to = &sub;
  last_.out = batches_[sub.to->slot].out.get();
  last_.length = line.length;
  last_.text = line.text;
}

bool router::deliver_to_group(account& where, known_subject& subject,
                              const protocol::queue_group& group, const routed_message& msg) {
  auto members = group.members;
  // A random start, then whoever can take it.
  size_t at = (uint64_t{random()} * members.size()) >> 32;
  for (size_t tried = 0; tried < members.size(); ++tried) {
    if (offer(where, subject, static_cast<subscription&>(*members[at]), msg))
      return true;
    if (++at == members.size())
      at = 0;
  }
  return false;
}

bool router::offer(account& where, known_subject& subject, subscription& sub,
                   const routed_message& msg) {
  auto& to = *sub.to;
  auto quirks = static_cast<uint8_t>(sub.quirks.load(std::memory_order_relaxed)
                                     | to.quirks.load(std::memory_order_relaxed));
  if (quirks != quirk_no_headers && quirks != quirk_none) [[unlikely]] {
    if ((quirks & quirk_crossing) != 0)
      return cross(where, subject, static_cast<crossing&>(sub), msg);
    if (!admit(where, sub, msg, quirks))
      return false;
  }
  hand_over(subject.id, sub, nullptr, msg, quirks);
  return true;
}

/// What this kind of peer must know besides the bytes.
void router::note(outgoing& out, const routed_message& msg, uint8_t quirks) {
  if ((quirks & quirk_tracks_replies) != 0 && !msg.pub.reply.empty())
    out.replies.emplace_back(msg.pub.reply);
  if ((quirks & quirk_wants_origin) != 0)
    out.origins.emplace_back(msg.from);
}

bool router::admit(account& where, subscription& sub, const routed_message& msg, uint8_t quirks) {
  if ((quirks & quirk_doomed) != 0)
    return false;
  if ((quirks & quirk_no_echo) != 0 && sub.to.get() == msg.from)
    return false;
  if ((quirks & quirk_filtered) != 0 && !sub.filter->may_deliver(msg.pub.subject, sub.queue()))
    return false;
  if ((quirks & quirk_limited) != 0) {
    // In this order, and none of it relaxed: see connection::set_maximum().
    auto before = sub.delivered.fetch_add(1);
    auto maximum = sub.maximum.load();
    if (before >= maximum)
      return false;
    if (before + 1 == maximum)
      where.drop_interest(sub, news()); // its connection forgets it when the batch comes in
  }
  return true;
}

outgoing& router::own_batch(const routed_message& msg) {
  if (!msg.own)
    msg.own = protocol::make_ref<outgoing>(pool_, size_t{0});
  return *msg.own;
}

outgoing& router::batch_for(destination& to) {
  if (to.slot >= batches_.size()) [[unlikely]]
    batches_.resize(std::max<size_t>(to.slot + 1, batches_.size() * 2));
  auto& batch = batches_[to.slot];
  if (batch.to == &to) [[likely]]
    return *batch.out;
  if (batch.to) { // the slot has a new owner since this read began
    send(batch);
    ++numbers_.flushes; // nothing keeps the subscriptions of known lines alive any more
  } else {
    open_.push_back(to.slot);
  }
  batch.to = &to;
  batch.out = protocol::make_ref<outgoing>(pool_, batch.hint);
  return *batch.out;
}

void router::write(outgoing& out, subscription& sub, const routed_message& msg, bool strip_headers,
                   bool counted) {
  const auto& pub = msg.pub;
  bool headers = pub.has_header && !strip_headers;
  auto head = msg.header; // in a piece of its own; else it lies before the body
  auto wire = strip_headers || !head.empty() ? pub.wire().substr(pub.header_size) : pub.wire();
  if (!headers)
    head = {};
  // The broker itself takes copies: what waits for it would else keep whole reads in memory.
  bool slice =
      wire.size() >= slice_from && msg.owner && sub.to->kind != protocol::peer_kind::system;
  std::string_view sid = sub.sid;
  size_t line =
      5 + pub.subject.size() + 1 + sid.size() + 1 + pub.reply.size() + 1 + 20 + 1 + 20 + 2;
  char* at = out.room(line + head.size() + (slice ? 0 : wire.size()));
  char* begin = at;
  at = headers ? put(at, "HMSG ") : put(at, "MSG ");
  at = put(at, pub.subject);
  *at++ = ' ';
  at = put(at, sid);
  *at++ = ' ';
  if (!pub.reply.empty()) {
    at = put(at, pub.reply);
    *at++ = ' ';
  }
  if (headers) {
    at = put_number(at, head.empty() ? pub.header_size : head.size());
    *at++ = ' ';
  }
  at = put_number(at, head.size() + wire.size() - 2);
  *at++ = '\r';
  *at++ = '\n';
  at = put(at, head);
  if (!slice)
    at = put(at, wire);
  out.wrote(at);
  if (slice)
    out.append_slice(msg.owner, wire);
  out.count(sub, head.size() + wire.size() - 2, counted);
  unsent_ += static_cast<size_t>(at - begin) + (slice ? wire.size() : 0);
}

void router::write_no_responders(outgoing& out, std::string_view reply, std::string_view sid,
                                 std::string_view subject) {
  constexpr std::string_view head = "NATS/1.0 503\r\nNats-Subject: ";
  constexpr std::string_view tail = "\r\n\r\n";
  auto size = std::to_string(head.size() + subject.size() + tail.size());
  for (auto text :
       {std::string_view{"HMSG "}, reply, std::string_view{" "}, sid, std::string_view{" "},
        std::string_view{size}, std::string_view{" "}, std::string_view{size},
        std::string_view{"\r\n"}, head, subject, tail, std::string_view{"\r\n"}})
    out.append(text);
}

void router::publish(const std::vector<broker_message>& all) {
  for (const auto& each : all) {
    outgoing_ptr own; // stays empty: internal clients take no echo
    auto subject = memory_of(*each.where).find(each.subject, *each.where);
    auto delivered =
        deliver(*each.where, *subject, {each.publication(), nullptr, each.from.get(), own});
    if (delivered == 0 && !each.reply.empty() && each.from)
      tell_no_responders(each);
  }
  flush();
}

void router::tell_no_responders(const broker_message& request) {
  auto inbox = request.where->interests.match(request.reply);
  for (auto* item : inbox->plain()) {
    auto& sub = static_cast<subscription&>(*item);
    if (sub.to != request.from)
      continue;
    auto& out = batch_for(*sub.to);
    write_no_responders(out, request.reply, sub.sid, request.subject);
    out.count(sub, 0);
    out.origins.emplace_back();
    return;
  }
}

void router::send(open_batch& batch) {
  auto& to = *batch.to;
  auto out = std::exchange(batch.out, nullptr);
  out->seal();
  auto bytes = out->bytes_so_far();
  batch.hint = std::min(bytes + bytes / 4, longest_batch_hint);
  destination_ptr keep{&to};
  batch.to = nullptr;
  if (to.doomed())
    return;
  auto pending = to.pending.load(std::memory_order_relaxed);
  auto self = caf::actor_cast<caf::strong_actor_ptr>(to.mailbox);
  if (!self)
    return;
  auto handle = caf::actor_cast<connection_actor>(self);
  if (few_ && pending == 0 && may_write_directly(to, *out)) {
    switch (to.write_directly(*out, reactor_)) {
    case write_gate::outcome::whole: return;
    case write_gate::outcome::part: caf::anon_send(handle, atom::deliver_v, std::move(out)); return;
    case write_gate::outcome::refused: break;
    }
  }
  if (pending + static_cast<int64_t>(bytes) > to.max_pending) {
    if (to.doom())
      caf::anon_send(handle, atom::overrun_v);
    return;
  }
  pending = to.pending.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed)
            + static_cast<int64_t>(bytes);
  caf::anon_send(handle, atom::deliver_v, std::move(out));
  if (to.kind == protocol::peer_kind::system)
    return; // nobody waits for the broker itself
  bool behind = pending > high_water && to.moving.load(std::memory_order_relaxed);
  if (behind || pending > to.max_pending / 4 * 3)
    congested_.push_back(std::move(keep));
}

void router::flush() {
  congested_.clear();
  if (news_ && !news_->empty()) [[unlikely]]
    news_->tell(&congested_); // before any message that came after
  if (!metrics_.empty()) [[unlikely]]
    publish_metrics();
  few_ = open_.size() <= most_direct_batches;
  for (auto slot : open_)
    if (batches_[slot].to)
      send(batches_[slot]);
  few_ = false;
  open_.clear();
  outdated_.clear();
  unsent_ = 0;
  ++numbers_.flushes;
}

} // namespace troupe::actors
