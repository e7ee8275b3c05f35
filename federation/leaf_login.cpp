// federation/leaf_login.cpp: a leaf node's login, judged as a client's is.
#include "federation/leaf_login.hpp"

#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "security/callout.hpp"
#include "security/nkey.hpp"

#include <utility>

namespace troupe::federation {

using security::standing;

namespace {

security::credentials credentials_in(const protocol::link_connect& said, const std::string& nonce,
                                     security::connection_type type) {
  security::credentials out;
  out.user = said.user;
  out.password = said.pass;
  if (said.user != said.auth_token) // dialling servers send a URL's lone user as both
    out.token = said.auth_token;
  out.nkey = said.nkey;
  out.nkey_proven =
      !said.nkey.empty() && !nonce.empty() && security::signed_by(said.nkey, nonce, said.sig);
  out.jwt_given = !said.jwt.empty();
  out.type = type;
  return out;
}

std::string describe(standing what) {
  switch (what) {
  case standing::unchanged: return {};
  case standing::revoked: return "The user is revoked";
  case standing::bearer_not_allowed: return "The account allows no bearer JWTs any more";
  case standing::signing_key_removed:
    return "The key that signed the user's JWT was removed from the account";
  case standing::scope_changed:
    return "The scope of the key that signed the user's JWT has changed";
  }
  return "The user's standing is unknown";
}

} // namespace

const security::certificate_identity* leaf_login::certificate(const leaf_terms& terms) const {
  static const security::certificate_identity nobody;
  if (!terms.map_certificates)
    return nullptr;
  return facts_.certificate ? &*facts_.certificate : &nobody;
}

std::optional<leaf_login::answer> leaf_login::begin(actors::core& shared, leaf_terms_ptr terms,
                                                    const protocol::link_connect& said, facts also,
                                                    const actors::connection_actor& whom) {
  terms_ = std::move(terms);
  facts_ = std::move(also);
  if (terms_->settings->operator_mode() && !terms_->users) {
    actors::jwt_login request;
    request.jwt = said.jwt;
    request.signature = said.sig;
    request.nonce = facts_.nonce;
    request.address = facts_.address;
    request.type = facts_.type;
    judge_jwt(shared, std::move(request), whom);
    return {};
  }
  given_ = credentials_in(said, facts_.nonce, facts_.type);
  if (given_.user.empty() && !said.auth_token.empty())
    given_.token = said.auth_token;
  const auto& auth = judge_of(*terms_);
  if (!auth.is_expensive(given_, certificate(*terms_)))
    return accepted(shared, auth.login(given_, certificate(*terms_)));
  std::optional<security::certificate_identity> copy;
  if (const auto* named = certificate(*terms_))
    copy = *named;
  // CAF 0.17.6 takes the arguments of a function apart, also where there are none: give it one.
  shared.reactors.front()->loop.system().spawn(
      [from = terms_, given = given_, copy](caf::event_based_actor* self,
                                            const actors::connection_actor& peer) {
        auto outcome = judge_of(*from).login(given, copy ? &*copy : nullptr);
        self->send(peer, std::make_shared<const actors::login_result>(
                             actors::login_result{std::move(outcome)}));
      },
      whom);
  return {};
}

leaf_login::answer leaf_login::finish(actors::core& shared, const actors::login_result& outcome) {
  return outcome.jwt ? admitted(shared, *outcome.jwt) : accepted(shared, outcome.outcome);
}

/// A callout judges clients; nobody gets past it as a leaf node.
bool leaf_login::callout_has_a_say(const security::verdict& outcome) const {
  const auto* file = terms_->settings->callout();
  return file && !terms_->users && callout_decides(*file, outcome, given_);
}

leaf_login::answer leaf_login::accepted(actors::core& shared, const security::verdict& outcome) {
  if (callout_has_a_say(outcome))
    return {{}, {}, "auth callouts do not decide about leaf nodes; name its user in auth_users"};
  if (const auto* no = std::get_if<security::refused>(&outcome))
    return {{}, {}, std::string{no->reason}};
  identity_ = std::get<security::accepted>(outcome);
  label_ = identity_.label;
  bool open = identity_.method == security::login_method::open && !terms_->open_account.empty();
  auto where = shared.accounts.named(open ? terms_->open_account : identity_.account);
  if (where->policy()->removed)
    return {{}, {}, "its account was removed"};
  return {std::move(where), identity_.allowed, {}};
}

leaf_login::answer leaf_login::admitted(actors::core&, const actors::jwt_outcome& outcome) {
  auto because = [&](const std::string& why) {
    auto words = actors::log::printable(why, 1024); // it may quote a stranger's claims
    return answer{{}, {}, outcome.who.empty() ? words : outcome.who + ": " + words};
  };
  if (const auto* no = std::get_if<security::login_refusal>(&outcome.verdict))
    return because(no->reason);
  user_ = std::get<security::admitted_user>(outcome.verdict);
  if (user_->needs_callout)
    return because("auth callouts do not decide about leaf nodes");
  label_ = "jwt:" + user_->key;
  trust_ = outcome.judged_by;
  auto policy = outcome.account->policy();
  if (policy->removed)
    return because("its account was removed");
  if (auto problem = follow(*policy); !problem.empty())
    return because(problem);
  return {outcome.account, user_->allowed, {}, {user_->subscriptions, user_->payload}};
}

std::string leaf_login::recheck(const leaf_terms_ptr& now) {
  if (user_ || now->settings->operator_mode()) { // what a JWT allows does not change with the file
    terms_ = now;
    return {};
  }
  constexpr auto no_longer = "Credentials are no longer valid";
  const auto& auth = judge_of(*now);
  if (auth.is_recheck_expensive(identity_, given_, certificate(*now)))
    return no_longer; // its password is another one: it has to log in anew
  auto outcome = auth.recheck(identity_, given_, certificate(*now));
  const auto* still = std::get_if<security::accepted>(&outcome);
  if (!still || still->account != identity_.account)
    return no_longer;
  auto rules = [](const security::permissions_ptr& of) {
    return of ? of->rules() : security::permission_rules{};
  };
  if (rules(still->allowed) != rules(identity_.allowed))
    return "Its permissions have changed";
  identity_ = *still;
  terms_ = now;
  return {};
}

std::string leaf_login::follow(const actors::account_policy& now) {
  if (now.removed)
    return "Its account was removed";
  if (!user_)
    return {};
  if (!now.trust)
    return "No operator vouches for the account any more";
  if (!now.trust->is_valid_at(actors::unix_now()))
    return "The account's JWT has expired";
  if (now.trust == trust_)
    return {};
  auto before = std::exchange(trust_, now.trust);
  if (auto why = security::recheck(*user_, *before, *now.trust); why != standing::unchanged)
    return describe(why);
  if (now.trust->callout())
    return "Its account has its users judged by an auth callout now";
  if (user_->default_permissions && now.trust->default_permissions() != user_->allowed)
    return "The account's default permissions have changed";
  return {};
}

} // namespace troupe::federation
