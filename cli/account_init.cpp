// cli/account_init.cpp: `troupe account init`, from nothing to a working account.
#include "cli/account_change.hpp"
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/broker_config_text.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"
#include "config/surroundings.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>

namespace troupe::cli {
namespace {

using security::fleet_part;
using security::store_editor;

struct init_flags {
  account_place place;
  std::string account = "main";
  std::string system = "SYS";
  std::string config;
  std::string host = "127.0.0.1";
  uint16_t port = 4222;
  uint16_t monitoring_port = 8222;
  bool strict = false;
  bool bare = false;
  security::template_values values;
};

constexpr auto footer = R"(Makes, in --dir (here):
  accounts/nats/OPS    JWTs: operator with a signing key, system account SYS, account main
  accounts/keys        seeds, readable by you alone; accounts/creds: a creds file of each user
  troupe.yaml          a broker's configuration for all this
Users: app may do everything in its account; server, client, adapter and provisioning-leaf have the
permissions of Choria's parts; in SYS, sys may do everything, system may watch.)";

struct made_user {
  std::string account, name, may, creds;
};

/// What `init` knows while it works; stops at the first write that fails.
class initialization {
public:
  initialization(const init_flags& flags, store_editor& store, int64_t now)
      : flags_{flags}, store_{store}, now_{now} {}

  std::string make_accounts() {
    auto wrong = make_account(flags_.system, true);
    if (wrong.empty())
      wrong = make_account(flags_.account, false);
    return wrong;
  }
  const std::vector<made_user>& users() const { return users_; }

private:
  std::string make_account(const std::string& name, bool system) {
    auto identity = store_.new_key(security::nkey_kind::account);
    auto signing = store_.new_key(security::nkey_kind::account);
    for (auto* made : {&identity, &signing})
      if (auto* wrong = std::get_if<std::string>(made))
        return *wrong;
    security::account_claims claims;
    claims.standard.name = name;
    claims.standard.subject = std::get<security::key_pair>(identity).public_text();
    claims.limits = security::account_limit_claims::unlimited();
    claims.signing_keys = {{std::get<security::key_pair>(signing).public_text(), {}}};
    if (system)
      claims.exports = exports_of_system_account();
    if (auto wrong = store_.save_account(name, claims, now_); !wrong.empty())
      return wrong;
    if (system) {
      auto owner = store_.owner();
      owner.system_account = claims.standard.subject;
      owner.strict_signing_keys = flags_.strict;
      if (auto wrong = store_.save_operator(std::move(owner), now_); !wrong.empty())
        return wrong;
    }
    return make_users(claims, name, system);
  }

  std::string make_users(const security::account_claims& account, const std::string& name,
                         bool system) {
    auto wrong = make_user(account, name, system ? "sys" : "app", std::nullopt);
    if (flags_.bare)
      return wrong;
    for (auto part : security::all_fleet_parts)
      if (wrong.empty() && (part == fleet_part::system) == system)
        wrong = make_user(account, name, std::string{to_string(part)}, part);
    return wrong;
  }

  std::string make_user(const security::account_claims& account, const std::string& account_name,
                        const std::string& name, std::optional<fleet_part> part) {
    auto identity = store_.new_key(security::nkey_kind::user);
    if (auto* wrong = std::get_if<std::string>(&identity))
      return *wrong;
    security::user_claims claims;
    claims.standard.name = name;
    claims.standard.subject = std::get<security::key_pair>(identity).public_text();
    claims.limits = security::user_limits::unlimited();
    std::string may = "everything in " + account_name;
    if (part) {
      claims.limits.permissions = security::permissions_of(*part, flags_.values);
      may = what_may(*part);
    }
    auto wrong = store_.save_user(account, account_name, {}, claims, now_);
    users_.push_back({account_name, name, may, store_.layout().creds_file(account_name, name)});
    return wrong;
  }

  std::string what_may(fleet_part part) const {
    switch (part) {
    case fleet_part::server: return "be the server " + flags_.values.identity;
    case fleet_part::client: return "ask servers, as " + flags_.values.caller;
    case fleet_part::adapter:
      return flags_.values.input.front() + " to " + flags_.values.output.front();
    case fleet_part::provisioning_leaf: return "carry provisioning to a leaf node";
    case fleet_part::system: return "watch $SYS.>";
    }
    return {};
  }

  const init_flags& flags_;
  store_editor& store_;
  int64_t now_;
  std::vector<made_user> users_;
};

void fill_in_defaults(init_flags& flags) {
  auto& values = flags.values;
  if (values.identity.empty())
    values.identity = config::this_machine().hostname();
  if (values.caller.empty()) {
    const char* who = std::getenv("USER");
    values.caller =
        fmt::format("choria={}.mcollective", who == nullptr || *who == '\0' ? "me" : who);
  }
  if (!values.collectives.empty()) {
    values.input = {values.collectives.front() + ".ingest.>"};
    values.output = {values.collectives.front() + ".adapter.>"};
  }
}

/// Everything that can be wrong before the first file is written.
std::vector<std::string> faults_of(const init_flags& flags, const std::string& owner,
                                   const std::string& config_file) {
  std::vector<std::string> out;
  auto check_name = [&](const char* flag, const std::string& name) {
    if (auto fault = security::why_no_store_name(name); !fault.empty())
      out.push_back(fmt::format("{} \"{}\": {}", flag, name, fault));
  };
  check_name("--operator", owner);
  check_name("--account", flags.account);
  check_name("--system", flags.system);
  if (flags.account == flags.system)
    out.push_back(
        fmt::format("--account and --system are both \"{}\"; they must differ", flags.account));
  if (!flags.bare)
    for (auto part : security::all_fleet_parts)
      for (auto& fault : security::faults_of(part, flags.values))
        out.push_back(std::move(fault));
  std::error_code code;
  if (!config_file.empty() && std::filesystem::exists(config_file, code))
    out.push_back(config_file + " exists; name another file with --config, or --config none");
  return out;
}

std::string shortened(const std::string& path) {
  std::error_code code;
  auto near = std::filesystem::proximate(path, code).string();
  return code || near.starts_with("..") || near.empty() ? path : near;
}

void print_text(const init_flags& flags, const store_editor& store,
                const std::vector<made_user>& users, const std::string& config_file) {
  fmt::print("operator {} with the signing key {}\n\n", store.layout().operator_name(),
             store.owner().signing_keys.front());
  text_table table{{"ACCOUNT", "USER", "MAY", "CREDS"}};
  for (const auto& one : users)
    table.add({one.account, one.name, one.may, shortened(one.creds)});
  fmt::print("{}\n", table.text());
  if (config_file.empty())
    return;
  auto url = flags.port == 4222 ? "" : fmt::format(" --server nats://127.0.0.1:{}", flags.port);
  auto app = store.layout().creds_file(flags.account, "app");
  fmt::print("broker configuration: {}\n\nNow:\n  troupe run --config {}\n"
             "  troupe sub --creds {}{} 'orders.>'\n  troupe pub --creds {}{} orders.new hello\n",
             shortened(config_file), shortened(config_file), shortened(app), url, shortened(app),
             url);
}

void print_json(const store_editor& store, const std::vector<made_user>& users,
                const std::string& config_file) {
  nlohmann::json out{{"operator", store.layout().operator_name()},
                     {"operator_key", store.owner().standard.subject},
                     {"signing_key", store.owner().signing_keys.front()},
                     {"store", store.layout().store},
                     {"system_account", store.owner().system_account},
                     {"config", config_file}};
  for (const auto& one : users)
    out["users"].push_back({{"account", one.account}, {"user", one.name}, {"creds", one.creds}});
  fmt::print("{}\n", out.dump(1));
}

outcome initialize(init_flags flags) {
  fill_in_defaults(flags);
  auto roots = roots_of(flags.place);
  const char* variable = std::getenv("TROUPE_OPERATOR");
  auto owner = !flags.place.owner.empty() ? flags.place.owner
               : variable != nullptr      ? std::string{variable}
                                          : std::string{"OPS"};
  auto beside =
      flags.place.dir.empty() ? std::filesystem::path{"."} : std::filesystem::path{flags.place.dir};
  auto config_file = flags.config.empty() ? (beside / "troupe.yaml").string() : flags.config;
  if (config_file == "none")
    config_file.clear();
  if (auto wrong = all_of(faults_of(flags, owner, config_file), {}, exit_code::usage))
    return wrong;
  auto now = unix_now();
  auto made = store_editor::create({roots.operators + "/" + owner, roots.keys}, now);
  if (auto* wrong = std::get_if<std::string>(&made))
    return problem{*wrong};
  auto& store = std::get<store_editor>(made);
  initialization work{flags, store, now};
  if (auto wrong = work.make_accounts(); !wrong.empty())
    return problem{wrong};
  if (!config_file.empty()) {
    std::vector<std::string> faults;
    auto text = broker_config(config_format::troupe, store,
                              {flags.host, flags.port, flags.monitoring_port, {}}, faults);
    config_file = std::filesystem::absolute(config_file).lexically_normal().string();
    if (auto wrong = security::write_store_file(config_file, text); !wrong.empty())
      return problem{wrong};
  }
  if (flags.place.json)
    print_json(store, work.users(), config_file);
  else
    print_text(flags, store, work.users(), config_file);
  return std::nullopt;
}

} // namespace

void add_account_init(CLI::App& account, int& status) {
  auto flags = std::make_shared<init_flags>();
  auto* command = account.add_subcommand("init", "make an operator, accounts, users and a "
                                                 "broker's configuration");
  auto text = [&](const char* name, std::string& to, const char* help, const char* type) {
    command->add_option(name, to, help)->type_name(type);
  };
  text("--account", flags->account, "name of the first account (default: main)", "NAME");
  text("--system", flags->system, "name of the system account (default: SYS)", "NAME");
  text("--config", flags->config, "the broker's configuration (default: DIR/troupe.yaml), or none",
       "FILE");
  text("--host", flags->host, "the broker listens there (default: 127.0.0.1)", "ADDRESS");
  command->add_option("--port", flags->port, "and on this port (default: 4222)")->type_name("N");
  command->add_option("--monitoring-port", flags->monitoring_port, "monitoring (default: 8222)")
      ->type_name("N");
  command->add_flag("--strict", flags->strict, "only signing keys may sign, no identity key");
  command->add_flag("--bare", flags->bare, "only the users app and sys");
  command->add_option("--collective", flags->values.collectives, "of server and client")
      ->delimiter(',')
      ->type_name("NAME")
      ->allow_extra_args(false);
  text("--identity", flags->values.identity, "of server and client (default: this host)", "NAME");
  text("--caller", flags->values.caller, "of client (default: choria=$USER.mcollective)", "ID");
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags] { return initialize(*flags); });
}

} // namespace troupe::cli
