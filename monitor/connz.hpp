// monitor/connz.hpp: the /connz answer (monitoring.md sections 4 and 5).
#pragma once

#include "actors/snapshot.hpp"
#include "monitor/query.hpp"

#include <nlohmann/json_fwd.hpp>

namespace troupe::monitor {

enum class connection_state : uint8_t { open, closed, any };
enum class subscription_detail : uint8_t { none, subjects, full };

struct connz_request {
  std::string sort; ///< a key of monitoring.md 4.4; empty: cid
  bool auth = false;
  subscription_detail subscriptions = subscription_detail::none;
  uint64_t offset = 0;
  uint64_t limit = 1024;
  uint64_t cid = 0; ///< 0: all
  connection_state state = connection_state::open;
  std::string user;
  std::string account;
  std::string
      subject; ///< open ones that want something of it, and closed ones; with an account only
};

/// The `subs` option, which /routez has as well.
subscription_detail read_detail(const query& from, option_reader& options);

/// `fault` is empty, or the 400 answer; the sort key is not judged yet.
connz_request read_connz_request(const query& from, std::string& fault);

/// Empty, or the 400 answer: the sort key is unknown or does not go with the state, or a subject
/// goes without an account.
std::string fault_of(const connz_request& request);

/// What has to be asked of the broker to answer, apart from `request.cid`.
actors::connection_query needed_for(const connz_request& request);

/// The sort key must be a good one. `all` holds what needed_for() asked for, in any order; open and
/// closed may be mixed.
nlohmann::ordered_json connz(const connz_request& request, const std::string& server_id,
                             actors::wall_time now,
                             const std::vector<actors::connection_snapshot>& all);

/// The answer if the broker has no account of that name.
nlohmann::ordered_json connz_of_unknown_account(const connz_request& request,
                                                actors::wall_time now);

} // namespace troupe::monitor
