// monitor/healthz.cpp: fit for clients or not.
#include "monitor/healthz.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;

json failure(const healthz_request& request, const char* type, const char* text) {
  json out;
  out["status"] = "error";
  if (request.details)
    out["errors"] = json::array({{{"type", type}, {"error", text}}});
  else
    out["error"] = text;
  return out;
}

} // namespace

healthz_request read_healthz_request(const query& from, std::string& fault) {
  option_reader options{from};
  // They narrow what JetStream is asked for; without it only their spelling can be wrong.
  for (const auto* key : {"js-enabled", "js-enabled-only", "js-server-only", "js-meta-only"})
    options.boolean(key);
  healthz_request out;
  out.details = options.boolean("details");
  out.account = from["account"];
  out.stream = from["stream"];
  out.consumer = from["consumer"];
  fault = options.fault();
  return out;
}

json healthz(const healthz_request& request, bool ready, int& status) {
  status = 400;
  if (request.account.empty() && !request.stream.empty())
    return failure(request, "BAD_REQUEST",
                   "\"account\" must not be empty when checking stream health");
  if (request.stream.empty() && !request.consumer.empty())
    return failure(request, "BAD_REQUEST",
                   "\"stream\" must not be empty when checking consumer health");
  status = 500;
  if (!ready)
    return failure(request, "CONNECTION", "failed to be ready for connections after 1ms: server");
  status = 200;
  return {{"status", "ok"}};
}

} // namespace troupe::monitor
