// protocol/subject_text.hpp: a subject and a queue name in one shared allocation.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "protocol/ref_counted.hpp"

namespace troupe::protocol {

/// Immutable. An interest owns one; nodes of token trees share it instead of copying their token.
class subject_text final : public ref_counted<subject_text> {
public:
  /// Both parts together are at most 4 GiB.
  static ref_ptr<const subject_text> make(std::string_view subject, std::string_view queue = {}) {
    void* room = ::operator new(sizeof(subject_text) + subject.size() + queue.size());
    return ref_ptr<const subject_text>{::new (room) subject_text(subject, queue)};
  }
  static void operator delete(void* room) { ::operator delete(room); }

  std::string_view subject() const noexcept { return {bytes(), subject_size_}; }
  std::string_view queue() const noexcept { return {bytes() + subject_size_, queue_size_}; }
  /// What the allocation holds; the allocator adds its own overhead.
  size_t bytes_used() const noexcept { return sizeof(*this) + subject_size_ + queue_size_; }

private:
  subject_text(std::string_view subject, std::string_view queue) noexcept
      : subject_size_{static_cast<uint32_t>(subject.size())}, queue_size_{static_cast<uint32_t>(
                                                                  queue.size())} {
    auto* at = reinterpret_cast<char*>(this + 1);
    if (!subject.empty())
      std::memcpy(at, subject.data(), subject.size());
    if (!queue.empty())
      std::memcpy(at + subject.size(), queue.data(), queue.size());
  }
  const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }

  uint32_t subject_size_;
  uint32_t queue_size_;
};

} // namespace troupe::protocol
