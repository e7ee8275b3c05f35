// test/actors/link_world.hpp: one router, clients, and links to servers that are not there.
#pragma once

#include "actors/link_interest.hpp"
#include "test/actors/router_world.hpp"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

using protocol::peer_role;

/// A link whose peer is the test. What it would send lies in `peer::journal`, interest as lines
/// such as "+a", "+a q 2", "+(leafs) a", "-a q".
struct virtual_link : peer {
  actors::link_destination_ptr to;
  std::unique_ptr<actors::peer_interest> wants;
  std::unique_ptr<actors::told_interest> told;
};

struct link_traits {
  std::string cluster = {};
  bool headers = true;
  bool leaf_origins = true;
  int64_t max_pending = 64 * 1024 * 1024;
};

inline void tell(virtual_link& link, const actors::interest_change& what) {
  uint32_t own = link.to->cluster().empty() && is_leaf(link.to->role)
                     ? link.wants->weight_of(*what.where, *what.what)
                     : 0;
  for (const auto& each : link.told->update(what.where, what.what, own)) {
    auto& out = link.journal->bytes;
    out += each.weight > 0 ? '+' : '-';
    if (!each.origin.empty())
      out.append("(").append(each.origin).append(") ");
    out.append(each.what->subject());
    if (!each.what->queue().empty())
      out.append(" ").append(each.what->queue());
    if (!each.what->queue().empty() && each.weight > 0)
      out.append(" ").append(std::to_string(each.weight));
    out += '\n';
  }
}

inline actors::link_actor::behavior_type act_as_link(actors::link_actor::pointer,
                                                     virtual_link* link) {
  auto heard = link->journal;
  return {
      [heard](atom::deliver, const actors::outgoing_ptr& batch) {
        ++heard->batches;
        for (const auto& each : batch->pieces)
          heard->bytes.append(each.data, each.size);
        heard->pieces.insert(heard->pieces.end(), batch->pieces.begin(), batch->pieces.end());
        heard->replies.insert(heard->replies.end(), batch->replies.begin(), batch->replies.end());
      },
      [heard](atom::await_drain, const caf::strong_actor_ptr&) { ++heard->other; },
      [heard](atom::drained) { ++heard->other; },
      [heard](atom::fenced) { ++heard->other; },
      [heard](atom::overrun) { ++heard->overruns; },
      [heard](atom::shut_down) { ++heard->other; },
      [heard](const actors::login_result_ptr&) { ++heard->other; },
      [link](atom::interest, const actors::interest_changes_ptr& changes) {
        for (const auto& each : changes->all)
          tell(*link, each);
        link->dest->pending.fetch_sub(changes->cost);
      },
  };
}

struct link_book {
  actors::link_registry links{peer_role::route, peer_role::gateway_in, peer_role::gateway_out,
                              peer_role::leaf_down, peer_role::leaf_up};
};

struct link_world : link_book, router_world {
  link_world() {
    account = protocol::make_ref<actors::account>("A", size_t{1}, false, &links);
    routes.federate(links);
  }
  ~link_world() {
    sched.run(); // an actor that never ran would begin when its link has gone
    for (auto& each : all_links)
      each.wants->clear();
  }

  /// In the registry, and told of what there is.
  virtual_link& link(peer_role role, const link_traits& traits = {}) {
    auto& one = all_links.emplace_back();
    auto number = static_cast<uint32_t>(100 + all_links.size());
    one.to = protocol::make_ref<actors::link_destination>(number, number, role, traits.max_pending);
    one.to->set_cluster(traits.cluster);
    one.to->headers = traits.headers;
    one.to->leaf_origins = traits.leaf_origins;
    if (is_leaf(role))
      one.to->account = account;
    one.dest = one.to;
    auto handle = sys.spawn(act_as_link, &one);
    one.to->mailbox = caf::actor_cast<caf::weak_actor_ptr>(handle);
    handles.push_back(handle);
    one.wants = std::make_unique<actors::peer_interest>(one.to, true, routes.news());
    one.told = std::make_unique<actors::told_interest>(one.to, true);
    links.add(one.to);
    for (const auto& each : account->ledger->all())
      tell(one, {account, each});
    return one;
  }

  /// The peer says that it wants something.
  void wants(virtual_link& who, std::string_view subject, std::string_view queue = {},
             uint32_t weight = 1, std::string_view origin = {}) {
    REQUIRE(who.wants->put(account, {origin, subject, queue}, weight)
            != actors::peer_interest::outcome::invalid);
  }
  void wants_no_more(virtual_link& who, std::string_view subject, std::string_view queue = {},
                     std::string_view origin = {}) {
    REQUIRE(who.wants->drop(*account, {origin, subject, queue}));
  }

  /// As a connection does.
  actors::subscription_ptr listen(peer& who, std::string_view subject, std::string_view queue = {},
                                  std::string_view sid = "1") {
    auto one = make_subscription(who, subject, sid, queue);
    REQUIRE(account->add_interest(one, routes.news()));
    return one;
  }

  /// A message comes in over a link.
  size_t arrive(virtual_link& over, const sent& what, std::vector<std::string_view> queues = {},
                std::string_view origin = {}) {
    auto pub = lay(what);
    actors::link_origin from{*over.to, origin.empty() ? over.to->cluster() : origin, queues};
    if (!is_leaf(over.to->role))
      from.cluster = origin;
    auto known = routes.memory_of(*account).find(what.subject, *account);
    actors::routed_message msg{pub, read.get(), over.dest.get(), own};
    msg.link = &from;
    auto out = routes.deliver_linked(*account, *known, msg);
    flush();
    return out;
  }
  size_t say(const sent& what, peer* from = nullptr) {
    auto out = publish(what, from);
    flush();
    return out;
  }

  protocol::publication lay(const sent& what) {
    read = pool.take();
    auto* at = read->data();
    for (auto part : {what.header, what.body, std::string_view{"\r\n"}}) {
      part.copy(at, part.size());
      at += part.size();
    }
    protocol::publication pub;
    pub.subject = what.subject;
    pub.reply = what.reply;
    pub.data = {read->data(), what.header.size() + what.body.size()};
    pub.header_size = what.header.size();
    pub.has_header = !what.header.empty();
    return pub;
  }

  std::deque<virtual_link> all_links;
  std::vector<actors::link_actor> handles;
};

} // namespace troupe::test
