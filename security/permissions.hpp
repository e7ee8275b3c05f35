// security/permissions.hpp: what one user may publish and subscribe to.
#pragma once

#include "protocol/ref_counted.hpp"
#include "security/subject_tree.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// Lists as an operator writes them. In subscribe lists an entry may be "subject queue", where
/// the queue may hold wildcards. `allow` absent: everything; empty lists count as absent.
struct subject_rules {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  bool operator==(const subject_rules&) const = default;
};

/// `allow_responses`: a client may answer what it was asked, `max_messages` times within `expires`.
/// Negative values mean without limit.
struct response_rule {
  int64_t max_messages = 1;
  std::chrono::nanoseconds expires = std::chrono::minutes{2};
  bool operator==(const response_rule&) const = default;
};

struct permission_rules {
  subject_rules publish;
  subject_rules subscribe;
  std::optional<response_rule> responses;
  bool operator==(const permission_rules&) const = default;
};

/// One sentence per entry that cannot be used, each beginning with `where` (file, line, key, as the
/// caller knows them). Empty: usable.
std::vector<std::string> validate(const permission_rules& rules, std::string_view where);

enum class subscribe_verdict : uint8_t {
  refused,
  allowed,
  allowed_filtered, ///< ask `may_deliver` for each message before it is delivered
};

/// Rules in the form that answers questions. Immutable, shared by all connections of a user; a null
/// pointer stands for "everything". Rules that `validate` finds fault with must not come here: an
/// entry with an invalid subject is left out, so that such an allow entry allows nothing.
/// Semantics: accounts-and-auth.md section 8. Asked for every new subject of a connection, so no
/// answer allocates in practice and none depends on the number of entries.
class permissions : public protocol::ref_counted<permissions> {
public:
  explicit permissions(permission_rules rules);

  /// `subject`: literal, as it will be delivered (after subject mapping). Where this says no and
  /// `responses()` is set, the connection's `response_tracker` has the last word.
  bool may_publish(std::string_view subject) const;

  /// `queue` empty: a plain subscription. A wildcard subscription must lie inside an allow entry
  /// as a set: allow `foo.*` refuses `foo.>`.
  subscribe_verdict may_subscribe(std::string_view subject, std::string_view queue) const;

  /// For deliveries to subscriptions that got `allowed_filtered`.
  bool may_deliver(std::string_view subject, std::string_view queue) const;

  const std::optional<response_rule>& responses() const noexcept { return rules_.responses; }
  /// As the operator wrote them, for reports.
  const permission_rules& rules() const noexcept { return rules_; }

private:
  permission_rules rules_;
  bool any_publish_ = false;   ///< no allow list restricts publishing
  bool any_subscribe_ = false; ///< no allow list restricts subscribing
  subject_tree publish_allow_;
  subject_tree publish_deny_;
  subject_tree subscribe_allow_;
  subject_tree subscribe_deny_;
};

using permissions_ptr = protocol::ref_ptr<const permissions>;

} // namespace troupe::security
