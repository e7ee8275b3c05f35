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
  said_ = said;
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
  const auto& auth = judge_of(*terms_, facts_.type);
  if (!auth.is_expensive(given_, certificate(*terms_)))
    return decided(accepted(shared, auth.login(given_, certificate(*terms_)), whom));
  std::optional<security::certificate_identity> copy;
  if (const auto* named = certificate(*terms_))
    copy = *named;
  // CAF 0.17.6 takes the arguments of a function apart, also where there are none: give it one.
  shared.reactors.front()->loop.system().spawn(
      [from = terms_, given = given_, type = facts_.type,
       copy](caf::event_based_actor* self, const actors::connection_actor& peer) {
        auto outcome = judge_of(*from, type).login(given, copy ? &*copy : nullptr);
        self->send(peer, std::make_shared<const actors::login_result>(
                             actors::login_result{std::move(outcome)}));
      },
      whom);
  return {};
}

std::optional<leaf_login::answer> leaf_login::finish(actors::core& shared,
                                                     const actors::login_result& outcome,
                                                     const actors::connection_actor& whom) {
  return decided(outcome.jwt ? admitted(shared, *outcome.jwt, whom)
                             : accepted(shared, outcome.outcome, whom));
}

/// What was only for the decision is forgotten with it.
std::optional<leaf_login::answer> leaf_login::decided(std::optional<answer> now) {
  if (now) {
    said_ = {};
    asked_.reset();
  }
  return now;
}

leaf_login::answer leaf_login::overdue() {
  auto where = asked_;
  return *decided(answer{{}, {}, "the auth callout has not answered in time", {}, where});
}

// -- auth callouts
// ---------------------------------------------------------------------------------

/// It judges each leaf node that logs in as clients do, whatever accounts it is for.
bool leaf_login::callout_has_a_say(const security::verdict& outcome) const {
  const auto* file = terms_->settings->callout();
  if (!file || terms_->users)
    return false;
  auto of_leafs = *file;
  of_leafs.allowed_accounts.clear();
  return callout_decides(of_leafs, outcome, given_);
}

/// Asks it; the answer comes by mail, for finish().
void leaf_login::ask(actors::core& shared, actors::callout_login question,
                     const actors::connection_actor& whom) {
  const auto& now = *terms_->settings;
  auto& connect = question.facts.connect;
  if (connect.jwt.empty()) {
    connect.jwt = said_.jwt;
    connect.signature = said_.sig;
  }
  connect.nkey = said_.nkey;
  connect.token = said_.auth_token;
  connect.user = said_.user;
  connect.password = said_.pass;
  connect.name = said_.name;
  connect.version = said_.version;
  connect.protocol = said_.protocol;
  auto& client = question.facts.client;
  if (!said_.nkey.empty() || !said_.user.empty())
    client.user = said_.nkey.empty() ? said_.user : said_.nkey;
  else if (client.user.empty() && !said_.auth_token.empty())
    client.user = "[REDACTED]";
  client.host = facts_.address;
  client.id = facts_.lid;
  client.name = said_.name;
  client.kind = "Leafnode";
  if (!connect.signature.empty())
    client.nonce = facts_.nonce;
  question.facts.tls = facts_.tls;
  question.facts.server = actors::server_facts(now);
  question.by = terms_->settings;
  question.publisher = facts_.publisher;
  question.cid = facts_.lid;
  question.address = facts_.address;
  question.type = facts_.type;
  question.peer = facts_.peer;
  asked_ = question.account;
  actors::ask_callout(shared, std::move(question), whom);
}

std::optional<leaf_login::answer> leaf_login::accepted(actors::core& shared,
                                                       const security::verdict& outcome,
                                                       const actors::connection_actor& whom) {
  if (callout_has_a_say(outcome)) {
    const auto& file = *terms_->settings->callout();
    actors::callout_login question;
    question.terms = security::callout_terms::of(file);
    question.account = shared.accounts.named(file.account);
    ask(shared, std::move(question), whom);
    return {};
  }
  if (const auto* no = std::get_if<security::refused>(&outcome))
    return answer{{}, {}, std::string{no->reason}};
  identity_ = std::get<security::accepted>(outcome);
  label_ = identity_.label;
  bool open = identity_.method == security::login_method::open && !terms_->open_account.empty();
  auto where = shared.accounts.named(open ? terms_->open_account : identity_.account);
  if (where->policy()->removed)
    return answer{{}, {}, "its account was removed"};
  const auto* file = terms_->settings->callout();
  bool beside = file && file->account == where->name; // nobody but the broker asks the callout
  return answer{std::move(where),
                beside ? security::without_callout_requests(identity_.allowed) : identity_.allowed,
                {}};
}

std::optional<leaf_login::answer> leaf_login::admitted(actors::core& shared,
                                                       const actors::jwt_outcome& outcome,
                                                       const actors::connection_actor& whom) {
  auto because = [&](const std::string& why) {
    auto words = actors::log::printable(why, 1024); // it may quote a stranger's claims
    answer out{{}, {}, outcome.who.empty() ? words : outcome.who + ": " + words};
    if (outcome.by_callout) {
      out.judged_in = asked_;
      out.judged_why = words;
    }
    return out;
  };
  if (const auto* no = std::get_if<security::login_refusal>(&outcome.verdict))
    return because(no->reason);
  const auto& user = std::get<security::admitted_user>(outcome.verdict);
  if (user.needs_callout && !outcome.by_callout) {
    actors::callout_login question;
    question.terms = security::callout_terms::of(*outcome.judged_by);
    question.account = outcome.account;
    question.facts.connect.jwt = outcome.jwt;
    question.facts.connect.signature = outcome.signature;
    question.facts.client.user = user.key;
    question.facts.client.name_tag = user.name;
    question.facts.client.tags = user.tags;
    ask(shared, std::move(question), whom);
    return {};
  }
  user_ = user;
  by_callout_ = outcome.by_callout;
  label_ = by_callout_ ? "callout:" + outcome.shown : "jwt:" + user_->key;
  trust_ = outcome.judged_by;
  auto policy = outcome.account->policy();
  if (policy->removed)
    return because("its account was removed");
  if (auto problem = follow(*policy); !problem.empty())
    return because(problem);
  const auto* file = terms_->settings->callout();
  bool beside = (file && file->account == outcome.account->name)
                || (policy->trust && policy->trust->callout());
  return answer{outcome.account,
                beside ? security::without_callout_requests(user_->allowed) : user_->allowed,
                {},
                {user_->subscriptions, user_->payload}};
}

std::string leaf_login::recheck(const leaf_terms_ptr& now) {
  auto rules = [](const security::permissions_ptr& of) {
    return of ? of->rules() : security::permission_rules{};
  };
  const auto& auth = judge_of(*now, facts_.type);
  if (user_ || now->settings->operator_mode()) { // what a JWT allows does not change with the file
    if (by_callout_ && user_->default_permissions && !now->settings->operator_mode()
        && rules(auth.defaults_of(user_->account)) != rules(user_->allowed))
      return "The default permissions of its account have changed";
    terms_ = now;
    return {};
  }
  constexpr auto no_longer = "Credentials are no longer valid";
  if (auth.is_recheck_expensive(identity_, given_, certificate(*now)))
    return no_longer; // its password is another one: it has to log in anew
  auto outcome = auth.recheck(identity_, given_, certificate(*now));
  const auto* still = std::get_if<security::accepted>(&outcome);
  if (!still || still->account != identity_.account)
    return no_longer;
  if (rules(still->allowed) != rules(identity_.allowed))
    return "Its permissions have changed";
  identity_ = *still;
  terms_ = now;
  return {};
}

std::string leaf_login::follow(const actors::account_policy& now) {
  if (now.removed)
    return "Its account was removed";
  if (!user_ || (by_callout_ && !trust_)) // of the file: what its callout has said holds
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
  if (now.trust->callout() && !before->callout())
    return "Its account has its users judged by an auth callout now";
  if (user_->default_permissions && now.trust->default_permissions() != user_->allowed)
    return "The account's default permissions have changed";
  return {};
}

} // namespace troupe::federation
