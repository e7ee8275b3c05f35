// actors/router_links.cpp: takes messages to other servers, and those of other servers to clients.
#include "actors/broker_services.hpp"
#include "actors/log.hpp"
#include "actors/router_lines.hpp"

#include <algorithm>
#include <limits>

namespace troupe::actors {

using protocol::peer_role;
using protocol::queue_group;

namespace {

peer_role source_of(const routed_message& msg) noexcept {
  return msg.link ? msg.link->link.role : peer_role::client;
}

/// A message of a link is for the groups that it names.
bool is_meant(std::string_view group, const routed_message& msg) noexcept {
  if (!msg.link || msg.link->unmapped)
    return true;
  const auto& listed = msg.link->queues;
  return std::find(listed.begin(), listed.end(), group) != listed.end();
}

/// A leaf's link has rules; answers to requests of other accounts, and of streams, pass in any
/// case.
bool lets_pass(const link_destination& to, std::string_view subject) {
  return !to.sends || subject.starts_with("_R_.") || subject.starts_with("$JS.ACK.")
         || to.sends->may_publish(subject);
}

/// The leaf cluster that a route has to hear of, so that it does not come back there.
std::string_view origin_for(const link_destination& to, const routed_message& msg) noexcept {
  return to.role == peer_role::route && to.leaf_origins && msg.link ? msg.link->cluster
                                                                    : std::string_view{};
}

} // namespace

size_t router::deliver_linked(account& where, known_subject& subject, const routed_message& msg) {
  refresh(where, subject, msg);
  return msg.link && subject.reserved ? deliver_mapped(where, subject, msg)
                                      : deliver_with_links(where, subject, msg);
}

/// Clients first, for what crosses into other accounts there may come back in here; then the links.
size_t router::deliver_with_links(account& where, known_subject& subject,
                                  const routed_message& msg) {
  const auto& receivers = *subject.receivers;
  if (!msg.link && links_ && links_->any_mapped() && divert(where, receivers, msg)) [[unlikely]]
    return 1;
  const auto mine = remotes_.size();
  size_t delivered = 0;
  for (auto* item : receivers.plain()) {
    auto& sub = static_cast<subscription&>(*item);
    if (!is_link(item->kind()))
      delivered += offer_here(where, subject, sub, msg) ? size_t{1} : size_t{0};
    else if (static_cast<crossing&>(sub).what != crossing::kind::mapped)
      remotes_.push_back(static_cast<remote_interest*>(item));
  }
  wanted_.clear();
  chosen_.clear();
  ++round_;
  for (auto at = mine; at < remotes_.size(); ++at)
    if (may_take(*remotes_[at], msg))
      want(*remotes_[at], msg);
  remotes_.resize(mine);
  delivered += wanted_.size();
  for (const auto& group : receivers.groups())
    if (is_meant(group.name, msg) && choose_member(where, subject, group, msg))
      ++delivered;
  for (const auto& whom : wanted_)
    send_over(where, subject.id, whom, msg);
  return delivered;
}

/// A client never sees a mapped reply: he gets the plain one, and what he answers is diverted.
bool router::offer_here(account& where, known_subject& subject, subscription& sub,
                        const routed_message& msg) {
  if (!msg.link || !msg.pub.reply.starts_with(mapped_mark)) [[likely]]
    return offer(where, subject, sub, msg);
  auto mapped = read_mapped(msg.pub.reply);
  if (!mapped)
    return offer(where, subject, sub, msg);
  auto pub = msg.pub;
  pub.reply = mapped->rest;
  routed_message plain{pub, msg.owner, msg.from, msg.own};
  plain.link = msg.link;
  if (!offer(where, subject, sub, plain))
    return false;
  await_mapped(where, *sub.to, *mapped, msg.pub.reply);
  return true;
}

/// What the subject is called on that link: in the account that takes it as a stream. Good until
/// the next call.
std::string_view router::name_over(const remote_interest& sub, std::string_view subject) {
  const auto* import = sub.import();
  if (!import) [[likely]]
    return subject;
  local_subject_.clear();
  import->transform.apply_to(subject, local_subject_);
  return local_subject_;
}

/// `unserved`: it is for a queue group that nobody nearer can serve.
bool router::may_take(const remote_interest& sub, const routed_message& msg, bool unserved) {
  const auto& to = sub.link();
  if (to.doomed() || (to.sends && !lets_pass(to, name_over(sub, msg.pub.subject))))
    return false;
  if (sub.import() && msg.came != passage::published)
    return false; // as in offer_shadow()
  if (msg.came == passage::request && is_answered_at_home(*msg.path->offer))
    return false;
  if (!msg.link)
    return carries_message(peer_role::client, to.role);
  const auto& from = *msg.link;
  if (&from.link == &to)
    return false;
  protocol::forwarding_facts facts;
  facts.same_cluster =
      !from.cluster.empty() && from.cluster == (is_leaf(to.role) ? to.cluster() : sub.origin());
  facts.service_reply = msg.pub.subject.starts_with("_R_.");
  facts.unserved_queue = unserved;
  facts.unmapped_reply =
      from.unmapped && !(facts.service_reply && to.role == peer_role::gateway_out);
  return carries_message(from.link.role, to.role, facts);
}

bool router::have_one_name(const remote_interest& a, const remote_interest& b,
                           std::string_view subject) {
  if (a.import() == b.import()) [[likely]]
    return true;
  other_subject_ = name_over(a, subject);
  return name_over(b, subject) == other_subject_;
}

/// However many interests of a link match: it gets one line, or, of streams, one for each name.
router::wanted_link& router::want(remote_interest& sub, const routed_message& msg) {
  auto slot = sub.to->slot;
  if (slot >= batches_.size()) [[unlikely]]
    batches_.resize(std::max<size_t>(slot + 1, batches_.size() * 2));
  auto& place = batches_[slot];
  if (place.round == round_ && wanted_[place.wanted].by->to == sub.to) {
    auto at = place.wanted;
    while (!have_one_name(*wanted_[at].by, sub, msg.pub.subject)) {
      auto& next = wanted_[at].other_name;
      if (next == no_one) {
        next = wanted_.size();
        return wanted_.emplace_back(wanted_link{&sub});
      }
      at = next;
    }
    return wanted_[at];
  }
  place.round = round_;
  place.wanted = wanted_.size();
  return wanted_.emplace_back(wanted_link{&sub});
}

void router::choose(remote_interest& sub, const routed_message& msg) {
  auto& whom = want(sub, msg);
  auto at = chosen_.size();
  chosen_.push_back({sub.queue()});
  if (whom.first_queue == no_one)
    whom.first_queue = at;
  else
    chosen_[whom.last_queue].next = at;
  whom.last_queue = at;
}

/// One member of the group, over everybody: clients of this server and of its cluster by their
/// number, then what is behind leafs, then the nearest cluster (routes.md 9, gateways.md 8). For a
/// message of a route the sender has chosen this server: it goes on only if nobody is left here.
bool router::choose_member(account& where, known_subject& subject, const queue_group& group,
                           const routed_message& msg) {
  auto from = source_of(msg);
  auto attempt = [&](queue_group::reach reach, uint64_t draw, bool unserved = false) {
    return try_members(where, subject, group.members_at(reach), draw, msg, unserved);
  };
  auto below = [&](uint64_t limit) {
    return (random() * std::min<uint64_t>(limit, std::numeric_limits<uint32_t>::max())) >> 32;
  };
  bool routed_here = from == peer_role::route && !msg.link->unmapped;
  bool spreads = !routed_here && from != peer_role::leaf_up;
  auto near = group.weights[queue_group::local];
  auto routed = spreads ? group.weights[queue_group::route] : 0;
  if (auto draw = below(near + routed); draw < near) {
    if (attempt(queue_group::local, draw)
        || (routed > 0 && attempt(queue_group::route, below(routed))))
      return true;
  } else if (routed > 0) {
    if (attempt(queue_group::route, draw - near)
        || (near > 0 && attempt(queue_group::local, below(near))))
      return true;
  }
  auto leafs = group.weights[queue_group::leafnode];
  if (attempt(queue_group::leafnode, below(leafs)))
    return true;
  if (routed_here)
    return attempt(queue_group::route, below(group.weights[queue_group::route]), true)
           || attempt(queue_group::leafnode, below(leafs), true);
  return try_nearest(group.members_at(queue_group::gateway), msg);
}

/// Begins with the member that `draw` falls to, by their weights, and takes the first that can.
bool router::try_members(account& where, known_subject& subject,
                         std::span<protocol::interest* const> members, uint64_t draw,
                         const routed_message& msg, bool unserved) {
  size_t at = 0;
  if (!members.empty() && !is_link(members.front()->kind())) // of clients each counts one
    at = std::min<size_t>(draw, members.size() - 1);
  else
    while (at + 1 < members.size() && draw >= members[at]->weight())
      draw -= members[at++]->weight();
  for (size_t tried = 0; tried < members.size(); ++tried) {
    auto* one = members[at];
    if (is_link(one->kind())) { // no mapped reply has a queue
      auto& remote = static_cast<remote_interest&>(*one);
      if (may_take(remote, msg, unserved)) {
        choose(remote, msg);
        return true;
      }
    } else if (offer_here(where, subject, static_cast<subscription&>(*one), msg)) {
      return true;
    }
    if (++at == members.size())
      at = 0;
  }
  return false;
}

bool router::try_nearest(std::span<protocol::interest* const> members, const routed_message& msg) {
  remote_interest* nearest = nullptr;
  int64_t best = 0;
  for (auto* each : members) {
    auto& one = static_cast<remote_interest&>(*each);
    auto rtt = one.link().rtt.load(std::memory_order_relaxed);
    if (may_take(one, msg) && (!nearest || rtt < best)) {
      nearest = &one;
      best = rtt;
    }
  }
  if (nearest)
    choose(*nearest, msg);
  return nearest != nullptr;
}

void router::send_over(account& where, uint64_t subject, const wanted_link& whom,
                       const routed_message& msg) {
  const auto& to = whom.by->link();
  auto& out = batch_for(*whom.by->to);
  if (!msg.pub.reply.empty() && is_leaf(to.role)) // a leaf's user may be allowed to answer
    note(out, msg, to.quirks.load(std::memory_order_relaxed));
  if (to.role == peer_role::gateway_out && !msg.pub.reply.empty()) [[unlikely]] {
    auto pub = msg.pub;
    pub.reply = reply_for_gateways(where, msg);
    routed_message mapped{pub, msg.owner, msg.from, msg.own};
    mapped.header = msg.header;
    mapped.link = msg.link;
    write_line(out, where, whom, mapped);
    return;
  }
  if (whom.first_queue == no_one && is_plain(msg) && origin_for(to, msg).empty()) [[likely]]
    write_same_line(out, where, subject, whom, msg);
  else
    write_line(out, where, whom, msg);
}

/// A small message of no special kind: its line is likely to be that of the message before.
void router::write_same_line(outgoing& out, account& where, uint64_t subject,
                             const wanted_link& whom, const routed_message& msg) {
  if (link_lines_.empty())
    link_lines_.resize(known_lines);
  const auto& to = whom.by->link();
  const auto& pub = msg.pub;
  const auto* via = whom.by->import();
  auto& known = link_lines_[to.slot % known_lines];
  if (known.flush != numbers_.flushes || known.to != &to || known.subject != subject
      || known.via != via || known.size != pub.data.size()) {
    auto name = name_over(*whom.by, pub.subject);
    if (where.name.size() + name.size() + 32 > known.text.size()) {
      write_line(out, where, whom, msg);
      return;
    }
    auto* at = put(known.text.data(), is_leaf(to.role) ? "LMSG " : "RMSG ");
    if (to.names_account()) {
      at = put(at, where.name);
      *at++ = ' ';
    }
    at = put(at, name);
    *at++ = ' ';
    at = put_number(at, pub.data.size());
    at = put(at, "\r\n");
    known.flush = numbers_.flushes;
    known.to = &to;
    known.via = via;
    known.subject = subject;
    known.size = pub.data.size();
    known.length = static_cast<size_t>(at - known.text.data());
  }
  auto wire = pub.wire();
  auto* at = out.room(known.text.size() + wire.size());
  if (known.length <= 64)
    std::memcpy(at, known.text.data(), 64);
  else
    std::memcpy(at, known.text.data(), known.text.size());
  at = put(at + known.length, wire);
  out.wrote(at);
  out.count(*whom.by, wire.size() - 2);
  unsent_ += known.length + wire.size();
}

/// The peer would end the link for all who use it. Told ever more rarely, for tenants can cause it.
void router::note_too_long(const account& where) {
  if (++too_long_; (too_long_ & (too_long_ - 1)) == 0)
    log::warn(
        "In account {} a message's subject, or the names of its queue groups, are too long for "
        "a link: not all of them get it ({} times so far, in all accounts)",
        log::printable(where.name), too_long_);
}

/// RMSG, HMSG and LMSG in all their shapes (routes.md 8, gateways.md 5, leafnodes.md 9).
void router::write_line(outgoing& out, account& where, const wanted_link& whom,
                        const routed_message& msg) {
  const auto& to = whom.by->link();
  const auto& pub = msg.pub;
  auto name = name_over(*whom.by, pub.subject);
  bool headers = pub.has_header && to.headers;
  auto head = msg.header; // in a piece of its own; else it lies before the body
  bool cut = (pub.has_header && !headers) || !head.empty();
  auto wire = cut ? pub.wire().substr(pub.header_size) : pub.wire();
  if (!headers)
    head = {};
  auto origin = origin_for(to, msg);
  bool slice = wire.size() >= slice_from && msg.owner;
  size_t words = 64 + origin.size() + where.name.size() + name.size() + pub.reply.size();
  auto last = whom.first_queue; // the first group for which there is no room
  while (last != no_one && words + chosen_[last].name.size() < to.longest_line) {
    words += chosen_[last].name.size() + 1;
    last = chosen_[last].next;
  }
  if (last != no_one || words > to.longest_line) [[unlikely]] {
    note_too_long(where);
    if (words > to.longest_line)
      return;
  }
  auto* at = out.room(words + head.size() + (slice ? 0 : wire.size()));
  auto* begin = at;
  auto word = [&](std::string_view text) {
    at = put(at, text);
    *at++ = ' ';
  };
  if (!origin.empty()) {
    word("LMSG");
    word(origin);
  } else {
    word(headers ? "HMSG" : is_leaf(to.role) ? "LMSG" : "RMSG");
  }
  if (to.names_account())
    word(where.name);
  word(name);
  if (whom.first_queue != last)
    word(pub.reply.empty() ? "|" : "+");
  if (!pub.reply.empty())
    word(pub.reply);
  for (auto each = whom.first_queue; each != last; each = chosen_[each].next)
    word(chosen_[each].name);
  if (headers || !origin.empty()) {
    at = put_number(at, !headers ? 0 : head.empty() ? pub.header_size : head.size());
    *at++ = ' ';
  }
  at = put_number(at, head.size() + wire.size() - 2);
  at = put(at, "\r\n");
  at = put(at, head);
  if (!slice)
    at = put(at, wire);
  out.wrote(at);
  if (slice)
    out.append_slice(msg.owner, wire);
  out.count(*whom.by, head.size() + wire.size() - 2);
  unsent_ += static_cast<size_t>(at - begin) + (slice ? wire.size() : 0);
}

} // namespace troupe::actors
