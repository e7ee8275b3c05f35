// federation/leaf_session.hpp: what a leaf node's link says and remembers, at either end; knows no
// socket and no clock.
//
// Source: leafnodes.md.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/account_registry.hpp"
#include "actors/link_interest.hpp"
#include "actors/router.hpp"
#include "federation/leaf_rules.hpp"
#include "federation/leaf_streams.hpp"
#include "federation/leaf_terms.hpp"
#include "federation/telling.hpp"
#include "protocol/link_parser.hpp"
#include "security/response_tracker.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// What a session needs done. Calls come while it is called itself.
class leaf_host {
public:
  /// Bytes for the peer, behind everything that was said before.
  virtual void say(std::string_view line) = 0;
  /// Dialling: TLS has to begin; nothing more is parsed until secured().
  virtual void secure() = 0;
  /// Accepting: who is that? Nothing more is parsed until log_in(), or the end.
  virtual void authenticate(const protocol::link_connect& said) = 0;
  /// Nothing more is parsed until settle().
  virtual void introduce(leaf_introduction who) = 0;
  /// The hub's cluster can be reached there.
  virtual void hear_urls(const std::vector<std::string>& urls) = 0;
  virtual void ponged() = 0;
  virtual std::chrono::steady_clock::time_point now() const = 0;
  /// tell_more() is to be called, after whatever else is waiting.
  virtual void go_on_telling() = 0;
  /// Its last word: `error` goes out as -ERR if it is not empty.
  virtual void end(protocol::close_reason why, std::string_view error, std::string_view text) = 0;
  /// The peer has complained, which alone ends nothing.
  virtual void complained(std::string_view text) = 0;

protected:
  ~leaf_host() = default;
};

/// Where a session publishes and finds accounts. All of it outlives the session.
struct leaf_place {
  actors::account_registry& accounts;
  actors::link_registry& links;
  actors::router& routes;
  actors::link_destination_ptr dest;
};

/// In two files: leaf_handshake.cpp (until the peer takes part), leaf_session.cpp (from then on).
class leaf_session {
public:
  /// `hub`: whom it was dialled for; nothing if it was accepted. `nonce`: what an accepted peer has
  /// to sign.
  leaf_session(leaf_host& host, leaf_place where, leaf_terms_ptr mine,
               std::optional<dialled_hub> hub, std::string nonce);
  leaf_session(const leaf_session&) = delete;
  leaf_session& operator=(const leaf_session&) = delete;
  ~leaf_session();

  /// The connection is there; the end that accepted says INFO.
  void begin();
  /// Parses; the views of messages lie in `owner`. Answers as the parser does.
  protocol::parse_progress parse(std::string_view in, actors::block* owner);
  /// The answer to secure(): everything is encrypted from here on.
  void secured();
  /// The answer to authenticate(). `may`: null for everything.
  void log_in(const actors::account_ptr& where, const security::permissions_ptr& may,
              leaf_limits limits = {});
  /// The answer to introduce().
  void settle(const leaf_admission& answer);
  /// Interest may have changed: the peer is told what is true now.
  void tell(const actors::interest_changes& changes);
  /// Goes on with what there was before the peer came.
  void tell_more();
  /// The rules of its account have changed.
  void follow_account();
  /// Later changes of what is said of this broker; links that are there keep their login.
  void apply(leaf_terms_ptr mine) { mine_ = std::move(mine); }
  /// Messages with these reply subjects go to the peer, which may be allowed to answer on them.
  void await_answers(const std::vector<std::string>& replies);
  /// INFO once more, if the peer is a leaf node of ours: where else it can connect.
  void tell_urls();
  /// Takes its interest back; nothing is said any more.
  void retire();

  bool admitted() const noexcept { return stage_ == stage::admitted; }
  /// It waits for an answer of its host.
  bool waiting() const noexcept {
    return stage_ == stage::securing || stage_ == stage::authenticating
           || stage_ == stage::introduced;
  }
  /// Others should have a turn, and what was published be sent, before it parses on.
  bool has_enough() const noexcept;
  /// Nothing was heard of the hub yet.
  bool expects_info() const noexcept { return stage_ == stage::expecting_info; }
  /// Bytes of one message that a hub takes, as it has said; 0: it has not.
  int64_t largest_payload() const noexcept { return info_.max_payload; }
  /// How long nobody should dial the hub again, after what was said at the end.
  std::chrono::seconds hold_off() const noexcept { return hold_off_; }

  const actors::account_ptr& account() const noexcept { return account_; }
  /// Name, version and the like; of a leaf node without its secrets.
  const protocol::link_connect& peer() const noexcept { return peer_; }
  bool solicited() const noexcept { return hub_.has_value(); }
  bool is_spoke() const noexcept { return where_.dest->role == protocol::peer_role::leaf_up; }
  size_t interests() const noexcept { return heard_ ? heard_->size() : 0; }
  std::vector<std::string> interest_list() const;
  uint64_t in_messages = 0, in_bytes = 0;

  // -- the parser's sink -------------------------------------------------------------------------

  bool on_connect(std::string_view json);
  bool on_info(std::string_view json);
  bool on_peer_error(std::string_view text);
  bool on_ping();
  bool on_pong();
  bool on_ok() { return true; }
  bool on_interest(const protocol::link_interest& what);
  bool on_account(bool, std::string_view) { return true; }
  bool on_message(const protocol::link_message& msg);
  void on_violation(protocol::errc code);

private:
  enum class stage : uint8_t {
    expecting_info,    // dialling
    securing,          // dialling
    expecting_answer,  // dialling: the second INFO
    expecting_connect, // accepting
    authenticating,    // accepting
    introduced,
    admitted,
    over,
  };

  static constexpr std::chrono::seconds longest_hold_off{30};
  static std::chrono::seconds hold_off_after(std::string_view error);

  bool fail(protocol::close_reason why, std::string_view error, std::string_view text);
  bool refused(std::string_view text);
  bool first_info();
  void greet_hub();
  bool answered();
  void tell_other_urls();
  bool introduce();
  protocol::link_info about_us() const;
  bool has_room() const;
  void hear_interest(const actors::peer_interest::key& what, uint32_t weight);
  void lose_interest(const actors::peer_interest::key& what);
  bool takes_interest(const protocol::link_interest& what);
  bool loop_found();
  bool may_come(std::string_view subject);
  void announce(const actors::shared_text& what);
  void write(const actors::announcement& what);
  void forget_subject() noexcept;

  leaf_host& host_;
  leaf_place where_;
  leaf_terms_ptr mine_;
  std::optional<dialled_hub> hub_;
  std::string nonce_;
  stage stage_;
  protocol::link_info info_;    // the hub's
  protocol::link_connect peer_; // a leaf's; of a hub its names
  actors::account_ptr account_;
  actors::account_policy_ptr policy_;
  security::permissions_ptr user_; // of the leaf's login
  leaf_limits user_limits_;
  leaf_rules allowed_;
  std::unique_ptr<security::response_tracker> responses_; // null: it may not answer besides
  std::string loop_subject_;
  bool told_full_ = false;     // the log says that it wanted more than it may
  bool steps_weights_ = false; // the peer counts a group that is new to it as one member
  std::chrono::seconds hold_off_{0};
  protocol::link_rules rules_;
  protocol::parser_limits limits_;
  protocol::link_parser<leaf_session> parser_;

  std::unique_ptr<actors::peer_interest> heard_;
  std::unique_ptr<leaf_streams> streams_;
  std::unique_ptr<actors::told_interest> told_;
  std::vector<actors::shared_text> untold_;
  std::string line_; // scratch
  too_long_to_tell too_long_;

  // Most messages are to the subject of the one before.
  actors::known_subject_ptr subject_;
  bool subject_may_come_ = true;
  bool subject_is_answer_ = false; // then each message counts
  const char* subject_seen_ = nullptr;
  actors::block* owner_ = nullptr;
  actors::outgoing_ptr own_; // nothing goes back to where it came from
};

} // namespace troupe::federation
