// config/flag_effects.cpp: lets flags win over what a file said.
#include "config/flag_table.hpp"
#include "config/flags.hpp"
#include "config/registry.hpp"
#include "config/words.hpp"

#include <charconv>
#include <optional>

namespace troupe::config {

namespace {

int64_t number_of(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The flags of TLS work together, so they are gathered first.
struct tls_flags {
  bool given = false;
  bool off = false;
  std::string cert, key, ca;
  std::optional<bool> verify;
};

class flag_writer {
public:
  explicit flag_writer(reading& to) : to_{to} {}

  void apply(const flag_setting& one) {
    auto* row = find_flag(one.name);
    if (row == nullptr)
      return;
    if (row->option == "later")
      to_.found.note_inactive(typed(one), "flag");
    else if (auto* entry = find_option(row->option))
      set(*entry, one);
    else
      apply_special(one);
  }

  void finish() {
    auto& tls = to_.out.client.tls;
    if (tls_.off)
      tls.reset();
    if (tls_.off || !tls_.given)
      return;
    security::tls_settings now = tls.value_or(security::tls_settings{});
    now.cert_file = tls_.cert.empty() ? now.cert_file : tls_.cert;
    now.key_file = tls_.key.empty() ? now.key_file : tls_.key;
    now.ca_file = tls_.ca.empty() ? now.ca_file : tls_.ca;
    now.verify = tls_.verify.value_or(now.verify);
    if (now.cert_file.empty())
      to_.found.errors.emplace_back("TLS Server certificate must be present and valid; give "
                                    "--tlscert");
    else if (now.key_file.empty())
      to_.found.errors.emplace_back("TLS Server private key must be present and valid; give "
                                    "--tlskey");
    tls = std::move(now);
  }

private:
  static std::string typed(const flag_setting& one) {
    return (one.name.size() <= 3 ? "-" : "--") + one.name;
  }

  void note(std::string_view option, const flag_setting& one) {
    to_.found.note_origin(option, typed(one), "flag");
  }

  void set(const option_entry& entry, const flag_setting& one) {
    value val;
    val.text = one.text;
    val.plain = true;
    auto result = assign(entry.at(to_.out), entry.kind, typed(one), val, dialect::yaml);
    if (!result.error.empty())
      to_.found.errors.push_back(result.error);
    note(entry.key, one);
    auto& auth = to_.out.authorization;
    if (entry.key == "authorization.user")
      auth.token.clear();
    else if (entry.key == "authorization.token")
      auth.user.clear(), auth.password.clear();
  }

  void apply_special(const flag_setting& one) {
    bool on = one.text == "true";
    if (any_of(one.name, {"m", "http_port", "ms", "https_port"}))
      set_monitoring(one);
    else if (any_of(one.name, {"D", "debug"}))
      set_level(one, log_level::debug, on);
    else if (any_of(one.name, {"V", "trace", "DV", "VV", "DVV"}))
      set_trace(one, on);
    else if (any_of(one.name, {"tls", "tlsverify", "tlscert", "tlskey", "tlscacert"}))
      set_tls(one, on);
    else if (any_of(one.name, {"cluster", "cluster_listen"}))
      set_cluster(one);
    else if (one.name == "routes")
      set_routes(one);
  }

  /// A URL without a user takes the file's authorization away; an empty one the listener.
  void set_cluster(const flag_setting& one) {
    auto& cluster = to_.out.cluster;
    note("cluster.port", one);
    if (one.text.empty()) {
      cluster.port = 0;
      return;
    }
    auto text = one.text;
    bool any_port = text.ends_with(":-1");
    if (any_port)
      text.resize(text.size() - 3);
    auto [url, wrong] = parse_peer_url(text);
    if (wrong.empty() && url.port == 0 && !any_port)
      wrong = "it names no port";
    if (wrong.empty() && !url.user.empty() && url.password.empty())
      wrong = "expected cluster password to be set";
    if (!wrong.empty()) {
      to_.found.errors.push_back(typed(one) + " \"" + without_user(one.text) + "\": " + wrong);
      return;
    }
    note("cluster.host", one);
    cluster.host = url.host;
    cluster.port = any_port ? -1 : url.port;
    cluster.authorization.user = url.user;
    cluster.authorization.password = url.password;
  }

  void set_routes(const flag_setting& one) {
    auto& routes = to_.out.cluster.routes;
    routes.clear();
    note("cluster.routes", one);
    for (std::string_view rest = one.text; !rest.empty();) {
      auto end = std::min(rest.find(','), rest.size());
      auto [url, wrong] = parse_peer_url(rest.substr(0, end));
      if (wrong.empty() && url.port == 0)
        wrong = "it names no port";
      if (wrong.empty())
        routes.push_back(std::move(url));
      else
        to_.found.errors.push_back(typed(one) + ": error parsing route url [\""
                                   + without_user(rest.substr(0, end)) + "\"]: " + wrong);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  void set_monitoring(const flag_setting& one) {
    to_.out.monitoring.port = static_cast<int>(number_of(one.text));
    to_.out.monitoring.https = any_of(one.name, {"ms", "https_port"});
    note("monitoring.port", one);
    note("monitoring.https", one);
  }

  void set_level(const flag_setting& one, log_level level, bool on) {
    auto& now = to_.out.logging.level;
    if (on && now > level)
      now = level;
    else if (!on && now == level)
      now = log_level::info;
    note("logging.level", one);
  }

  void set_trace(const flag_setting& one, bool on) {
    set_level(one, log_level::trace, on);
    if (any_of(one.name, {"VV", "DVV"}) && on) {
      to_.out.logging.trace_system_account = true;
      note("logging.trace_system_account", one);
    }
  }

  void set_tls(const flag_setting& one, bool on) {
    tls_.given = true;
    if (one.name == "tls")
      tls_.off = !on;
    else if (one.name == "tlsverify")
      tls_.verify = on;
    else
      (one.name == "tlscert" ? tls_.cert : one.name == "tlskey" ? tls_.key : tls_.ca) = one.text;
    note(one.name == "tls"         ? "listen.tls"
         : one.name == "tlsverify" ? "listen.tls.verify"
         : one.name == "tlscert"   ? "listen.tls.cert_file"
         : one.name == "tlskey"    ? "listen.tls.key_file"
                                   : "listen.tls.ca_file",
         one);
  }

  reading& to_;
  tls_flags tls_;
};

} // namespace

void apply_flags(const std::vector<flag_setting>& settings, reading& to) {
  flag_writer writer{to};
  for (auto& one : settings)
    writer.apply(one);
  writer.finish();
}

} // namespace troupe::config
