// actors/broker_services.hpp: what every account takes from the system account without asking for
// it.
#pragma once

#include "actors/crossing.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::actors {

/// One of the broker's own services, as one account reaches it. There are some for every account,
/// so that whatever is equal for all accounts is theirs together: one has 150 bytes of its own.
class broker_service final : public service_import {
public:
  struct offered; ///< which of the services

  broker_service(const offered& which, protocol::ref_ptr<const protocol::subject_text> importer,
                 const account_ptr& system, const destination_ptr& nobody);

  void append_target(std::string_view subject, std::string& out) const override;
  /// What the system account calls it: it names the importer.
  std::string target() const;

private:
  const offered& which_;
  const protocol::ref_ptr<const protocol::subject_text> importer_; ///< its name
};
using broker_service_ptr = protocol::ref_ptr<broker_service>;

/// An account's way to the broker's own services (system-events.md section 6), each narrowed to
/// that account: its connections, its statistics, the user who asks. `nobody` as in the registry.
std::vector<broker_service_ptr> broker_services(const account& importer, const account_ptr& system,
                                                const destination_ptr& nobody);

/// Does only the server of whoever asks know the answer? Others may be quicker with a worse one,
/// and the first one counts.
bool is_answered_at_home(const security::export_rule& offer) noexcept;

/// What the system account offers without being told to.
std::vector<security::export_rule> broker_exports();

} // namespace troupe::actors
