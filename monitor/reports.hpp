// monitor/reports.hpp: the bodies that HTTP and the services of the system account share.
#pragma once

#include "monitor/connz.hpp"
#include "monitor/healthz.hpp"
#include "monitor/leafz.hpp"
#include "monitor/linkz.hpp"
#include "monitor/process_usage.hpp"
#include "monitor/source.hpp"
#include "monitor/subsz.hpp"
#include "monitor/varz.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::monitor {

/// Asks a source for what each body needs. Any thread that may wait.
class reports {
public:
  explicit reports(const source& from) : from_{from} {}

  nlohmann::ordered_json varz(request_counts requests);
  /// `fault` is empty, or says why there is no answer.
  nlohmann::ordered_json connz(const connz_request& request, std::string& fault);
  nlohmann::ordered_json subsz(const subsz_request& request);
  nlohmann::ordered_json healthz(const healthz_request& request, int& status);
  /// `heard_of`: ids of other servers.
  nlohmann::ordered_json statsz(const std::vector<std::string>& heard_of);
  /// Of the named accounts, or of all; of those without connections only if `unused` is wanted.
  nlohmann::ordered_json account_statz(const std::vector<std::string>& names, bool unused);

  /// Of all accounts their names; of one everything.
  nlohmann::ordered_json accountz(const std::string& name, std::string& fault);
  nlohmann::ordered_json account_info(const std::string& name, std::string& fault);
  nlohmann::ordered_json routez(const routez_request& request);
  nlohmann::ordered_json gatewayz(const gatewayz_request& request);
  nlohmann::ordered_json leafz(const leafz_request& request);
  /// The subscriptions of `account` that would receive a literal subject, or that are contained in
  /// a wildcard subject; of one queue group only, if it is named.
  uint64_t subscribers(const std::string& account, std::string_view subject,
                       std::string_view queue);

  const source& from() const noexcept { return from_; }

private:
  process_facts process();

  const source& from_;
  processor_meter processor_;
};

} // namespace troupe::monitor
