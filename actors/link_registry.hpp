// actors/link_registry.hpp: which links hear of interest.
#pragma once

#include "actors/link_destination.hpp"

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe::actors {

/// Any thread. A broker that has no listener for links and dials none has no registry, and its
/// accounts have no ledgers.
class link_registry {
public:
  using list = std::vector<link_destination_ptr>;

  /// `served`: the roles that this broker's links can ever have: what none of them would be told of
  /// is not counted.
  explicit link_registry(const std::vector<protocol::peer_role>& served);
  link_registry(std::initializer_list<protocol::peer_role> served)
      : link_registry{std::vector<protocol::peer_role>(served)} {}
  link_registry(const link_registry&) = delete;
  link_registry& operator=(const link_registry&) = delete;

  /// From here on it is sent changes of interest. Only after this has returned the ledgers are read
  /// for what there is already: then no change is missed, and one may be told twice.
  void add(link_destination_ptr link);
  /// The link can be sent what was under way.
  void remove(const link_destination& link);

  /// Those that are in it now.
  std::shared_ptr<const list> all() const;

  /// What other clusters call this server; set before the first link. Empty: it has no gateway.
  struct own_hashes {
    std::string gateway; ///< short_hash() of its gateway's name
    std::string server;  ///< short_hash() of its id
  };
  void set_identity(own_hashes who) { identity_ = std::move(who); }
  const own_hashes& identity() const noexcept { return identity_; }

  /// How many mapped_reply there are in all sublists.
  void add_mapped(int64_t more) noexcept { mapped_.fetch_add(more, std::memory_order_relaxed); }
  bool any_mapped() const noexcept { return mapped_.load(std::memory_order_relaxed) > 0; }

  /// Might some link, now or later, be told of such interest?
  bool counts(protocol::interest_source what) const noexcept { return has(counted_, what); }
  /// Is there one now?
  bool hears(protocol::interest_source what) const noexcept {
    return has(heard_.load(std::memory_order_acquire), what);
  }

private:
  using sources = uint8_t; // a bit for each
  static bool has(sources all, protocol::interest_source one) noexcept {
    return (all >> static_cast<unsigned>(one) & 1) != 0;
  }
  static sources told_to(protocol::peer_role role) noexcept;

  const sources counted_;
  std::atomic<sources> heard_{0};
  own_hashes identity_;
  std::atomic<int64_t> mapped_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const list> all_ = std::make_shared<list>();
};

} // namespace troupe::actors
