// actors/account_mappings.cpp: weights and clusters of mapping rules.
#include "actors/account_mappings.hpp"

#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::actors {

using protocol::subject_transform;
namespace {

/// Who gives the subject itself a share wants the rest lost, to try what loss does.
template <class Source>
bool loses(const Source& from) {
  return from.destinations.back().upto < 100
         && std::any_of(from.destinations.begin(), from.destinations.end(), [&](const auto& each) {
              return each.transform.destination() == from.pattern;
            });
}

} // namespace

account_mappings::account_mappings(const std::vector<security::mapping_rule>& rules,
                                   std::string_view cluster, std::vector<std::string>& problems) {
  for (const auto& rule : rules) {
    // Where a rule names this cluster, only what it says of it holds.
    bool named = !cluster.empty()
                 && std::any_of(rule.destinations.begin(), rule.destinations.end(),
                                [&](const auto& each) { return each.cluster == cluster; });
    source one{rule.source, {}};
    uint32_t sum = 0;
    for (const auto& each : rule.destinations) {
      if (named ? each.cluster != cluster : !each.cluster.empty())
        continue;
      auto made =
          subject_transform::make(rule.source, each.subject, subject_transform::dialect::mapping);
      if (const auto* why = std::get_if<std::string>(&made)) {
        problems.push_back(*why);
        continue;
      }
      sum = std::min<uint32_t>(100, sum + static_cast<uint32_t>(std::max(0, each.weight)));
      one.destinations.push_back({sum, std::get<subject_transform>(std::move(made))});
    }
    if (protocol::is_literal(rule.source))
      literals_.emplace(rule.source, sources_.size());
    sources_.push_back(std::move(one));
  }
}

std::vector<mapped_subject> account_mappings::find(std::string_view subject) const {
  const source* found = nullptr;
  if (auto exact = literals_.find(std::string{subject}); exact != literals_.end())
    found = &sources_[exact->second];
  for (size_t i = 0; i < sources_.size() && !found; ++i)
    if (protocol::matches(subject, sources_[i].pattern))
      found = &sources_[i];
  std::vector<mapped_subject> out;
  if (found)
    for (const auto& each : found->destinations)
      if (auto renamed = each.transform.apply(subject))
        out.push_back({each.upto, std::move(*renamed)});
  if (!out.empty() && loses(*found))
    out.push_back({100, {}});
  return out;
}

} // namespace troupe::actors
