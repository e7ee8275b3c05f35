// protocol/interest_set.hpp: all interests of one subscription subject, found by position.
#pragma once

#include <cstdint>
#include <span>

#include "protocol/interest.hpp"

namespace troupe::protocol {

/// Owns its interests. Adding and taking are O(1) (amortised) with 50 000 of them; a set of one,
/// which most are, needs no allocation. 12 bytes, so that its owner may keep four more beside it
/// in 16 ([[no_unique_address]]).
class interest_set {
public:
  static constexpr uint32_t max_size = (uint32_t{1} << 27) - 1;

  interest_set() noexcept = default;
  interest_set(interest_set&& other) noexcept { swap(other); }
  interest_set& operator=(interest_set&& other) noexcept {
    swap(other); // what was ours goes when `other` does
    return *this;
  }
  ~interest_set();

  /// False if the set is full or `item` stands in some set already.
  bool add(const ref_ptr<interest>& item);
  /// Null if `item` is not in this set.
  ref_ptr<interest> take(interest& item);

  bool empty() const noexcept { return size_ == 0; }
  size_t size() const noexcept { return size_; }
  /// In no particular order; valid until the next change.
  std::span<interest* const> items() const noexcept {
    return {on_heap() ? place_.many : &place_.one, size_};
  }

private:
  bool on_heap() const noexcept { return capacity_log2_ != 0; }
  interest** slots() noexcept { return on_heap() ? place_.many : &place_.one; }
  void resize_room(uint32_t capacity_log2);
  void swap(interest_set& other) noexcept;

  union {
    interest* one = nullptr;
    interest** many;
  } place_;
  uint32_t size_ : 27 = 0;
  uint32_t capacity_log2_ : 5 = 0; // 0: the one place in here
};

} // namespace troupe::protocol
