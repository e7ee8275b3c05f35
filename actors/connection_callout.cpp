// actors/connection_callout.cpp: logins that an auth callout decides.
#include "actors/callout_login.hpp"
#include "actors/connection.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/observer.hpp"

#include <fmt/format.h>

namespace troupe::actors {
namespace {

/// What the client sent, secrets included: the service has to judge them.
security::connect_identity said_in(const protocol::connect_options& connect) {
  security::connect_identity out;
  out.jwt = connect.jwt;
  out.nkey = connect.nkey;
  out.signature = connect.sig;
  out.token = connect.auth_token;
  out.user = connect.user;
  out.password = connect.pass;
  out.name = connect.name;
  out.lang = connect.lang;
  out.version = connect.version;
  out.protocol = connect.protocol;
  return out;
}

/// The name that the reference tells a service of: never a secret.
std::string name_of(const protocol::connect_options& connect, const std::string& jwt_user) {
  if (!connect.nkey.empty())
    return connect.nkey;
  if (!connect.user.empty())
    return connect.user;
  if (!jwt_user.empty())
    return jwt_user;
  return connect.auth_token.empty() ? "" : "[REDACTED]";
}

} // namespace

/// True: whatever the file's users say, the callout is asked now, and answers by mail.
bool connection::ask_callout(const security::verdict& outcome) {
  const auto* file = home_.current->callout();
  if (!file)
    return false;
  const auto& connect = login().connect;
  security::credentials given;
  given.user = connect.user;
  given.nkey = connect.nkey;
  if (!callout_decides(*file, outcome, given))
    return false;
  callout_login question;
  question.terms = security::callout_terms::of(*file);
  question.account = home_.shared.accounts.named(file->account);
  question.facts.connect = said_in(connect);
  question.facts.client.user = name_of(connect, {});
  const auto* in = std::get_if<security::accepted>(&outcome);
  if (in && in->who && question.facts.client.user.empty()) // not introduced, or by certificate
    question.facts.client.user = in->who->nkey.empty() ? in->who->name : in->who->nkey;
  await_callout(std::move(question));
  return true;
}

/// The same for a user JWT that is good, in an account that has its users judged.
void connection::ask_callout(const jwt_outcome& presented) {
  const auto& user = std::get<security::admitted_user>(presented.verdict);
  callout_login question;
  question.terms = security::callout_terms::of(*presented.judged_by);
  question.account = presented.account;
  question.facts.connect = said_in(login().connect);
  question.facts.connect.jwt = presented.jwt;
  question.facts.connect.signature = presented.signature;
  question.facts.client.user = name_of(login().connect, user.key);
  question.facts.client.name_tag = user.name;
  question.facts.client.tags = user.tags;
  await_callout(std::move(question));
}

/// Nothing more is read from this client meanwhile; others do not wait.
void connection::await_callout(callout_login question) {
  auto& state = login();
  const auto& now = *home_.current;
  auto& client = question.facts.client;
  client.host = socket_->ip;
  client.id = cid_;
  client.name = state.connect.name;
  client.kind = "Client";
  client.type = ws_ ? "websocket" : "nats";
  if (!question.facts.connect.signature.empty())
    client.nonce = state.nonce;
  if (tls_)
    question.facts.tls = tls_facts(tls_->native());
  question.facts.server = server_facts(now);
  question.type = type();
  question.by = home_.current;
  question.publisher = home_.actor;
  question.cid = cid_;
  question.address = socket_->ip;
  question.peer = who();
  state.asking = true;
  state.judged_in = question.account;
  pause(pause_login);
  home_.loop.timers().start(life_timer_, now.login_time(ws_ != nullptr));
  actors::ask_callout(home_.shared, std::move(question), caf::actor_cast<connection_actor>(this));
}

void connection::callout_overdue() {
  login().asking = false;
  refuse_login("the auth callout has not answered in time");
}

/// After a reload. The callout itself cannot have changed, and it is not asked again: that user's
/// JWT holds until it expires.
void connection::recheck_callout() {
  if (jwt_->user.default_permissions) {
    jwt_->user.allowed = home_.current->auth.defaults_of(jwt_->user.account);
    set_permissions(jwt_->user.allowed);
    recheck_subscriptions();
    home_.loop.flush_later(token_);
  }
  tell(happening::connected); // as for others
}

/// It is where the callout listens.
bool connection::is_with_callout() const {
  if (!account_)
    return false;
  const auto* file = home_.current->callout();
  return (file && file->account == account_->name)
         || (policy_ && policy_->trust && policy_->trust->callout());
}

} // namespace troupe::actors
