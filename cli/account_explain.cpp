// cli/account_explain.cpp: `troupe account explain`: what creds allow, and by which rule.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/claims_text.hpp"
#include "cli/credentials.hpp"
#include "cli/moment.hpp"
#include "cli/subject_argument.hpp"
#include "cli/text_table.hpp"
#include "protocol/subject_transform.hpp"
#include "security/claims_rules.hpp"
#include "security/jwt.hpp"
#include "security/operator_trust.hpp"
#include "security/permission_explanation.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace troupe::cli {
namespace {

struct explain_flags {
  account_place place;
  std::string creds, verb, subject, queue, address, type;
};

constexpr auto footer = R"(Examples:
  troupe account explain accounts/creds/OPS/main/app.creds publish orders.new
  troupe account explain n1.creds subscribe 'c.node.>' --queue workers
It decides as a broker does: the log-in first, against the store, then the user's permissions, those of its
role, or its account's defaults.
Exit codes: 0 allowed, 1 failure, 2 wrong usage, 3 not allowed)";

/// Somewhere the user may come from, so that the address does not hide other reasons.
std::string likely_address(const security::user_limits& limits) {
  if (limits.sources.empty())
    return "127.0.0.1";
  return limits.sources.front().substr(0, limits.sources.front().find('/'));
}

outcome connection_of(const explain_flags& flags, const security::user_limits& limits,
                      security::connect_request& to) {
  auto wanted = flags.type;
  if (wanted.empty())
    wanted = limits.connection_types.empty() ? "STANDARD" : limits.connection_types.front();
  auto type = security::parse_connection_type(wanted);
  if (!type)
    return problem{fmt::format("--conn-type \"{}\" is no type of connection", wanted),
                   "write standard, websocket, leafnode, mqtt", exit_code::usage};
  to.type = *type;
  return std::nullopt;
}

/// Logs in as a broker of this store would let it; or why it would not.
std::variant<security::admitted_user, std::string> log_in(const credentials& who,
                                                          security::connect_request request,
                                                          const security::store_editor& store,
                                                          const security::account_claims& account) {
  auto now = unix_now();
  security::operator_settings settings;
  settings.operator_jwts = {store.owner_jwt()};
  auto made = security::operator_trust::make(std::move(settings), now);
  if (auto* problems = std::get_if<std::vector<std::string>>(&made))
    return joined(*problems, "; ");
  const auto& trust = std::get<security::operator_trust>(made);
  auto nonce = security::make_nonce();
  auto signature = who.sign(nonce);
  request.jwt = who.jwt;
  request.nonce = nonce;
  request.signature = signature;
  request.through_trusted_proxy = true;
  if (auto refusal = trust.refusal_of(account, now); !refusal.empty())
    return refusal;
  auto opened = trust.open(request, now);
  if (auto* refusal = std::get_if<security::login_refusal>(&opened))
    return refusal->reason;
  auto admitted = trust.admit(std::get<security::presented_user>(opened), request,
                              *trust.trust_in(account), now);
  if (auto* refusal = std::get_if<security::login_refusal>(&admitted))
    return refusal->reason;
  if (std::get<security::admitted_user>(admitted).needs_callout)
    return std::string{"what it may do is for the auth callout of its account to say"};
  return std::get<security::admitted_user>(std::move(admitted));
}

struct asked {
  std::string subject; ///< as permissions see it
  std::string because; ///< how it got that name
};

/// Mappings rename before permissions are asked.
std::vector<asked> renamed(const explain_flags& flags, const security::account_claims& account) {
  std::vector<asked> out;
  if (flags.verb != "publish")
    return {{flags.subject, {}}};
  int64_t total = 0;
  for (const auto& [source, destinations] : account.mappings) {
    if (!out.empty())
      break;
    for (const auto& one : destinations) {
      auto made = protocol::subject_transform::make(source, one.subject,
                                                    protocol::subject_transform::dialect::mapping);
      auto* transform = std::get_if<protocol::subject_transform>(&made);
      auto name = transform != nullptr ? transform->apply(flags.subject) : std::nullopt;
      if (!name)
        continue;
      auto weight = one.weight == 0 ? 100 : one.weight;
      total += weight;
      out.push_back({*name, fmt::format("account {} maps {}% of {} there", account.standard.name,
                                        weight, source)});
    }
  }
  if (total < 100)
    out.push_back({flags.subject, {}});
  return out;
}

std::string whose_rules(const security::account_claims& account, const security::user_claims& user,
                        const security::admitted_user& admitted) {
  if (auto role = role_of(account, user); !role.empty())
    return fmt::format("role {} of account {}", role, account.standard.name);
  if (admitted.default_permissions && admitted.allowed)
    return fmt::format("default permissions of account {}", account.standard.name);
  return fmt::format("permissions of user {}", user.standard.name);
}

outcome report_verdict(const explain_flags& flags, const security::account_claims& account,
                       const security::user_claims& user, const security::admitted_user& admitted) {
  auto whose = whose_rules(account, user, admitted);
  bool all = true;
  auto out = nlohmann::json::array();
  for (const auto& one : renamed(flags, account)) {
    security::permission_explanation why{true, false, "nothing restricts this user"};
    if (admitted.allowed && flags.verb == "publish")
      why = security::explain_publish(admitted.allowed->rules(), one.subject);
    else if (admitted.allowed)
      why = security::explain_subscribe(admitted.allowed->rules(), one.subject, flags.queue);
    all = all && why.allowed;
    out.push_back({{"user", user.standard.name},
                   {"account", account.standard.name},
                   {flags.verb, one.subject},
                   {"allowed", why.allowed},
                   {"filtered", why.filtered},
                   {"rule", why.rule},
                   {"of", whose}});
    if (!flags.place.json)
      fmt::print("{}: user {} of account {} {} {} to {}{}\n  {}: {}\n",
                 why.allowed ? "allowed" : "NOT ALLOWED", user.standard.name, account.standard.name,
                 why.allowed ? "may" : "may not", flags.verb, one.subject,
                 one.because.empty() ? "" : " (" + one.because + ")", whose, why.rule);
  }
  if (flags.place.json)
    fmt::print("{}\n", out.dump(1));
  if (all)
    return std::nullopt;
  return problem{fmt::format("{} may not {} to {}", user.standard.name, flags.verb, flags.subject),
                 "", exit_code::nothing};
}

outcome explain(const explain_flags& flags) {
  if (flags.verb != "publish" && flags.verb != "subscribe")
    return problem{fmt::format("\"{}\" is neither publish nor subscribe", flags.verb), "",
                   exit_code::usage};
  auto wrong_subject = flags.verb == "publish" ? check_publish_argument(flags.subject)
                                               : check_subscription_argument(flags.subject);
  if (wrong_subject)
    return wrong_subject;
  credentials_ptr who;
  if (auto wrong = read_creds_file(flags.creds, unix_now(), who))
    return wrong;
  auto user = std::get<security::user_claims>(security::decode_user_jwt(who->jwt));
  std::optional<security::store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  auto found = store->find_account(user.account());
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{fmt::format("{}: {}", flags.creds, *wrong),
                   "name the store of its operator with --dir or --store"};
  const auto& account = std::get<security::named_account>(found).claims;
  security::connect_request request;
  if (auto wrong = connection_of(flags, user.limits, request))
    return wrong;
  auto address = flags.address.empty() ? likely_address(user.limits) : flags.address;
  request.address = address;
  auto admitted = log_in(*who, request, *store, account);
  if (auto* refusal = std::get_if<std::string>(&admitted))
    return problem{fmt::format("{} cannot log in: {}", who->shown, *refusal), "",
                   exit_code::nothing};
  return report_verdict(flags, account, user, std::get<security::admitted_user>(admitted));
}

} // namespace

void add_account_explain(CLI::App& account, int& status) {
  auto flags = std::make_shared<explain_flags>();
  auto* command = account.add_subcommand("explain", "may these creds publish or subscribe there?");
  command->add_option("CREDS", flags->creds, "a creds file")->required();
  command->add_option("VERB", flags->verb, "publish or subscribe")->required();
  command->add_option("SUBJECT", flags->subject, "where")->required();
  command->add_option("--queue", flags->queue, "subscribe: as a member of this queue group")
      ->type_name("NAME");
  command->add_option("--address", flags->address, "coming from there")->type_name("IP");
  command->add_option("--conn-type", flags->type, "over this: standard, leafnode …")
      ->type_name("TYPE");
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags] { return explain(*flags); });
}

} // namespace troupe::cli
