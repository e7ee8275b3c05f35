// cli/broker_config_text.cpp: the same broker in three formats.
#include "cli/broker_config_text.hpp"

#include "security/creds_file.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace troupe::cli {
namespace {

/// In double quotes, as YAML and nats-server's format read them.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

std::string of_troupe(const security::store_editor& store, const config_wishes& wishes) {
  return fmt::format(
      "# Serves the accounts of operator {}. `troupe run --config` takes this file.\n"
      "listen: {{host: {}, port: {}}}\n"
      "monitoring: {}:{}\n"
      "operator:\n"
      "  store: {}\n"
      "system_account: {}\n",
      store.layout().operator_name(), in_quotes(wishes.host), wishes.port,
      wishes.host.find(':') == std::string::npos ? wishes.host : "127.0.0.1",
      wishes.monitoring_port, in_quotes(store.layout().store), store.owner().system_account);
}

std::string of_choria(const security::store_editor& store, const config_wishes& wishes,
                      std::vector<std::string>& problems) {
  auto parent = std::filesystem::path{store.layout().store}.parent_path();
  if (parent.filename() != "nats" || parent.parent_path().filename() != "accounts")
    problems.push_back(fmt::format("a Choria broker finds {} only as accounts/nats/{} beside its "
                                   "broker.conf; make the store with --dir",
                                   store.layout().store, store.layout().operator_name()));
  return fmt::format("# Put this beside the folder `accounts`: {}\n"
                     "# TLS is on unless it is switched off; see plugin.security.*\n"
                     "plugin.choria.broker_network = true\n"
                     "plugin.choria.network.listen_address = {}\n"
                     "plugin.choria.network.client_port = {}\n"
                     "plugin.choria.stats_port = {}\n"
                     "plugin.choria.network.operator_account = {}\n"
                     "plugin.choria.network.system_account = {}\n",
                     (parent.parent_path().parent_path() / "broker.conf").string(), wishes.host,
                     wishes.port, wishes.monitoring_port, store.layout().operator_name(),
                     store.owner().system_account);
}

std::string of_nats(const security::store_editor& store, const config_wishes& wishes,
                    std::vector<std::string>& problems) {
  auto out = fmt::format("# Serves the accounts of operator {}. `nats-server -c` takes this file.\n"
                         "listen: {}\nhttp: {}:{}\noperator: {}\nsystem_account: {}\n",
                         store.layout().operator_name(),
                         in_quotes(fmt::format("{}:{}", wishes.host, wishes.port)), wishes.host,
                         wishes.monitoring_port, store.owner_jwt(), store.owner().system_account);
  bool all = wishes.resolver_dir.empty();
  if (all)
    out += "resolver: MEMORY\n";
  else
    out += fmt::format("resolver: {{type: full, dir: {}, allow_delete: true, interval: \"2m\"}}\n",
                       in_quotes(wishes.resolver_dir));
  out += "resolver_preload: {\n";
  for (const auto& name : store.accounts()) {
    auto path = store.layout().account_file(name);
    auto read = store.account(name);
    if (auto* wrong = std::get_if<std::string>(&read)) {
      problems.push_back(*wrong);
      continue;
    }
    const auto& key = std::get<security::account_claims>(read).standard.subject;
    if (!all && key != store.owner().system_account)
      continue; // `account push` brings it
    std::string why;
    out += fmt::format("  # {}\n  {}: {}\n", name, key,
                       security::jwt_in(security::read_store_file(path, why).value_or("")));
  }
  return out + "}\n";
}

} // namespace

std::optional<config_format> config_format_of(std::string_view name) {
  if (name == "troupe" || name == "yaml")
    return config_format::troupe;
  if (name == "choria")
    return config_format::choria;
  if (name == "nats")
    return config_format::nats;
  return std::nullopt;
}

std::string broker_config(config_format format, const security::store_editor& store,
                          const config_wishes& wishes, std::vector<std::string>& problems) {
  if (store.owner().system_account.empty())
    problems.push_back(
        fmt::format("operator {} names no system account; `troupe account edit operator "
                    "--system-account NAME` sets one",
                    store.layout().operator_name()));
  switch (format) {
  case config_format::troupe: return of_troupe(store, wishes);
  case config_format::choria: return of_choria(store, wishes, problems);
  case config_format::nats: return of_nats(store, wishes, problems);
  }
  return {};
}

} // namespace troupe::cli
