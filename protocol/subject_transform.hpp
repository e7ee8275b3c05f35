// protocol/subject_transform.hpp: turns subjects of one shape into subjects of another.
#pragma once

#include "protocol/transform_part.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::protocol {

/// A source pattern and a destination built from its wildcards: `$1` and `{{wildcard(1)}}` take
/// what the first `*` matched, a trailing `>` takes the rest; mappings may also use `partition`,
/// `split`, `left` and their like (ADR-30). Immutable; usable from any thread.
class subject_transform {
public:
  /// What the destination may use.
  enum class dialect : uint8_t {
    mapping, ///< everything (subject mappings)
    import,  ///< wildcards only, each exactly once: such a transform can be reversed. A bare `*` in
             ///< the destination stands for the source's first, second, … wildcard
  };
  /// A transform, or a sentence that names what is wrong and what would be right.
  static std::variant<subject_transform, std::string>
  make(std::string_view source, std::string_view destination, dialect what);

  const std::string& source() const noexcept { return source_; }
  const std::string& destination() const noexcept { return destination_; }
  /// Changes nothing: every subject of the source keeps its name.
  bool is_identity() const noexcept { return identity_; }
  /// What the destination looks like to a subscriber: `cw.$2.$1` is `cw.*.*`.
  /// For `dialect::import`.
  std::string destination_pattern() const;

  /// The literal `subject` under its new name; nothing if the source does not match it.
  std::optional<std::string> apply(std::string_view subject) const;
  /// Appends the new name of a subject that is known to match: no allocation if `to` has room.
  void apply_to(std::string_view subject, std::string& to) const;

  /// For `dialect::import`: from the destination's shape back to the source's.
  subject_transform reversed() const;
  /// The pattern `wanted` (a subscription in the destination's name space) in the source's name
  /// space, narrowed to what this transform can deliver; nothing if the two have nothing in common.
  /// For `dialect::import`.
  std::optional<std::string> pull_back(std::string_view wanted) const;

private:
  subject_transform(std::string_view source, std::string_view destination);

  std::string source_;
  std::string destination_;
  std::vector<transform_part> parts_; ///< of the destination, token by token
  uint32_t source_tokens_ = 0;
  bool identity_ = false;
};

} // namespace troupe::protocol
