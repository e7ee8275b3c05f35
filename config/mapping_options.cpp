// config/mapping_options.cpp: reads subject mappings, their weights and clusters.
#include "config/mapping_options.hpp"
#include "config/words.hpp"
#include "protocol/subject.hpp"
#include "protocol/subject_transform.hpp"

#include <charconv>
#include <map>
#include <set>

namespace troupe::config {

namespace {

class mapping_reader {
public:
  mapping_reader(const member& one, dialect from, findings& found)
      : one_{one}, from_{from}, found_{found} {
    rule_.source = one.key;
  }

  security::mapping_rule read() {
    auto& val = one_.val;
    if (val.kind == value::type::list) {
      for (auto& item : val.items)
        add(item, item.where);
      check_weights();
    } else {
      add(val, one_.where);
    }
    return std::move(rule_);
  }

private:
  void add(const value& val, const place& where) {
    security::mapping_destination to;
    if (val.kind == value::type::text) {
      to.subject = val.text;
    } else if (val.kind != value::type::map) {
      found_.error(where, "the mapping of \"" + rule_.source
                              + "\" must be a subject, or {destination, weight, cluster}, not "
                              + describe(val));
      return;
    } else if (!read_map(val, where, to)) {
      return;
    }
    auto made = protocol::subject_transform::make(rule_.source, to.subject,
                                                  protocol::subject_transform::dialect::mapping);
    if (auto* wrong = std::get_if<std::string>(&made))
      found_.error(where, "the mapping of \"" + rule_.source + "\": " + *wrong);
    else
      rule_.destinations.push_back(std::move(to));
  }

  bool read_map(const value& val, const place& where, security::mapping_destination& to) {
    bool weighted = false;
    const auto errors = found_.errors.size();
    for (auto& part : val.members) {
      auto key = lower(part.key);
      if (any_of(key, {"destination", "dest"})) {
        read_text(part, to.subject);
      } else if (key == "cluster") {
        read_text(part, to.cluster);
      } else if (key == "weight") {
        weighted = true;
        if (auto weight = read_percent(part, 0, "weight", found_))
          to.weight = *weight;
      } else if (!part.used_as_variable) {
        found_.error(part.where, "unknown field \"" + part.key + "\"");
      }
    }
    if (found_.errors.size() != errors)
      return false;
    if (to.subject.empty())
      found_.error(where, "the mapping of \"" + rule_.source + "\" needs a destination");
    else if (!weighted)
      found_.error(where, "the mapping of \"" + rule_.source + "\" to \"" + to.subject
                              + "\" needs a weight, such as 50%");
    return found_.errors.size() == errors;
  }

  void read_text(const member& part, std::string& target) {
    if (auto result = assign(&target, unit::text, part.key, part.val, from_); !result.error.empty())
      found_.error(part.where, result.error);
  }

  void check_weights() {
    std::map<std::string_view, int> sums;
    std::set<std::string_view> seen;
    for (auto& to : rule_.destinations) {
      sums[to.cluster] += to.weight;
      if (!seen.insert(to.subject).second)
        found_.error(one_.where, "the mapping of \"" + rule_.source + "\" has the destination \""
                                     + to.subject + "\" twice");
    }
    for (auto& [cluster, sum] : sums)
      if (sum > 100)
        found_.error(one_.where,
                     "the weights of \"" + rule_.source + "\""
                         + (cluster.empty() ? "" : " in cluster \"" + std::string{cluster} + "\"")
                         + " add up to " + std::to_string(sum) + "%, at most 100% are possible");
  }

  const member& one_;
  dialect from_;
  findings& found_;
  security::mapping_rule rule_;
};

} // namespace

std::optional<int> read_percent(const member& one, int lowest, std::string_view what,
                                findings& found) {
  auto text = std::string_view{one.val.text};
  if (text.ends_with('%'))
    text.remove_suffix(1);
  int number = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (one.val.is_scalar() && bad == std::errc{} && end == text.data() + text.size()
      && number >= lowest && number <= 100)
    return number;
  found.error(one.where, std::string{what} + " must lie between " + std::to_string(lowest)
                             + " and 100 percent, not " + describe(one.val));
  return std::nullopt;
}

void read_mappings(const member& one, security::account_rules& account, dialect from,
                   findings& found) {
  if (one.val.kind != value::type::map) {
    found.error(one.where,
                one.key + " must be a map from subject to destination, not " + describe(one.val));
    return;
  }
  for (auto& each : one.val.members) {
    if (each.used_as_variable)
      continue;
    if (!protocol::is_valid_subscription(each.key))
      found.error(each.where, "the source of a mapping, \"" + each.key + "\", is no subject");
    else
      account.mappings.push_back(mapping_reader{each, from, found}.read());
  }
}

} // namespace troupe::config
