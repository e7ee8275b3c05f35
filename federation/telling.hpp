// federation/telling.hpp: how much interest a link tells its peer at once, and what is too long.
#pragma once

#include "actors/log.hpp"
#include "protocol/subject_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::federation {

/// So many bytes, or a little more, are told between two looks at the mail.
inline constexpr size_t told_a_turn = size_t{128} * 1024;

/// Interest for which its peer would end the link. Noted ever more rarely, for tenants can cause
/// it.
class too_long_to_tell {
public:
  void note(std::string_view id_name, uint64_t id) {
    if (++times_; (times_ & (times_ - 1)) == 0)
      actors::log::warn("{}:{} - An interest is not told: its subject and queue group are too long "
                        "for a link ({} times so far)",
                        id_name, id, times_);
  }

private:
  uint64_t times_ = 0;
};

/// About as many bytes as it takes to tell of it.
inline size_t bytes_to_tell(const protocol::subject_text& what) noexcept {
  return what.subject().size() + what.queue().size() + 32;
}

} // namespace troupe::federation
