// actors/router_replies.cpp: brings answers back to the cluster that asked: gateways.md section 9.
#include "actors/gateway_reply.hpp"
#include "actors/router.hpp"
#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::actors {

using protocol::peer_role;

namespace {

/// Of requests that are answered within two seconds: whoever floods a service has answers that find
/// their way by interest.
constexpr size_t most_mapped = 200'000;

void withdraw(const mapped_ways::entry& which, link_registry& links) {
  which.where->interests.remove(*which.way);
  links.add_mapped(-1);
}

/// Somebody here, or behind a leaf of ours, has subscribed to it just now.
bool is_new(const protocol::interest& item, uint32_t now) noexcept {
  const auto& sub = static_cast<const subscription&>(item);
  bool near = !is_link(item.kind())
              || (item.kind() == protocol::peer_kind::leafnode
                  && static_cast<const remote_interest&>(item).link().role == peer_role::leaf_down);
  // Signed, for `now` is that of the loop's turn, in which it may have come after that.
  auto age = static_cast<int32_t>(now - sub.born);
  return near && sub.born != 0 && age < std::chrono::milliseconds{mapped_for}.count();
}

} // namespace

/// The reply as other clusters get it: mapped, if they may not know yet who waits for the answer.
std::string_view router::reply_for_gateways(account& where, const routed_message& msg) {
  if (mapped_round_ == round_)
    return mapped_reply_;
  mapped_round_ = round_;
  auto reply = msg.pub.reply;
  mapped_reply_ = reply;
  const auto& me = links_->identity();
  if (reply.empty() || me.gateway.empty() || reply.starts_with(mapped_mark) || !now_)
    return mapped_reply_;
  auto now = birth_time(now_());
  auto waiting = where.interests.match(reply);
  auto fresh = [&](const protocol::interest* item) { return is_new(*item, now); };
  bool any = std::any_of(waiting->plain().begin(), waiting->plain().end(), fresh);
  for (const auto& group : waiting->groups())
    any = any || std::any_of(group.members.begin(), group.members.end(), fresh);
  if (any)
    mapped_reply_.assign(mapped_mark)
        .append(me.gateway)
        .append(".")
        .append(me.server)
        .append(".")
        .append(reply);
  return mapped_reply_;
}

/// `to` has got a request whose reply is mapped, and hears of the plain one only.
void router::await_mapped(account& where, const destination& to, const reply_address& mapped,
                          std::string_view reply) {
  if (!now_ || !protocol::is_literal(mapped.rest)) // else it would lead away what is for others
    return;
  if (auto* known = mapped_.find({&where, &to, reply})) {
    known->until.store(now_() + mapped_for, std::memory_order_relaxed);
    return;
  }
  if (mapped_.size() >= most_mapped)
    withdraw(mapped_.take(), *links_);
  if (!nobody_)
    nobody_ = protocol::make_ref<destination>(uint64_t{0}, uint32_t{0}, protocol::peer_kind::system,
                                              int64_t{0});
  auto one = protocol::make_ref<mapped_reply>(where.interests.share_text(mapped.rest), nobody_,
                                              protocol::ref_ptr<const destination>{&to}, reply,
                                              now_() + mapped_for);
  // Nobody is told of it: it is no interest but a way.
  if (!where.interests.insert(one))
    return;
  links_->add_mapped(1);
  mapped_.add(account_ptr{&where}, std::move(one));
  if (mapped_.size() == 1 && begin_sweeping_)
    begin_sweeping_();
}

bool router::sweep_mapped() {
  while (auto ended = mapped_.take_ended(now_()))
    withdraw(*ended, *links_);
  return !mapped_.empty();
}

router::~router() {
  while (!mapped_.empty())
    withdraw(mapped_.take(), *links_);
}

/// What somebody publishes to a reply that he was asked under goes the mapped way, and no other.
/// False: it does not, or there is no such way from here.
bool router::divert(account& where, const protocol::match_result& receivers,
                    const routed_message& msg) {
  for (auto* item : receivers.plain()) {
    if (item->kind() != protocol::peer_kind::gateway)
      continue;
    const auto& sub = static_cast<const crossing&>(*item);
    if (sub.what != crossing::kind::mapped)
      continue;
    const auto& way = static_cast<const mapped_reply&>(sub);
    if (way.whose.get() != msg.from || now_() >= way.until.load(std::memory_order_relaxed))
      continue;
    auto pub = msg.pub;
    pub.subject = way.subject_there;
    routed_message out{pub, msg.owner, msg.from, msg.own};
    out.header = msg.header;
    auto to = read_mapped(way.subject_there);
    return to && send_by_hash(where, out, [&](const link_destination& link) {
             return (link.role == peer_role::gateway_out && link.hash == to->cluster)
                    || (link.role == peer_role::leaf_up && link.account.get() == &where);
           });
  }
  return false;
}

/// To those links, whatever they want. False: there are none.
template <class Which>
bool router::send_by_hash(account& where, const routed_message& msg, Which&& which) {
  static const auto text = protocol::subject_text::make("_GR_.>");
  bool sent = false;
  auto links = links_->all(); // a link may end meanwhile
  for (const auto& link : *links) {
    if (link->doomed() || !which(*link) || (msg.link && &msg.link->link == link.get()))
      continue;
    auto by = protocol::make_ref<remote_interest>(text, link, 1u);
    wanted_link whom{by.get()};
    write_line(batch_for(*link), where, whom, msg);
    sent = true;
  }
  return sent;
}

/// Of several routes to that server, the one that the account has, or the one of its slot; null:
/// it is not there.
link_destination_ptr router::route_to(std::string_view server, const account& where) const {
  link_destination_ptr out;
  auto links = links_->all();
  for (const auto& link : *links)
    if (link->role == peer_role::route && link->hash == server && !link->doomed()
        && link->concerns(where) && (!out || !link->pinned.empty()))
      out = link;
  return out;
}

/// A message with a mapped subject has come in over a link.
size_t router::deliver_mapped(account& where, known_subject& subject, const routed_message& msg) {
  const auto& me = links_->identity();
  auto to = read_mapped(msg.pub.subject);
  auto from = msg.link->link.role;
  if (!to || me.gateway.empty() || from == peer_role::leaf_up)
    return deliver_with_links(where, subject, msg); // a subject like any other
  if (from == peer_role::leaf_down) {
    bool sent = send_by_hash(where, msg, [&](const link_destination& link) {
      return link.role == peer_role::gateway_out && link.hash == to->cluster;
    });
    return sent ? 1 : 0;
  }
  if (to->cluster != me.gateway)
    return 0;
  if (from == peer_role::gateway_in && to->server != me.server) {
    auto way = route_to(to->server, where);
    if (way && send_by_hash(where, msg, [&](const auto& link) { return &link == way.get(); }))
      return 1;
  }
  auto known = memory_of(where).find(to->rest, where);
  auto pub = msg.pub;
  pub.subject = known->subject;
  auto origin = *msg.link;
  origin.unmapped = true;
  routed_message out{pub, msg.owner, msg.from, msg.own};
  out.link = &origin;
  refresh(where, *known, out);
  return deliver_with_links(where, *known, out);
}

} // namespace troupe::actors
