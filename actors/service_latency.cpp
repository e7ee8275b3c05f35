// actors/service_latency.cpp: reads trace headers, writes metrics.
#include "actors/service_latency.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <vector>

namespace troupe::actors {
namespace {

using namespace std::chrono;
using header_map = std::map<std::string, std::string>;

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// "x-b3-TRACEID" as nats-server shows it: "X-B3-Traceid".
std::string canonical(std::string_view name) {
  std::string out;
  for (char c : name) {
    bool begins = out.empty() || out.back() == '-';
    auto small = lower(c);
    out += begins && small >= 'a' && small <= 'z' ? static_cast<char>(small - 32) : small;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// The first value of each name.
header_map read(std::string_view block) {
  header_map out;
  while (!block.empty()) {
    auto end = block.find("\r\n");
    auto line = block.substr(0, end);
    block.remove_prefix(end == block.npos ? block.size() : end + 2);
    if (auto colon = line.find(':'); colon != line.npos)
      out.emplace(canonical(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return out;
}

std::vector<std::string_view> cut(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    auto end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == text.npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

/// Flags of one or two hexadecimal digits; the last bit says "sampled".
bool last_bit(std::string_view flags, size_t shortest) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (flags.size() < shortest || flags.size() > 2)
    return false;
  for (char c : flags)
    if (digits.find(lower(c)) == digits.npos)
      return false;
  return digits.find(lower(flags.back())) % 2 == 1;
}

std::string json_of(const header_map& all, std::initializer_list<std::string_view> names,
                    std::string_view prefix = {}) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, value] : all)
    if (std::find(names.begin(), names.end(), name) != names.end()
        || (!prefix.empty() && name.starts_with(prefix)))
      out[name] = {value};
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The first kind of trace header that is there decides.
std::optional<std::string> asked_by(const header_map& all) {
  auto find = [&](const char* name) -> const std::string* {
    auto found = all.find(name);
    return found == all.end() ? nullptr : &found->second;
  };
  auto b3 = [&] {
    return json_of(all, {"X-B3-Sampled", "X-B3-Traceid", "X-B3-Parentspanid", "X-B3-Spanid"});
  };
  if (const auto* id = find("Uber-Trace-Id")) {
    auto parts = cut(*id, ':');
    if (parts.size() == 4 && last_bit(parts[3], 1))
      return json_of(all, {"Uber-Trace-Id"}, "Uberctx-");
    return std::nullopt;
  }
  const auto* flag = find("X-B3-Sampled");
  if (flag && *flag == "1")
    return b3();
  if (flag && *flag == "0")
    return std::nullopt;
  if (find("X-B3-Traceid"))
    return b3();
  if (const auto* one = find("B3")) {
    auto parts = cut(*one, '-');
    if ((parts.size() > 2 && parts[2] == "0") || (parts.size() == 1 && parts[0] == "0"))
      return std::nullopt;
    return json_of(all, {"B3"});
  }
  if (const auto* parent = find("Traceparent")) {
    auto parts = cut(*parent, '-');
    if (parts.size() == 4 && last_bit(parts[3], 2))
      return json_of(all, {"Traceparent", "Tracestate"});
  }
  return std::nullopt;
}

std::string utc(system_clock::time_point at) {
  auto whole = floor<seconds>(at);
  return fmt::format("{:%FT%T}.{:09}Z", fmt::gmtime(system_clock::to_time_t(whole)),
                     duration_cast<nanoseconds>(at - whole).count());
}

} // namespace

std::optional<std::string> sampled(const security::latency_rule& rule, std::string_view headers,
                                   uint32_t chance) {
  if (chance < static_cast<uint32_t>(std::max(0, rule.sampling)))
    return std::string{};
  return headers.empty() ? std::nullopt : asked_by(read(headers));
}

std::string latency_metric(const latency_record& request, latency_status status,
                           const responder* by) {
  constexpr nanoseconds none{0};
  auto now = system_clock::now();
  nanoseconds service{0}, system{0}, total{0};
  if (by) {
    auto taken = std::max(none, duration_cast<nanoseconds>(loop_clock::now() - request.sent));
    service = std::max(none, taken - by->rtt);
    total = request.requestor_rtt + taken;
    if (by->rtt > none) {
      system = std::max(none, duration_cast<nanoseconds>(system_clock::now() - now));
      total += system;
    }
  }
  auto out = fmt::format(R"({{"type":"io.nats.server.metric.v1.service_latency","id":"{}",)"
                         R"("timestamp":"{}","status":{})",
                         random_token(22), utc(now), static_cast<int>(status));
  switch (status) {
  case latency_status::answered: break;
  case latency_status::bad_request: out += R"(,"description":"Bad Request")"; break;
  case latency_status::request_timeout: out += R"(,"description":"Request Timeout")"; break;
  case latency_status::service_unavailable: out += R"(,"description":"Service Unavailable")"; break;
  case latency_status::service_timeout: out += R"(,"description":"Service Timeout")"; break;
  }
  if (!request.requestor.empty())
    out.append(R"(,"requestor":)").append(request.requestor);
  if (by && !by->description.empty())
    out.append(R"(,"responder":)").append(by->description);
  if (!request.header.empty())
    out.append(R"(,"header":)").append(request.header);
  out +=
      fmt::format(R"(,"start":"{}","service":{},"system":{},"total":{}}})",
                  utc(request.start - duration_cast<system_clock::duration>(request.requestor_rtt)),
                  service.count(), system.count(), total.count());
  return out;
}

} // namespace troupe::actors
