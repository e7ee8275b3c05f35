// protocol/transform_part.hpp: one token of a transform's destination, and what makes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::protocol {

/// What a destination token does. Wildcards of the source are counted from 1 until
/// `subject_transform::make` turns them into token positions of the source, counted from 0.
struct transform_part {
  enum class function : uint8_t {
    literal,   ///< `text`, as it stands
    tail,      ///< what the source's `>` matched
    wildcard,  ///< the token, as it stands
    partition, ///< FNV-1a of the tokens (none: of the whole subject), modulo `number`
    split,     ///< the token cut at `text`
    split_from_left,
    split_from_right,
    slice_from_left,
    slice_from_right,
    left,
    right,
    random, ///< 0 to `number` - 1
  };
  function what = function::literal;
  uint32_t number = 0;
  std::vector<uint32_t> tokens;
  std::string text;
};

/// Reads one token of a destination: `$2`, `{{ Partition(10,1,2) }}`, `>` or a word. A sentence
/// says what is wrong with it; whether the source has so many wildcards is not looked at.
std::variant<transform_part, std::string> parse_transform_part(std::string_view token);

/// Appends what `part` makes of `subject`, whose tokens are `tokens`; `tail` and `literal` too.
void append_part(const transform_part& part, std::string_view subject,
                 const std::vector<std::string_view>& tokens, std::string& to);

} // namespace troupe::protocol
