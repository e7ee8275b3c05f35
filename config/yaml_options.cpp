// config/yaml_options.cpp: reads Troupe's own YAML.
#include "config/yaml_options.hpp"
#include "config/account_options.hpp"
#include "config/address.hpp"
#include "config/authorization_options.hpp"
#include "config/closest.hpp"
#include "config/cluster_options.hpp"
#include "config/gateway_options.hpp"
#include "config/leafnode_options.hpp"
#include "config/registry.hpp"
#include "config/tls_options.hpp"
#include "config/websocket_options.hpp"
#include "config/words.hpp"

#include <array>

namespace troupe::config {

namespace {

constexpr std::array<std::string_view, 9> sections{"fleet",   "listen",        "limits",
                                                   "timing",  "authorization", "monitoring",
                                                   "logging", "operator",      "resolver"};

template <size_t N>
bool is_one_of(std::string_view key, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

/// Every key that may stand inside `section`; "" is the top level.
std::vector<std::string_view> known_keys(std::string_view section) {
  std::vector<std::string_view> result;
  for (auto& entry : registry()) {
    auto dot = entry.key.find('.');
    auto owner = dot == entry.key.npos ? std::string_view{} : entry.key.substr(0, dot);
    if (owner == section)
      result.push_back(dot == entry.key.npos ? entry.key : entry.key.substr(dot + 1));
  }
  if (section.empty()) {
    result.insert(result.end(), sections.begin(), sections.end());
    result.push_back("accounts");
    for (auto* block : {"cluster", "gateway", "leafnodes", "websocket"})
      result.emplace_back(block);
    result.push_back("mappings");
  } else if (section == "listen" || section == "resolver") {
    result.push_back("tls");
  }
  return result;
}

class yaml_binder {
public:
  explicit yaml_binder(reading& to) : to_{to} {}

  void read(const value& root) {
    place users;
    for (auto& one : root.members) {
      if (any_of(one.key, {"authorization", "accounts"}))
        users = one.where;
      read_top(one);
    }
    refuse_duplicate_users(users, to_);
  }

private:
  void read_top(const member& one) {
    if (auto* entry = find_option(one.key); entry != nullptr && one.key.find('.') == one.key.npos)
      read_scalar(*entry, one);
    else if (one.key == "authorization")
      read_authorization(one.val, one.where, dialect::yaml, to_);
    else if (one.key == "accounts")
      read_accounts(one, dialect::yaml, to_);
    else if (one.key == "cluster")
      read_cluster(one, dialect::yaml, to_);
    else if (one.key == "gateway")
      read_gateway(one, dialect::yaml, to_);
    else if (one.key == "leafnodes")
      read_leafnodes(one, dialect::yaml, to_);
    else if (one.key == "websocket")
      read_websocket(one, dialect::yaml, to_);
    else if (one.key == "mappings")
      read_global_mappings(one, dialect::yaml, to_);
    else if (is_one_of(one.key, sections))
      read_section(one);
    else
      unknown(one, "");
  }

  void unknown(const member& one, std::string_view section) {
    auto known = known_keys(section);
    std::string inside = section.empty() ? "" : " in " + std::string{section};
    to_.found.error(one.where,
                    "unknown key \"" + one.key + "\"" + inside + did_you_mean(one.key, known));
  }

  void read_scalar(const option_entry& entry, const member& one) {
    auto result = assign(entry.at(to_.out), entry.kind, entry.key, one.val, dialect::yaml);
    if (!result.error.empty())
      to_.found.error(one.where, result.error);
    to_.found.note_origin(entry.key, entry.key, to_string(one.where));
  }

  void read_section(const member& section) {
    bool addressed = any_of(section.key, {"listen", "monitoring"});
    if (section.val.is_scalar() && addressed) {
      read_address(section);
      return;
    }
    if (section.val.kind != value::type::map) {
      to_.found.error(section.where,
                      section.key + " must be a map of settings, not " + describe(section.val));
      return;
    }
    for (auto& one : section.val.members) {
      if (section.key == "listen" && one.key == "tls")
        to_.out.client.tls = read_tls(one.val, one.where, "listen.tls", dialect::yaml, to_.found);
      else if (section.key == "resolver" && one.key == "tls")
        to_.out.operators.resolver_tls =
            read_tls(one.val, one.where, "resolver.tls", dialect::yaml, to_.found);
      else if (auto* entry = find_option(section.key + "." + one.key))
        read_scalar(*entry, one);
      else
        unknown(one, section.key);
    }
  }

  /// `listen: 127.0.0.1:4222`, `monitoring: 8222`, `monitoring: off`.
  void read_address(const member& section) {
    bool clients = section.key == "listen";
    auto& text = section.val.text;
    if (!clients && section.val.plain && any_of(lower(text), {"off", "false", "no"})) {
      to_.out.monitoring.port = 0;
      return;
    }
    bool only_port = !text.empty() && text.find_first_not_of("-0123456789") == text.npos;
    auto [address, error] = parse_address(only_port ? ":" + text : text);
    if (!error.empty()) {
      to_.found.error(section.where, section.key + " must be host:port or a port: " + error);
      return;
    }
    auto& host = clients ? to_.out.client.host : to_.out.monitoring.host;
    host = only_port || address.host.empty() ? host : address.host;
    (clients ? to_.out.client.port : to_.out.monitoring.port) = address.port;
    for (auto* part : {".host", ".port"})
      to_.found.note_origin(section.key + part, section.key, to_string(section.where));
  }

  reading& to_;
};

} // namespace

void read_yaml_options(const value& root, reading& to) {
  yaml_binder{to}.read(root);
}

} // namespace troupe::config
