// actors/remote_interest.hpp: what a peer server has said that it wants.
#pragma once

#include "actors/crossing.hpp"
#include "actors/link_destination.hpp"

#include <string_view>

namespace troupe::actors {

/// Stands in an account's sublist for one RS+ or LS+. The link that made it takes it out again. The
/// weight (interest::weight) says how many queue members are behind it.
class remote_interest : public crossing {
public:
  /// `leafs`: the leaf cluster on whose behalf alone a route's peer wants it; null: its own wish.
  remote_interest(protocol::ref_ptr<const protocol::subject_text> text,
                  const link_destination_ptr& link, uint32_t weight,
                  protocol::ref_ptr<const protocol::subject_text> leafs = {})
      : remote_interest{kind::remote, std::move(text), link, weight, std::move(leafs)} {}

  link_destination& link() const noexcept { return static_cast<link_destination&>(*to); }
  /// Empty: none.
  std::string_view origin() const noexcept {
    return origin_ ? origin_->subject() : std::string_view{};
  }
  const protocol::ref_ptr<const protocol::subject_text>& shared_origin() const noexcept {
    return origin_;
  }
  /// What brings it to the link's account; null: it stands there.
  const stream_import* import() const noexcept;

protected:
  remote_interest(kind which, protocol::ref_ptr<const protocol::subject_text> text,
                  const link_destination_ptr& link, uint32_t weight,
                  protocol::ref_ptr<const protocol::subject_text> leafs)
      : crossing{which, std::move(text), link, leafs ? protocol::peer_kind::leafnode : link->kind,
                 weight},
        origin_{std::move(leafs)} {}

private:
  const protocol::ref_ptr<const protocol::subject_text> origin_;
};
using remote_interest_ptr = protocol::ref_ptr<remote_interest>;

/// Stands in an exporter's sublist for an LS+ in an account that takes the stream: what it matches
/// goes over the link under the importer's name of the subject.
class stream_interest final : public remote_interest {
public:
  stream_interest(protocol::ref_ptr<const protocol::subject_text> text,
                  const link_destination_ptr& link, uint32_t weight, stream_import_ptr through)
      : remote_interest{kind::stream, std::move(text), link, weight, {}}, by{std::move(through)} {}

  const stream_import_ptr by;
};
using stream_interest_ptr = protocol::ref_ptr<stream_interest>;

inline const stream_import* remote_interest::import() const noexcept {
  return what == kind::stream ? static_cast<const stream_interest*>(this)->by.get() : nullptr;
}

} // namespace troupe::actors
