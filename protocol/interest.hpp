// protocol/interest.hpp: one subscription as the sublist sees it.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "protocol/peer_kind.hpp"
#include "protocol/ref_counted.hpp"
#include "protocol/subject_text.hpp"

namespace troupe::protocol {

/// Shared between the sublist, the results that name it, and whoever made it. Derive from it to
/// add what delivery needs; the sublist only ever reads what is here. A derived destructor runs on
/// the thread that lets go last, never while a sublist is locked.
///
/// 32 bytes, plus one allocation of 12 bytes and the text of subject and queue.
class interest : public ref_counted<interest> {
public:
  /// `queue` is empty for a plain subscription. `weight` is how many queue members stand behind a
  /// remote one (routes.md and leafnodes.md); a local one has weight 1.
  explicit interest(std::string_view subject, std::string_view queue = {},
                    peer_kind kind = peer_kind::client, uint32_t weight = 1)
      : interest{subject_text::make(subject, queue), kind, weight} {}
  /// The same, with a text that others may share: see sublist::share_text().
  explicit interest(ref_ptr<const subject_text> text, peer_kind kind = peer_kind::client,
                    uint32_t weight = 1)
      : text_{std::move(text)}, weight_{weight}, kind_{kind}, queued_{!text_->queue().empty()} {}
  virtual ~interest() = default;

  /// Only while no sublist holds it: results carry the weight in their sums. To change the weight
  /// of a live one, remove, set and insert.
  void set_weight(uint32_t weight) noexcept { weight_ = weight; }

  std::string_view subject() const noexcept { return text_->subject(); }
  std::string_view queue() const noexcept { return text_->queue(); }
  /// Member of a queue group; the same as a non-empty `queue()`, without touching the text.
  bool queued() const noexcept { return queued_; }
  /// For indexes that want to share the text instead of copying it.
  const ref_ptr<const subject_text>& text() const noexcept { return text_; }
  peer_kind kind() const noexcept { return kind_; }
  uint32_t weight() const noexcept { return weight_; }

private:
  friend class interest_set;
  static constexpr uint32_t nowhere = ~uint32_t{0};

  uint32_t position_ = nowhere; // in its set; guarded by the mutex of the sublist that holds it
  ref_ptr<const subject_text> text_;
  uint32_t weight_;
  peer_kind kind_;
  bool queued_;
};

} // namespace troupe::protocol
