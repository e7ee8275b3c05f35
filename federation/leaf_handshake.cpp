// federation/leaf_handshake.cpp: how the two ends of a leaf node's link come to know each other.
#include "actors/log.hpp"
#include "federation/leaf_session.hpp"
#include "protocol/errc.hpp"
#include "protocol/link_limits.hpp"
#include "protocol/scan.hpp"
#include "security/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace troupe::federation {

namespace log = actors::log;
using protocol::close_reason;
using protocol::errc;
using protocol::peer_role;

namespace {

constexpr auto short_hold_off = std::chrono::seconds{5};
constexpr int64_t protocol_of_leafs = 1; // no message tracing
/// The cluster's members hear it with each of its interests.
constexpr size_t longest_cluster_name = 256;

/// "2.9.0" or "v2.10.1-beta"; what cannot be read counts as 0.
std::array<int, 3> version_of(std::string_view text) {
  std::array<int, 3> out{};
  if (text.starts_with('v'))
    text.remove_prefix(1);
  const char* at = text.data();
  const char* end = at + text.size();
  for (auto& part : out) {
    at = std::from_chars(at, end, part).ptr;
    if (at == end || *at != '.')
      break;
    ++at;
  }
  return out;
}

/// Servers before 2.10 count a group that is new to them as one member, whatever its weight.
bool counts_new_groups_as_one(const std::string& version) {
  return !version.empty() && version_of(version) < std::array{2, 10, 0};
}

/// The members of our cluster hear the name in lines where blanks and line ends have a meaning.
std::string_view fault_of_cluster(std::string_view name) {
  auto splits = [](char c) { return protocol::ends_token(c); };
  if (std::any_of(name.begin(), name.end(), splits))
    return "cluster name cannot contain spaces";
  return name.size() > longest_cluster_name ? "cluster name is too long" : std::string_view{};
}

constexpr std::string_view same_cluster = "remote leafnode has same cluster name";

/// For the log: who has copied a hub's file has to know what to change.
std::string advice_on_same_cluster(const std::string& name) {
  return fmt::format("{} \"{}\"; a leaf node's cluster needs a name of its own", same_cluster,
                     name);
}

} // namespace

/// How long nobody comes back after such an error (leafnodes.md section 13).
std::chrono::seconds leaf_session::hold_off_after(std::string_view error) {
  auto says = [&](std::string_view words) { return error.find(words) != error.npos; };
  if (says("Loop detected") || says(same_cluster) || says("Permissions Violation"))
    return longest_hold_off;
  return says("minimum version required") ? short_hold_off : std::chrono::seconds{0};
}

protocol::link_info leaf_session::about_us() const {
  auto out = mine_->info;
  out.proto = protocol_of_leafs;
  out.auth_required = true; // always said, whatever is asked for
  out.info_on_connect = true;
  return out;
}

void leaf_session::begin() {
  if (hub_)
    return; // the hub speaks first
  auto info = about_us();
  info.client_id = static_cast<int64_t>(where_.dest->cid);
  info.nonce = nonce_;
  host_.say(info_line(info));
}

bool leaf_session::refused(std::string_view text) {
  return fail(close_reason::cluster_name_conflict, text, text);
}

// -- accepting
// -------------------------------------------------------------------------------------

bool leaf_session::on_connect(std::string_view json) {
  if (stage_ != stage::expecting_connect)
    return stage_ != stage::over; // said twice: nothing depends on it
  if (auto problem = parse_link_connect(json, peer_); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing CONNECT: " + problem);
  if (!peer_.lang.empty())
    return fail(close_reason::wrong_port, "attempted to connect to leaf node port",
                "Attempted to connect to leaf node port by a client");
  if (!peer_.gateway.empty()) {
    auto text = fmt::format("Rejecting connection from gateway \"{}\" on the leafnode port",
                            log::printable(peer_.gateway));
    return fail(close_reason::wrong_port, text, text);
  }
  if (!mine_->info.cluster.empty() && peer_.cluster == mine_->info.cluster)
    return fail(close_reason::cluster_name_conflict, same_cluster,
                advice_on_same_cluster(mine_->info.cluster));
  if (auto fault = fault_of_cluster(peer_.cluster); !fault.empty())
    return refused(fault);
  if (!mine_->min_version.empty() && version_of(peer_.version) < version_of(mine_->min_version))
    return refused(fmt::format("connection rejected since minimum version required is \"{}\"",
                               mine_->min_version));
  stage_ = stage::authenticating;
  auto said = peer_;
  for (auto* secret : {&peer_.pass, &peer_.auth_token, &peer_.jwt, &peer_.sig})
    secret->clear();
  host_.authenticate(said);
  return false;
}

void leaf_session::log_in(const actors::account_ptr& where, const security::permissions_ptr& may,
                          leaf_limits limits) {
  if (stage_ != stage::authenticating)
    return;
  account_ = where;
  user_ = may;
  user_limits_ = limits;
  auto& dest = *where_.dest;
  if (peer_.is_hub)
    dest.role = peer_role::leaf_up;
  dest.set_cluster(peer_.cluster);
  dest.headers = peer_.headers && mine_->info.headers;
  dest.isolated = peer_.isolate || mine_->isolate;
  allowed_ = rules_for_leaf(user_, peer_.deny_pub, account_->is_system);
  steps_weights_ = counts_new_groups_as_one(peer_.version);
  introduce();
}

// -- dialling
// --------------------------------------------------------------------------------------

bool leaf_session::on_info(std::string_view json) {
  if (!hub_)
    return stage_ == stage::admitted // some say it to agree on compression, which we decline
           || fail(close_reason::authentication_violation,
                   describe(errc::authorization_violation).wire,
                   "It spoke before it said who it is");
  auto said = info_;
  said.connect_info = false;
  if (auto problem = parse_link_info(json, said); !problem.empty())
    return fail(close_reason::protocol_violation, "", "Error parsing INFO: " + problem);
  bool answer = said.connect_info;
  info_ = std::move(said);
  if (stage_ == stage::expecting_info)
    return first_info();
  tell_other_urls();
  return stage_ == stage::expecting_answer && answer ? answered() : stage_ != stage::over;
}

/// Where else its cluster can be reached, in the way that we have come.
void leaf_session::tell_other_urls() {
  if (hub_->terms->websocket)
    host_.hear_urls(info_.ws_connect_urls);
  else if (info_.leafnode_urls)
    host_.hear_urls(*info_.leafnode_urls);
}

bool leaf_session::first_info() {
  // A hub that advertises nothing (`no_advertise`) may leave the URLs out, as nats-server 2.15
  // does.
  if (info_.client_id == 0 || (!info_.leafnode_urls && !info_.info_on_connect))
    return fail(close_reason::wrong_port, "",
                "Attempted to connect to a port that is none for "
                "leaf nodes; its URL should name the hub's port");
  if (!mine_->info.cluster.empty() && info_.cluster == mine_->info.cluster) {
    hold_off_ = longest_hold_off;
    return fail(close_reason::cluster_name_conflict, same_cluster,
                advice_on_same_cluster(mine_->info.cluster));
  }
  tell_other_urls();
  if ((info_.tls_required || hub_->terms->demands_tls) && !hub_->terms->tls_first) {
    stage_ = stage::securing;
    host_.secure();
    return false;
  }
  greet_hub();
  return !waiting() && stage_ != stage::over;
}

void leaf_session::secured() {
  if (stage_ == stage::securing)
    greet_hub();
}

void leaf_session::greet_hub() {
  const auto& terms = *hub_->terms;
  const auto& who = terms.identity;
  protocol::link_connect hello;
  hello.version = mine_->info.version;
  hello.user = hub_->user.empty() ? who.user : hub_->user;
  hello.pass = hub_->user.empty() ? who.password : hub_->password;
  if (!hello.user.empty() && hello.pass.empty())
    hello.auth_token = hello.user;
  if (who.key) {
    hello.jwt = who.jwt;
    if (who.jwt.empty())
      hello.nkey = who.key->public_text();
    auto signature = who.key->sign(info_.nonce);
    hello.sig =
        security::to_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
  }
  hello.server_id = mine_->info.server_id;
  hello.name = mine_->info.server_name;
  hello.cluster = mine_->own_cluster;
  hello.headers = mine_->info.headers && info_.headers;
  hello.is_hub = terms.hub;
  hello.isolate = terms.request_isolation;
  hello.deny_pub = terms.deny_imports;
  hello.remote_account = terms.account;
  host_.say(connect_line(hello));
  stage_ = stage::expecting_answer;
  if (!info_.info_on_connect)
    answered();
}

/// The hub has let us in, and says what may pass.
bool leaf_session::answered() {
  const auto& terms = *hub_->terms;
  account_ = where_.accounts.find(terms.account);
  if (!account_)
    return fail(close_reason::credentials_revoked, "",
                fmt::format("There is no account {} here", terms.account));
  if (auto fault = fault_of_cluster(info_.cluster); !fault.empty())
    return refused(fault);
  auto& dest = *where_.dest;
  dest.role = terms.hub ? peer_role::leaf_down : peer_role::leaf_up;
  dest.set_cluster(info_.cluster);
  dest.headers = info_.headers && mine_->info.headers;
  dest.isolated = terms.isolate || (terms.hub && mine_->isolate);
  allowed_ = rules_for_hub(info_, terms.deny_imports, terms.deny_exports, account_->is_system);
  steps_weights_ = counts_new_groups_as_one(info_.version);
  peer_.name = info_.server_name;
  peer_.version = info_.version;
  peer_.cluster = info_.cluster;
  peer_.server_id = info_.server_id;
  peer_.remote_account = info_.remote_account;
  return introduce();
}

// -- both
// ------------------------------------------------------------------------------------------

bool leaf_session::introduce() {
  stage_ = stage::introduced;
  leaf_introduction who;
  who.lid = where_.dest->cid;
  who.solicited = hub_.has_value();
  who.hub_side = !is_spoke();
  who.account = account_;
  who.name = peer_.name;
  who.cluster = peer_.cluster;
  who.server_id = peer_.server_id;
  who.remote_account = peer_.remote_account;
  who.is_troupe = !info_.troupe.empty();
  host_.introduce(std::move(who));
  return false;
}

void leaf_session::settle(const leaf_admission& answer) {
  if (stage_ != stage::introduced)
    return;
  if (!answer.admitted) {
    hold_off_ = hold_off_after(answer.error);
    fail(answer.reason, answer.error, answer.because);
    return;
  }
  stage_ = stage::admitted;
  rules_.handshake = false;
  limits_.max_control_line = std::max(limits_.max_control_line, protocol::longest_leaf_line);
  loop_subject_ = answer.loop_subject;
  where_.dest->sends = allowed_.sends;
  if (!hub_ && user_ && user_->responses()) {
    responses_ = std::make_unique<security::response_tracker>(*user_->responses());
    where_.dest->set_quirk(actors::quirk_tracks_replies, true);
  }
  heard_ = std::make_unique<actors::peer_interest>(where_.dest, false, where_.routes.news());
  streams_ = std::make_unique<leaf_streams>(where_.dest, where_.routes.news());
  follow_account();
  if (!hub_) {
    auto info = about_us();
    info.client_id = static_cast<int64_t>(where_.dest->cid);
    info.connect_info = true;
    info.remote_account = account_->name;
    info.acc_is_sys = account_->is_system;
    if (user_) {
      info.export_ = told_to_leaf(user_->rules().publish);
      info.import_ = told_to_leaf(user_->rules().subscribe);
    }
    host_.say(info_line(info));
  }
  // Before all other interest: a loop has to be found before anything goes round in it.
  host_.say(fmt::format("LS+ {}\r\n", loop_subject_));
  if (!is_spoke() && !where_.links.identity().gateway.empty())
    host_.say("LS+ _GR_.>\r\n"); // answers to requests of other clusters come up to us
  told_ = std::make_unique<actors::told_interest>(where_.dest);
  where_.dest->account = account_;
  where_.links.add(where_.dest); // from here on no change is missed
  untold_ = account_->ledger->all();
  host_.go_on_telling();
}

void leaf_session::tell_urls() {
  if (!admitted() || hub_)
    return;
  host_.say(info_line(about_us()));
}

bool leaf_session::on_peer_error(std::string_view text) {
  if (auto wait = hold_off_after(text); wait.count() > 0)
    hold_off_ = wait; // whoever says that closes as well
  host_.complained(text);
  return stage_ != stage::over;
}

} // namespace troupe::federation
