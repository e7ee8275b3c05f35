// security/store_sharing.cpp: accounts' claims brought together.
#include "security/store_sharing.hpp"

#include "security/claims_rules.hpp"
#include "security/operator_trust.hpp"

#include <memory>
#include <unordered_map>

namespace troupe::security {

sharing share_all(const std::vector<account_claims>& accounts, bool strict, int64_t now) {
  auto trusts = std::make_shared<std::unordered_map<std::string, account_trust_ptr>>();
  std::vector<account_rules> all;
  for (const auto& one : accounts) {
    trusts->emplace(one.standard.subject, std::make_shared<const account_trust>(one, strict));
    all.push_back(rules_of(one));
  }
  sharing out{[trusts, now](const account_rules& importer, const import_rule& wanted,
                            const export_rule& offer) -> std::string {
    auto exporter = trusts->find(wanted.account);
    if (exporter == trusts->end())
      return "the exporter is not in this store";
    int64_t until = 0;
    return check_activation(importer.name, wanted, offer, *exporter->second, now, until);
  }};
  out.assign(std::move(all));
  return out;
}

} // namespace troupe::security
