// federation/gateway_session.hpp: what one connection of a gateway says and remembers; knows no
// socket and no clock.
//
// Source: gateways.md. Messages go from the end that dialled to the end that accepted, interest the
// other way.
#pragma once

#include "actors/account_registry.hpp"
#include "actors/gateway_snapshot.hpp"
#include "actors/link_interest.hpp"
#include "actors/router.hpp"
#include "federation/gateway_terms.hpp"
#include "federation/telling.hpp"
#include "federation/waiting_interest.hpp"
#include "protocol/link_parser.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe::federation {

/// What a session needs done. Calls come while it is called itself.
class gateway_host {
public:
  /// Bytes for the peer, behind everything that was said before.
  virtual void say(std::string_view line) = 0;
  /// Nothing more is parsed until the answer comes to settle().
  virtual void introduce(gateway_introduction who) = 0;
  virtual void pass_on(gateway_news news) = 0;
  virtual void ponged() = 0;
  /// tell_more() is to be called, after whatever else is waiting.
  virtual void go_on_telling() = 0;
  /// Its last word: `error` goes out as -ERR if it is not empty.
  virtual void end(protocol::close_reason why, std::string_view error, std::string_view text) = 0;

protected:
  ~gateway_host() = default;
};

/// Where a session publishes and finds accounts. All of it outlives the session.
struct gateway_place {
  actors::account_registry& accounts;
  actors::link_registry& links;
  actors::router& routes;
  actors::link_destination_ptr dest; ///< `gateway_out` if it was dialled, else `gateway_in`
};

class gateway_session {
public:
  /// `remote`: whom it was dialled for; nothing if it was accepted.
  gateway_session(gateway_host& host, gateway_place where, gateway_terms_ptr mine,
                  std::optional<dialled_gateway> remote);
  gateway_session(const gateway_session&) = delete;
  gateway_session& operator=(const gateway_session&) = delete;
  ~gateway_session();

  /// The connection is there, and encrypted if it has to be: the end that accepted says INFO.
  void begin();
  /// Parses; the views of messages lie in `owner`. Answers as the parser does.
  protocol::parse_progress parse(std::string_view in, actors::block* owner);
  /// The answer to introduce().
  void settle(const gateway_admission& answer);
  /// Interest may have changed: an accepted peer is told what is true now.
  void tell(const actors::interest_changes& changes);
  /// Goes on with what there was before the peer came.
  void tell_more();
  /// It came, changed or was removed.
  void account_changed(const actors::account_ptr& which);
  /// Accepted peers hear of other members of this cluster.
  void apply(gateway_terms_ptr mine);
  /// Takes its interest back; nothing is said any more.
  void retire();

  bool admitted() const noexcept { return stage_ == stage::admitted; }
  /// It waits for settle().
  bool introduced() const noexcept { return stage_ == stage::introduced; }
  /// Others should have a turn, and what was published be sent, before it parses on.
  bool has_enough() const noexcept;
  bool solicited() const noexcept { return remote_.has_value(); }
  /// Empty before its first INFO.
  const protocol::link_info& peer() const noexcept { return peer_; }
  /// Of a dialled peer: how much it wants; of an accepted one: how much it was told.
  size_t interests() const noexcept;
  /// Of a dialled peer: those that it knows, and what it wants there; of an accepted one: those
  /// that it was told of. `subscriptions`: with what a dialled peer wants, one by one.
  std::vector<actors::gateway_account> accounts(bool subscriptions = false) const;
  uint64_t in_messages = 0, in_bytes = 0;

  // -- the parser's sink -------------------------------------------------------------------------

  bool on_connect(std::string_view json);
  bool on_info(std::string_view json);
  bool on_peer_error(std::string_view text);
  bool on_ping();
  bool on_pong();
  bool on_ok() { return true; }
  bool on_interest(const protocol::link_interest& what);
  bool on_account(bool interested, std::string_view account);
  bool on_message(const protocol::link_message& msg);
  void on_violation(protocol::errc code);

private:
  enum class stage : uint8_t { expecting_connect, expecting_info, introduced, admitted, over };

  bool fail(protocol::close_reason why, std::string_view error, std::string_view text);
  bool first_info();
  bool is_wanted();
  bool later_info(std::string_view json);
  bool obey(const protocol::link_info& said);
  void greet();
  void begin_telling(const actors::account_ptr& where);
  void list(std::string_view account);
  void forget(const actors::account_ptr& removed);
  void keep_waiting(const actors::account_ptr& removed);
  void take_in(const actors::account_ptr& which);
  void begin_again(const actors::account_ptr& which);
  void withdraw(const actors::account& where);
  void write(std::string_view account, const actors::announcement& what);
  void announce(const actors::account_ptr& where, const actors::shared_text& what);
  void put(const actors::account_ptr& where, const actors::peer_interest::key& what);
  void remember(const protocol::link_interest& what);
  void keep(waiting_interest::key what);
  void drop_plain(actors::account& where);
  void refuse_account(std::string_view name);
  const actors::account_ptr& account_of(std::string_view name);

  gateway_host& host_;
  gateway_place where_;
  gateway_terms_ptr mine_;
  std::optional<dialled_gateway> remote_;
  stage stage_;
  std::string user_, password_; // as an accepted peer sent them
  protocol::link_info peer_;
  protocol::link_rules rules_;
  protocol::parser_limits limits_;
  protocol::link_parser<gateway_session> parser_;

  std::set<std::string, std::less<>> listed_; // for accounts()

  // dialled
  std::unique_ptr<actors::peer_interest> heard_;
  std::unordered_map<const actors::account*, size_t> queued_; // how much of it is of groups
  waiting_interest waiting_;                                  // in accounts that are not known here

  // accepted
  std::unique_ptr<actors::told_interest> told_;
  std::unordered_set<const actors::account*> begun_; // accounts whose interest it may be told
  std::vector<actors::account_ptr> untold_;          // the last one first
  std::vector<actors::shared_text> untold_texts_;    // of the last of them, if that has begun
  std::set<std::string, std::less<>> refused_;       // accounts that are not known here
  std::string line_;                                 // scratch
  too_long_to_tell too_long_;

  // Most messages are in the account, and to the subject, of the one before.
  std::string account_name_;
  actors::account_ptr account_;
  actors::known_subject_ptr subject_;
  const char* subject_seen_ = nullptr;
  actors::block* owner_ = nullptr;
  actors::outgoing_ptr own_; // nothing goes back to where it came from
};

} // namespace troupe::federation
