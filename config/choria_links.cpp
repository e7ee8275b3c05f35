// config/choria_links.cpp: peers, gateways and leaf nodes.
#include "config/choria_links.hpp"
#include "config/choria_keys.hpp"
#include "config/peer_options.hpp"
#include "config/words.hpp"
#include "security/claims_rules.hpp"
#include "security/user_template.hpp"

#include <algorithm>
#include <initializer_list>

namespace troupe::config {

namespace {

constexpr int usual_peer_port = 5222;
constexpr std::string_view usual_name = "CHORIA";
constexpr std::string_view peers_record = "_mcollective-broker._tcp.";
constexpr auto usual_auth_timeout = std::chrono::seconds{10}; // of leaf nodes, as Choria has it

using tls_material = std::optional<security::tls_settings>;

/// Of a remote's raw texts only these four words mean no.
bool is_yes(std::string_view text) {
  return !any_of(text, {"false", "no", "off", "0"});
}

class link_binder {
public:
  link_binder(choria_values& values, const tls_material& own, const surroundings& around,
              reading& to)
      : values_{values}, own_{own}, around_{around}, to_{to} {}

  /// Also without any link: keys that then do nothing have to be told, or else a broker runs
  /// without the protection that they stand for.
  void read() {
    if (asks_for_links(values_))
      read_name();
    read_cluster();
    read_gateway();
    read_leafnodes();
  }

private:
  static std::string n(std::string_view key) { return network_key(key); }

  void read_name() {
    to_.out.cluster_name = usual_name;
    values_.take_text(n("gateway_name"), "cluster.name", to_.out.cluster_name);
    if (auto* name = values_.find(n("gateway_name")); name != nullptr && name->text.empty())
      to_.found.error(name->where, name->key + " must not be empty");
  }

  void read_cluster() {
    auto* peers = values_.find(n("peers"));
    auto& cluster = to_.out.cluster;
    values_.take_int(n("peer_port"), "cluster.port", cluster.port);
    if (peers != nullptr && cluster.port == 0)
      cluster.port = usual_peer_port;
    if (cluster.port == 0) {
      warn_idle({"peer_user", "peer_password"}, n("peers") + " or " + n("peer_port"));
      return;
    }
    cluster.host = to_.out.client.host;
    cluster.no_advertise = true; // clients learn of brokers by SRV or middleware_hosts
    read_peer_login();
    auto& auth = cluster.authorization;
    if (peers != nullptr) {
      // Every broker of a site may have the same list, which then names the broker itself: a route
      // to oneself is recognised when it is dialled.
      to_.found.note_origin("cluster.routes", peers->key, to_string(peers->where));
      cluster.routes = read_urls(*peers, usual_peer_port, false);
      for (auto& route : cluster.routes)
        if (route.user.empty()) {
          route.user = auth.user;
          route.password = auth.password;
        }
    }
    cluster.tls = mutual();
    find_members();
  }

  /// Half a login is told here, for the rule that asks for both halves does not know these keys.
  void read_peer_login() {
    auto& auth = to_.out.cluster.authorization;
    bool user = values_.take_text(n("peer_user"), "cluster.authorization.user", auth.user);
    bool password =
        values_.take_text(n("peer_password"), "cluster.authorization.password", auth.password);
    if (user == password)
      return;
    auto* one = values_.find(n(user ? "peer_user" : "peer_password"));
    to_.found.error(one->where,
                    one->key + " is set without " + n(user ? "peer_password" : "peer_user"));
    auth = {};
  }

  /// DNS is asked first, unless it must not be or this machine has no domain.
  void find_members() {
    bool wanted = true;
    values_.take_flag("plugin.choria.use_srv", "", wanted);
    auto name = around_.hostname ? around_.hostname() : std::string{};
    auto dot = name.find('.');
    std::string domain = dot == name.npos ? std::string{} : name.substr(dot + 1);
    values_.take_text("plugin.choria.srv_domain", "", domain);
    if (!wanted || domain.empty())
      return;
    auto& cluster = to_.out.cluster;
    peer_url record;
    record.host = std::string{peers_record} + domain;
    record.user = cluster.authorization.user;
    record.password = cluster.authorization.password;
    cluster.routes.insert(cluster.routes.begin(), std::move(record));
  }

  /// All clusters may have the same lines except for gateway_name.
  void read_gateway() {
    auto& gateway = to_.out.gateway;
    values_.take_int(n("gateway_port"), "gateway.port", gateway.port);
    auto* port = values_.find(n("gateway_port"));
    auto* remotes = values_.find(n("gateway_remotes"));
    auto names = remotes == nullptr ? std::vector<std::string>{} : split_list(remotes->text, ',');
    warn_unlisted("gateway_remote", "gateway_remotes", names);
    if (gateway.port == 0 && names.empty())
      return;
    if (names.empty())
      to_.found.error(port->where, port->key + " needs " + n("gateway_remotes")
                                       + ", the names of the other clusters");
    else if (gateway.port == 0)
      to_.found.error(remotes->where, remotes->key + " needs " + n("gateway_port")
                                          + ", where the other clusters connect");
    auto& own_name = to_.out.cluster_name;
    gateway.host = to_.out.client.host;
    gateway.reject_unknown = true;
    gateway.tls = mutual();
    if (remotes != nullptr)
      to_.found.note_origin("gateway.gateways", remotes->key, to_string(remotes->where));
    for (auto& name : names) {
      remote_gateway remote;
      remote.name = name;
      auto prefix = n("gateway_remote") + "." + name + ".";
      if (auto* urls = values_.find(prefix + "urls"))
        remote.urls = read_urls(*urls, 0, false);
      else if (name == own_name)
        continue; // ourselves, and without an address: nothing to remember
      else
        to_.found.error(remotes->where,
                        remotes->key + " names " + name + ", but " + prefix + "urls is not set");
      remote.tls = read_remote_tls(prefix, remote.plain);
      if (!remote.urls.empty()) // else it has been told, and a rule would say it again
        gateway.remotes.push_back(std::move(remote));
    }
    if (!names.empty()
        && std::all_of(names.begin(), names.end(), [&](auto& name) { return name == own_name; }))
      to_.found.warning(remotes->where, remotes->key + " names nobody but this cluster, " + own_name
                                            + ": no other cluster is dialled or let in");
    if (gateway.port == 0)
      gateway = {}; // which has been told
    else
      gateway.name = own_name;
  }

  void read_leafnodes() {
    auto& leafs = to_.out.leafnodes;
    values_.take_int(n("leafnode_port"), "leafnodes.port", leafs.port);
    if (leafs.port != 0) {
      leafs.host = to_.out.client.host;
      leafs.authorization.timeout = usual_auth_timeout;
      leafs.tls = mutual();
      if (auto* url = values_.find(n("public_url"))) {
        auto [address, wrong] = parse_peer_url(url->text);
        if (wrong.empty() && address.port != 0) {
          address.port = leafs.port;
          leafs.advertise = to_string(address);
        }
      }
    }
    auto* remotes = values_.find(n("leafnode_remotes"));
    auto names = remotes == nullptr ? std::vector<std::string>{} : split_list(remotes->text, ',');
    warn_unlisted("leafnode_remote", "leafnode_remotes", names);
    if (remotes != nullptr)
      to_.found.note_origin("leafnodes.remotes", remotes->key, to_string(remotes->where));
    for (auto& name : names)
      read_leaf_remote(name, *remotes);
    force_account();
    std::erase_if(to_.out.leafnodes.remotes, [](auto& remote) { // told, and a rule would again
      return remote.urls.empty();
    });
  }

  void read_leaf_remote(const std::string& name, const choria_setting& remotes) {
    leaf_remote remote;
    auto prefix = n("leafnode_remote") + "." + name + ".";
    if (auto* url = values_.find(prefix + "url"))
      remote.urls = read_urls(*url, 0, true);
    else
      to_.found.error(remotes.where,
                      remotes.key + " names " + name + ", but " + prefix + "url is not set");
    auto* one = values_.find(prefix + "credentials");
    auto* other = values_.find(prefix + "credential");
    if (one != nullptr && other != nullptr && one->text != other->text)
      to_.found.error(other->where,
                      other->key + " and " + one->key + " name two files; keep one of them");
    for (auto* spelling : {"credential", "credentials"})
      values_.take_path(prefix + spelling, "", remote.credentials);
    if (!remote.credentials.empty())
      demand_file(one != nullptr ? *one : *other, remote.credentials);
    values_.take_text(prefix + "account", "", remote.account);
    bool plain = false;
    remote.tls = read_remote_tls(prefix, plain);
    if (!plain && !remote.tls)
      remote.tls = own_;
    to_.out.leafnodes.remotes.push_back(std::move(remote));
  }

  /// Whoever connects to a leaf broker lands in the account that its link is bound to. Without an
  /// operator such an account exists by being named here.
  void force_account() {
    auto& leafs = to_.out.leafnodes;
    if (to_.out.operators.enabled()) {
      read_client_template();
      return;
    }
    std::vector<std::string> accounts;
    for (auto& remote : leafs.remotes)
      if (!remote.account.empty()
          && std::find(accounts.begin(), accounts.end(), remote.account) == accounts.end())
        accounts.push_back(remote.account);
    for (auto& name : accounts) {
      to_.out.accounts.emplace_back();
      to_.out.accounts.back().name = name;
    }
    if (accounts.size() == 1)
      leafs.client_account = accounts.front();
    auto* chosen = values_.find(n("leafnode_default_account"));
    values_.take_text(n("leafnode_default_account"), "leafnodes.client_account",
                      leafs.client_account);
    read_client_template();
    bool known =
        std::find(accounts.begin(), accounts.end(), leafs.client_account) != accounts.end();
    if (chosen != nullptr && !known)
      to_.found.error(chosen->where, chosen->key + " names \"" + chosen->text
                                         + "\", which no leafnode_remote is bound to");
    else if (chosen == nullptr && accounts.size() > 1)
      to_.found.error(values_.find(n("leafnode_remotes"))->where,
                      n("leafnode_remotes") + " are bound to several accounts; "
                          + n("leafnode_default_account")
                          + " must say in which of them clients are placed");
  }

  /// What those clients may do.
  void read_client_template() {
    auto* one = values_.find(n("leafnode_client_template"));
    if (one == nullptr)
      return;
    auto& account = to_.out.leafnodes.client_account;
    if (one->text != "provisioning") {
      to_.found.error(one->where, one->key + " must be provisioning, not \"" + one->text + "\"");
    } else if (to_.out.operators.enabled()) {
      to_.found.error(one->where, one->key + " does nothing with " + n("operator_account")
                                      + ": there each client's JWT says what it may do");
    } else if (account.empty()) {
      to_.found.error(one->where, one->key
                                      + " needs a leafnode_remote with an account, which clients "
                                        "are placed in");
    } else {
      auto rules =
          security::rules_of(security::permissions_of(security::fleet_part::provisioning_leaf, {}));
      for (auto& each : to_.out.accounts)
        if (each.name == account)
          each.default_permissions = rules;
    }
  }

  /// The broker's own certificate, and both ends verify each other.
  tls_material mutual() const {
    auto tls = own_;
    if (tls)
      tls->verify = true;
    return tls;
  }

  /// A remote's own material, used as soon as one of the three is set.
  tls_material read_remote_tls(const std::string& prefix, bool& plain) {
    if (auto* one = values_.find(prefix + "tls.disable"); one != nullptr && is_yes(one->text)) {
      plain = true;
      to_.found.warning(one->where, one->key
                                        + " is on: this link is in the clear, and nobody is "
                                          "checked");
      return std::nullopt;
    }
    security::tls_settings tls;
    bool given = false;
    for (auto& [key, target] :
         {std::pair{"tls.cert", &tls.cert_file}, std::pair{"tls.key", &tls.key_file},
          std::pair{"tls.ca", &tls.ca_file}})
      if (values_.take_path(prefix + key, "", *target)) {
        demand_file(*values_.find(prefix + key), *target);
        given = true;
      }
    auto* verify = values_.find(prefix + "tls.verify");
    bool off = verify != nullptr && !is_yes(verify->text);
    if (off && !given)
      to_.found.warning(verify->where, verify->key
                                           + " does nothing without tls.cert, tls.key and "
                                             "tls.ca of this remote");
    if (!given)
      return std::nullopt;
    if (tls.cert_file.empty() != tls.key_file.empty()) {
      auto missing = prefix + (tls.cert_file.empty() ? "tls.cert" : "tls.key");
      auto* there = values_.find(prefix + (tls.cert_file.empty() ? "tls.key" : "tls.cert"));
      to_.found.error(there->where, there->key + " is set without " + missing);
    }
    if (off)
      to_.found.warning(verify->where, verify->key + " is off: whoever answers there is believed");
    tls.insecure = off;
    tls.verify = !off;
    return tls;
  }

  /// None: why is among the errors.
  std::vector<peer_url> read_urls(const choria_setting& one, int example_port, bool of_hub) {
    std::vector<peer_url> urls;
    bool blank = true;
    for (auto& text : split_list(one.text, ',')) {
      if (text.empty())
        continue;
      blank = false;
      auto [url, wrong] = parse_peer_url(text);
      if (wrong.empty() && url.port == 0 && !is_service_name(url.host))
        wrong = "it names no port"
                + (example_port == 0
                       ? std::string{}
                       : "; write " + to_string(url) + ":" + std::to_string(example_port));
      if (wrong.empty())
        wrong = fault_of_scheme(url, of_hub);
      if (!wrong.empty())
        to_.found.error(one.where, one.key + ": \"" + without_user(text) + "\": " + wrong);
      else if (std::find(urls.begin(), urls.end(), url) == urls.end())
        urls.push_back(std::move(url));
    }
    if (blank)
      to_.found.error(one.where, one.key + " names no address");
    return urls;
  }

  void demand_file(const choria_setting& one, const std::string& path) {
    if (!around_.read_file(path))
      to_.found.error(one.where, one.key + ": " + path + " cannot be read");
  }

  void warn_idle(std::initializer_list<std::string_view> keys, const std::string& needed) {
    for (auto key : keys)
      if (auto* one = values_.find(n(key)))
        to_.found.warning(one->where, one->key + " does nothing without " + needed);
  }

  /// Lines about a remote that the list does not name do nothing.
  void warn_unlisted(std::string_view remote, std::string_view list,
                     const std::vector<std::string>& names) {
    auto prefix = n(remote) + ".";
    for (auto& one : values_.all()) {
      if (!one.key.starts_with(prefix))
        continue;
      auto name = one.key.substr(prefix.size());
      name = name.substr(0, name.find('.'));
      if (std::find(names.begin(), names.end(), name) == names.end())
        to_.found.warning(one.where,
                          one.key + " does nothing: " + n(list) + " does not name " + name);
    }
  }

  choria_values& values_;
  const tls_material& own_;
  const surroundings& around_;
  reading& to_;
};

} // namespace

bool asks_for_links(const choria_values& values) {
  auto on = [&](std::string_view key) {
    auto* one = values.find(network_key(key));
    return one != nullptr && one->text != "0";
  };
  return on("peers") || on("peer_port") || on("gateway_port") || on("gateway_remotes")
         || on("leafnode_port") || on("leafnode_remotes");
}

void read_choria_links(choria_values& values, const std::optional<security::tls_settings>& own,
                       const surroundings& around, reading& to) {
  link_binder{values, own, around, to}.read();
}

} // namespace troupe::config
