// actors/remote_interest.hpp: what a peer server has said that it wants.
#pragma once

#include "actors/crossing.hpp"
#include "actors/link_destination.hpp"

#include <string_view>

namespace troupe::actors {

/// Stands in an account's sublist for one RS+ or LS+. The link that made it takes it out again. The
/// weight (interest::weight) says how many queue members are behind it.
class remote_interest final : public crossing {
public:
  /// `leafs`: the leaf cluster on whose behalf alone a route's peer wants it; null: its own wish.
  remote_interest(protocol::ref_ptr<const protocol::subject_text> text,
                  const link_destination_ptr& link, uint32_t weight,
                  protocol::ref_ptr<const protocol::subject_text> leafs = {})
      : crossing{kind::remote, std::move(text), link,
                 leafs ? protocol::peer_kind::leafnode : link->kind, weight},
        origin_{std::move(leafs)} {}

  link_destination& link() const noexcept { return static_cast<link_destination&>(*to); }
  /// Empty: none.
  std::string_view origin() const noexcept {
    return origin_ ? origin_->subject() : std::string_view{};
  }
  const protocol::ref_ptr<const protocol::subject_text>& shared_origin() const noexcept {
    return origin_;
  }

private:
  const protocol::ref_ptr<const protocol::subject_text> origin_;
};
using remote_interest_ptr = protocol::ref_ptr<remote_interest>;

} // namespace troupe::actors
