// config/size.hpp: whole numbers with a size suffix: 64, 5k, 1MB, 2GiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::config {

/// What a suffix multiplies by, any letter case: "k m g t p e" are powers of 1000, with "b", "i" or
/// "ib" behind them powers of 1024; "" is 1, an unknown one 0.
int64_t size_factor(std::string_view suffix);

/// "-1", "1048576", "1MB"; nothing when it is no such number or does not fit.
std::optional<int64_t> parse_size(std::string_view text);

} // namespace troupe::config
