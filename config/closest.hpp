// config/closest.hpp: guesses which known word a mistyped one was meant to be.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// The number of single-character edits (insert, delete, replace, swap of neighbours) between two.
size_t edit_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`; empty when none is near enough to be a likely slip.
std::string_view closest(std::string_view word, std::span<const std::string_view> known);

/// `; did you mean "max_payload"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

} // namespace troupe::config
