// actors/outgoing.cpp: blocks and pieces of a batch.
#include "actors/outgoing.hpp"

#include "actors/subscription.hpp"

#include <algorithm>
#include <bit>

namespace troupe::actors {
namespace {

constexpr size_t smallest_block = 256;
/// What a batch costs besides its blocks.
constexpr size_t batch_overhead = 256;

} // namespace

void outgoing::close_piece() {
  if (cursor_ == start_)
    return;
  auto size = static_cast<size_t>(cursor_ - start_);
  pieces.push_back({start_, size, block_});
  sealed_bytes_ += size;
  start_ = cursor_;
}

void outgoing::grow(size_t n) {
  close_piece();
  auto wish = std::max({n, hint_, smallest_block});
  hint_ = std::min(wish * 4, pool_.block_size()); // a batch that outgrows its guess grows fast
  if (wish > pool_.block_size() / 2 && n <= pool_.block_size())
    block_ = pool_.take();
  else
    block_ = block_ref::allocate(std::bit_ceil(wish));
  start_ = cursor_ = block_->data();
  limit_ = start_ + block_->capacity();
}

void outgoing::append_slice(block* owner, std::string_view bytes) {
  close_piece();
  pieces.push_back({bytes.data(), bytes.size(), block_ref::share(owner)});
  sealed_bytes_ += bytes.size();
}

void outgoing::count_slow(subscription& to, uint64_t messages_more) {
  // Two subscriptions of one client on one subject take turns: look a few entries back.
  size_t from = counts.size() > 4 ? counts.size() - 4 : 0;
  for (size_t i = from; i < counts.size(); ++i)
    if (counts[i].to.get() == &to) {
      counts[i].messages += messages_more;
      return;
    }
  counts.push_back({protocol::ref_ptr<subscription>{&to}, messages_more});
}

bool outgoing::is_wasteful() const noexcept {
  size_t held = batch_overhead;
  const block* last = nullptr; // control lines and payloads take turns in two blocks
  const block* before_last = nullptr;
  for (const auto& each : pieces) {
    const block* owner = each.owner.get();
    if (owner == last || owner == before_last)
      continue;
    held += owner->capacity();
    before_last = std::exchange(last, owner);
  }
  return sealed_bytes_ + sealed_bytes_ / 4 < held;
}

void outgoing::absorb(const outgoing& other) {
  for (const auto& each : other.pieces) {
    for (size_t done = 0; done < each.size;) {
      if (cursor_ == limit_)
        grow(smallest_block);
      auto part = std::min(static_cast<size_t>(limit_ - cursor_), each.size - done);
      std::memcpy(cursor_, each.data + done, part);
      cursor_ += part;
      done += part;
      extend_piece();
    }
  }
}

/// Like close_piece(), but what lies behind the last piece of the same block joins it.
void outgoing::extend_piece() {
  auto size = static_cast<size_t>(cursor_ - start_);
  bool joins = !pieces.empty() && pieces.back().owner.get() == block_.get()
               && pieces.back().data + pieces.back().size == start_;
  if (joins)
    pieces.back().size += size;
  else
    pieces.push_back({start_, size, block_});
  sealed_bytes_ += size;
  start_ = cursor_;
}

void outgoing::drop_front(size_t n) {
  sealed_bytes_ -= n;
  size_t whole = 0;
  for (; n > 0 && n >= pieces[whole].size; ++whole)
    n -= pieces[whole].size;
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(whole));
  if (n > 0) {
    pieces.front().data += n;
    pieces.front().size -= n;
  }
}

void outgoing::seal() {
  close_piece();
  block_ = {};
  start_ = cursor_ = limit_ = nullptr;
}

} // namespace troupe::actors
