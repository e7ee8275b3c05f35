// actors/callout_login.cpp: request, answers, verdict.
#include "actors/callout_login.hpp"

#include "actors/account_policy.hpp"
#include "actors/core.hpp"
#include "actors/internal_client.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "protocol/one_line.hpp"
#include "security/certificate.hpp"
#include "security/jwt.hpp"

#include <fmt/format.h>

#include <openssl/ssl.h>

#include <chrono>
#include <memory>

namespace troupe::actors {
namespace {

using security::callout_question;
using security::login_refusal;

/// So many answers that are not the service's get a line in the log; others are passed over.
constexpr int most_told = 8;

class asker final : public caf::event_based_actor {
public:
  asker(caf::actor_config& cfg, core& shared, callout_login login, connection_actor whom)
      : caf::event_based_actor(cfg), shared_{shared}, login_{std::move(login)},
        whom_{std::move(whom)}, question_{login_.terms, login_.by->keys} {}

  const char* name() const override { return "callout login"; }

  caf::behavior make_behavior() override {
    self_ = caf::actor_cast<caf::strong_actor_ptr>(this);
    monitor(whom_);
    set_down_handler([this](caf::down_msg&) { quit(); });
    set_default_handler(caf::drop);
    guarded([this] { ask(); });
    if (done_)
      return {};
    return {
        [this](atom::deliver, const outgoing_ptr& batch) {
          if (client_)
            client_->deliver(batch);
          if (done_)
            client_.reset();
        },
        [this](atom::overrun) {
          if (client_)
            client_->overrun();
        },
    };
  }

  void on_exit() override {
    client_.reset();
    whom_ = nullptr;
    login_ = {};
    self_ = nullptr;
  }

private:
  /// Whatever happens, the connection gets its answer.
  template <class F>
  void guarded(F&& step) {
    try {
      step();
    } catch (const std::exception& e) {
      decide(login_refusal{fmt::format("the auth callout's word cannot be judged: {}", e.what())});
    }
  }

  void ask() {
    std::string headers;
    auto wait = std::chrono::ceil<std::chrono::seconds>(login_.by->auth_timeout);
    auto request = question_.encode(login_.facts, unix_now(), wait.count(), headers);
    if (const auto* error = std::get_if<security::jwt_error>(&request)) {
      decide(login_refusal{"the auth callout cannot be asked: " + error->reason});
      return;
    }
    login_.facts = {}; // with what the client presented
    client_ = std::make_unique<internal_client>(shared_.slots, login_.cid, login_.publisher, self_);
    auto inbox = "$SYS._INBOX." + security::make_nonce() + security::make_nonce();
    client_->subscribe(login_.account, inbox,
                       [this](const internal_message& msg) { hear(msg.payload); });
    if (!login_.account->interests.has_interest(security::callout_subject))
      log::warn("{} - nobody listens to {} in account {}: the auth callout does not run",
                login_.peer, security::callout_subject, login_.account->name);
    client_->publish(login_.account, security::callout_subject, std::get<std::string>(request),
                     inbox, headers);
  }

  void hear(std::string_view answer) {
    if (done_ || heard_)
      return;
    guarded([&] {
      auto known = login_.account->policy()->trust;
      auto opinion = question_.open(answer, known.get(), unix_now());
      if (auto* ignored = std::get_if<callout_question::ignored>(&opinion)) {
        if (++ignored_ <= most_told)
          log::warn("{} - an answer in the name of the auth callout of account {} is ignored: {}",
                    login_.peer, login_.account->name, protocol::on_one_line(ignored->reason, 512));
      } else if (auto* refusal = std::get_if<login_refusal>(&opinion)) {
        decide(std::move(*refusal));
      } else {
        heard_ = true;
        find_account(std::get<security::user_claims>(opinion));
      }
    });
  }

  void find_account(const security::user_claims& user) {
    auto name = question_.target_of(user);
    auto judge = [this, user, name] {
      guarded([&] { admit(user, name, shared_.accounts.find(name)); });
    };
    if (!login_.terms.operator_mode || !shared_.keeper || is_served(shared_.accounts.find(name))) {
      judge();
      return;
    }
    request(shared_.keeper, caf::infinite, atom::fetch_v, name)
        .then([judge](bool) { judge(); }, [judge](const caf::error&) { judge(); });
  }

  void admit(const security::user_claims& user, const std::string& name, account_ptr account) {
    if (!account) {
      decide(login_refusal{fmt::format("the auth callout lets the user into account \"{}\", which "
                                       "is not known here",
                                       name)});
      return;
    }
    security::connect_request request;
    request.address = login_.address;
    request.type = login_.type;
    if (!login_.terms.operator_mode) {
      decide(security::admit_by_callout(user, request, name, login_.by->auth.defaults_of(name),
                                        unix_now()),
             std::move(account));
      return;
    }
    auto known = account->policy()->trust;
    if (!known)
      decide(login_refusal{"the account that the auth callout names is not known here"});
    else
      decide(shared_.operators.now()->admit_by_callout(user, request, *known, unix_now()),
             std::move(account), known);
  }

  void decide(std::variant<security::admitted_user, login_refusal> verdict,
              account_ptr account = {}, security::account_trust_ptr judged_by = {}) {
    if (std::exchange(done_, true))
      return;
    auto out = std::make_shared<jwt_outcome>();
    out->by_callout = true;
    out->who = fmt::format("judged by the auth callout of account {}", login_.terms.account);
    if (const auto* in = std::get_if<security::admitted_user>(&verdict))
      out->shown = in->name.empty() ? shown_ : in->name;
    out->verdict = std::move(verdict);
    out->account = std::move(account);
    out->judged_by = std::move(judged_by);
    send(whom_, std::make_shared<const login_result>(login_result{{}, std::move(out)}));
    quit();
  }

  core& shared_;
  callout_login login_;
  connection_actor whom_;
  callout_question question_;
  std::string shown_ = login_.facts.client.user; // unless the service gives another name
  caf::strong_actor_ptr self_;                   // nobody else keeps it alive; until it quits
  std::unique_ptr<internal_client> client_;
  int ignored_ = 0;
  bool heard_ = false; // the service has let somebody in
  bool done_ = false;
};

std::vector<std::string> pem_of(const STACK_OF(X509) * chain) {
  std::vector<std::string> out;
  for (int i = 0; i < sk_X509_num(chain); ++i)
    out.push_back(security::pem_text(sk_X509_value(chain, i)));
  return out;
}

} // namespace

security::server_identity server_facts(const settings& now) {
  security::server_identity out;
  out.name = now.info.server_name;
  out.host = now.info.host;
  out.version = now.info.version;
  out.cluster = now.info.cluster;
  out.tags = now.options.server_tags;
  return out;
}

security::client_tls_claim tls_facts(ssl_st* tls) {
  security::client_tls_claim out;
  std::string_view version = SSL_get_version(tls);
  out.version = version.starts_with("TLSv") ? version.substr(4) : version;
  if (const auto* cipher = SSL_get_current_cipher(tls))
    out.cipher = SSL_CIPHER_standard_name(cipher);
  std::unique_ptr<X509, decltype(&X509_free)> own{SSL_get1_peer_certificate(tls), &X509_free};
  if (!own)
    return out;
  const auto* verified = SSL_get0_verified_chain(tls);
  if (verified != nullptr && SSL_get_verify_result(tls) == X509_V_OK) {
    out.verified_chains.push_back(pem_of(verified));
  } else {
    out.certificates = pem_of(SSL_get_peer_cert_chain(tls)); // on our side without its first one
    out.certificates.insert(out.certificates.begin(), security::pem_text(own.get()));
  }
  return out;
}

void ask_callout(core& shared, callout_login login, const connection_actor& whom) {
  shared.reactors.front()->loop.system().spawn<asker>(shared, std::move(login), whom);
}

} // namespace troupe::actors
