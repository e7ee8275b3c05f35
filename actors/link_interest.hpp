// actors/link_interest.hpp: what a link's peer has told us, and what we have told it.
#pragma once

#include "actors/interest_ledger.hpp"
#include "actors/interest_news.hpp"
#include "actors/remote_interest.hpp"
#include "protocol/flat_table.hpp"
#include "protocol/subject_hash.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

/// The peer's interest: every RS+ and LS+ that is in force, in the sublists of its accounts.
/// Belongs to the link's thread; clear() before the link goes, for interest keeps its link alive.
class peer_interest {
public:
  /// One RS+, LS+, RS- or LS-.
  struct key {
    std::string_view origin; ///< of a route's LS+: the leaf cluster; else empty
    std::string_view subject;
    std::string_view queue;
  };
  enum class outcome : uint8_t {
    added,
    changed, ///< another weight
    known,
    invalid, ///< no subject that can be subscribed to
  };

  /// `by_origin`: the peer says the origin in LS- (`lnocu`), so that RS+ and LS+ of one subject are
  /// two interests; without that they are one. `news`: of the reactor, or null.
  peer_interest(link_destination_ptr link, bool by_origin, interest_news* news) noexcept
      : link_{std::move(link)}, by_origin_{by_origin}, news_{news} {}
  peer_interest(const peer_interest&) = delete;
  peer_interest& operator=(const peer_interest&) = delete;
  ~peer_interest() { clear(); }

  /// What is added up for a group of many peers must not come to nothing.
  static constexpr uint32_t most_weight = 1'000'000;

  /// In force when it returns. `weight`: of a queue group, at least 1; of more than `most_weight`
  /// members only so many count.
  outcome put(const account_ptr& where, const key& what, uint32_t weight = 1);
  /// False: it was not there.
  bool drop(const account& where, const key& what);
  /// Null: it is not there. Good until the next change.
  const remote_interest* find(const account& where, const key& what) const;
  /// All of one account, in no order; nothing may be changed meanwhile.
  template <class Visit>
  void for_each(const account& where, Visit&& visit) const {
    if (auto in = accounts_.find(&where); in != accounts_.end())
      in->second.table.for_each([&](const entry& each) { visit(*each.what); });
  }
  /// How much of the account's interest is this peer's own.
  uint32_t weight_of(const account& where, const protocol::subject_text& what) const;

  /// All of it ends, as when the link does.
  void clear();
  /// The same for one account.
  void clear(const account& where);
  /// Ends that of which `unwanted(key, weight)` is true, in all accounts; it may not call back.
  template <class F>
  void drop_if(F&& unwanted) {
    for (auto& [which, in] : accounts_)
      drop_in(in, unwanted);
  }
  /// The same in one account.
  template <class F>
  void drop_if(const account& where, F&& unwanted) {
    if (auto in = accounts_.find(&where); in != accounts_.end())
      drop_in(in->second, unwanted);
  }
  size_t size() const noexcept { return size_; }
  size_t size_in(const account& where) const noexcept;
  /// Names of leaf clusters that it keeps, for its interests to share.
  size_t origins() const noexcept { return origins_.size(); }

private:
  struct seeded_hash { // a peer chooses the names
    size_t operator()(std::string_view text) const noexcept { return protocol::hash_subject(text); }
  };
  struct entry {
    remote_interest_ptr what;
    uint32_t hash = 0;
    bool used() const noexcept { return static_cast<bool>(what); }
  };
  static_assert(sizeof(entry) == 16);
  struct book {
    account_ptr where;
    mutable protocol::flat_table<entry> table;
  };

  template <class F>
  void drop_in(book& in, F& unwanted) {
    std::vector<remote_interest_ptr> gone;
    in.table.for_each([&](const entry& each) {
      const auto& what = *each.what;
      if (unwanted(key{what.origin(), what.subject(), what.queue()}, what.weight()))
        gone.push_back(each.what);
    });
    for (const auto& each : gone)
      drop(*in.where, {each->origin(), each->subject(), each->queue()});
  }
  entry* find(const book& in, const key& what, uint32_t hash) const;
  uint32_t hash_of(const key& what) const noexcept;
  shared_text shared(std::string_view origin);

  link_destination_ptr link_;
  bool by_origin_;
  interest_news* news_;
  size_t size_ = 0;
  std::unordered_map<const account*, book> accounts_;
  std::unordered_map<std::string_view, shared_text, seeded_hash> origins_; // one for all interests
  size_t most_origins_ = 64; // then it is looked which are still needed
};

/// Interest that a peer has to be told of in other words than before.
struct announcement {
  shared_text what;
  std::string_view origin; ///< empty: RS+ or LS+ without one
  uint32_t weight = 0;     ///< 0: it ends; of plain interest 1
};

/// What a link has told its peer. Belongs to the link's thread.
class told_interest {
public:
  /// `by_origin`: the peer, a route's, tells RS+ and LS+ of one subject apart (`lnocu`). One that
  /// does not would keep the first of them, and end it with the first that ends.
  explicit told_interest(link_destination_ptr to, bool by_origin = false) noexcept
      : to_{std::move(to)}, by_origin_{by_origin} {}
  told_interest(const told_interest&) = delete;
  told_interest& operator=(const told_interest&) = delete;

  /// What the peer has to be told for it to know what the ledger of `where` says now; taken as
  /// told. Good until the next call. `own`: how much of it is the peer's own interest; only leafs
  /// without a cluster's name need it. `again`: also what it was told already and still holds.
  std::span<const announcement> update(const account_ptr& where, const shared_text& what,
                                       uint32_t own = 0, bool again = false);
  /// Was it told of the account, since that was forgotten or withdrawn?
  bool knows(const account& where) const { return accounts_.contains(&where); }
  /// It is told nothing of the account any more, or from the beginning.
  void forget(const account& where);
  /// The same for a peer that knows of it: what has to be said for it to know nothing. Good until
  /// the next call.
  std::span<const announcement> withdraw(const account& where);
  size_t size() const noexcept;
  size_t size_in(const account& where) const noexcept;
  /// Leaf clusters that the last update() looked at: what it cost.
  uint32_t steps() const noexcept { return steps_; }

private:
  struct plain_entry {
    shared_text what;
    uint32_t hash = 0;
    uint32_t weight = 0;
    bool used() const noexcept { return static_cast<bool>(what); }
  };
  static_assert(sizeof(plain_entry) == 16);
  struct told_origin {
    shared_text origin;
    uint32_t weight = 0;
  };
  struct origin_entry {
    shared_text what;
    told_origin first; // by far the most have no other one
    std::unique_ptr<std::vector<told_origin>> more;
    uint32_t hash = 0;
    bool used() const noexcept { return static_cast<bool>(what); }
  };
  struct book {
    account_ptr where;
    protocol::flat_table<plain_entry> plain; // by far the most have no origin
    protocol::flat_table<origin_entry> by_origin;
    size_t origins = 0; // in all entries
  };

  void compare_plain(book& in, const shared_text& what, uint32_t hash, uint32_t weight, bool again);
  void compare_origins(book& in, const shared_text& what, uint32_t hash, bool again);
  template <class Visit>
  static void visit_origins(const origin_entry& entry, Visit&& visit);

  link_destination_ptr to_;
  bool by_origin_;
  std::unordered_map<const account*, book> accounts_;
  std::vector<told_origin> now_, before_; // scratch: by the origins' names
  std::vector<shared_text> gone_;         // keeps the origins named in `changes_`
  std::vector<announcement> changes_;
  uint32_t steps_ = 0;
};

} // namespace troupe::actors
