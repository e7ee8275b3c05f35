// test/actors/router_world.hpp: one router, one account and peers that write down what they hear.
#pragma once

#include "actors/router_lines.hpp"
#include "test/actors/actor_world.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// What came into a peer's mailbox.
struct mail_journal {
  std::string bytes; ///< of all batches, in order
  size_t batches = 0;
  size_t overruns = 0;
  size_t other = 0;
  uint64_t counted = 0; ///< messages, as the batches say
  std::vector<std::string> replies;
  std::vector<actors::piece> pieces;
};

struct peer {
  const mail_journal& heard() const { return *journal; }
  /// What it heard since the last call.
  std::string take() { return std::exchange(journal->bytes, {}); }

  std::shared_ptr<mail_journal> journal = std::make_shared<mail_journal>();
  actors::connection_actor actor;
  actors::destination_ptr dest;
};

struct peer_traits {
  bool headers = true;
  protocol::peer_kind kind = protocol::peer_kind::client;
  int64_t max_pending = 64 * 1024 * 1024;
};

/// One message as a publisher sends it.
struct sent {
  std::string_view subject;
  std::string_view body;
  std::string_view reply = {};
  std::string_view header = {};
};

inline actors::connection_actor::behavior_type
write_down(actors::connection_actor::pointer, const std::shared_ptr<mail_journal>& heard) {
  return {
      [heard](atom::deliver, const actors::outgoing_ptr& batch) {
        ++heard->batches;
        for (const auto& each : batch->pieces)
          heard->bytes.append(each.data, each.size);
        for (const auto& each : batch->counts)
          heard->counted += each.messages;
        heard->pieces.insert(heard->pieces.end(), batch->pieces.begin(), batch->pieces.end());
        heard->replies.insert(heard->replies.end(), batch->replies.begin(), batch->replies.end());
      },
      [heard](atom::await_drain, const caf::strong_actor_ptr&) { ++heard->other; },
      [heard](atom::drained) { ++heard->other; },
      [heard](atom::fenced) { ++heard->other; },
      [heard](atom::overrun) { ++heard->overruns; },
      [heard](atom::shut_down) { ++heard->other; },
      [heard](const actors::login_result_ptr&) { ++heard->other; },
  };
}

/// Apart, because mail that nobody read holds blocks until the actor system has gone.
struct router_memory {
  actors::block_pool pool{64 * 1024};
};

struct router_world : router_memory, actor_world {
  peer& join(const peer_traits& traits = {}) {
    return join_at(static_cast<uint32_t>(peers.size()), traits);
  }
  peer& join_at(uint32_t slot, const peer_traits& traits = {}) {
    auto& one = peers.emplace_back();
    one.actor = sys.spawn(write_down, one.journal);
    one.dest = protocol::make_ref<actors::destination>(peers.size(), slot, traits.kind,
                                                       traits.max_pending);
    one.dest->mailbox = caf::actor_cast<caf::weak_actor_ptr>(one.actor);
    one.dest->set_quirk(actors::quirk_no_headers, !traits.headers);
    return one;
  }

  actors::subscription_ptr subscribe(peer& who, std::string_view subject, std::string_view sid,
                                     std::string_view queue = {}) {
    auto one = make_subscription(who, subject, sid, queue);
    REQUIRE(account->interests.insert(one));
    return one;
  }
  actors::subscription_ptr make_subscription(peer& who, std::string_view subject,
                                             std::string_view sid, std::string_view queue = {}) {
    return protocol::make_ref<actors::subscription>(account->interests.share_text(subject, queue),
                                                    sid, who.dest);
  }

  /// Publishes without a flush; how many got it.
  size_t publish(const sent& what, peer* from = nullptr) { return publish_by(routes, what, from); }
  size_t publish_by(actors::router& by, const sent& what, peer* from = nullptr) {
    read = pool.take();
    auto size = what.header.size() + what.body.size();
    REQUIRE(size + 2 <= read->capacity());
    auto* at = read->data();
    for (auto part : {what.header, what.body, std::string_view{"\r\n"}}) {
      part.copy(at, part.size());
      at += part.size();
    }
    protocol::publication pub;
    pub.subject = what.subject;
    pub.reply = what.reply;
    pub.data = {read->data(), size};
    pub.header_size = what.header.size();
    pub.has_header = !what.header.empty();
    auto known = by.memory_of(*account).find(what.subject, *account);
    repeated = by.repeat(*known, pub, from ? from->dest.get() : nullptr);
    if (repeated)
      return 1;
    return by.deliver(*account, *known, {pub, read.get(), from ? from->dest.get() : nullptr, own});
  }
  void flush() {
    routes.flush();
    sched.run();
  }

  actors::account_ptr account = protocol::make_ref<actors::account>("test", size_t{1});
  actors::router routes{pool, 0};
  bool repeated = false;    ///< the last message was delivered like the one before
  actors::outgoing_ptr own; ///< what publishers sent to themselves
  actors::block_ref read;   ///< the block that the last message lay in
  std::deque<peer> peers;
};

/// What the protocol says a peer must hear of `what`; spelled as plainly as it can be.
inline std::string as_heard(const sent& what, std::string_view sid, bool headers) {
  bool with_header = headers && !what.header.empty();
  std::string out = with_header ? "HMSG " : "MSG ";
  out.append(what.subject).append(" ").append(sid).append(" ");
  if (!what.reply.empty())
    out.append(what.reply).append(" ");
  if (with_header)
    out += std::to_string(what.header.size()) + " ";
  out += std::to_string((with_header ? what.header.size() : 0) + what.body.size()) + "\r\n";
  if (with_header)
    out += what.header;
  return out.append(what.body).append("\r\n");
}

} // namespace troupe::test
