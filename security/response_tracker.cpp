// security/response_tracker.cpp: remembers, counts and forgets reply subjects.
#include "security/response_tracker.hpp"

namespace troupe::security {

response_tracker::response_tracker(response_rule rule) : rule_{rule} {
  if (rule_.max_messages == 0)
    rule_.max_messages = response_rule{}.max_messages;
  if (rule_.expires == std::chrono::nanoseconds::zero())
    rule_.expires = response_rule{}.expires;
}

bool response_tracker::expired(const entry& e, time_point now) const noexcept {
  return rule_.expires.count() > 0 && now - e.since > rule_.expires;
}

void response_tracker::drop_oldest() {
  by_reply_.erase(entries_.front().reply);
  entries_.pop_front();
}

void response_tracker::remember(std::string_view reply, time_point now) {
  while (!entries_.empty() && expired(entries_.front(), now))
    drop_oldest();
  if (auto known = by_reply_.find(reply); known != by_reply_.end()) {
    entries_.splice(entries_.end(), entries_, known->second);
  } else {
    if (entries_.size() >= max_entries)
      drop_oldest();
    entries_.push_back({std::string{reply}, 0, now});
    by_reply_.emplace(entries_.back().reply, std::prev(entries_.end()));
  }
  entries_.back().left = rule_.max_messages;
  entries_.back().since = now;
}

bool response_tracker::use(std::string_view reply, time_point now) {
  auto known = by_reply_.find(reply);
  if (known == by_reply_.end())
    return false;
  auto at = known->second;
  bool ok = !expired(*at, now);
  // The last permitted answer forgets the subject, so the next one finds nothing.
  if (!ok || at->left == 1) {
    by_reply_.erase(known);
    entries_.erase(at);
  } else if (at->left > 1) {
    --at->left;
  }
  return ok;
}

} // namespace troupe::security
