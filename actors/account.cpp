// actors/account.cpp: an account's policy and who may see it.
#include "actors/account.hpp"

#include "actors/account_policy.hpp"
#include "actors/interest_ledger.hpp"
#include "actors/interest_news.hpp"
#include "actors/response_table.hpp"

namespace troupe::actors {

account::account(std::string id, size_t reactors, bool of_the_broker, link_registry* links)
    : name{std::move(id)}, reply_prefix{"_R_." + random_token(6) + "."}, is_system{of_the_broker},
      ledger{links ? std::make_unique<interest_ledger>(*links) : nullptr}, shares(reactors) {
  auto first = protocol::make_ref<account_policy>();
  first->rules.name = name;
  policy_ = first;
}

account::~account() = default;

bool account::add_interest(const subscription_ptr& what, interest_news* news) {
  // First of all it works: a peer that is told may send at once.
  if (!interests.insert(what))
    return false;
  if (ledger)
    tell(*what, true, news);
  return true;
}

bool account::drop_interest(subscription& what, interest_news* news) {
  if (!interests.remove(what))
    return false;
  if (ledger)
    tell(what, false, news);
  return true;
}

void account::tell(const subscription& what, bool comes, interest_news* news) {
  if (!ledger->count(what, comes))
    return;
  if (news) {
    news->note(account_ptr{this}, what.text());
    return;
  }
  interest_news now{ledger->links()};
  now.note(account_ptr{this}, what.text());
  now.tell();
}

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
