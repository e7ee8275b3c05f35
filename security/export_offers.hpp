// security/export_offers.hpp: finds the export that covers an import.
#pragma once

#include "security/account_rules.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::security {

/// Why the export at `index` cannot be offered at all (limits, subject, token position, latency);
/// empty: it can.
std::string fault_of_export(const account_rules& account, size_t index);

/// The exports of one account that can be offered, by their positions in `account_rules::exports`.
class export_offers {
public:
  explicit export_offers(const account_rules& account);

  static constexpr size_t none = SIZE_MAX;
  /// The export of exactly this subject, else the narrowest that contains it.
  size_t find(const account_rules& account, share_kind kind, const std::string& subject) const;

private:
  struct offers {
    std::unordered_map<std::string, size_t> by_subject;
    std::vector<size_t> patterns;
  };
  const offers& of(share_kind kind) const {
    return kind == share_kind::stream ? streams_ : services_;
  }
  offers streams_, services_;
};

std::string_view to_string(share_kind kind);

} // namespace troupe::security
