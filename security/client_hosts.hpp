// security/client_hosts.hpp: which hosts may connect as clients of a Choria fleet, and what others
// may.
#pragma once

#include "security/claims_rules.hpp"
#include "security/permissions.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// One sentence for each item that is no address and no network. Empty: usable.
std::vector<std::string> faults_of_hosts(const std::vector<std::string>& items);

/// A connection from a host that is not listed is one of a managed node: it may answer, emit events
/// and register, but neither ask others nor listen to replies (choria-broker.md 7.3). Immutable;
/// any thread.
class client_hosts {
public:
  client_hosts() = default; ///< whoever connects may be a client
  /// `items`: addresses and networks; IPv4 in IPv6 counts as IPv4. `deny_others`: who is not
  /// listed may do nothing at all.
  client_hosts(const std::vector<std::string>& items, bool deny_others);

  /// Somebody may be restricted.
  bool active() const noexcept { return others_ != nullptr; }
  bool lists(std::string_view address) const;
  /// What a connection from `address` may do of what its user may (null: everything).
  permissions_ptr narrow(permissions_ptr of_user, std::string_view address) const;
  /// A managed node may publish its registration, if its user may (null: everything), although it
  /// looks like a request.
  bool may_register(const permissions_ptr& of_user, std::string_view subject) const;
  /// A host that is not listed may answer on `subject`, if its user may answer at all.
  bool may_answer(std::string_view subject) const;

private:
  permission_rules restrict(permission_rules rules) const;

  std::vector<address_range> listed_;
  bool deny_others_ = false;
  permissions_ptr others_; ///< of users who may everything
};

} // namespace troupe::security
