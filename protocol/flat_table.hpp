// protocol/flat_table.hpp: an open hash table whose entries lie side by side.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::protocol {

/// `Entry` is movable, has `uint32_t hash` and `bool used() const`, and is unused when default
/// constructed. Linear probing, no tombstones; at most three quarters full. Adding and erasing
/// move entries: keep no pointer to one across either.
///
/// Why not std::unordered_map: a node per entry, its bucket pointer and its cached hash cost about
/// 60 bytes more per subscription, and each look-up two more cache misses.
template <class Entry>
class flat_table {
public:
  /// The entry with this hash for which `same(entry)` holds, or null.
  template <class Same>
  Entry* find(uint32_t hash, Same&& same) noexcept {
    if (size_ == 0)
      return nullptr;
    for (size_t i = hash & mask();; i = (i + 1) & mask()) {
      auto& slot = slots_[i];
      if (!slot.used())
        return nullptr;
      if (slot.hash == hash && same(slot))
        return &slot;
    }
  }

  /// `entry` is used, its hash is set, and it is not in here yet.
  Entry& add(Entry entry) {
    if ((size_ + 1) * 4 > slots_.size() * 3)
      rehash(std::max<size_t>(4, slots_.size() * 2));
    ++size_;
    return place(std::move(entry));
  }

  void erase(Entry* entry) {
    auto hole = static_cast<size_t>(entry - slots_.data());
    for (size_t i = (hole + 1) & mask(); slots_[i].used(); i = (i + 1) & mask())
      if (((i - slots_[i].hash) & mask()) >= ((i - hole) & mask())) {
        slots_[hole] = std::move(slots_[i]);
        hole = i;
      }
    slots_[hole] = Entry{};
    --size_;
    if (slots_.size() > 64 && size_ * 8 < slots_.size())
      rehash(slots_.size() / 2);
  }

  size_t size() const noexcept { return size_; }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto& slot : slots_)
      if (slot.used())
        visit(slot);
  }

  /// For sweeps that stop half way: `slot_count()` places, each used or not.
  size_t slot_count() const noexcept { return slots_.size(); }
  Entry& slot(size_t index) noexcept { return slots_[index]; }

private:
  size_t mask() const noexcept { return slots_.size() - 1; }

  Entry& place(Entry entry) noexcept {
    size_t i = entry.hash & mask();
    while (slots_[i].used())
      i = (i + 1) & mask();
    slots_[i] = std::move(entry);
    return slots_[i];
  }

  void rehash(size_t slot_count) {
    std::vector<Entry> old(slot_count);
    old.swap(slots_);
    for (auto& entry : old)
      if (entry.used())
        place(std::move(entry));
  }

  std::vector<Entry> slots_; // a power of two of them, or none
  size_t size_ = 0;
};

} // namespace troupe::protocol
