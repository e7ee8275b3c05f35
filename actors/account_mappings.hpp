// actors/account_mappings.hpp: what an account's subjects are published as instead.
#pragma once

#include "protocol/subject_transform.hpp"
#include "security/account_rules.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

/// Where messages of one subject go: `upto` of a hundred to the first, the next ones to the second.
/// What is beyond the last keeps its subject.
struct mapped_subject {
  uint32_t upto;
  std::string subject;
};

/// Immutable; any thread.
class account_mappings {
public:
  account_mappings() = default;
  /// Rules that cannot be used are left out, with a sentence each in `problems`. `cluster` is the
  /// one this broker belongs to.
  account_mappings(const std::vector<security::mapping_rule>& rules, std::string_view cluster,
                   std::vector<std::string>& problems);

  bool empty() const noexcept { return sources_.empty(); }
  /// Empty: the subject is not mapped.
  std::vector<mapped_subject> find(std::string_view subject) const;

private:
  struct destination {
    uint32_t upto;
    protocol::subject_transform transform;
  };
  struct source {
    std::string pattern;
    std::vector<destination> destinations;
  };

  std::vector<source> sources_;
  std::unordered_map<std::string, size_t> literals_; // an exact source comes before any pattern
};

} // namespace troupe::actors
