// config/print.cpp: the tables of --check and --help-keys.
#include "config/print.hpp"
#include "config/registry.hpp"
#include "config/tls_options.hpp"

#include <array>

namespace troupe::config {

namespace {

constexpr std::string_view redacted = "[REDACTED]";

struct row {
  std::string key, value, note;
};

std::string padded(std::string text, size_t width) {
  if (text.size() < width)
    text.append(width - text.size(), ' ');
  return text;
}

/// Columns as wide as their widest cell, though no wider than `widest`.
std::string table_of(const std::vector<row>& rows, size_t widest) {
  size_t key = 0;
  size_t value = 0;
  for (auto& one : rows) {
    key = std::max(key, std::min(one.key.size(), widest));
    value = std::max(value, std::min(one.value.size(), widest));
  }
  std::string result;
  for (auto& one : rows)
    result += padded(one.key, key) + "  " + padded(one.value, value) + "  " + one.note + "\n";
  return result;
}

std::string names_of(const std::vector<security::account_rules>& accounts) {
  std::string result;
  for (auto& one : accounts)
    result += (result.empty() ? "" : " ") + one.name;
  return result;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (auto& text : texts)
    result += (result.empty() ? "" : ", ") + text;
  return result;
}

std::string in_words(std::string_view name, const security::subject_rules& rules) {
  std::string result;
  if (!rules.allow.empty())
    result += std::string{name} + " only " + joined(rules.allow);
  if (!rules.deny.empty())
    result += (result.empty() ? std::string{name} : "") + " never " + joined(rules.deny);
  return result.empty() ? std::string{name} + " everything" : result;
}

std::string in_words(const security::permission_rules& rules) {
  auto result = in_words("publish", rules.publish) + "; " + in_words("subscribe", rules.subscribe);
  if (rules.responses)
    result += "; answer what it is asked";
  return result;
}

std::string in_words(const security::user& who) {
  std::string result = who.nkey.empty() ? who.name : "nkey " + who.nkey;
  result += " in " + who.account;
  if (!who.password.empty())
    result += ", password " + std::string{redacted};
  return result + (who.permissions ? ", " + in_words(*who.permissions) : "");
}

std::string in_words(const leaf_remote& remote) {
  std::string result = remote.account.empty() ? "$G" : remote.account;
  result += " to " + to_string(remote.urls);
  if (remote.hub)
    result += ", as its hub";
  if (!remote.credentials.empty())
    result += ", credentials " + remote.credentials;
  if (!remote.nkey.empty())
    result += ", nkey " + std::string{redacted};
  if (remote.tls)
    result += ", TLS";
  if (!remote.proxy.url.empty())
    result += ", through the proxy " + without_user(remote.proxy.url);
  if (!remote.deny_imports.empty())
    result += ", imports never " + joined(remote.deny_imports);
  if (!remote.deny_exports.empty())
    result += ", exports never " + joined(remote.deny_exports);
  return result + (remote.disabled ? ", disabled" : "");
}

std::string shown(const option_entry& entry, options& opts) {
  auto text = show(entry.at(opts));
  if (entry.kind == unit::secret && !text.empty())
    return std::string{redacted};
  return text.empty() ? "-" : text;
}

class option_table {
public:
  explicit option_table(const load_result& result) : result_{result}, opts_{result.opts} {}

  std::string print() {
    for (auto& entry : registry())
      rows_.push_back({std::string{entry.key}, shown(entry, opts_), from(entry.key)});
    add_tls("listen.tls", opts_.client.tls);
    add_cluster();
    add_gateway();
    add_leafnodes();
    if (opts_.websocket.enabled())
      add_tls("websocket.tls", opts_.websocket.tls);
    add_people();
    auto text = table_of(rows_, 48);
    for (auto& one : result_.inactive)
      text +=
          "not active yet: " + one.key + " (" + one.place + ")"
          + (one.restricts_access ? "; it would keep somebody out, so `run` refuses to start" : "")
          + "\n";
    return text;
  }

private:
  std::string from(std::string_view option) const {
    for (auto& one : result_.origins)
      if (one.option == option)
        return one.place + (one.key == option ? "" : " " + one.key);
    return "default";
  }

  void add_tls(const std::string& path, const std::optional<security::tls_settings>& tls) {
    if (!tls) {
      rows_.push_back({path, "off", from(path)});
      return;
    }
    auto copy = *tls; // the registry hands out pointers to change things with
    for (auto& entry : tls_registry()) {
      auto key = path + "." + std::string{entry.key};
      auto text = show(entry.at(copy));
      rows_.push_back({key, text.empty() ? "-" : text, from(key)});
    }
    constexpr std::array<std::string_view, 3> orders{"info first", "tls first", "automatic"};
    rows_.push_back({path + ".handshake_order",
                     std::string{orders[static_cast<size_t>(copy.order)]},
                     from(path + ".handshake_order")});
  }

  void add_cluster() {
    auto& cluster = opts_.cluster;
    auto routes = to_string(cluster.routes);
    rows_.push_back({"cluster.routes", routes.empty() ? "-" : routes, from("cluster.routes")});
    if (cluster.import_ != security::subject_rules{}
        || cluster.export_ != security::subject_rules{})
      rows_.push_back(
          {"cluster.permissions",
           in_words("import", cluster.import_) + "; " + in_words("export", cluster.export_),
           from("cluster.permissions")});
    if (cluster.enabled())
      add_tls("cluster.tls", cluster.tls);
  }

  void add_gateway() {
    auto& gateway = opts_.gateway;
    for (size_t i = 0; i < gateway.remotes.size(); ++i) {
      auto& remote = gateway.remotes[i];
      rows_.push_back({"gateway.gateways[" + std::to_string(i) + "]",
                       remote.name + " at " + to_string(remote.urls)
                           + (remote.name == gateway.name ? ", ourselves" : "")
                           + (remote.plain ? ", in the clear"
                              : remote.tls ? ", own TLS"
                                           : ""),
                       from("gateway.gateways")});
    }
    if (gateway.enabled())
      add_tls("gateway.tls", gateway.tls);
  }

  void add_leafnodes() {
    auto& leafs = opts_.leafnodes;
    for (size_t i = 0; i < leafs.users.size(); ++i)
      rows_.push_back({"leafnodes.authorization.users[" + std::to_string(i) + "]",
                       leafs.users[i].name + " in "
                           + (leafs.users[i].account.empty() ? "$G" : leafs.users[i].account),
                       from("leafnodes.authorization.users")});
    for (size_t i = 0; i < leafs.remotes.size(); ++i)
      rows_.push_back({"leafnodes.remotes[" + std::to_string(i) + "]", in_words(leafs.remotes[i]),
                       from("leafnodes.remotes")});
    if (leafs.port != 0)
      add_tls("leafnodes.tls", leafs.tls);
  }

  void add_people() {
    auto& auth = opts_.authorization;
    for (size_t i = 0; i < auth.users.size(); ++i)
      rows_.push_back({"authorization.users[" + std::to_string(i) + "]", in_words(auth.users[i]),
                       from("authorization.users")});
    if (auth.default_permissions)
      rows_.push_back({"authorization.default_permissions", in_words(*auth.default_permissions),
                       from("authorization.default_permissions")});
    if (auth.callout)
      rows_.push_back({"authorization.auth_callout",
                       "issuer " + auth.callout->issuer + " in account " + auth.callout->account,
                       from("authorization.auth_callout")});
    if (!opts_.accounts.empty())
      rows_.push_back({"accounts", names_of(opts_.accounts), from("accounts")});
  }

  const load_result& result_;
  options opts_;
  std::vector<row> rows_;
};

std::string_view kind_name(unit kind) {
  switch (kind) {
  case unit::text: return "text";
  case unit::secret: return "text (secret)";
  case unit::count: return "number";
  case unit::bytes: return "size";
  case unit::flag: return "true/false";
  case unit::duration:
  case unit::text_duration:
  case unit::seconds: return "duration";
  case unit::list: return "list";
  case unit::map: return "map";
  case unit::word: return "word";
  }
  return {};
}

} // namespace

std::string print_options(const load_result& result) {
  return option_table{result}.print();
}

std::string describe_keys() {
  options defaults;
  security::tls_settings tls;
  std::vector<row> rows;
  for (auto& entry : registry()) {
    auto text = show(entry.at(defaults));
    auto other = entry.nats.empty() ? "" : "; nats-server: " + std::string{entry.nats};
    rows.push_back({std::string{entry.key},
                    std::string{kind_name(entry.kind)} + (text.empty() ? "" : " [" + text + "]"),
                    std::string{entry.help} + other});
  }
  for (auto& entry : tls_registry()) {
    auto text = show(entry.at(tls));
    rows.push_back({"listen.tls." + std::string{entry.key},
                    std::string{kind_name(entry.kind)} + (text.empty() ? "" : " [" + text + "]"),
                    std::string{entry.help}});
  }
  rows.push_back({"listen.tls.handshake_order", "word [false]",
                  "true: TLS before INFO; auto or a duration: wait that long for it"});
  rows.push_back(
      {"cluster.routes", "list", "URLs of other members, nats-route://[user:password@]host:port"});
  rows.push_back({"cluster.tls", "map", "as listen.tls; both ends verify each other"});
  rows.push_back({"gateway.gateways", "list",
                  "other clusters: name, urls and, if other than gateway.tls, tls; the own name is "
                  "passed over"});
  rows.push_back({"gateway.tls", "map", "as listen.tls; both ends verify each other"});
  rows.push_back({"leafnodes.authorization.users", "list", "maps of user, password and account"});
  rows.push_back({"leafnodes.tls", "map", "as listen.tls"});
  rows.push_back({"websocket.tls", "map", "as listen.tls; always before the upgrade"});
  rows.push_back({"leafnodes.remotes", "list",
                  "hubs: urls, account, credentials or nkey, tls, hub, deny_imports, deny_exports "
                  "and more"});
  rows.push_back({"cluster.permissions", "map",
                  "import and export: subjects of our interest that is told, of theirs that is "
                  "taken"});
  rows.push_back(
      {"authorization.users", "list",
       "maps of user + password or nkey, account, permissions, allowed_connection_types"});
  rows.push_back({"authorization.default_permissions", "map",
                  "publish and subscribe: a subject, a list, or allow and deny; allow_responses"});
  rows.push_back({"authorization.auth_callout", "map",
                  "who decides over other logins: issuer, account, auth_users, xkey, "
                  "allowed_accounts"});
  rows.push_back({"accounts", "list or map",
                  "tenants: users, limits, exports, imports, mappings, default_permissions"});
  return table_of(rows, 48);
}

} // namespace troupe::config
