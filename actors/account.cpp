// actors/account.cpp: an account's policy and who may see it.
#include "actors/account.hpp"

#include "actors/account_policy.hpp"
#include "actors/interest_ledger.hpp"
#include "actors/interest_news.hpp"
#include "actors/response_table.hpp"
#include "protocol/subject.hpp"

namespace troupe::actors {

account::account(std::string id, size_t reactors, bool of_the_broker, link_registry* links)
    : name{std::move(id)}, reply_prefix{"_R_." + random_token(6) + "."}, is_system{of_the_broker},
      ledger{links ? std::make_unique<interest_ledger>(*links) : nullptr}, shares(reactors) {
  security::account_rules none;
  none.name = name;
  policy_ = protocol::make_ref<account_policy>(std::move(none));
}

account::~account() = default;

bool account::add_interest(const subscription_ptr& what, interest_news* news) {
  if (ledger && !ledger->links().identity().gateway.empty())
    what->born = birth_time(loop_clock::now());
  bool special = is_of_some_responses(what->subject());
  if (special) // known before it is there, and until it is not
    ++hears_some_responses;
  // First of all it works: a peer that is told may send at once.
  if (!interests.insert(what)) {
    if (special)
      --hears_some_responses;
    return false;
  }
  if (ledger)
    tell(*what, true, news);
  return true;
}

bool account::drop_interest(subscription& what, interest_news* news) {
  if (!interests.remove(what))
    return false;
  if (is_of_some_responses(what.subject()))
    --hears_some_responses;
  if (ledger)
    tell(what, false, news);
  return true;
}

bool account::is_of_some_responses(std::string_view pattern) const noexcept {
  protocol::token_walk at{pattern};
  auto fixed = std::string_view{reply_prefix}.substr(0, reply_prefix.size() - 1);
  for (protocol::token_walk wanted{fixed}; !wanted.done(); wanted.advance(), at.advance())
    if (at.done() || (at.token() != "*" && at.token() != wanted.token()))
      return false;
  return !at.done() && at.last() && at.token() != "*" && at.token() != ">";
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
