// protocol/literal_table.hpp: subscriptions without wildcards, by their whole subject.
#pragma once

#include <string_view>

#include "protocol/flat_table.hpp"
#include "protocol/interest_set.hpp"

namespace troupe::protocol {

/// Not synchronised. `hash` is hash_subject(subject). The key is the subject of whichever interest
/// stands first in a set, so a subject with one subscriber costs one entry of 16 bytes.
class literal_table {
public:
  /// False if `item` stands in some sublist already.
  bool add(const ref_ptr<interest>& item, uint64_t hash) {
    auto* found = find(item->subject(), hash);
    if (found)
      return found->add(item);
    entry fresh;
    fresh.hash = static_cast<uint32_t>(hash);
    if (!fresh.set.add(item))
      return false;
    table_.add(std::move(fresh));
    return true;
  }

  /// Null if it is not in here.
  ref_ptr<interest> take(interest& item, uint64_t hash) {
    auto* found = find_entry(item.subject(), hash);
    if (!found)
      return {};
    auto taken = found->set.take(item);
    if (found->set.empty())
      table_.erase(found);
    return taken;
  }

  /// Null if nobody subscribed to just this.
  interest_set* find(std::string_view subject, uint64_t hash) noexcept {
    auto* found = find_entry(subject, hash);
    return found ? &found->set : nullptr;
  }

  size_t subject_count() const noexcept { return table_.size(); }

  template <class Visit>
  void for_each(Visit&& visit) const {
    table_.for_each([&](const entry& e) {
      for (auto* item : e.set.items())
        visit(*item);
    });
  }

private:
  struct entry {
    [[no_unique_address]] interest_set set;
    uint32_t hash = 0;
    bool used() const noexcept { return !set.empty(); }
  };
  static_assert(sizeof(entry) == 16);

  entry* find_entry(std::string_view subject, uint64_t hash) noexcept {
    return table_.find(static_cast<uint32_t>(hash),
                       [&](const entry& e) { return e.set.items().front()->subject() == subject; });
  }

  flat_table<entry> table_;
};

} // namespace troupe::protocol
