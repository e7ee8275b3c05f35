// federation/route_session.cpp: a route from its first word to its last.
#include "federation/route_session.hpp"

#include "actors/gateway_reply.hpp"
#include "actors/log.hpp"
#include "federation/gateway_terms.hpp"
#include "protocol/errc.hpp"
#include "protocol/link_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;
using protocol::errc;

namespace {

/// Bytes that one peer may cause to be formatted before others have a turn.
constexpr size_t output_a_turn = 8 * 1024 * 1024;
/// A nonce is announced although routes do not use it (routes.md section 4).
constexpr int64_t protocol_of_routes = 2;

constexpr std::string_view refused_pinning = "dedicated route";

} // namespace

route_session::route_session(route_host& host, route_place where, terms_ptr mine, uint64_t rid,
                             bool solicited, std::string user, std::string password)
    : host_{host}, where_{std::move(where)}, mine_{std::move(mine)}, rid_{rid},
      solicited_{solicited}, user_{std::move(user)}, password_{std::move(password)},
      stage_{solicited ? stage::expecting_info : stage::expecting_connect}, limits_{mine_->parsing},
      parser_{*this, rules_, limits_} {}

route_session::~route_session() {
  retire();
}

void route_session::begin() {
  if (solicited_) { // what this link is there for depends on the peer's INFO
    const auto& info = mine_->info;
    protocol::link_connect hello;
    hello.echo = true;
    hello.user = std::exchange(user_, {});
    hello.pass = std::exchange(password_, {});
    hello.tls_required = mine_->tls.dialling != nullptr;
    hello.name = info.server_id;
    hello.cluster = info.cluster;
    hello.cluster_dynamic = info.cluster_dynamic;
    hello.headers = hello.lnoc = true;
    host_.say(connect_line(hello));
  } else {
    introduce_self();
  }
}

void route_session::introduce_self() {
  auto info = mine_->info;
  info.proto = protocol_of_routes;
  info.headers = info.lnoc = info.lnocu = true;
  if (solicited_ && place_.pooled) {
    info.route_pool_idx = place_.slot;
    info.route_account = place_.account;
  }
  host_.say(info_line(info));
}

protocol::parse_progress route_session::parse(std::string_view in, actors::block* owner) {
  owner_ = owner;
  subject_seen_ = nullptr;
  auto out = parser_.parse(in);
  owner_ = nullptr;
  return out;
}

bool route_session::has_enough() const noexcept {
  return where_.routes.unsent() >= output_a_turn;
}

bool route_session::fail(close_reason why, std::string_view error, std::string_view text) {
  stage_ = stage::over;
  host_.end(why, error, text, true);
  return false;
}

// -- handshake
// -------------------------------------------------------------------------------------

bool route_session::on_connect(std::string_view json) {
  if (stage_ != stage::expecting_connect)
    return true; // said twice, or by the side that accepted: nothing depends on it
  protocol::link_connect said;
  if (auto problem = parse_link_connect(json, said); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing CONNECT: " + problem);
  if (!said.lang.empty())
    return fail(close_reason::wrong_port, "attempted to connect to route port",
                "Attempted to connect to route port by a client");
  if (!said.gateway.empty()) {
    auto text = fmt::format("Rejecting connection from gateway \"{}\" on the Route port",
                            log::printable(said.gateway));
    return fail(close_reason::wrong_port, text, text);
  }
  const auto& mine = mine_->info;
  if (said.cluster != mine.cluster && !mine.cluster_dynamic && !said.cluster_dynamic) {
    auto text = fmt::format("Rejecting connection, cluster name \"{}\" does not match \"{}\"",
                            log::printable(said.cluster), mine.cluster);
    return fail(close_reason::cluster_name_conflict, text, text);
  }
  user_ = std::move(said.user);
  password_ = std::move(said.pass);
  peer_.server_id = std::move(said.name);
  peer_.cluster = std::move(said.cluster);
  peer_.cluster_dynamic = said.cluster_dynamic;
  peer_.headers = said.headers;
  peer_.lnoc = said.lnoc;
  peer_.lnocu = said.lnocu;
  stage_ = stage::expecting_info;
  // On a connection to ourselves it may be a name that was ours when that was said.
  if (peer_.cluster != mine.cluster && peer_.server_id != mine.server_id) {
    introduction who;
    who.rid = rid_;
    who.info.cluster = peer_.cluster;
    who.info.cluster_dynamic = peer_.cluster_dynamic;
    who.user = user_;
    who.password = password_;
    host_.offer_name(std::move(who));
  }
  return true;
}

bool route_session::on_info(std::string_view json) {
  if (stage_ == stage::expecting_connect)
    return fail(close_reason::authentication_violation,
                describe(errc::authorization_violation).wire, "It spoke before it said who it is");
  if (stage_ == stage::admitted) {
    auto said = peer_;
    said.gateway.clear();
    said.gateway_cmd = 0;
    said.ldm = false;
    said.route_acc_add_reqid.clear();
    said.route_account.clear();
    said.import_.reset(); // of rules that are no more nothing is said
    said.export_.reset();
    if (auto problem = parse_link_info(json, said); !problem.empty())
      return fail(close_reason::protocol_violation, "", "Error parsing INFO: " + problem);
    return later_info(said, json);
  }
  if (stage_ != stage::expecting_info)
    return false;
  auto cluster = peer_.cluster;
  if (auto problem = parse_link_info(json, peer_); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing INFO: " + problem);
  if (peer_.cluster.empty())
    peer_.cluster = std::move(cluster);
  return first_info();
}

bool route_session::first_info() {
  if (peer_.server_id.empty())
    return fail(close_reason::protocol_violation, "", "INFO without a server_id");
  auto& dest = *where_.dest;
  dest.headers = peer_.headers;
  dest.leaf_origins = peer_.lnoc;
  if (!peer_.troupe.empty())
    dest.longest_line = protocol::longest_own_line;
  dest.hash = actors::short_hash(peer_.server_id); // by which other clusters' answers name it
  rules_.origin_in_unsub = peer_.lnocu;
  stage_ = stage::introduced;
  introduction who;
  who.rid = rid_;
  who.solicited = solicited_;
  who.info = peer_;
  who.user = std::exchange(user_, {});
  who.password = std::exchange(password_, {});
  host_.introduce(std::move(who));
  return false;
}

void route_session::settle(const admission& answer) {
  if (stage_ != stage::introduced)
    return;
  if (!answer.admitted) {
    stage_ = stage::over;
    if (solicited_ && answer.reason == close_reason::cluster_name_conflict)
      introduce_self(); // a peer whose name was made up may take ours, and is dialled again
    host_.end(answer.reason, answer.error, answer.because, answer.loudly);
    return;
  }
  place_ = answer.place;
  moved_.insert(answer.elsewhere.begin(), answer.elsewhere.end());
  where_.dest->pool_size = place_.slots;
  where_.dest->pool_index = place_.slot;
  where_.dest->pinned = place_.account;
  rules_.names_account = place_.has_slot();
  if (solicited_)
    introduce_self();
  stage_ = stage::admitted;
  rules_.handshake = false;
  limits_.max_control_line = std::max(limits_.max_control_line, protocol::longest_server_line);
  heard_ = std::make_unique<actors::peer_interest>(where_.dest, peer_.lnocu, where_.routes.news());
  told_ = std::make_unique<actors::told_interest>(where_.dest, peer_.lnocu);
  where_.links.add(where_.dest); // from here on no change is missed
  tell_all();
}

/// What it says of itself, or, as gossip, of others.
bool route_session::later_info(const protocol::link_info& said, std::string_view json) {
  if (!said.route_acc_add_reqid.empty())
    return hear_of_pinning(said);
  bool of_cluster = !said.gateway.empty();
  if (of_cluster && said.gateway_cmd != static_cast<int64_t>(gateway_command::gossip))
    return true;
  if (of_cluster || said.server_id != peer_.server_id) {
    protocol::link_info third; // nothing of the one who tells
    parse_link_info(json, third);
    host_.pass_on({rid_, std::move(third), {}});
    return true;
  }
  bool takes_other_interest = said.export_ != peer_.export_;
  peer_ = said;
  host_.pass_on({rid_, said, {}});
  if (takes_other_interest) // it may have refused what it would take now
    tell_all_again();
  return true;
}

bool route_session::on_peer_error(std::string_view text) {
  auto words = log::printable(text);
  bool normal = text.find(refused_pinning) != text.npos; // from 2.10 on it asks for that first
  stage_ = stage::over;
  host_.end(close_reason::client_closed, "", fmt::format("Route Error '{}'", words), !normal);
  return false;
}

bool route_session::on_ping() {
  host_.say("PONG\r\n");
  return true;
}

bool route_session::on_pong() {
  host_.ponged();
  return true;
}

void route_session::on_violation(errc code) {
  if (stage_ == stage::over)
    return;
  auto text = describe(code).wire;
  fail(protocol::reason_of(code), text, text.empty() ? "Malformed operation" : text);
}

// -- messages
// --------------------------------------------------------------------------------------

const actors::account_ptr& route_session::account_of(std::string_view name) {
  if (!account_ || account_name_ != name) {
    account_ = where_.accounts.find(name);
    account_name_ = name;
    subject_.reset();
    subject_seen_ = nullptr;
  }
  return account_;
}

bool route_session::on_message(const protocol::link_message& msg) {
  ++in_messages;
  in_bytes += msg.pub.data.size();
  if (msg.pub.subject.data() != subject_seen_ || !subject_) {
    const auto& where = account_of(named(msg.account));
    if (!where)
      return true; // nobody can have asked for it
    bool response = msg.pub.subject.starts_with(where->reply_prefix); // as in connection
    if (response || !subject_ || subject_->subject != msg.pub.subject)
      subject_ = where_.routes.memory_of(*where).find(msg.pub.subject, *where);
    subject_seen_ = response ? nullptr : msg.pub.subject.data();
  }
  actors::link_origin from{*where_.dest, msg.origin, msg.queues};
  actors::routed_message out{msg.pub, owner_, where_.dest.get(), own_, nullptr};
  out.link = &from;
  where_.routes.deliver_linked(*account_, *subject_, out);
  return !has_enough();
}

// -- changes
// ---------------------------------------------------------------------------------------

void route_session::apply(terms_ptr mine) {
  bool other_rules =
      static_cast<bool>(mine->permissions) != static_cast<bool>(mine_->permissions)
      || (mine->permissions && mine->permissions->rules() != mine_->permissions->rules());
  auto before = std::exchange(mine_, std::move(mine));
  if (!admitted())
    return;
  follow_pinned(*before);
  if (!other_rules)
    return;
  host_.say(info_line(mine_->info)); // the peer learns of our permissions
  heard_->drop_if(
      [this](const auto& what, uint32_t) { return !may_take(what.subject, what.queue); });
  tell_all_again();
}

// -- the end
// ---------------------------------------------------------------------------------------

void route_session::retire() {
  stage_ = stage::over;
  if (heard_) {
    where_.links.remove(*where_.dest);
    heard_->clear();
  }
  heard_.reset();
  told_.reset();
  waiting_.clear();
  moved_.clear();
  asked_.clear();
  untold_.clear();
  untold_texts_.clear();
  account_.reset();
  subject_.reset();
}

} // namespace troupe::federation
