// actors/interest_news.hpp: changes of interest on their way to the links.
#pragma once

#include "actors/interest_ledger.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::actors {

/// "This may have changed": whoever gets it compares the ledger's numbers of now with what it has
/// told its peer.
struct interest_change {
  account_ptr where;
  shared_text what;
};

struct interest_changes {
  std::vector<interest_change> all;
  /// Bytes that this counts as in the link's `pending`, so that nobody writes to its socket past
  /// it; the link subtracts them when it has queued what it tells its peer.
  int64_t cost = 0;
};
using interest_changes_ptr = std::shared_ptr<const interest_changes>;

/// What one thread has changed and not told yet. A reactor keeps one, and empties it before its
/// next batches leave: so no message overtakes the interest that came before it.
class interest_news {
public:
  explicit interest_news(link_registry& links) noexcept : links_{links} {}
  interest_news(const interest_news&) = delete;
  interest_news& operator=(const interest_news&) = delete;

  void note(account_ptr where, shared_text what) {
    all_.push_back({std::move(where), std::move(what)});
  }
  bool empty() const noexcept { return all_.empty(); }

  /// To every link that it may concern. Those that have more than they should are added to
  /// `congested`; one that has more than it may have is cut.
  void tell(std::vector<destination_ptr>* congested = nullptr);

private:
  link_registry& links_;
  std::vector<interest_change> all_;
};

} // namespace troupe::actors
