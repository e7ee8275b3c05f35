// config/choria_options.cpp: reads Choria's broker keys.
#include "config/choria_options.hpp"
#include "config/choria_keys.hpp"
#include "config/choria_links.hpp"
#include "config/choria_values.hpp"
#include "config/closest.hpp"
#include "config/duration.hpp"
#include "config/size.hpp"
#include "config/words.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

std::string directory_of(const std::string& file) {
  auto slash = file.rfind('/');
  return slash == file.npos ? "" : file.substr(0, slash + 1);
}

void add_environment(std::vector<choria_setting>& settings, const surroundings& around) {
  constexpr std::pair<const char*, const char*> variables[] = {
      {"CHORIA_SRV_DOMAIN", "plugin.choria.srv_domain"},
      {"CHORIA_FED_COLLECTIVE", "plugin.choria.federation.collectives"},
      {"MCOLLECTIVE_NATS_USERNAME", "plugin.nats.user"},
      {"MCOLLECTIVE_NATS_PASSWORD", "plugin.nats.pass"},
      {"MCOLLECTIVE_NATS_CREDENTIALS", "plugin.nats.credentials"},
  };
  for (auto& [name, key] : variables)
    if (auto text = around.variable(name); text && !text->empty())
      settings.push_back(
          {key,
           *text,
           {std::make_shared<const std::string>("environment " + std::string{name}), 0, -1}});
}

/// Each key's kind is checked, known or not served; unknown ones under our prefixes are told.
void check_settings(const std::vector<choria_setting>& settings, findings& found) {
  std::vector<std::string_view> known;
  for (auto& row : choria_keys())
    known.push_back(row.pattern);
  size_t guesses = 10; // a file with more slips than that is no broker's; guessing takes time
  for (auto& one : settings) {
    auto* row = find_choria_key(one.key);
    if (row == nullptr) {
      if (is_watched(one.key))
        found.warning(one.where, "nothing reads " + one.key
                                     + (guesses == 0 ? "" : did_you_mean(one.key, known)));
      guesses -= guesses == 0 ? 0 : 1;
      continue;
    }
    auto wanted = kind_mismatch(row->kind, one.text);
    if (!wanted.empty())
      found.error(one.where,
                  one.key + " must be " + std::string{wanted} + ", not \"" + one.text + "\"");
  }
}

bool is_off(const choria_key& row, std::string_view text) {
  if (row.kind == choria_kind::number)
    return text == "0";
  return row.kind == choria_kind::flag
         && any_of(lower(text), {"0", "no", "false", "n", "f", "off"});
}

void note_inactive(const std::vector<choria_setting>& settings, findings& found) {
  for (auto& one : settings) {
    auto* row = find_choria_key(one.key);
    bool waits =
        row != nullptr && (row->use == choria_use::later || row->use == choria_use::restricts);
    if (waits && !is_off(*row, one.text))
      found.note_inactive(one.key, to_string(one.where), row->use == choria_use::restricts);
  }
}

class choria_binder {
public:
  choria_binder(const std::vector<choria_setting>& settings, const std::string& file,
                const surroundings& around, reading& to)
      : values_{settings, around, to.found}, file_{file}, around_{around}, to_{to} {}

  void read() {
    set_defaults();
    read_roles();
    read_listener();
    read_accounts();
    read_logging();
    read_tls();
    read_websocket();
    read_choria_links(values_, own_tls_, around_, to_);
  }

private:
  void set_defaults() {
    auto& out = to_.out;
    out.client.host = "::";
    out.limits.max_connections = 50000;
    out.logging.file = "stdout";
    out.monitoring.host = "127.0.0.1";
  }

  void read_roles() {
    bool broker = false;
    bool federation = false;
    values_.take_flag("plugin.choria.broker_network", "serves_clients", broker);
    values_.take_flag("plugin.choria.broker_federation", "", federation);
    to_.out.serves_clients = broker;
    if (!broker && !federation && values_.find("plugin.choria.adapters") == nullptr)
      to_.found.errors.push_back(
          file_
          + ": no role is switched on; set plugin.choria.broker_network = true, "
            "plugin.choria.broker_federation = true or plugin.choria.adapters");
    values_.take_int("plugin.choria.stats_port", "monitoring.port", to_.out.monitoring.port);
    values_.take_text("plugin.choria.stats_address", "monitoring.host", to_.out.monitoring.host);
    auto& stop = to_.out.timing.soft_shutdown_timeout;
    values_.take_duration("soft_shutdown_timeout", "timing.soft_shutdown_timeout", stop);
    values_.take_duration(n("soft_shutdown_timeout"), "timing.soft_shutdown_timeout", stop);
  }

  void read_listener() {
    auto& out = to_.out;
    read_identity();
    values_.take_text(n("listen_address"), "listen.host", out.client.host);
    values_.take_int(n("client_port"), "listen.port", out.client.port);
    if (!out.server_name.empty() && values_.find("identity") != nullptr)
      out.client.advertise = out.server_name + ":" + std::to_string(out.client.port);
    values_.take_text(n("public_url"), "listen.advertise", out.client.advertise);
    values_.take_list(n("client_hosts"), "fleet.client_hosts", out.fleet.client_hosts);
    values_.take_flag(n("deny_server_connections"), "fleet.deny_server_connections",
                      out.fleet.deny_server_connections);
    if (out.fleet.deny_server_connections && out.fleet.client_hosts.empty())
      to_.found.warning(values_.find(n("deny_server_connections"))->where,
                        n("deny_server_connections") + " does nothing without " + n("client_hosts")
                            + ", which tells servers from clients");
    values_.take_duration(n("write_deadline"), "timing.write_deadline", out.timing.write_deadline);
    values_.take_number(n("max_clients"), "limits.max_connections", out.limits.max_connections);
    values_.take_number(n("handshake_concurrency"), "limits.handshake_concurrency",
                        out.limits.handshake_concurrency);
    values_.take_duration(n("lame_duck_duration"), "timing.lame_duck_duration",
                          out.timing.lame_duck_duration);
    // No key sets the grace period; it must stay below whatever the duration is.
    out.timing.lame_duck_grace_period =
        std::min(out.timing.lame_duck_grace_period, out.timing.lame_duck_duration / 2);
    nanoseconds wait{0};
    if (values_.take_duration(n("auth_timeout"), "authorization.timeout", wait)) {
      out.authorization.timeout = wait;
      values_.refuse_above(n("auth_timeout"), wait, std::chrono::seconds{60});
    }
    if (values_.take_duration(n("connect_timeout"), "", wait))
      values_.refuse_above(n("connect_timeout"), wait, std::chrono::seconds{120});
  }

  /// The store of an operator lies beside the main file.
  void read_accounts() {
    std::string name;
    if (values_.take_text(n("operator_account"), "operator.store", name) && !name.empty()) {
      if (name.find('/') != name.npos || name == "." || name == "..")
        to_.found.error(values_.find(n("operator_account"))->where,
                        n("operator_account") + " must be the name of an operator, not a path: \""
                            + name + "\"");
      to_.out.operators.store = directory_of(file_) + "accounts/nats/" + name;
    }
    values_.take_text(n("system_account"), "system_account", to_.out.system_account);
    if (name.empty() && !to_.out.system_account.empty())
      to_.found.error(values_.find(n("system_account"))->where,
                      n("system_account") + " needs " + n("operator_account"));
  }

  /// `identity`, else this machine's name, which should be fully qualified.
  void read_identity() {
    to_.out.server_name = around_.hostname ? around_.hostname() : "";
    values_.take_text("identity", "name", to_.out.server_name);
  }

  void read_logging() {
    auto& log = to_.out.logging;
    values_.take_path("logfile", "logging.file", log.file);
    values_.take_path("plugin.troupe.audit_file", "logging.audit_file", log.audit_file);
    values_.take_path("plugin.troupe.ports_file_dir", "ports_file_dir", to_.out.ports_file_dir);
    if (auto* one = values_.find("loglevel")) {
      constexpr std::pair<std::string_view, log_level> words[] = {{"debug", log_level::debug},
                                                                  {"info", log_level::info},
                                                                  {"warn", log_level::warn},
                                                                  {"error", log_level::error},
                                                                  {"fatal", log_level::fatal}};
      for (auto& [word, level] : words)
        if (word == one->text)
          log.level = level;
      to_.found.note_origin("logging.level", one->key, to_string(one->where));
    }
    bool console = any_of(log.file, {"stdout", "stderr", "discard"});
    log.format = console ? log_format::text : log_format::json;
  }

  void read_tls() {
    bool disable = false;
    bool force = false;
    values_.take_flag(n("client_tls_disable"), "listen.tls", disable);
    values_.take_flag(n("client_tls_force_required"), "", force);
    if (disable && force) {
      to_.found.error(values_.find(n("client_tls_disable"))->where,
                      n("client_tls_disable") + " and " + n("client_tls_force_required")
                          + " exclude each other; remove one of them");
      return;
    }
    if (disable) {
      const bool by_jwt = values_.find(n("operator_account")) != nullptr;
      to_.found.warning(
          values_.find(n("client_tls_disable"))->where,
          n("client_tls_disable")
              + (by_jwt ? " is on: clients are checked by their JWTs, but connect in the clear, so "
                          "that others on the way can read and change what they say"
                        : " is on: clients connect in the clear and nobody is checked; this is "
                          "meant for isolated provisioning networks only"));
    }
    if (!to_.out.serves_clients || (disable && !asks_for_links(values_)))
      return;
    security::tls_settings tls;
    tls.verify = true;
    read_provider(tls);
    values_.take_list("plugin.security.cipher_suites", "listen.tls.cipher_suites",
                      tls.cipher_suites);
    values_.take_list("plugin.security.ecc_curves", "listen.tls.curve_preferences",
                      tls.curve_preferences);
    if (values_.take_duration(n("tls_timeout"), "listen.tls.timeout", tls.timeout))
      values_.refuse_above(n("tls_timeout"), tls.timeout, std::chrono::seconds{60});
    own_tls_ = tls;
    if (!disable)
      to_.out.client.tls = std::move(tls);
  }

  void read_provider(security::tls_settings& tls) {
    std::string provider = "puppet";
    values_.take_text("plugin.security.provider", "", provider);
    if (provider == "file" || provider == "choria") {
      std::string prefix = "plugin.security." + provider + ".";
      take_material(prefix + "certificate", "cert_file", tls.cert_file);
      take_material(prefix + "key", "key_file", tls.key_file);
      take_material(prefix + "ca", "ca_file", tls.ca_file);
    } else if (provider == "puppet") {
      read_puppet_layout(tls);
    } else if (auto* one = values_.find("plugin.security.provider");
               kind_mismatch(choria_kind::provider, provider).empty()) {
      to_.found.error(one->where, "plugin.security.provider = " + provider
                                      + " is not active yet; use file, puppet or choria");
      return;
    }
    if (!problems_.empty())
      to_.found.errors.push_back(file_ + ": plugin.security.provider = " + provider + ": "
                                 + problems_);
  }

  void take_material(const std::string& key, std::string_view option, std::string& target) {
    if (!values_.take_path(key, "listen.tls." + std::string{option}, target))
      add_problem(key + " is not set");
    else
      check_readable(key, target);
  }

  void check_readable(const std::string& key, const std::string& path) {
    if (!around_.read_file(path))
      add_problem(key + ": " + path + " cannot be read");
  }

  void add_problem(const std::string& text) { problems_ += (problems_.empty() ? "" : "; ") + text; }

  void read_puppet_layout(security::tls_settings& tls) {
    std::string root = around_.is_root ? "/etc/puppetlabs/puppet/ssl"
                                       : values_.home() + "/.puppetlabs/etc/puppet/ssl";
    values_.take_path("plugin.choria.ssldir", "listen.tls.cert_file", root);
    auto name = around_.variable("MCOLLECTIVE_CERTNAME").value_or(to_.out.server_name);
    tls.cert_file = root + "/certs/" + name + ".pem";
    tls.key_file = root + "/private_keys/" + name + ".pem";
    tls.ca_file = root + "/certs/ca.pem";
    check_readable("certificate", tls.cert_file);
    check_readable("key", tls.key_file);
    check_readable("ca", tls.ca_file);
  }

  /// With TLS whenever the broker has it.
  void read_websocket() {
    auto& websocket = to_.out.websocket;
    values_.take_int(n("websocket_port"), "websocket.port", websocket.port);
    values_.take_text(n("websocket_advertise"), "websocket.advertise", websocket.advertise);
    if (!websocket.enabled())
      return;
    websocket.host = to_.out.client.host;
    websocket.tls = own_tls_;
    websocket.no_tls = !own_tls_;
  }

  static std::string n(std::string_view key) { return network_key(key); }

  choria_values values_;
  const std::string& file_;
  const surroundings& around_;
  reading& to_;
  std::string problems_;
  std::optional<security::tls_settings> own_tls_; ///< of links, whatever clients use
};

} // namespace

std::vector<choria_setting> gather_choria(std::string_view text, const std::string& file,
                                          const surroundings& around, findings& found) {
  std::vector<choria_setting> settings;
  parse_choria(text, file, "", settings, found);
  auto home = around.variable("HOME").value_or("");
  bool private_file = !home.empty() && file.starts_with(home + "/");
  auto folder = directory_of(file) + "plugin.d";
  if (!private_file)
    for (auto& name : around.list_directory(folder)) {
      if (!name.ends_with(".cfg") || name.size() == 4)
        continue;
      auto path = folder + "/" + name;
      auto part = around.read_file(path);
      if (part)
        parse_choria(*part, path, "plugin." + name.substr(0, name.size() - 4) + ".", settings,
                     found);
      else
        found.errors.push_back(path + ": cannot be read");
    }
  add_environment(settings, around);
  return settings;
}

void read_choria_options(const std::vector<choria_setting>& settings, const std::string& file,
                         const surroundings& around, reading& to) {
  check_settings(settings, to.found);
  choria_binder{settings, file, around, to}.read();
  note_inactive(settings, to.found);
}

} // namespace troupe::config
