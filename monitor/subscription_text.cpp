// monitor/subscription_text.cpp: writes one subscription.
#include "monitor/subscription_text.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {

nlohmann::ordered_json subscription_json(const actors::subscription_snapshot& which,
                                         account_shown account) {
  nlohmann::ordered_json out;
  if (account == account_shown::yes && !which.account.empty()) {
    out["account"] = which.account;
    out["account_tag"] = which.account;
  }
  out["subject"] = which.subject;
  if (!which.queue.empty())
    out["qgroup"] = which.queue;
  out["sid"] = which.sid;
  out["msgs"] = which.messages;
  if (which.maximum > 0)
    out["max"] = which.maximum;
  out["cid"] = which.cid;
  return out;
}

} // namespace troupe::monitor
