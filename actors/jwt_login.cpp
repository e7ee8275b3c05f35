// actors/jwt_login.cpp: the steps of a login by user JWT, in an actor of its own.
#include "actors/jwt_login.hpp"

#include "actors/account_policy.hpp"
#include "actors/core.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"

#include <fmt/format.h>

#include <chrono>
#include <functional>

namespace troupe::actors {
namespace {

security::connect_request request_of(const jwt_login& login) {
  security::connect_request out;
  out.jwt = login.jwt;
  out.signature = login.signature;
  out.nonce = login.nonce;
  out.address = login.address;
  out.type = login.type;
  return out;
}

/// Names come from whoever signed the JWT: they are not to be trusted with the log's lines.
std::string describe(const security::user_claims& user) {
  const auto& said = user.standard;
  return fmt::format("JWT user \"{}\" ({}) of account {}", log::printable(said.name, 64),
                     log::printable(said.subject, 64), log::printable(user.account(), 64));
}

void judge_account(const security::operator_trust& trust, const security::presented_user& user,
                   const jwt_login& login, const account_ptr& account, jwt_outcome& out) {
  auto known = account ? account->policy()->trust : security::account_trust_ptr{};
  if (!known) {
    out.verdict = security::login_refusal{"the account is not known here"};
    return;
  }
  auto verdict = trust.admit(user, request_of(login), *known, unix_now());
  if (const auto* in = std::get_if<security::admitted_user>(&verdict); in && in->needs_callout) {
    out.jwt = login.jwt;
    out.signature = login.signature;
  }
  out.verdict = std::move(verdict);
  out.account = account;
  out.judged_by = std::move(known);
}

/// Whatever happens, the connection gets its answer.
void guarded(jwt_outcome& out, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception& e) {
    out.verdict = security::login_refusal{fmt::format("it cannot be judged: {}", e.what())};
  }
}

void judge_in(caf::event_based_actor* self, const core& shared, const jwt_login& login,
              const connection_actor& whom) {
  auto out = std::make_shared<jwt_outcome>();
  auto answer = [self, whom, out] {
    self->send(whom, std::make_shared<const login_result>(login_result{{}, out}));
  };
  std::shared_ptr<security::presented_user> user;
  guarded(*out, [&] {
    auto opened = shared.operators.now()->open(request_of(login), unix_now());
    if (auto* refusal = std::get_if<security::login_refusal>(&opened)) {
      out->verdict = std::move(*refusal);
      return;
    }
    user = std::make_shared<security::presented_user>(
        std::move(std::get<security::presented_user>(opened)));
    out->who = describe(user->claims);
  });
  if (!user) {
    answer();
    return;
  }
  // By the operators of that moment: a login may have waited for its account.
  auto judge = [&shared, login, user, out, answer] {
    guarded(*out, [&] {
      judge_account(*shared.operators.now(), *user, login,
                    shared.accounts.find(user->claims.account()), *out);
    });
    answer();
  };
  if (is_served(shared.accounts.find(user->claims.account())) || !shared.keeper) {
    judge();
    return;
  }
  self->request(shared.keeper, caf::infinite, atom::fetch_v, user->claims.account())
      .then([judge](bool) { judge(); }, [judge](const caf::error&) { judge(); });
}

} // namespace

bool is_served(const account_ptr& account) {
  auto known = account ? account->policy()->trust : security::account_trust_ptr{};
  return known && known->is_valid_at(unix_now());
}

int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void judge_jwt(const core& shared, jwt_login login, const connection_actor& whom) {
  auto& system = shared.reactors.front()->loop.system();
  // With an argument: CAF 0.17.6 takes those of a function apart, also where there are none.
  system.spawn([&shared, login = std::move(login)](
                   caf::event_based_actor* self,
                   const connection_actor& peer) { judge_in(self, shared, login, peer); },
               whom);
}

} // namespace troupe::actors
