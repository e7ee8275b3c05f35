// actors/connection_login.cpp: TLS, INFO, CONNECT: how a peer becomes somebody.
#include "actors/connection.hpp"

#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/observer.hpp"
#include "security/callout.hpp"
#include "security/nkey.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <openssl/x509.h>

namespace troupe::actors {

using protocol::close_reason;
using protocol::errc;
using security::handshake_order;

namespace {

/// A wrong password is answered late, so that guessing is slow; nothing else waits for it.
constexpr auto refusal_delay = std::chrono::milliseconds{200};

constexpr char tls_record_of_handshake = 0x16;

/// On a leaf broker of Choria's, who need not log in lands in the account that its link leads to,
/// and may there what users of it may.
security::verdict placed(security::verdict outcome, const settings& now) {
  const auto& forced = now.options.leafnodes.client_account;
  auto* in = std::get_if<security::accepted>(&outcome);
  if (in && in->method == security::login_method::open && !forced.empty()) {
    in->account = forced;
    in->allowed = now.auth.defaults_of(forced);
  }
  return outcome;
}

} // namespace

// -- TLS
// -------------------------------------------------------------------------------------------

void connection::begin_tls() {
  if (ws_) { // which has done it, if it has to be done
    if (tls_)
      note_certificate();
    greet();
    return;
  }
  const auto& tls = home_.current->options.client.tls;
  if (!home_.current->tls || !tls) {
    greet();
    return;
  }
  switch (tls->order) {
  case handshake_order::info_first: greet(); break;
  case handshake_order::tls_first: shake_hands(); break;
  case handshake_order::automatic:
    phase_ = phase::sniffing;
    home_.loop.timers().start(life_timer_, tls->first_fallback);
    break;
  }
}

void connection::shake_hands() {
  begin_handshake(home_.current->tls->make_session(), home_.current->options.client.tls->timeout);
}

/// The first byte tells TLS from plain text, or that the client did not wait for INFO.
void connection::sniff() {
  char first = 0;
  auto n = ::recv(fd_, &first, 1, MSG_PEEK);
  if (n == 0) {
    close(close_reason::client_closed, true);
  } else if (n == 1 && (!greeted_ || first == tls_record_of_handshake)) {
    shake_hands();
    continue_tls();
  } else if (n == 1) {
    talk();
    read_input();
  }
}

void connection::tls_failed() {
  log::error("{} - TLS handshake error: {}", who(), tls_->problem());
  close(close_reason::tls_handshake_error, true);
}

void connection::tls_done() {
  life_timer_.stop();
  log::debug("{} - TLS handshake complete, version {}", who(), SSL_get_version(tls_->native()));
  note_certificate();
  if (!greeted_)
    send_info(false);
  talk();
}

void connection::note_certificate() {
  std::unique_ptr<X509, decltype(&X509_free)> own{SSL_get1_peer_certificate(tls_->native()),
                                                  &X509_free};
  if (!own)
    return;
  auto& state = login();
  state.certificate =
      std::make_unique<security::certificate_identity>(security::certificate_names(own.get()));
  state.certificate_subject = security::subject_dn(own.get());
  state.certificate_spki = security::spki_sha256(own.get());
  state.certificate_sha256 = security::cert_sha256(own.get());
}

// -- INFO
// ------------------------------------------------------------------------------------------

void connection::send_info(bool after_connect, bool leave) {
  protocol::client_info mine;
  mine.client_id = cid_;
  mine.client_ip = socket_->ip;
  mine.after_connect = after_connect;
  if (account_) {
    mine.account = account_->name;
    mine.account_is_system = account_->is_system;
  }
  if (!std::exchange(greeted_, true) && home_.current->needs_nonce()) {
    login().nonce = security::make_nonce();
    mine.nonce = login_->nonce;
  }
  const auto& usual = ws_ ? home_.current->websocket_info : home_.current->info;
  if (max_payload_ == usual.max_payload && !leave) {
    say(info_line(usual, mine));
  } else {
    auto info = usual;
    info.max_payload = max_payload_;
    info.lame_duck = info.lame_duck || leave;
    say(info_line(info, mine));
  }
}

/// INFO in clear, then whatever has to come behind it.
void connection::greet() {
  send_info(false);
  if (ws_ || !home_.current->tls || end_ != close_reason::none) {
    talk();
    return;
  }
  queue_own();
  write_output();
  if (phase_ == phase::closed)
    return;
  if (home_.current->options.client.allow_non_tls) {
    phase_ = phase::sniffing;
    home_.loop.timers().start(life_timer_, home_.current->options.client.tls->timeout);
  } else {
    shake_hands();
  }
}

void connection::talk() {
  phase_ = phase::talking;
  const auto& now = *home_.current;
  bool web = ws_ != nullptr;
  home_.loop.timers().start(life_timer_,
                            now.login_required(web) ? now.login_time(web) : now.ping_interval(web));
}

bool connection::advise_to_leave() {
  if (phase_ != phase::talking || !async_info_ || !ponged_)
    return false;
  send_info(false, true);
  home_.loop.flush_later(token_);
  return true;
}

void connection::announce() {
  if (phase_ == phase::talking && async_info_ && ponged_) {
    send_info(false);
    home_.loop.flush_later(token_);
  }
}

// -- CONNECT
// ---------------------------------------------------------------------------------------

connection::login_state& connection::login() {
  if (!login_)
    login_ = std::make_unique<login_state>();
  return *login_;
}

bool connection::on_connect(std::string_view json) {
  insert_fresh(); // into the account that it was meant for
  auto& state = login();
  if (parse_connect(json, state.connect) != errc::none) {
    on_violation(errc::malformed_connect);
    return false;
  }
  if (log::enabled(config::log_level::trace)) [[unlikely]]
    log::trace(
        "{} - <<- [CONNECT {{\"user\":\"{}\",\"name\":\"{}\",\"lang\":\"{}\",\"version\":\"{}\"}}]",
        who(), log::printable(state.connect.user), log::printable(state.connect.name),
        log::printable(state.connect.lang), log::printable(state.connect.version));
  if (ws_ && ws_->cookies)
    ws_->cookies->complete(state.connect);
  if (connected_) // a second CONNECT starts with nothing
    while (!subscriptions_.empty())
      forget(*subscriptions_.begin());
  state.introduced = true;
  state.judged_in.reset();
  rtt_ = home_.loop.now() - started_;
  introductions_.reset();
  check_login(false);
  return go_on();
}

security::credentials connection::credentials() const {
  security::credentials out;
  out.type = type();
  if (login_) {
    const auto& c = login_->connect;
    out.user = c.user;
    out.password = c.pass;
    out.token = c.auth_token;
    out.nkey = c.nkey;
    out.nkey_proven = !c.nkey.empty() && !login_->nonce.empty()
                      && security::signed_by(c.nkey, login_->nonce, c.sig);
    out.jwt_given = !c.jwt.empty();
  }
  return out;
}

/// Null unless this listener maps certificates to users.
const security::certificate_identity* connection::certificate() const {
  static const security::certificate_identity nobody;
  const auto& options = home_.current->options;
  const auto& tls = ws_ ? options.websocket.tls : options.client.tls;
  if (!tls || !tls->verify_and_map)
    return nullptr;
  return login_ && login_->certificate ? login_->certificate.get() : &nobody;
}

/// Hashes that take tens of milliseconds are compared elsewhere; this connection waits, others not.
void connection::check_login(bool again) {
  if (home_.current->operator_mode()) {
    check_jwt();
    return;
  }
  auto given = credentials();
  const auto* named = certificate();
  bool web = ws_ != nullptr;
  const auto& auth = home_.current->auth_of(web);
  bool slow = again ? auth.is_recheck_expensive(login().identity, given, named)
                    : auth.is_expensive(given, named);
  auto check = [again, web, from = home_.current, before = login().identity,
                given = std::move(given)](const security::certificate_identity* certificate) {
    const auto& judge = from->auth_of(web);
    return placed(
        again ? judge.recheck(before, given, certificate) : judge.login(given, certificate), *from);
  };
  if (!slow) {
    auto outcome = check(named);
    if (again)
      after_recheck(outcome);
    else
      after_login(outcome);
    return;
  }
  rechecking_ = again;
  pause(pause_login);
  std::optional<security::certificate_identity> copy;
  if (named)
    copy = *named;
  auto me = caf::actor_cast<connection_actor>(this);
  // CAF 0.17.6 takes the arguments of a function apart, also where there are none: give it one.
  home_.loop.system().spawn(
      [check, copy](caf::event_based_actor* self, const connection_actor& whom) {
        auto outcome = check(copy ? &*copy : nullptr);
        self->send(whom, std::make_shared<const login_result>(login_result{std::move(outcome)}));
      },
      me);
}

/// The user of those who do not introduce themselves, if there is one.
bool connection::log_in_without_connect() {
  if (home_.current->operator_mode())
    return false;
  security::credentials nothing;
  nothing.type = type();
  auto outcome =
      placed(home_.current->auth_of(ws_ != nullptr).login(nothing, certificate()), *home_.current);
  if (!std::holds_alternative<security::accepted>(outcome) || ask_callout(outcome))
    return false;
  auto& state = login();
  state.identity = std::get<security::accepted>(outcome);
  state.identity_from = home_.current;
  if (!enter_by_login(home_.shared.accounts.named(state.identity.account)))
    return false;
  set_permissions(state.identity.allowed);
  return accept_without_connect();
}

bool connection::accept_without_connect() {
  must_log_in_ = false;
  start_liveness();
  tell(happening::connected);
  return true;
}

bool connection::after_login(const security::verdict& outcome) {
  if (ask_callout(outcome))
    return false;
  if (const auto* no = std::get_if<security::refused>(&outcome)) {
    refuse_login(no->reason);
    return false;
  }
  auto& state = login();
  state.identity = std::get<security::accepted>(outcome);
  state.identity_from = home_.current;
  if (!state.connect.account.empty() || state.connect.new_account) {
    refuse_login("it asked for an account by name, which is obsolete");
    return false;
  }
  if (std::exchange(jwt_, nullptr)) // a callout had let it in by an earlier CONNECT
    own_subscriptions_ = own_payload_ = -1;
  if (!enter_by_login(home_.shared.accounts.named(state.identity.account)))
    return false;
  set_permissions(state.identity.allowed);
  return accept_connect();
}

bool connection::accept_connect() {
  const auto& c = login_->connect;
  if (c.protocol < 0 || c.protocol > 1) {
    fail(errc::invalid_client_protocol);
    return false;
  }
  headers_ = c.headers && !home_.current->options.no_header_support;
  if (c.no_responders && !headers_) {
    fail(errc::no_responders_needs_headers);
    return false;
  }
  must_log_in_ = false;
  connected_ = true;
  verbose_ = c.verbose;
  pedantic_ = c.pedantic;
  wants_no_responders_ = c.no_responders;
  async_info_ = c.protocol >= 1;
  dest_->set_quirk(quirk_no_echo, !c.echo);
  dest_->set_quirk(quirk_no_headers, !headers_);
  if (verbose_)
    say("+OK\r\n");
  open_gate();
  start_liveness();
  tell(happening::connected);
  return true;
}

void connection::refuse_login(std::string_view why) {
  std::string by;
  if (login_ && !login_->connect.user.empty())
    by = fmt::format("User \"{}\": ", log::printable(login_->connect.user, 64));
  log::error("{} - authentication error - {}{}", who(), by, why);
  kept_ = {};
  phase_ = phase::refusing;
  home_.loop.timers().start(life_timer_, refusal_delay);
}

// -- permissions
// -----------------------------------------------------------------------

/// Outside the fleet's client hosts less is allowed than the login granted.
void connection::set_permissions(security::permissions_ptr rules) {
  granted_ = std::move(rules);
  permissions_ = account_ && account_->is_system
                     ? granted_
                     : home_.current->hosts.narrow(granted_, socket_->ip);
  if (is_with_callout())
    permissions_ = security::without_callout_requests(permissions_);
  forget_subject(); // what was decided about it may have changed
  verdicts_.reset();
  bool tracks = permissions_ && permissions_->responses().has_value();
  dest_->set_quirk(quirk_tracks_replies, tracks);
  if (!tracks)
    responses_.reset();
  else if (!responses_)
    responses_ = std::make_unique<security::response_tracker>(*permissions_->responses());
}

/// Subscriptions that are no longer allowed end, each with a word about it; those that must be
/// filtered now, or need no filter any more, are made anew, for publishers may be looking at them.
void connection::recheck_subscriptions() {
  using security::subscribe_verdict;
  std::vector<subscription_ptr> all{subscriptions_.begin(), subscriptions_.end()};
  for (const auto& sub : all) {
    auto verdict = permissions_ ? permissions_->may_subscribe(sub->subject(), sub->queue())
                                : subscribe_verdict::allowed;
    bool filters = verdict == subscribe_verdict::allowed_filtered;
    if (verdict == subscribe_verdict::refused)
      withdraw(sub);
    else if (filters || sub->filter)
      replace(sub, filters ? permissions_ : nullptr);
  }
}

void connection::withdraw(const subscription_ptr& sub) {
  auto quoted = fmt::format("\"{}\"", log::printable(sub->subject(), 4096));
  if (!sub->queue().empty())
    quoted += fmt::format(" using queue \"{}\"", log::printable(sub->queue(), 4096));
  log::info("{} - Removed sub {} (sid \"{}\") - not authorized", who(), quoted,
            log::printable(sub->sid));
  forget(sub);
  say_error(fmt::format("Permissions Violation for Subscription to {} (sid \"{}\")", quoted,
                        log::printable(sub->sid)));
}

void connection::replace(const subscription_ptr& sub, security::permissions_ptr filter) {
  settle();
  auto next = protocol::make_ref<subscription>(sub->text(), sub->sid, dest_);
  next->delivered = sub->delivered.load(std::memory_order_relaxed);
  next->maximum = sub->maximum.load(std::memory_order_relaxed);
  auto quirks = static_cast<uint8_t>(sub->quirks & ~quirk_filtered);
  next->quirks = static_cast<uint8_t>(quirks | (filter ? quirk_filtered : quirk_none));
  next->filter = std::move(filter);
  forget(sub);
  subscriptions_.insert(next);
  insert_interest(next);
}

// -- reload
// ----------------------------------------------------------------------------------------

void connection::apply() {
  if (phase_ >= phase::refusing)
    return;
  set_max_payload();
  introductions_.reset();
  if (home_.current->hosts.active() || permissions_ != granted_) {
    set_permissions(granted_);
    recheck_subscriptions();
    home_.loop.flush_later(token_);
  }
  if (home_.current->operator_mode()) // what a JWT allows does not change with the file
    return;
  if (login_ && login_->asking) // the answer decides
    return;
  if (jwt_) {
    recheck_callout();
    return;
  }
  bool was_anonymous = !connected_ && !must_log_in_ && (!login_ || login_->identity.label.empty());
  if (was_anonymous) { // it never said CONNECT: now it must
    must_log_in_ = !home_.current->open(ws_ != nullptr);
    return;
  }
  if (!must_log_in_)
    check_login(true);
}

void connection::after_recheck(const security::verdict& outcome) {
  auto& state = login();
  if (std::holds_alternative<security::refused>(outcome)) {
    // As nats-server does: who no longer exists goes without a word, who no longer fits is told.
    const auto* before = state.identity.who;
    bool removed = before ? !home_.current->auth_of(ws_ != nullptr).find_user(before->name)
                          : state.identity.method != security::login_method::open;
    if (removed) {
      close(close_reason::credentials_revoked);
    } else {
      log::info("{} - Credentials are no longer valid", who());
      fail(errc::authorization_violation);
    }
    return;
  }
  auto now = std::get<security::accepted>(outcome);
  if (now.account != state.identity.account) {
    close(close_reason::credentials_revoked);
    return;
  }
  state.identity = std::move(now);
  state.identity_from = home_.current;
  set_permissions(state.identity.allowed);
  recheck_subscriptions();
  tell(happening::kept);
  home_.loop.flush_later(token_);
}

} // namespace troupe::actors
