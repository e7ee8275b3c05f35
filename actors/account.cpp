// actors/account.cpp: an account's policy and who may see it.
#include "actors/account.hpp"

#include "actors/account_policy.hpp"
#include "actors/response_table.hpp"

namespace troupe::actors {

account::account(std::string id, size_t reactors, bool of_the_broker)
    : name{std::move(id)}, reply_prefix{"_R_." + random_token(6) + "."}, is_system{of_the_broker},
      shares(reactors) {
  auto first = protocol::make_ref<account_policy>();
  first->rules.name = name;
  policy_ = first;
}

account::~account() = default;

account_policy_ptr account::policy() const {
  std::lock_guard guard{policy_mutex_};
  return policy_;
}

void account::set_policy(account_policy_ptr next) {
  account_policy_ptr last; // outlives the lock
  std::lock_guard guard{policy_mutex_};
  has_mappings.store(!next->mappings.empty(), std::memory_order_relaxed);
  last = std::exchange(policy_, std::move(next));
}

} // namespace troupe::actors
