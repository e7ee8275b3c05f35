// federation/gateway_session.cpp: one connection of a gateway from its first word to its last.
#include "federation/gateway_session.hpp"

#include "actors/gateway_reply.hpp"
#include "actors/log.hpp"
#include "protocol/errc.hpp"
#include "protocol/link_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;
using protocol::errc;
using protocol::link_side;

namespace {

/// Bytes that one peer may cause to be formatted before others have a turn.
constexpr size_t output_a_turn = 8 * 1024 * 1024;
/// Unknown accounts that a peer is told of once each; beyond that it is not told.
constexpr size_t most_refused = 10'000;
constexpr size_t longest_refused = 256;
/// No message tracing (gateways.md section 4).
constexpr int64_t protocol_of_gateways = 0;

} // namespace

gateway_session::gateway_session(gateway_host& host, gateway_place where, gateway_terms_ptr mine,
                                 std::optional<dialled_gateway> remote)
    : host_{host}, where_{std::move(where)}, mine_{std::move(mine)}, remote_{std::move(remote)},
      stage_{remote_ ? stage::expecting_info : stage::expecting_connect},
      rules_{remote_ ? link_side::gateway_outbound : link_side::gateway_inbound},
      limits_{mine_->parsing}, parser_{*this, rules_, limits_} {}

gateway_session::~gateway_session() {
  retire();
}

/// Who dialled says nothing before he has heard whom he reached.
void gateway_session::begin() {
  if (!remote_)
    greet();
}

void gateway_session::greet() {
  auto info = mine_->info;
  info.proto = protocol_of_gateways;
  info.gateway_nrp = info.gateway_iom = true;
  host_.say(info_line(info));
}

protocol::parse_progress gateway_session::parse(std::string_view in, actors::block* owner) {
  owner_ = owner;
  subject_seen_ = nullptr;
  auto out = parser_.parse(in);
  owner_ = nullptr;
  return out;
}

bool gateway_session::has_enough() const noexcept {
  return where_.routes.unsent() >= output_a_turn;
}

size_t gateway_session::interests() const noexcept {
  return heard_ ? heard_->size() : told_ ? told_->size() : 0;
}

bool gateway_session::fail(close_reason why, std::string_view error, std::string_view text) {
  if (stage_ == stage::over)
    return false;
  stage_ = stage::over;
  host_.end(why, error, text);
  return false;
}

// -- handshake
// -------------------------------------------------------------------------------------

bool gateway_session::on_connect(std::string_view json) {
  if (stage_ != stage::expecting_connect)
    return true; // said twice, or by the side that accepted: nothing depends on it
  protocol::link_connect said;
  if (auto problem = parse_link_connect(json, said); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing CONNECT: " + problem);
  if (said.gateway.empty())
    return fail(close_reason::wrong_port, "attempted to connect to gateway port",
                "Attempted to connect to gateway port by something else than a gateway");
  user_ = std::move(said.user);
  password_ = std::move(said.pass);
  peer_.server_id = std::move(said.name);
  peer_.gateway = std::move(said.gateway);
  stage_ = stage::expecting_info;
  return true;
}

bool gateway_session::on_info(std::string_view json) {
  switch (stage_) {
  case stage::expecting_connect:
    return fail(close_reason::authentication_violation,
                describe(errc::authorization_violation).wire, "It spoke before it said who it is");
  case stage::admitted: return later_info(json);
  case stage::introduced:
  case stage::over: return false;
  case stage::expecting_info: break;
  }
  if (auto problem = parse_link_info(json, peer_); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing INFO: " + problem);
  return first_info();
}

/// Have we reached the cluster that we dialled?
bool gateway_session::is_wanted() {
  if (peer_.gateway.empty()) {
    auto text = fmt::format("Attempt to connect to gateway \"{}\" using wrong port", remote_->name);
    return fail(close_reason::wrong_port, text, text);
  }
  if (peer_.gateway != remote_->name) {
    auto text =
        fmt::format("Connection from \"{}\" rejected, wanted to connect to \"{}\", this is \"{}\"",
                    mine_->info.gateway, remote_->name, log::printable(peer_.gateway, 64));
    return fail(close_reason::protocol_violation, text, text);
  }
  if (!peer_.gateway_iom) {
    // It would have to be sent everything until it says what it does not want.
    auto text = fmt::format("Gateway \"{}\" does not say its interest (`gateway_iom`), as "
                            "nats-server from 2.9 on does",
                            remote_->name);
    return fail(close_reason::bad_client_protocol_version, text, text);
  }
  return true;
}

bool gateway_session::first_info() {
  if (remote_ && !is_wanted())
    return false;
  if (!remote_ && peer_.gateway.empty())
    return fail(close_reason::protocol_violation, "", "INFO without a gateway");
  auto& dest = *where_.dest;
  dest.headers = peer_.headers;
  dest.set_cluster(peer_.gateway);
  dest.hash = actors::short_hash(peer_.gateway);
  if (!peer_.troupe.empty())
    dest.longest_line = protocol::longest_own_line;
  stage_ = stage::introduced;
  gateway_introduction who;
  who.gid = dest.cid;
  who.solicited = solicited();
  who.info = peer_;
  who.user = std::exchange(user_, {});
  who.password = std::exchange(password_, {});
  host_.introduce(std::move(who));
  return false;
}

void gateway_session::settle(const gateway_admission& answer) {
  if (stage_ != stage::introduced)
    return;
  if (!answer.admitted) {
    stage_ = stage::over;
    host_.end(answer.reason, answer.error, answer.because);
    return;
  }
  stage_ = stage::admitted;
  rules_.handshake = false;
  limits_.max_control_line = std::max(limits_.max_control_line, protocol::longest_server_line);
  if (remote_) {
    protocol::link_connect hello;
    hello.user = std::exchange(remote_->user, {});
    hello.pass = std::exchange(remote_->password, {});
    hello.tls_required = remote_->tls != nullptr;
    hello.name = mine_->info.server_id;
    hello.gateway = mine_->info.gateway;
    host_.say(connect_line(hello));
    greet();
    heard_ = std::make_unique<actors::peer_interest>(where_.dest, false, where_.routes.news());
    where_.links.add(where_.dest);
    return;
  }
  for (const auto& line : answer.gossip)
    host_.say(line);
  told_ = std::make_unique<actors::told_interest>(where_.dest);
  where_.links.add(where_.dest); // from here on no change is missed
  untold_ = where_.accounts.all();
  host_.go_on_telling();
}

bool gateway_session::later_info(std::string_view json) {
  if (!remote_)
    return true;            // whoever dialled has said all it has to
  protocol::link_info said; // nothing of what was said before: it may be about a third cluster
  if (auto problem = parse_link_info(json, said); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing INFO: " + problem);
  if (said.gateway == remote_->name)
    return obey(said);
  if (said.gateway_cmd != static_cast<int64_t>(gateway_command::gossip)) {
    peer_.gateway = said.gateway;
    return is_wanted();
  }
  if (said.gateway != mine_->info.gateway && !said.gateway.empty())
    host_.pass_on({where_.dest->cid, true, std::move(said.gateway), std::move(said.gateway_urls)});
  return true;
}

/// The peer says its interest in any case, so that the two ends of a list need nothing done.
bool gateway_session::obey(const protocol::link_info& said) {
  auto what = static_cast<gateway_command>(said.gateway_cmd);
  switch (what) {
  case gateway_command::none:
    peer_.gateway_urls = said.gateway_urls;
    host_.pass_on({where_.dest->cid, false, said.gateway, said.gateway_urls});
    return true;
  case gateway_command::gossip: return true;
  case gateway_command::interest_begins:
  case gateway_command::interest_ends: break;
  default:
    log::warn("gid:{} - Gateway \"{}\" has sent an unknown command {}", where_.dest->cid,
              remote_->name, said.gateway_cmd);
    return true;
  }
  if (!said.gateway_cmd_payload.empty()) {
    list(account_in(said.gateway_cmd_payload));
    return true;
  }
  auto text = fmt::format("Account absent from receive-all-subscriptions-{} command",
                          what == gateway_command::interest_begins ? "start" : "complete");
  return fail(close_reason::protocol_violation, text, text);
}

bool gateway_session::on_peer_error(std::string_view text) {
  return fail(close_reason::client_closed, "",
              fmt::format("Gateway Error '{}'", log::printable(text, 1024)));
}

bool gateway_session::on_ping() {
  if (stage_ == stage::expecting_connect)
    return fail(close_reason::authentication_violation,
                describe(errc::authorization_violation).wire, "It spoke before it said who it is");
  host_.say("PONG\r\n");
  return true;
}

bool gateway_session::on_pong() {
  host_.ponged();
  return true;
}

void gateway_session::on_violation(errc code) {
  auto text = describe(code).wire;
  auto why = !text.empty() ? text
             : code == errc::wrong_direction
                 ? "It sent what only the other end of this connection may say"
                 : "Malformed operation";
  fail(protocol::reason_of(code), text, why);
}

// -- messages, if we accepted
// -----------------------------------------------------------------------

const actors::account_ptr& gateway_session::account_of(std::string_view name) {
  if (!account_ || account_name_ != name) {
    account_ = where_.accounts.find(name);
    account_name_ = name;
    subject_.reset();
    subject_seen_ = nullptr;
  }
  return account_;
}

bool gateway_session::on_message(const protocol::link_message& msg) {
  ++in_messages;
  in_bytes += msg.pub.data.size();
  if (msg.pub.subject.data() != subject_seen_ || !subject_) {
    const auto& where = account_of(msg.account);
    if (!where) {
      refuse_account(msg.account);
      return true;
    }
    bool response = msg.pub.subject.starts_with(where->reply_prefix); // as in connection
    if (response || !subject_ || subject_->subject != msg.pub.subject)
      subject_ = where_.routes.memory_of(*where).find(msg.pub.subject, *where);
    subject_seen_ = response ? nullptr : msg.pub.subject.data();
  }
  actors::link_origin from{*where_.dest, {}, msg.queues};
  actors::routed_message out{msg.pub, owner_, where_.dest.get(), own_, nullptr};
  out.link = &from;
  where_.routes.deliver_linked(*account_, *subject_, out);
  return !has_enough();
}

/// Once: the peer sends nothing more there until the account comes.
void gateway_session::refuse_account(std::string_view name) {
  if (refused_.size() >= most_refused || name.size() > longest_refused
      || refused_.find(name) != refused_.end())
    return;
  refused_.emplace(name);
  host_.say(fmt::format("A- {}\r\n", name));
}

void gateway_session::apply(gateway_terms_ptr mine) {
  bool other_urls = mine->info.gateway_urls != mine_->info.gateway_urls
                    || mine->info.gateway_url != mine_->info.gateway_url;
  mine_ = std::move(mine);
  if (admitted() && !remote_ && other_urls)
    greet();
}

// -- the end
// ---------------------------------------------------------------------------------------

void gateway_session::retire() {
  stage_ = stage::over;
  if (heard_ || told_)
    where_.links.remove(*where_.dest);
  if (heard_)
    heard_->clear();
  heard_.reset();
  told_.reset();
  queued_.clear();
  listed_.clear();
  waiting_.clear();
  begun_.clear();
  untold_.clear();
  untold_texts_.clear();
  account_.reset();
  subject_.reset();
}

} // namespace troupe::federation
