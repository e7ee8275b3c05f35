// actors/internal_client.cpp: batches back into messages, and messages into a reactor's mailbox.
#include "actors/internal_client.hpp"

#include "actors/core.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "actors/router.hpp"
#include "protocol/server_parser.hpp"

#include <limits>

namespace troupe::actors {
namespace {

/// Memory that is kept for the next batch of many pieces.
constexpr size_t scratch_kept = 64 * 1024;

} // namespace

// -- publishing
// --------------------------------------------------------------------------------------

broker_message::broker_message(account_ptr account, std::string_view to, std::string_view payload,
                               std::string_view answer_to, std::string_view headers)
    : where{std::move(account)}, subject{to}, reply{answer_to}, header_size{headers.size()} {
  wire.reserve(headers.size() + payload.size() + 2);
  wire.append(headers).append(payload).append("\r\n");
}

protocol::publication broker_message::publication() const noexcept {
  protocol::publication out;
  out.subject = subject;
  out.reply = reply;
  out.data = std::string_view{wire}.substr(0, wire.size() - 2);
  out.header_size = header_size;
  out.has_header = header_size > 0;
  return out;
}

void internal_publisher::publish(account_ptr where, std::string_view subject,
                                 std::string_view payload, std::string_view reply,
                                 std::string_view headers) const {
  std::vector<broker_message> one;
  one.emplace_back(std::move(where), subject, payload, reply, headers);
  publish(std::move(one));
}

void internal_publisher::publish(std::vector<broker_message> all) const {
  for (auto& each : all)
    each.from = from_;
  caf::anon_send(
      by_, atom::publish_v,
      broker_messages_ptr{std::make_shared<const std::vector<broker_message>>(std::move(all))});
}

// -- subscriptions
// -----------------------------------------------------------------------------------

internal_client::internal_client(slot_numbers& slots, uint64_t cid, reactor_actor by,
                                 const caf::strong_actor_ptr& self)
    : slots_{slots} {
  dest_ =
      protocol::make_ref<destination>(cid, slots.take(), protocol::peer_kind::system, max_pending);
  dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(self);
  dest_->quirks = quirk_no_echo | quirk_wants_origin;
  publisher_ = {std::move(by), dest_};
}

internal_client::internal_client(core& shared, const caf::strong_actor_ptr& self)
    : internal_client{shared.slots, shared.next_cid.fetch_add(1, std::memory_order_relaxed),
                      shared.reactors.front()->actor, self} {}

internal_client::~internal_client() {
  dest_->doom();
  for (const auto& [sid, each] : subscriptions_)
    each.where->drop_interest(*each.sub);
  slots_.give_back(dest_->slot);
}

std::string internal_client::subscribe(const account_ptr& where, std::string_view subject,
                                       internal_handler on_message, std::string_view queue) {
  auto sid = std::to_string(next_sid_++);
  auto sub =
      protocol::make_ref<subscription>(where->interests.share_text(subject, queue), sid, dest_);
  adopt(where, sub, std::move(on_message));
  where->add_interest(sub);
  return sid;
}

void internal_client::adopt(const account_ptr& where, subscription_ptr sub,
                            internal_handler on_message) {
  auto sid = sub->sid;
  subscriptions_.insert_or_assign(
      std::move(sid), entry{where, std::move(sub),
                            std::make_shared<const internal_handler>(std::move(on_message))});
}

void internal_client::unsubscribe(std::string_view sid) {
  auto it = subscriptions_.find(sid);
  if (it == subscriptions_.end())
    return;
  it->second.where->drop_interest(*it->second.sub);
  subscriptions_.erase(it);
}

// -- mail
// --------------------------------------------------------------------------------------------

/// Reads a batch as a client would read its socket.
class internal_client::batch_reader {
public:
  batch_reader(internal_client& owner, const outgoing& batch) noexcept
      : owner_{owner}, batch_{batch} {}

  void on_message(const protocol::server_message& in) {
    const auto* origin = at_ < batch_.origins.size() ? batch_.origins[at_].get() : nullptr;
    ++at_;
    static const account_ptr nowhere;
    internal_message out{nowhere, origin, in.subject, in.reply, in.headers, in.payload};
    owner_.hand_over(in.sid, out);
  }
  void on_broken(protocol::server_stream_error code) {
    log::error("An internal client cannot read what the router wrote: {}", describe(code));
  }
  // A router writes nothing else.
  void on_info(std::string_view) {}
  void on_ping() {}
  void on_pong() {}
  void on_ok() {}
  void on_err(std::string_view) {}

private:
  internal_client& owner_;
  const outgoing& batch_;
  size_t at_ = 0;
};

void internal_client::deliver(const outgoing_ptr& batch) {
  std::string_view bytes;
  if (batch->pieces.size() == 1) {
    bytes = {batch->pieces.front().data, batch->pieces.front().size};
  } else {
    scratch_.clear();
    for (const auto& each : batch->pieces)
      scratch_.append(each.data, each.size);
    bytes = scratch_;
  }
  for (const auto& [sub, messages] : batch->counts)
    sub->delivered.fetch_add(messages, std::memory_order_relaxed);
  constexpr auto any = std::numeric_limits<size_t>::max(); // its sizes are our own
  batch_reader reader{*this, *batch};
  protocol::parse_server_stream(bytes, {any, any}, reader);
  if (scratch_.capacity() > scratch_kept) {
    scratch_.clear();
    scratch_.shrink_to_fit();
  }
  dest_->pending.fetch_sub(static_cast<int64_t>(batch->bytes_so_far()), std::memory_order_relaxed);
}

void internal_client::hand_over(std::string_view sid, const internal_message& msg) {
  auto it = subscriptions_.find(sid);
  if (it == subscriptions_.end())
    return; // was on its way when the subscription ended
  // The handler may end its own subscription.
  auto where = it->second.where;
  auto on_message = it->second.on_message;
  try {
    (*on_message)(
        internal_message{where, msg.origin, msg.subject, msg.reply, msg.headers, msg.payload});
  } catch (const std::exception& e) {
    log::error("A service of the broker failed on {}: {}", log::printable(msg.subject), e.what());
  }
}

/// Mail keeps its order: what was accepted before has been handled, so it can go on at once.
void internal_client::overrun() {
  log::warn("More than {} bytes waited for a service of the broker: what came then was dropped",
            max_pending);
  dest_->set_quirk(quirk_doomed, false);
}

} // namespace troupe::actors
