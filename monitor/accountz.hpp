// monitor/accountz.hpp: the /accountz answer (monitoring.md section 10).
#pragma once

#include "monitor/source.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace troupe::monitor {

/// One account in full; also what its INFO service answers.
nlohmann::ordered_json account_detail(const account_facts& which);

struct accountz_head {
  std::string server_id;
  std::string system_account;
  actors::wall_time now;
};
nlohmann::ordered_json accountz(const accountz_head& head, const std::vector<std::string>& names);
nlohmann::ordered_json accountz(const accountz_head& head, const account_facts& which);

} // namespace troupe::monitor
