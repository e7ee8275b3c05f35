// actors/connection_output.cpp: what is counted of the messages that a client gets.
#include "actors/connection.hpp"

namespace troupe::actors {

/// A batch for the peer has come in, from here or from another reactor.
void connection::take(const outgoing_ptr& batch) {
  if (phase_ == phase::closed) {
    dest_->pending.fetch_sub(static_cast<int64_t>(batch->bytes_so_far()),
                             std::memory_order_relaxed);
    return;
  }
  if (dest_->direct.crowded.load(std::memory_order_relaxed))
    settle();
  out_messages_ += batch->messages;
  out_bytes_ += batch->payload_bytes;
  if (account_)
    account_->shares[home_.index].out.add(batch->messages, batch->payload_bytes);
  add_up(batch->counts);
  if (responses_)
    for (const auto& reply : batch->replies)
      if (!permissions_ || !permissions_->may_publish(reply))
        responses_->remember(reply, home_.loop.now());
  queue(batch);
}

void connection::add_up(const std::vector<delivery_count>& counts) {
  for (const auto& [sub, messages] : counts) {
    auto quirks = sub->quirks.load(std::memory_order_relaxed);
    if ((quirks & quirk_limited) == 0) {
      sub->delivered.store(sub->delivered.load(std::memory_order_relaxed) + messages,
                           std::memory_order_relaxed);
      continue;
    }
    auto delivered = sub->delivered.fetch_add(messages) + messages;
    if (delivered >= sub->maximum.load())
      forget(sub);
  }
}

/// Adds up what publishers have written to this peer themselves; the account has it already.
void connection::settle() {
  std::vector<delivery_count> counts;
  dest_->gate.hold([&] {
    out_messages_ += std::exchange(dest_->direct.messages, 0);
    out_bytes_ += std::exchange(dest_->direct.payload_bytes, 0);
    counts.swap(dest_->direct.counts);
    dest_->direct.crowded.store(false, std::memory_order_relaxed);
  });
  add_up(counts);
}

} // namespace troupe::actors
