// cli/bench_plan.cpp: the arithmetic of loads.
#include "cli/bench_plan.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>

namespace troupe::cli {
namespace {

std::string numbered(const std::string& head, uint32_t number, uint32_t below) {
  auto width = std::to_string(below - 1).size();
  return fmt::format("{}.{:0{}}", head, number, width);
}

} // namespace

uint64_t load_plan::share_of_publisher(uint32_t publisher) const {
  return messages / publishers + (publisher < messages % publishers ? 1 : 0);
}

uint64_t load_plan::expected_deliveries() const {
  if (subscribers == 0)
    return 0;
  if (!queue.empty())
    return messages;
  if (!pairs)
    return messages * subscribers;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < subscribers; ++i)
    sum += share_of_publisher(i % publishers);
  return sum;
}

connect_options load_plan::of_subscribers() const {
  auto out = connection;
  if (!subscriber_user.empty())
    out.user = subscriber_user;
  if (!subscriber_servers.empty())
    out.servers = subscriber_servers;
  return out;
}

std::vector<std::string> load_plan::subjects_of(uint32_t publisher) const {
  auto head = pairs ? numbered(subject, publisher % publishers, publishers) : subject;
  if (subjects == 1)
    return {head};
  std::vector<std::string> out;
  for (uint32_t i = 0; i < subjects; ++i)
    out.push_back(numbered(head, i, subjects));
  return out;
}

uint64_t latency_result::percentile(double share) const {
  if (nanos.empty())
    return 0;
  auto at = static_cast<size_t>(share * static_cast<double>(nanos.size()));
  return nanos[std::min(at, nanos.size() - 1)];
}

double own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace troupe::cli
