// federation/leaf_streams.hpp: what a leaf node's link wants of the streams that its account takes.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/link_interest.hpp"

#include <unordered_map>

namespace troupe::federation {

/// For each interest of the peer that an imported stream can serve, one in the exporter's sublist,
/// as a client's subscription has it. Belongs to the link's thread; goes before the interest that
/// it is told of, and before its link, which it keeps alive.
class leaf_streams {
public:
  /// `news`: of the reactor, or null.
  leaf_streams(actors::link_destination_ptr link, actors::interest_news* news) noexcept
      : link_{std::move(link)}, news_{news} {}
  leaf_streams(const leaf_streams&) = delete;
  leaf_streams& operator=(const leaf_streams&) = delete;
  ~leaf_streams();

  /// The account's imports are those of `now`; `heard` is all that the peer wants in it.
  void follow(actors::account_policy_ptr now, const actors::account& where,
              const actors::peer_interest& heard);
  /// The peer wants this, or with another weight than before. In force when it returns.
  void put(const actors::remote_interest& what);
  /// The peer does not want it any more.
  void drop(const actors::remote_interest& what);
  /// The account imports no streams: put() and drop() would find nothing to do.
  bool idle() const noexcept { return !policy_ || policy_->streams.empty(); }
  size_t size() const noexcept { return taken_.size(); }

private:
  void take(const actors::remote_interest& what, const actors::stream_import_ptr& import);
  void drop(const actors::stream_interest_ptr& one);

  actors::link_destination_ptr link_;
  actors::interest_news* news_;
  actors::account_policy_ptr policy_;
  std::unordered_multimap<const protocol::subject_text*, actors::stream_interest_ptr> taken_;
};

} // namespace troupe::federation
