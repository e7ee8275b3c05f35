// actors/operator_mode.cpp: from the configuration to operators and their accounts.
#include "actors/operator_mode.hpp"

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

/// Null: there is no such source yet, or it cannot be used.
std::unique_ptr<account_source> open_source(const config::options& from,
                                            std::vector<std::string>& problems) {
  const auto& resolver = from.operators.resolver;
  if (resolver.type.empty()) {
    problems.emplace_back("operators are configured, but not where their accounts are: add a "
                          "resolver, or operator.store");
    return nullptr;
  }
  if (resolver.type != "memory") {
    problems.push_back("resolver.type " + resolver.type
                       + " is not served yet; use memory with resolver_preload, or operator.store");
    return nullptr;
  }
  return std::make_unique<memory_source>(from.operators.preload);
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
      return std::vector<std::string>{"the store of the operator: " + *wrong};
    auto& store = std::get<opened_store>(opened);
    if (!store.has_marker)
      out.warnings.push_back(folder + ": there is no .nsc, without which nsc does not open it");
    store_operator = std::move(store.operator_jwt);
    out.source = std::move(store.source);
  } else {
    out.source = open_source(from, problems);
  }
  auto trust = make_trust(settings_of(from, std::move(store_operator), problems), now);
  if (auto* wrong = std::get_if<std::vector<std::string>>(&trust)) {
    problems.insert(problems.end(), wrong->begin(), wrong->end());
    return problems;
  }
  out.trust = std::move(std::get<operator_trust_ptr>(trust));
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
