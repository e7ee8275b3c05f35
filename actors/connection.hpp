// actors/connection.hpp: one client: its socket, its protocol state, its mail.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/interfaces.hpp"
#include "actors/peer_stream.hpp"
#include "actors/pinned.hpp"
#include "actors/subscription.hpp"
#include "protocol/client_parser.hpp"
#include "protocol/connect.hpp"
#include "security/operator_trust.hpp"
#include "security/response_tracker.hpp"

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace troupe::actors {

enum class happening : uint8_t;
struct callout_login;
struct jwt_identity;
struct jwt_outcome;

/// The connection actor. Its socket is handled by calls from the loop, everything else by mail;
/// both happen on one thread. It lives in nine files: connection.cpp (life cycle, timers, mail),
/// connection_input.cpp (reading, operations), connection_interest.cpp (SUB, UNSUB, PING),
/// connection_output.cpp (figures of what it gets), connection_login.cpp (TLS, CONNECT,
/// permissions), connection_jwt.cpp (logins in operator mode), connection_callout.cpp (logins that
/// an auth callout decides), connection_account.cpp (its account and what that allows or brings),
/// connection_notices.cpp (what the broker's observer hears of it).
class connection final : public pinned<connection_actor::base>,
                         public peer_stream,
                         public publisher {
public:
  connection(caf::actor_config& cfg, reactor& home, accepted_ptr socket, uint64_t cid);
  ~connection() override;

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "connection"; }

  // -- driven by the reactor, on its thread ------------------------------------------------------

  /// Registers the socket and greets the peer.
  void start(connection_actor self);
  /// New settings: re-checks the login, permissions and limits of this client.
  void apply();
  /// Its account's rules, or what it imports from, have changed.
  void follow_account();
  /// Its account may have fewer connections now, and this is one of the newest.
  void leave_crowd();
  /// Advises the client to go elsewhere; false: it could not understand that, or not yet.
  bool advise_to_leave();
  /// Sends INFO again, if the client understands that.
  void announce();
  connection_snapshot snapshot(bool with_subscriptions);
  actor_snapshot as_actor();
  uint64_t cid() const noexcept { return cid_; }
  /// Empty before the login.
  std::string_view account_name() const noexcept {
    return account_ ? std::string_view{account_->name} : std::string_view{};
  }
  uint32_t account_place = 0; ///< the reactor's, among the connections of its account

  // -- io_handler, timer_owner -------------------------------------------------------------------

  void on_fault(const char* what) noexcept override;
  void on_timer(timer& which) override;

  // -- publisher ---------------------------------------------------------------------------------

  std::string_view introduce(const description_scope& scope) override;
  std::chrono::nanoseconds round_trip() const override { return rtt_; }

  // -- the parser's sink -------------------------------------------------------------------------

  bool silent() const noexcept { return must_log_in_; }
  bool accepts_headers() const noexcept { return headers_; }
  bool on_first_byte(char c);
  bool on_connect(std::string_view json);
  bool on_info(std::string_view json);
  bool on_peer_error(std::string_view text);
  bool on_publish(const protocol::publication& pub);
  bool on_subscribe(std::string_view subject, std::string_view queue, std::string_view sid);
  bool on_unsubscribe(std::string_view sid, std::optional<int64_t> max);
  bool on_ping();
  bool on_pong();
  void on_violation(protocol::errc code);

private:
  struct sid_hash {
    using is_transparent = void;
    size_t operator()(std::string_view sid) const noexcept {
      return std::hash<std::string_view>{}(sid);
    }
    size_t operator()(const subscription_ptr& sub) const noexcept { return (*this)(sub->sid); }
  };
  struct sid_equal {
    using is_transparent = void;
    static std::string_view key(const subscription_ptr& sub) noexcept { return sub->sid; }
    static std::string_view key(std::string_view sid) noexcept { return sid; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return key(a) == key(b);
    }
  };
  using subscription_table = std::unordered_set<subscription_ptr, sid_hash, sid_equal>;

  /// Rare state, allocated when it is needed.
  struct login_state {
    protocol::connect_options connect;
    security::accepted identity;
    std::string nonce;          ///< what a holder of an nkey has to sign
    settings_ptr identity_from; ///< keeps what `identity` points to
    std::unique_ptr<security::certificate_identity> certificate;
    std::string certificate_subject, certificate_spki, certificate_sha256;
    bool asking = false;     ///< an auth callout decides; the life timer says how long it may take
    bool introduced = false; ///< by the CONNECT that is being judged
    account_ptr judged_in;   ///< whose auth callout was asked; it hears of a refusal
    std::string judged_why;  ///< its word, for that account alone
  };
  struct verdict_cache {
    static constexpr size_t size = 64;
    std::array<uint64_t, size> id{};
    std::array<bool, size> allowed{};
  };

  // peer_stream
  caf::strong_actor_ptr me() override;
  void consume(block& data, size_t size) override;
  void flush_batch() override;
  void take(const outgoing_ptr& batch) override;
  void sniff() override;
  void tls_failed() override;
  void tls_done() override;
  void retire(protocol::close_reason reason) override;
  void gone() override;

  // life cycle
  void send_info(bool after_connect, bool leave = false);
  void fail(protocol::errc code);
  void start_liveness();
  void liveness_due();
  void log_closed(protocol::close_reason reason);
  std::string who() const;

  // input
  bool go_on();
  void select_subject(std::string_view subject);
  void forget_subject() noexcept {
    subject_.reset();
    subject_seen_ = nullptr;
  }
  bool may_publish(const protocol::publication& pub);
  void send_on(const protocol::publication& pub);
  void publish_mapped(const protocol::publication& pub);
  bool decide_publish(std::string_view subject);
  void no_responders(const protocol::publication& pub);
  void forget(const subscription_ptr& sub);
  void insert_fresh();
  void insert_interest(const subscription_ptr& sub);
  void remove_interest(const subscription_ptr& sub);
  void shadow(const subscription_ptr& sub, const stream_import_ptr& import);
  void follow_imports(const account_policy& before);
  void drop_shadows();
  void limit(const subscription_ptr& sub, uint64_t maximum);
  void set_maximum(const subscription_ptr& sub, uint64_t maximum);
  bool begin_fence(bool everywhere);
  void fence_passed();
  void fence_done();
  void trace_in(std::string_view verb, std::string_view arguments) const;
  void trace_publish(const protocol::publication& pub) const;

  // figures
  void add_up(const std::vector<delivery_count>& counts);
  void settle();

  // login
  void begin_tls();
  void shake_hands();
  void note_certificate();
  void greet();
  void talk();
  login_state& login();
  security::credentials credentials() const;
  const security::certificate_identity* certificate() const;
  void check_login(bool again);
  bool log_in_without_connect();
  bool after_login(const security::verdict& outcome);
  void after_recheck(const security::verdict& outcome);
  bool accept_connect();
  bool accept_without_connect();
  bool ask_callout(const security::verdict& outcome);
  void ask_callout(const jwt_outcome& presented);
  void await_callout(callout_login question);
  void callout_overdue();
  void recheck_callout();
  bool is_with_callout() const;
  security::connection_type type() const noexcept {
    return ws_ ? security::connection_type::websocket : security::connection_type::standard;
  }
  void check_jwt();
  void after_jwt(const jwt_outcome& outcome);
  bool enter_by_jwt(const jwt_outcome& outcome);
  void follow_trust(const account_policy& before);
  bool expel(security::standing why);
  void user_expires();
  void await_expiry();
  void refuse_login(std::string_view why);
  void enter(account_ptr where);
  bool enter_by_login(account_ptr where);
  void leave();
  void set_max_payload();
  void open_gate();
  void set_permissions(security::permissions_ptr rules);
  void recheck_subscriptions();
  void withdraw(const subscription_ptr& sub);
  void replace(const subscription_ptr& sub, security::permissions_ptr filter);

  // notices
  std::string claimed_user() const;
  void tell(happening what);
  void tell_denied(std::string_view verb, std::string_view subject, std::string_view queue = {});
  void tell_end(const account_ptr& where, connection_snapshot& last);
  void tell_count(const account_ptr& where, int64_t connections);

  uint64_t cid_;
  bool must_log_in_ = false; // nothing but CONNECT is listened to
  bool verbose_ = true;
  bool pedantic_ = true;
  bool headers_ = false;
  bool wants_no_responders_ = false;
  bool async_info_ = false;   // protocol >= 1
  bool ponged_ = false;       // its first PING was answered
  bool greeted_ = false;      // the first INFO went out
  bool connected_ = false;    // a CONNECT was accepted
  bool rechecking_ = false;   // the check under way is for a reload
  bool counted_ = false;      // in the broker's number of connections
  bool unsubscribed_ = false; // an UNSUB since the last fence
  bool active_ = false;       // an operation since the last liveness check
  protocol::close_reason end_ = protocol::close_reason::none;

  account_ptr account_;
  account_policy_ptr policy_; // the account's, as of the last change that was heard of
  security::permissions_ptr permissions_;
  security::permissions_ptr granted_; // by the login; `permissions_` may be less, for its host
  std::unique_ptr<security::response_tracker> responses_;
  std::unique_ptr<login_state> login_;
  std::unique_ptr<known_introductions> introductions_; // until it or its round trip changes
  std::unique_ptr<jwt_identity> jwt_;                  ///< who it is, in operator mode
  subscription_table subscriptions_;
  /// In the sublists of other accounts, which this one imports streams from.
  std::unordered_multimap<const subscription*, shadow_ptr> shadows_;
  subscription_ptr fresh_;    // the last one, not in the sublist yet: it may get a maximum first
  subscription_ptr limiting_; // gets `new_maximum_` when its deliveries have been counted
  uint64_t new_maximum_ = 0;

  known_subject_ptr subject_;          // the last one published to
  const char* subject_seen_ = nullptr; // where the parser last saw it, in this batch
  bool subject_allowed_ = true;
  std::unique_ptr<verdict_cache> verdicts_;

  uint32_t fences_ = 0;
  block* batch_block_ = nullptr;

  uint64_t in_messages_ = 0, in_bytes_ = 0, out_messages_ = 0, out_bytes_ = 0;
  uint64_t batch_messages_ = 0, batch_bytes_ = 0;
  uint32_t pings_out_ = 0;
  int64_t own_subscriptions_ = -1, own_payload_ = -1; // limits of the user; negative: none
  int64_t max_payload_ = 0;
  protocol::parser_limits* parsing_by_ = nullptr; // while input is parsed
  loop_clock::time_point started_;
  loop_clock::time_point ping_sent_;
  std::chrono::nanoseconds rtt_{0};
};

} // namespace troupe::actors
