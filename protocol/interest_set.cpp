// protocol/interest_set.cpp: growing and shrinking between one place and an array.
#include "protocol/interest_set.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe::protocol {

interest_set::~interest_set() {
  for (auto* item : items())
    item->release();
  if (on_heap())
    std::unique_ptr<interest* []> { place_.many }.reset();
}

bool interest_set::add(const ref_ptr<interest>& item) {
  if (item->position_ != interest::nowhere || size_ == max_size)
    return false;
  if (size_ == uint32_t{1} << capacity_log2_)
    resize_room(capacity_log2_ + 1u);
  slots()[size_] = item.get();
  item->position_ = size_;
  item->retain();
  size_ = (size_ + 1u) & max_size;
  return true;
}

ref_ptr<interest> interest_set::take(interest& item) {
  auto at = item.position_;
  if (at >= size_ || slots()[at] != &item)
    return {};
  ref_ptr<interest> taken{&item};
  item.release();
  item.position_ = interest::nowhere;
  size_ = (size_ - 1u) & max_size;
  if (at != size_) {
    slots()[at] = slots()[size_];
    slots()[at]->position_ = at;
  }
  // A quarter, not a half: a member that comes and goes at the border must not copy the array.
  if (on_heap() && size_ <= (uint32_t{1} << capacity_log2_) / 4)
    resize_room(capacity_log2_ == 2u ? 0u : capacity_log2_ - 1u);
  return taken;
}

void interest_set::resize_room(uint32_t capacity_log2) {
  interest* one = nullptr;
  std::unique_ptr<interest*[]> many;
  if (capacity_log2 > 0)
    many = std::make_unique<interest*[]>(size_t{1} << capacity_log2);
  std::copy_n(slots(), size_, capacity_log2 > 0 ? many.get() : &one);
  if (on_heap())
    std::unique_ptr<interest* []> { place_.many }.reset();
  if (capacity_log2 > 0)
    place_.many = many.release();
  else
    place_.one = one;
  capacity_log2_ = capacity_log2 & 31u;
}

void interest_set::swap(interest_set& other) noexcept {
  std::swap(place_, other.place_);
  uint32_t size = size_;
  uint32_t capacity_log2 = capacity_log2_;
  size_ = other.size_;
  capacity_log2_ = other.capacity_log2_;
  other.size_ = size & max_size;
  other.capacity_log2_ = capacity_log2 & 31u;
}

} // namespace troupe::protocol
