// federation/route_session.hpp: what a route says and remembers; knows no socket and no clock.
//
// Source: routes.md.
#pragma once

#include "actors/account_registry.hpp"
#include "actors/link_interest.hpp"
#include "actors/router.hpp"
#include "federation/messages.hpp"
#include "federation/telling.hpp"
#include "federation/waiting_interest.hpp"
#include "protocol/close_reason.hpp"
#include "protocol/link_parser.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// What a session needs done. Calls come while it is called itself.
class route_host {
public:
  /// Bytes for the peer, behind everything that was said before.
  virtual void say(std::string_view line) = 0;
  /// Nothing more is parsed until the answer comes to settle().
  virtual void introduce(introduction who) = 0;
  /// Before INFO, and without a server_id: the peer's cluster has another name, which ours may have
  /// to take.
  virtual void offer_name(introduction) {}
  virtual void pass_on(peer_news news) = 0;
  /// The peer's cluster uses an account that is unknown here. Not said for each interest in it.
  virtual void miss(const std::string& account) = 0;
  virtual void ponged() = 0;
  /// tell_more() is to be called, after whatever else is waiting.
  virtual void go_on_telling() = 0;
  /// Its last word: `error` goes out as -ERR if it is not empty.
  virtual void end(protocol::close_reason why, std::string_view error, std::string_view text,
                   bool loudly) = 0;

protected:
  ~route_host() = default;
};

/// Where a session publishes and finds accounts. All of it outlives the session.
struct route_place {
  actors::account_registry& accounts;
  actors::link_registry& links;
  actors::router& routes;
  actors::link_destination_ptr dest;
};

class route_session {
public:
  route_session(route_host& host, route_place where, terms_ptr mine, uint64_t rid, bool solicited,
                std::string user, std::string password);
  route_session(const route_session&) = delete;
  route_session& operator=(const route_session&) = delete;
  ~route_session();

  /// The connection is there, and encrypted if it has to be.
  void begin();
  /// Parses; the views of messages lie in `owner`. Answers as the parser does.
  protocol::parse_progress parse(std::string_view in, actors::block* owner);
  /// The cluster's answer to the introduction.
  void settle(const admission& answer);
  /// Interest may have changed: the peer is told what is true now.
  void tell(const actors::interest_changes& changes);
  /// Goes on with what there was before the peer came.
  void tell_more();
  /// It came, changed or was removed.
  void account_changed(const actors::account_ptr& which);
  /// The peer has, or no longer has, a route of this account alone.
  void pin(const std::string& account, bool there);
  void apply(terms_ptr mine);
  /// Nobody may have had an account when the peer named it: what waits is searched for again.
  void miss_again();
  /// Takes its interest back; nothing is said any more.
  void retire();

  bool admitted() const noexcept { return stage_ == stage::admitted; }
  /// It waits for settle().
  bool introduced() const noexcept { return stage_ == stage::introduced; }
  /// Others should have a turn, and what was published be sent, before it parses on.
  bool has_enough() const noexcept;
  /// Empty before its first INFO.
  const protocol::link_info& peer() const noexcept { return peer_; }
  /// As the cluster has admitted it.
  const pool_place& place() const noexcept { return place_; }
  size_t interests() const noexcept { return heard_ ? heard_->size() : 0; }
  std::vector<actors::subscription_snapshot> interest_list() const;
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
  enum class stage : uint8_t { expecting_connect, expecting_info, introduced, admitted, over };

  bool fail(protocol::close_reason why, std::string_view error, std::string_view text);
  bool first_info();
  bool later_info(const protocol::link_info& said, std::string_view json);
  void introduce_self();
  void tell_all();
  void tell_all_again();
  void forget_account(const actors::account_ptr& removed);
  /// By the cluster's permissions.
  bool may_take(std::string_view subject, std::string_view queue) const;

  // route_pinning.cpp
  /// Is the peer told of that account's interest over this link?
  bool carries(std::string_view account) const;
  bool hear_of_pinning(const protocol::link_info& said);
  void move_out(const std::string& account);
  void take_in(const actors::account_ptr& which);
  void tell_of(const actors::account_ptr& which);
  void follow_pinned(const terms& before);
  std::string_view named(std::string_view account) const noexcept {
    return place_.has_slot() ? account : std::string_view{place_.account};
  }

  void announce(const actors::account_ptr& where, const actors::shared_text& what,
                bool again = false);
  void withdraw(const actors::account& where);
  void write(std::string_view account, const actors::announcement& what);
  void put(const actors::account_ptr& where, const actors::peer_interest::key& what,
           uint32_t weight);
  void remember(const protocol::link_interest& what);
  waiting_interest::outcome keep(waiting_interest::key what, uint32_t weight);
  const actors::account_ptr& account_of(std::string_view name);

  route_host& host_;
  route_place where_;
  terms_ptr mine_;
  uint64_t rid_;
  bool solicited_;
  std::string user_, password_; // to be sent, then as they were received
  stage stage_;
  protocol::link_info peer_;
  protocol::link_rules rules_;
  protocol::parser_limits limits_;
  protocol::link_parser<route_session> parser_;

  std::unique_ptr<actors::peer_interest> heard_;
  std::unique_ptr<actors::told_interest> told_;
  waiting_interest waiting_; // in accounts that are not known here, or that are being moved
  std::string missed_last_;  // of these accounts
  pool_place place_;
  std::set<std::string, std::less<>> moved_;      // accounts on their way to a route of their own
  std::map<std::string, std::string> asked_;      // for those of ours, by request
  std::vector<actors::account_ptr> untold_;       // accounts, the last one first
  std::vector<actors::shared_text> untold_texts_; // of the last of them
  bool again_ = false; // the peer was told of them before, when other rules held
  std::string line_;   // scratch
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
