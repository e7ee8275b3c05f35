// federation/telling.hpp: how much interest a link tells its peer at once.
#pragma once

#include "protocol/subject_text.hpp"

#include <cstddef>

namespace troupe::federation {

/// So many bytes, or a little more, are told between two looks at the mail.
inline constexpr size_t told_a_turn = size_t{128} * 1024;

/// About as many bytes as it takes to tell of it.
inline size_t bytes_to_tell(const protocol::subject_text& what) noexcept {
  return what.subject().size() + what.queue().size() + 32;
}

} // namespace troupe::federation
