// test/federation/played_link.hpp: a link's session with all it needs but a socket, for a test that
// plays its peer, whatever that says.
#pragma once

#include "actors/link_registry.hpp"
#include "federation/gateway_session.hpp"
#include "federation/leaf_session.hpp"
#include "federation/route_session.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::test {

using namespace troupe::federation;
using protocol::close_reason;
using protocol::peer_role;

/// Throws what the test runner, or the fuzzer, takes for a failure.
inline void demand(bool truth, const char* otherwise, std::string_view what = {}) {
  if (!truth)
    throw std::logic_error{std::string{otherwise} + std::string{what}};
}

/// The broker around one session: accounts $G and A with a client in them.
class played_place {
public:
  explicit played_place(peer_role role)
      : links{role}, dest{protocol::make_ref<actors::link_destination>(uint64_t{7}, uint32_t{1},
                                                                       role, int64_t{1} << 20)} {
    links.set_identity({"G1HASH", "USHASH"});
    routes.federate(links);
    accounts.named("A");
    for (const auto* name : {"$G", "$SYS", "A"})
      idle_[name] = size_of(*accounts.find(name));
    idle_["NOBODY"] = idle_["A"]; // as long as it is there
    for (const auto* subject : {"a", "a.*", "b.>", "c"})
      toggle("$G", subject);
    toggle("A", "in.a");
  }

  /// The client subscribes, or no longer. What the session has to be told: nothing, if there is no
  /// such account.
  actors::interest_changes toggle(const std::string& account, const std::string& subject,
                                  const std::string& queue = {}) {
    actors::interest_changes out;
    auto where = accounts.find(account);
    if (!where)
      return out;
    const std::array<std::string, 3> key{account, subject, queue};
    auto& known = wanted_[key];
    if (known.what) {
      known.where->drop_interest(*known.what);
      out.all.push_back({known.where, known.what->text()});
      wanted_.erase(key);
    } else {
      known = {where, protocol::make_ref<actors::subscription>(
                          where->interests.share_text(subject, queue), "1", client)};
      demand(where->add_interest(known.what), "no interest in ", subject);
      out.all.push_back({where, known.what->text()});
    }
    return out;
  }

  /// What an account's clients have wanted goes with them, after the account. Null: it cannot go.
  actors::account_ptr remove(const std::string& account) {
    auto gone = accounts.find(account);
    return gone && accounts.remove(account) ? gone : nullptr;
  }
  actors::interest_changes forget(const actors::account_ptr& gone) {
    actors::interest_changes out;
    for (auto it = wanted_.begin(); it != wanted_.end();)
      if (it->second.where == gone) {
        gone->drop_interest(*it->second.what);
        out.all.push_back({gone, it->second.what->text()});
        it = wanted_.erase(it);
      } else {
        ++it;
      }
    return out;
  }

  /// A client of $G says something, on a subject that peers may want.
  void publish(std::string_view subject, std::string_view reply) {
    constexpr std::string_view body = "hello\r\n";
    auto read = pool.take();
    body.copy(read->data(), body.size());
    protocol::publication pub;
    pub.subject = subject;
    pub.reply = reply;
    pub.data = {read->data(), body.size() - 2};
    auto& where = *accounts.global;
    actors::outgoing_ptr own;
    auto known = routes.memory_of(where).find(subject, where);
    routes.deliver(where, *known, {pub, read.get(), client.get(), own});
    routes.flush();
  }

  /// Account, subject and queue of all that the client wants, in accounts that are there.
  std::set<std::array<std::string, 3>> wanted() const {
    std::set<std::array<std::string, 3>> out;
    for (const auto& [key, each] : wanted_)
      if (accounts.find(key[0]) == each.where)
        out.insert(key);
    return out;
  }

  /// Behind the session's end: nobody wants anything but the client, then nobody at all.
  void check_nothing_is_left() {
    while (!wanted_.empty()) {
      auto& [key, one] = *wanted_.begin();
      one.where->drop_interest(*one.what);
      wanted_.erase(wanted_.begin());
    }
    routes.flush();
    for (const auto& [name, idle] : idle_)
      if (auto where = accounts.find(name))
        demand(size_of(*where) == idle, "interest is left in ", name);
    demand(links.all()->empty(), "the link is still in the registry");
  }

  actors::block_pool pool{64 * 1024};
  actors::link_registry links;
  actors::account_registry accounts{1, "$SYS", {}, {}, &links};
  actors::router routes{pool, 0};
  actors::destination_ptr client = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  actors::link_destination_ptr dest;

private:
  struct wish {
    actors::account_ptr where;
    actors::subscription_ptr what;
  };
  static std::pair<size_t, size_t> size_of(const actors::account& where) {
    return {where.interests.size(), where.ledger->size()};
  }

  std::map<std::array<std::string, 3>, wish> wanted_;
  std::map<std::string, std::pair<size_t, size_t>> idle_;
};

/// What all hosts have: what was said and asked. Answers come when the session has returned.
struct played_host {
  void finish(close_reason why, std::string_view error) {
    demand(!over, "it has ended twice");
    over = true;
    said.append("ended ").append(std::to_string(static_cast<int>(why))).append(" ");
    said.append(error).append("\r\n");
  }
  std::string said;
  bool over = false, more = false, introduced = false;
};

struct route_player final : route_host, played_host {
  static constexpr peer_role accepted = peer_role::route, dialled = peer_role::route;
  using session_type = route_session;

  void say(std::string_view line) override { said += line; }
  void introduce(introduction) override { introduced = true; }
  void pass_on(peer_news) override {}
  void miss(const std::string&) override {}
  void ponged() override {}
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view, bool) override {
    finish(why, error);
  }

  static std::string hello(bool dials) {
    return std::string{dials ? "" : "CONNECT {\"cluster\":\"C1\"}\r\n"}
           + "INFO {\"server_id\":\"P\",\"cluster\":\"C1\",\"headers\":true,\"lnoc\":true,"
             "\"lnocu\":true}\r\n";
  }
  /// `narrow`: less of ours may be told, and less of theirs is taken.
  static terms_ptr terms_of(bool narrow) {
    auto mine = std::make_shared<terms>();
    mine->info.server_id = "US";
    mine->info.cluster = "C1";
    mine->parsing = {512, 64};
    if (narrow) {
      security::permission_rules rules;
      rules.publish.deny = {"c"};
      rules.subscribe.deny = {"no.>"};
      mine->permissions = protocol::make_ref<const security::permissions>(std::move(rules));
    }
    return mine;
  }
  std::unique_ptr<route_session> open(played_place& place, bool dials) {
    return std::make_unique<route_session>(
        *this, route_place{place.accounts, place.links, place.routes, place.dest}, terms_of(false),
        uint64_t{7}, dials, "", "");
  }
  void answer(route_session& session, played_place&) {
    if (!std::exchange(introduced, false))
      return;
    admission yes;
    yes.admitted = true;
    yes.place.pooled = session.peer().route_pool_size > 0;
    yes.place.account = session.peer().route_account;
    session.settle(yes);
  }
};

struct leaf_player final : leaf_host, played_host {
  static constexpr peer_role accepted = peer_role::leaf_down, dialled = peer_role::leaf_up;
  using session_type = leaf_session;

  void say(std::string_view line) override { said += line; }
  void secure() override { secures = true; }
  void authenticate(const protocol::link_connect&) override { asked = true; }
  void introduce(leaf_introduction) override { introduced = true; }
  void hear_urls(const std::vector<std::string>&) override {}
  void ponged() override {}
  std::chrono::steady_clock::time_point now() const override { return {}; }
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view) override {
    finish(why, error);
  }
  void complained(std::string_view) override {}

  static std::string hello(bool dials) {
    if (!dials)
      return "CONNECT {\"name\":\"L1\",\"cluster\":\"L1\",\"headers\":true}\r\n";
    constexpr auto hub = "INFO {\"server_id\":\"H\",\"cluster\":\"HC\",\"headers\":true,"
                         "\"client_id\":5,\"leafnode_urls\":[],";
    return std::string{hub} + "\"nonce\":\"abc\",\"info_on_connect\":true}\r\n" + hub
           + "\"connect_info\":true,\"remote_account\":\"A\"}\r\n";
  }
  static leaf_terms_ptr terms_of(bool) {
    auto mine = std::make_shared<leaf_terms>();
    mine->info.server_id = "US";
    mine->info.server_name = mine->own_cluster = "us";
    mine->info.leafnode_urls.emplace();
    mine->parsing = {512, 64};
    return mine;
  }
  std::unique_ptr<leaf_session> open(played_place& place, bool dials) {
    std::optional<dialled_hub> hub;
    if (dials) {
      auto of_hub = std::make_shared<hub_terms>();
      of_hub->account = "$G";
      hub.emplace();
      hub->terms = std::move(of_hub);
    }
    return std::make_unique<leaf_session>(
        *this, leaf_place{place.accounts, place.links, place.routes, place.dest}, terms_of(false),
        std::move(hub), "N0NCE");
  }
  void answer(leaf_session& session, played_place& place) {
    if (std::exchange(secures, false))
      session.secured();
    if (std::exchange(asked, false)) {
      security::permission_rules rules; // the peer may not hear or say everything
      rules.publish.deny = {"no.>"};
      rules.subscribe.deny = {"no.>", "a.secret"};
      session.log_in(place.accounts.global,
                     protocol::make_ref<const security::permissions>(std::move(rules)));
    }
    if (!std::exchange(introduced, false))
      return;
    leaf_admission yes;
    yes.admitted = true;
    yes.loop_subject = "$LDS.OURS";
    session.settle(yes);
  }
  bool secures = false, asked = false;
};

struct gateway_player final : gateway_host, played_host {
  static constexpr peer_role accepted = peer_role::gateway_in, dialled = peer_role::gateway_out;
  using session_type = gateway_session;

  void say(std::string_view line) override { said += line; }
  void introduce(gateway_introduction) override { introduced = true; }
  void pass_on(gateway_news) override {}
  void ponged() override {}
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view) override {
    finish(why, error);
  }

  static std::string hello(bool dials) {
    return std::string{dials ? "" : "CONNECT {\"name\":\"T\",\"gateway\":\"G2\"}\r\n"}
           + "INFO {\"server_id\":\"T\",\"headers\":true,\"gateway\":\"G2\",\"gateway_urls\":"
             "[\"h:7222\"],\"gateway_nrp\":true,\"gateway_iom\":true}\r\n";
  }
  /// `other`: another member of our cluster has come.
  static gateway_terms_ptr terms_of(bool other) {
    auto mine = std::make_shared<gateway_terms>();
    mine->info.server_id = "US";
    mine->info.gateway = "G1";
    mine->info.gateway_urls = {"127.0.0.1:7222"};
    if (other)
      mine->info.gateway_urls.push_back("127.0.0.1:7223");
    mine->parsing = {512, 64};
    return mine;
  }
  std::unique_ptr<gateway_session> open(played_place& place, bool dials) {
    std::optional<dialled_gateway> remote;
    if (dials) {
      remote.emplace();
      remote->name = "G2";
    }
    return std::make_unique<gateway_session>(
        *this, gateway_place{place.accounts, place.links, place.routes, place.dest},
        terms_of(false), std::move(remote));
  }
  void answer(gateway_session& session, played_place&) {
    if (!std::exchange(introduced, false))
      return;
    gateway_admission yes;
    yes.admitted = true;
    yes.gossip = {"INFO {\"gateway\":\"G3\"}\r\n"};
    session.settle(yes);
  }
};

/// One session that hears what its peer says, as a link would have it hear.
template <class Host>
class played_link {
public:
  explicit played_link(bool dials)
      : place{dials ? Host::dialled : Host::accepted}, session{host.open(place, dials)} {
    session->begin();
  }

  /// What is not used yet is kept for the next time.
  void hear(std::string_view bytes) {
    kept_ += bytes;
    for (bool again = !host.over; again;) { // as often as it waits for an answer
      auto block = place.pool.take();
      demand(kept_.size() <= block->capacity(), "more is kept than a block holds");
      std::memcpy(block->data(), kept_.data(), kept_.size());
      auto progress = session->parse({block->data(), kept_.size()}, block.get());
      demand(progress.used <= kept_.size(), "it has used more than there is");
      kept_.erase(0, progress.used);
      auto words = host.said.size();
      if (!host.over)
        host.answer(*session, place);
      if (!lazy)
        tell_all();
      again = !host.over && (host.said.size() != words || (progress.used > 0 && !kept_.empty()));
    }
    place.routes.flush();
  }
  void tell_all() {
    while (!host.over && std::exchange(host.more, false))
      session->tell_more();
  }
  void tell(const actors::interest_changes& changes) {
    if (!changes.all.empty() && !host.over)
      session->tell(changes);
    if (!lazy)
      tell_all();
  }

  played_place place;
  Host host;
  std::unique_ptr<typename Host::session_type> session;
  bool lazy = false; ///< interest is told when somebody says so

private:
  std::string kept_;
};

/// A line that a session may say.
inline bool is_well_formed(std::string_view line) {
  constexpr std::array<std::string_view, 12> verbs{"-ERR '", "INFO {", "CONNECT {", "PING",
                                                   "PONG",   "RS+ ",   "RS- ",      "LS+ ",
                                                   "LS- ",   "A+ ",    "A- ",       "ended "};
  return std::any_of(verbs.begin(), verbs.end(),
                     [&](std::string_view each) { return line.starts_with(each); })
         && line.find('\n') == line.npos;
}

/// Calls `each` with the lines that a session has said; a line that is none is a failure.
template <class F>
void for_each_line(std::string_view said, F&& each) {
  while (!said.empty()) {
    auto end = said.find("\r\n");
    demand(end != said.npos, "an unfinished line: ", said);
    auto line = said.substr(0, end);
    demand(is_well_formed(line), "no line of a link: ", line);
    each(line);
    said.remove_prefix(end + 2);
  }
}

} // namespace troupe::test
