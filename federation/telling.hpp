// federation/telling.hpp: how much interest a link tells its peer at once.
#pragma once

#include "protocol/subject_text.hpp"

#include <cstddef>
#include <string_view>

namespace troupe::federation {

/// So many bytes, or a little more, are told between two looks at the mail.
inline constexpr size_t told_a_turn = size_t{128} * 1024;

/// Its peer would end the link for it.
inline constexpr std::string_view too_long_to_tell =
    "An interest is not told: its subject and queue group are too long for a link";

/// About as many bytes as it takes to tell of it.
inline size_t bytes_to_tell(const protocol::subject_text& what) noexcept {
  return what.subject().size() + what.queue().size() + 32;
}

} // namespace troupe::federation
