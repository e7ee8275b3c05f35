// actors/account.hpp: one account: its interest, its figures, its actor.
#pragma once

#include "actors/caf_compat.hpp"
#include "protocol/ref_counted.hpp"
#include "protocol/sublist.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::actors {

class interest_ledger;
class interest_news;
class link_registry;
class subscription;
struct account_policy;
using account_policy_ptr = protocol::ref_ptr<const account_policy>;

/// Messages and payload bytes, one way.
struct traffic {
  std::atomic<uint64_t> messages{0};
  std::atomic<uint64_t> bytes{0};
  /// For the one thread that writes it: no read-modify-write is needed.
  void add(uint64_t more_messages, uint64_t more_bytes) noexcept {
    messages.store(messages.load(std::memory_order_relaxed) + more_messages,
                   std::memory_order_relaxed);
    bytes.store(bytes.load(std::memory_order_relaxed) + more_bytes, std::memory_order_relaxed);
  }
};

/// Figures that one reactor counts for one account; summed on demand.
struct alignas(64) account_share {
  traffic in;
  traffic out;
  std::atomic<uint64_t> slow_consumers{0};
};

/// The shared half of an account. The sublist is the one structure that is shared on purpose; all
/// else is constant or counted per reactor.
class account : public protocol::ref_counted<account> {
public:
  /// `links`: null if the broker has none, and never will.
  account(std::string id, size_t reactors, bool of_the_broker = false,
          link_registry* links = nullptr);
  ~account();

  const std::string name;
  const std::string reply_prefix; ///< responses to requests of other accounts: "_R_.x6jA0k."
  const bool is_system;           ///< the broker's own: may use what others may not
  /// Changed by add_interest() and drop_interest() alone.
  protocol::sublist interests;
  const std::unique_ptr<interest_ledger> ledger; ///< null: the broker has no links
  std::vector<account_share> shares;             ///< by reactor
  std::atomic<int64_t> connections{0};           ///< clients
  std::atomic<int64_t> leafnodes{0};             ///< links to leaf nodes and hubs
  /// The same at all other servers, as they say: what a limit counts as well.
  std::atomic<int64_t> connections_elsewhere{0};
  std::atomic<int64_t> leafnodes_elsewhere{0};
  std::atomic<uint64_t> total_connections{0};
  std::atomic<bool> has_mappings{false}; ///< new subjects have to be looked up in policy()
  /// Interest that some subjects of `reply_prefix` and one more token match, but not all of them.
  std::atomic<uint32_t> hears_some_responses{0};

  /// As the sublist's insert() and remove(), and counts it. `news`: of the reactor that runs this,
  /// which tells the links before it sends anything else; null: they are told here and now.
  bool add_interest(const protocol::ref_ptr<subscription>& what, interest_news* news = nullptr);
  bool drop_interest(subscription& what, interest_news* news = nullptr);

  /// What its rules came to; never null. Takes a lock: connections keep theirs, messages need none.
  account_policy_ptr policy() const;
  /// For the registry, which then tells the account's actor.
  void set_policy(account_policy_ptr next);

private:
  void tell(const subscription& what, bool comes, interest_news* news);
  bool is_of_some_responses(std::string_view pattern) const noexcept;

  mutable std::mutex policy_mutex_;
  account_policy_ptr policy_;
};

using account_ptr = protocol::ref_ptr<account>;

} // namespace troupe::actors
