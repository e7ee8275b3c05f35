// actors/operator_mode.cpp: from the configuration to operators and their accounts.
#include "actors/operator_mode.hpp"

#include "actors/account_download.hpp"
#include "actors/broker.hpp"
#include "security/creds_file.hpp"
#include "security/store_layout.hpp"

namespace troupe::actors {
namespace {

/// A JWT, or the path of a file with one. Empty: it cannot be read, and `problems` says why.
std::string read_operator(const std::string& text, std::vector<std::string>& problems) {
  if (text.starts_with("eyJ"))
    return security::jwt_in(text);
  std::string why;
  auto content = security::read_store_file(text, why);
  if (!content) {
    problems.push_back("operator " + text + ": " + why
                       + "; name a file with the JWT, or the JWT itself");
    return {};
  }
  return security::jwt_in(*content);
}

security::operator_settings settings_of(const config::options& from, std::string store_operator,
                                        std::vector<std::string>& problems) {
  const auto& mode = from.operators;
  security::operator_settings out;
  for (const auto& one : mode.operators)
    if (auto jwt = read_operator(one, problems); !jwt.empty())
      out.operator_jwts.push_back(std::move(jwt));
  if (!store_operator.empty())
    out.operator_jwts.push_back(std::move(store_operator));
  out.trusted_keys = mode.trusted_keys;
  out.system_account = from.system_account;
  out.pinned_accounts = mode.pinned_accounts;
  if (!mode.sentinel.empty())
    out.sentinel = security::jwt_in(mode.sentinel);
  out.server_version = nats_version;
  return out;
}

using made_trust = std::variant<operator_trust_ptr, std::vector<std::string>>;

made_trust make_trust(security::operator_settings settings, int64_t now) {
  auto made = security::operator_trust::make(std::move(settings), now);
  if (auto* problems = std::get_if<std::vector<std::string>>(&made))
    return std::move(*problems);
  return std::make_shared<const security::operator_trust>(
      std::move(std::get<security::operator_trust>(made)));
}

/// Without a resolver in the configuration an operator may name one.
void take_url_of_operator(const security::operator_trust& trust, config::resolver& to) {
  if (!to.type.empty() || trust.operators().size() != 1)
    return;
  auto url = trust.operators().front().account_server_url;
  if (url.empty())
    return;
  to.type = "url";
  to.url = url + (url.ends_with('/') ? "accounts/" : "/accounts/");
}

std::unique_ptr<account_source> open_url(const config::options& from, const config::resolver& with,
                                         std::vector<std::string>& problems) {
  auto got = download_account({with.url, with.timeout, from.operators.resolver_tls}, "");
  if (!got.answered)
    problems.push_back("the resolver " + with.url + " does not answer: " + got.problem);
  return std::make_unique<url_source>();
}

std::unique_ptr<account_source> open_directory(const config::resolver& with,
                                               const security::operator_trust& trust,
                                               std::vector<std::string>& problems) {
  if (trust.system_account().empty())
    problems.push_back("resolver.type " + with.type
                       + " needs a system account, by which JWTs are pushed: set system_account");
  folder_settings settings;
  settings.dir = with.dir;
  settings.cache = with.type == "cache";
  settings.limit = static_cast<size_t>(with.limit);
  if (settings.cache && settings.limit == 0)
    settings.limit = 1000;
  settings.hard_delete = with.hard_delete || settings.cache;
  auto opened = open_folder(std::move(settings));
  if (auto* wrong = std::get_if<std::string>(&opened)) {
    problems.push_back("resolver.dir " + *wrong);
    return nullptr;
  }
  return std::move(std::get<std::unique_ptr<account_source>>(opened));
}

std::unique_ptr<account_source> open_source(const config::options& from,
                                            const config::resolver& with,
                                            const security::operator_trust& trust,
                                            std::vector<std::string>& problems) {
  if (with.type == "memory")
    return std::make_unique<memory_source>(from.operators.preload);
  if (with.type == "url")
    return open_url(from, with, problems);
  if (with.type == "full" || with.type == "cache")
    return open_directory(with, trust, problems);
  problems.emplace_back("operators are configured, but not where their accounts are: add a "
                        "resolver, or operator.store");
  return nullptr;
}

} // namespace

std::variant<operator_setup, std::vector<std::string>> set_up_operators(const config::options& from,
                                                                        int64_t now) {
  operator_setup out;
  std::vector<std::string> problems;
  std::string store_operator;
  if (const auto& folder = from.operators.store; !folder.empty()) {
    auto opened = open_store(folder);
    if (auto* wrong = std::get_if<std::string>(&opened))
      return std::vector<std::string>{"the store of the operator: " + *wrong
                                      + "; name the folder of one operator, with its JWT and "
                                        "accounts/ in it"};
    auto& store = std::get<opened_store>(opened);
    if (!store.has_marker)
      out.warnings.push_back(folder + ": there is no .nsc, without which nsc does not open it");
    store_operator = std::move(store.operator_jwt);
    out.source = std::move(store.source);
    if (!from.operators.resolver.type.empty())
      problems.emplace_back("operator.store and a resolver both name the accounts; keep one");
  }
  auto trust = make_trust(settings_of(from, std::move(store_operator), problems), now);
  if (auto* wrong = std::get_if<std::vector<std::string>>(&trust)) {
    problems.insert(problems.end(), wrong->begin(), wrong->end());
    return problems;
  }
  out.trust = std::move(std::get<operator_trust_ptr>(trust));
  if (from.leafnodes.port != 0 && from.gateway.enabled() && out.trust->system_account().empty())
    problems.emplace_back("leaf nodes and gateways (both being defined) require a system account, "
                          "which neither system_account nor the operator's JWT names");
  out.resolver = from.operators.resolver;
  if (!out.source) {
    take_url_of_operator(*out.trust, out.resolver);
    out.source = open_source(from, out.resolver, *out.trust, problems);
  }
  if (!problems.empty())
    return problems;
  return out;
}

std::variant<operator_trust_ptr, std::vector<std::string>>
trust_with(const config::options& from, std::string store_operator, int64_t now) {
  std::vector<std::string> problems;
  auto settings = settings_of(from, std::move(store_operator), problems);
  if (!problems.empty())
    return problems;
  return make_trust(std::move(settings), now);
}

} // namespace troupe::actors
