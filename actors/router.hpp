// actors/router.hpp: takes one reactor's publishes to whoever wants them.
#pragma once

#include "actors/account.hpp"
#include "actors/block.hpp"
#include "actors/broker_message.hpp"
#include "actors/crossing.hpp"
#include "actors/gateway_reply.hpp"
#include "actors/interest_news.hpp"
#include "actors/outgoing.hpp"
#include "actors/remote_interest.hpp"
#include "actors/request_info.hpp"
#include "actors/response_table.hpp"
#include "actors/service_latency.hpp"
#include "actors/subscription.hpp"
#include "protocol/client_parser.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

/// A subject that was published to lately, with who receives it. Shared by the connections of one
/// reactor; `id` is never used twice, so that verdicts can be remembered by it.
struct known_subject : protocol::ref_counted<known_subject> {
  uint64_t id = 0;
  std::string subject;
  bool reserved = false;         ///< clients may not publish to it
  bool reserved_outside = false; ///< only the system account may
  /// A response's subject: `receivers` are good for one message, what is found out about it is not
  /// worth remembering.
  bool once = false;
  protocol::ref_ptr<const protocol::match_result> receivers;
  /// Not zero: the sublist had no room to keep them, but until that flush they are good for one
  /// message.
  uint64_t fresh = 0;

  /// Where some of its messages go instead: `upto` of a hundred to the first, and so on.
  struct mapped_to {
    uint32_t upto;
    protocol::ref_ptr<known_subject> to;
  };
  std::vector<mapped_to> mapping;
  /// What imported services call it.
  struct target {
    const service_import* through;
    uint64_t generation;
    protocol::ref_ptr<known_subject> to;
  };
  std::vector<target> targets;
};
using known_subject_ptr = protocol::ref_ptr<known_subject>;

/// What all memories of one router share.
struct subject_numbers {
  uint64_t next_id = 1;                                     ///< forgotten ids must not come again
  uint64_t flushes = 1;                                     ///< of the router, and one
  std::vector<uint32_t> seen = std::vector<uint32_t>(4096); ///< hashes of subjects that were asked
                                                            ///< for once, a place each
};

/// What a reactor remembers of one account's subjects; bounded, never for another thread.
class subject_memory {
public:
  subject_memory(account_ptr whose, subject_numbers& numbers) noexcept
      : whose_{std::move(whose)}, numbers_{numbers} {}

  /// For a message that is delivered at once. A subject is remembered when it is asked for again:
  /// most of those that are used once, replies of requests, never take a place.
  known_subject_ptr find(std::string_view subject, account& where);

private:
  struct text_hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const noexcept {
      return std::hash<std::string_view>{}(s);
    }
  };
  using table = std::unordered_map<std::string_view, known_subject_ptr, text_hash, std::equal_to<>>;
  static constexpr size_t generation_size = 4096;

  account_ptr whose_; // lives as long as it is remembered by its address
  // Two generations: what was not used for a whole one is forgotten, without any bookkeeping.
  table young_;
  table old_;
  subject_numbers& numbers_;
  known_subject_ptr response_; // of the response before, to be used again

  bool seen_before(std::string_view subject) noexcept;
  known_subject_ptr find_response(std::string_view subject, account& where);
  known_subject_ptr make(std::string_view subject, account& where);
};

/// The exported services that a request, or a response to it, has come through.
struct crossing_step {
  const crossing_step* before;
  const account* exporter;
  const security::export_rule* offer;
  bool share; ///< the first importer lets the exporter know who asks

  bool is_through(const service_import& service) const {
    return exporter == service.exporter.get() && offer->subject == service.offer->subject;
  }
};

/// What is known of a message that came over a link.
struct link_origin {
  const link_destination& link;
  /// The leaf cluster that it comes from: of an LMSG on a route, or the leaf's own. Empty: none.
  std::string_view cluster = {};
  /// The queue groups that the sender chose this server for. Others get nothing.
  std::span<const std::string_view> queues = {};
  /// Its subject had a `_GR_` prefix that led here: it is for everybody, as if published here.
  bool unmapped = false;
};

/// How a message came into the account that it is delivered in.
enum class passage : uint8_t { published, request, response };

/// One message on its way through the router.
struct routed_message {
  const protocol::publication& pub;
  block* owner = nullptr; ///< the block that `pub` lies in
  const destination* from = nullptr;
  outgoing_ptr& own; ///< where deliveries to `from` itself go, in stream order; made when needed
  publisher* who = nullptr; ///< null: nobody that could be described
  passage came = passage::published;
  const crossing_step* path = nullptr;
  std::string_view header = {};      ///< if set, instead of the one in `pub.data`
  const link_origin* link = nullptr; ///< null: it was published here
};

/// The publishing half of a reactor: matches, formats each delivery once into the batch of its
/// destination, and sends the batches when the read is done. Not for another thread.
class router {
public:
  /// `reactor`: its index.
  router(block_pool& pool, size_t reactor) noexcept
      : pool_{pool}, reactor_{reactor}, random_{static_cast<uint32_t>(0x9e3779b9u * (reactor + 1))
                                                | 1} {}
  ~router();

  subject_memory& memory_of(account& which);
  /// Its rules have changed: what is remembered of its subjects may be wrong.
  void forget(const account& which) {
    memories_.erase(&which);
    ++generation_;
  }

  /// Delivers to every plain subscriber and to one member of each queue group; the number of those
  /// that got it.
  size_t deliver(account& where, known_subject& subject, const routed_message& msg);
  /// The same with links to other servers; also for what comes in over one (`msg.link`), which is
  /// never mapped to another subject. It goes where protocol/forwarding.hpp lets it, once to each
  /// link, and to one member of each queue group over all of them.
  size_t deliver_linked(account& where, known_subject& subject, const routed_message& msg);

  /// The broker has links: changes of interest are told to them.
  void federate(link_registry& links) {
    news_ = std::make_unique<interest_news>(links);
    links_ = &links;
  }
  /// What this reactor's connections change goes here; null: nobody has to be told.
  interest_news* news() noexcept { return news_.get(); }
  /// Sends changes of interest that nothing was published after.
  void tell_interest() {
    if (news_ && !news_->empty())
      news_->tell();
  }

  /// Delivers one more message exactly as the last one was, if that went to a single plain
  /// subscriber, looked the same and nothing has changed since; else false, and nothing was done.
  /// Most messages are like the one before: this is a third of the way through deliver().
  bool repeat(const known_subject& subject, const protocol::publication& pub,
              const destination* from);

  /// Delivers what an internal client has to say, and flushes. Nobody waits for congested peers.
  void publish(const std::vector<broker_message>& all);

  using clock = std::function<loop_clock::time_point()>;
  /// Requests of other accounts' services are refused before this. `tables`: of all reactors, this
  /// one's at `mine`; `begin_sweeping` is called when there is something to sweep().
  void serve(std::span<response_table> tables, size_t mine, clock now,
             std::function<void()> begin_sweeping = {});
  /// Ends what nobody answers or waits for; true: there is more.
  bool sweep();

  /// Where the next message of a subject with a mapping goes; perhaps nowhere else.
  known_subject& mapped(known_subject& subject);

  /// Bytes formatted since the last flush.
  size_t unsent() const noexcept { return unsent_; }

  /// Sends every open batch to its destination. Destinations that have more than they should are
  /// left in congested(), until the next flush.
  void flush();
  const std::vector<destination_ptr>& congested() const noexcept { return congested_; }

  /// Writes the 503 that tells a requester that nobody listens.
  static void write_no_responders(outgoing& out, std::string_view reply, std::string_view sid,
                                  std::string_view subject);

  /// Bytes on their way to one moving peer, above which publishers wait for it.
  static constexpr int64_t high_water = 512 * 1024;

private:
  struct open_batch {
    destination* to = nullptr; // kept alive by the batch's deliveries
    outgoing_ptr out;
    size_t hint = 0;
    uint64_t round = 0; // the last message that a link was found to want
    size_t wanted = 0;  // its place among them
  };

  /// The control line of the last message to one subscription: most are followed by an equal one.
  struct known_line {
    uint64_t flush = 0; // good until a batch leaves: until then its batch keeps `to` alive
    const subscription* to = nullptr;
    const crossing* via = nullptr;
    uint64_t subject = 0;
    size_t size = 0;
    size_t length = 0;
    std::array<char, 88> text;
  };
  static constexpr size_t known_lines = 64;

  /// The last delivery of a read, for repeat().
  struct last_delivery {
    uint64_t flush = 0; // good until a batch leaves: until then it is open
    uint64_t subject = 0;
    size_t size = 0;
    const protocol::match_result* receivers = nullptr;
    subscription* to = nullptr;
    outgoing* out = nullptr;
    size_t length = 0;
    std::array<char, 88> text; // its control line
  };

  void remember(const known_subject& subject, const routed_message& msg);
  /// The same for a link, whose lines name the account.
  struct known_link_line {
    uint64_t flush = 0;
    const link_destination* to = nullptr;
    const stream_import* via = nullptr;
    uint64_t subject = 0;
    size_t size = 0;
    size_t length = 0;
    std::array<char, 192> text;
  };
  /// A link that gets the message that is being delivered.
  struct wanted_link {
    remote_interest* by;         ///< one of its interests
    size_t first_queue = no_one; ///< into `chosen_`
    size_t last_queue = no_one;
    size_t other_name = no_one; ///< it gets the message under that name as well: into `wanted_`
  };
  struct chosen_queue {
    std::string_view name;
    size_t next = no_one;
  };
  static constexpr size_t no_one = static_cast<size_t>(-1);

  void refresh(account& where, known_subject& subject, const routed_message& msg);
  size_t deliver_with_links(account& where, known_subject& subject, const routed_message& msg);
  bool offer(account& where, known_subject& subject, subscription& sub, const routed_message& msg);
  void hand_over(uint64_t subject, subscription& sub, const crossing* via,
                 const routed_message& msg, uint8_t quirks);
  bool cross(account& where, known_subject& subject, crossing& sub, const routed_message& msg);
  bool offer_shadow(account& where, known_subject& subject, shadow_subscription& shadow,
                    const routed_message& msg);
  known_subject& target_of(known_subject& subject, service_import& service);
  bool request(account& where, known_subject& subject, service_import& service,
               const routed_message& msg);
  std::optional<response_token> await(service_import& service, account& importer,
                                      const routed_message& msg,
                                      std::shared_ptr<const latency_record> latency);
  bool respond(account& where, const routed_message& msg);
  std::shared_ptr<const latency_record> measure(const service_import& service, bool share,
                                                const routed_message& msg);
  void report(const account_ptr& exporter, const security::export_rule& offer,
              const latency_record& request, latency_status status, publisher* by);
  void report(const awaited_response& what, latency_status status, publisher* by = nullptr);
  void publish_metrics();
  static void note(outgoing& out, const routed_message& msg, uint8_t quirks);
  bool admit(account& where, subscription& sub, const routed_message& msg, uint8_t quirks);
  bool deliver_to_group(account& where, known_subject& subject, const protocol::queue_group& group,
                        const routed_message& msg);
  size_t deliver_mapped(account& where, known_subject& subject, const routed_message& msg);
  bool offer_here(account& where, known_subject& subject, subscription& sub,
                  const routed_message& msg);
  std::string_view reply_for_gateways(account& where, const routed_message& msg);
  void await_mapped(account& where, const destination& to, const reply_address& mapped,
                    std::string_view reply);
  bool sweep_mapped();
  bool divert(account& where, const protocol::match_result& receivers, const routed_message& msg);
  link_destination_ptr route_to(std::string_view server, const account& where) const;
  template <class Which>
  bool send_by_hash(account& where, const routed_message& msg, Which&& which);
  std::string_view name_over(const remote_interest& sub, std::string_view subject);
  bool have_one_name(const remote_interest& a, const remote_interest& b, std::string_view subject);
  bool may_take(const remote_interest& sub, const routed_message& msg, bool unserved = false);
  wanted_link& want(remote_interest& sub, const routed_message& msg);
  bool choose_member(account& where, known_subject& subject, const protocol::queue_group& group,
                     const routed_message& msg);
  bool try_members(account& where, known_subject& subject,
                   std::span<protocol::interest* const> members, uint64_t draw,
                   const routed_message& msg, bool unserved);
  bool try_nearest(std::span<protocol::interest* const> members, const routed_message& msg);
  void choose(remote_interest& sub, const routed_message& msg);
  void send_over(account& where, uint64_t subject, const wanted_link& whom,
                 const routed_message& msg);
  void write_line(outgoing& out, account& where, const wanted_link& whom,
                  const routed_message& msg);
  void note_too_long(const account& where);
  void write_same_line(outgoing& out, account& where, uint64_t subject, const wanted_link& whom,
                       const routed_message& msg);
  void tell_no_responders(const broker_message& request);
  outgoing& batch_for(destination& to);
  outgoing& own_batch(const routed_message& msg);
  void write(outgoing& out, subscription& sub, const routed_message& msg, bool strip_headers,
             bool counted);
  static bool is_plain(const routed_message& msg) noexcept;
  bool line_is_known(uint64_t subject, const subscription& sub, const crossing* via,
                     const routed_message& msg) const noexcept;
  void write_plain(outgoing& out, uint64_t subject, subscription& sub, const crossing* via,
                   const routed_message& msg);
  void write_known(outgoing& out, subscription& sub, const routed_message& msg);
  void send(open_batch& batch);
  uint32_t random() noexcept;

  block_pool& pool_;
  size_t reactor_;
  uint32_t random_;
  size_t unsent_ = 0;
  bool few_ = false; // so few batches leave that each may be written here
  std::vector<known_line> lines_{known_lines};
  last_delivery last_;
  std::vector<open_batch> batches_; // by destination slot
  std::vector<uint32_t> open_;      // slots with an open batch
  std::vector<destination_ptr> congested_;
  std::unordered_map<const account*, std::unique_ptr<subject_memory>> memories_;
  subject_numbers numbers_;

  // links
  link_registry* links_ = nullptr; // set together with news_
  std::unique_ptr<interest_news> news_;
  std::vector<known_link_line> link_lines_; // by destination slot; empty until there is a link
  std::vector<remote_interest*> remotes_;   // interest that is looked at when clients have theirs
  std::vector<wanted_link> wanted_;
  std::vector<chosen_queue> chosen_;
  uint64_t too_long_ = 0; ///< messages that were not written, or not for all groups
  uint64_t round_ = 0;    // of what open_batch::wanted says
  uint64_t mapped_round_ = 0;
  std::string mapped_reply_; // of the message of that round
  mapped_ways mapped_;
  destination_ptr nobody_;

  // crossing.hpp
  std::span<response_table> tables_;
  size_t mine_ = 0;
  clock now_;
  std::function<void()> begin_sweeping_;
  uint64_t generation_ = 1;             // of what `known_subject::targets` say
  std::string local_subject_;           // scratch
  std::string other_subject_;           // likewise
  std::string request_header_;          // likewise, while no request uses it
  std::string reply_subject_;           // likewise
  std::vector<broker_message> metrics_; // go out with the next flush
  /// Results that an outer deliver() may still go through.
  std::vector<protocol::ref_ptr<const protocol::match_result>> outdated_;
};

} // namespace troupe::actors
