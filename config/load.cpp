// config/load.cpp: chooses the front end, then flags, origins and rules.
#include "config/load.hpp"
#include "config/choria_options.hpp"
#include "config/link_rules.hpp"
#include "config/nats_format.hpp"
#include "config/nats_options.hpp"
#include "config/registry.hpp"
#include "config/rules.hpp"
#include "config/tls_options.hpp"
#include "config/yaml_format.hpp"
#include "config/yaml_options.hpp"

namespace troupe::config {

namespace {

constexpr std::string_view blanks = " \t\r";

/// With nothing said, nobody but this machine may connect.
void embed_default(options& out) {
  out.client.host = "127.0.0.1";
  out.client.port = 4222;
  out.monitoring.host = "127.0.0.1";
  out.monitoring.port = 8222;
  out.embedded_default = true;
}

void read_nats(const std::string& text, const load_request& request, load_result& result,
               reading& to) {
  nats_sources sources{request.around.read_file, request.around.variable};
  auto [root, error] = parse_nats(text, request.file, sources);
  if (!error.empty()) {
    to.found.errors.push_back(request.file + ": " + error);
    return;
  }
  result.empty = root.members.empty();
  to.out.config_digest = digest(root);
  read_nats_options(root, to);
}

void read_yaml(const std::string& text, const load_request& request, load_result& result,
               reading& to) {
  auto [root, error] = parse_yaml(text, request.file);
  if (!error.empty()) {
    to.found.errors.push_back(error);
    return;
  }
  result.empty = root.members.empty();
  to.out.config_digest = digest(root);
  read_yaml_options(root, to);
}

/// Choria's files are digested as a map of keys to texts, plugin.d and environment included.
void read_choria(const std::string& text, const load_request& request, load_result& result,
                 reading& to) {
  auto settings = gather_choria(text, request.file, request.around, to.found);
  result.empty = settings.empty();
  std::map<std::string, std::string> last;
  for (auto& one : settings)
    last[one.key] = one.text;
  value root;
  root.kind = value::type::map;
  for (auto& [key, said] : last) {
    root.members.push_back({key, {}, {}, false});
    root.members.back().val.text = said;
  }
  to.out.config_digest = digest(root);
  read_choria_options(settings, request.file, request.around, to);
}

void read_file(const load_request& request, load_result& result, reading& to) {
  auto text = request.around.read_file(request.file);
  if (!text) {
    to.found.errors.push_back(fault_of_file(request.around, request.file));
    return;
  }
  to.out.config_file = request.file;
  if (result.used == front_end::automatic)
    result.used = front_end_of(request.file, *text);
  switch (result.used) {
  case front_end::automatic:
  case front_end::nats: read_nats(*text, request, result, to); return;
  case front_end::yaml: read_yaml(*text, request, result, to); return;
  case front_end::choria: read_choria(*text, request, result, to); return;
  }
}

/// The pair and the authorities are opened here, so that a typing mistake is found before a start.
void check_tls_files(const load_request& request, const std::string& path,
                     const std::optional<security::tls_settings>& tls, findings& found) {
  if (!tls)
    return;
  auto check = [&](std::string_view option, const std::string& file) {
    if (file.empty() || request.around.read_file(file))
      return;
    auto* from = found.origin_of(path + "." + std::string{option});
    auto place = from == nullptr ? std::string{} : from->place + ": ";
    found.errors.push_back(place + std::string{option} + ": "
                           + fault_of_file(request.around, file));
  };
  check("cert_file", tls->cert_file);
  check("key_file", tls->key_file);
  check("ca_file", tls->ca_file);
}

void check_credentials(const load_request& request, const leaf_remote& remote, findings& found) {
  if (remote.credentials.empty() || request.around.read_file(remote.credentials))
    return;
  auto* from = found.origin_of("leafnodes.remotes");
  found.errors.push_back((from == nullptr ? std::string{} : from->place + ": ")
                         + "credentials: " + fault_of_file(request.around, remote.credentials));
}

/// What other front ends refuse and nats-server does not.
void check_nats(load_result& result, const findings& found) {
  check_nats_link_rules(result.opts, found, result.rules);
  check_own_link_rules(result.opts, found, result.doubts);
}

std::vector<origin> all_origins(const load_result& result, const findings& found) {
  std::vector<origin> all;
  auto add = [&](std::string key) {
    auto* known = found.origin_of(key);
    auto unsaid = result.opts.embedded_default ? "embedded default" : "default";
    all.push_back(known != nullptr ? *known : origin{key, unsaid, key});
  };
  for (auto& entry : registry())
    add(std::string{entry.key});
  auto add_tls = [&](const std::string& path, const auto& tls) {
    if (tls)
      for (auto& entry : tls_registry())
        add(path + "." + std::string{entry.key});
  };
  add_tls("listen.tls", result.opts.client.tls);
  add_tls("cluster.tls", result.opts.cluster.tls);
  add_tls("gateway.tls", result.opts.gateway.tls);
  add_tls("leafnodes.tls", result.opts.leafnodes.tls);
  add_tls("websocket.tls", result.opts.websocket.tls);
  for (auto* key :
       {"listen.tls.handshake_order", "cluster.tls.handshake_order", "cluster.routes",
        "cluster.permissions", "gateway.gateways", "gateway.tls.handshake_order",
        "leafnodes.tls.handshake_order", "leafnodes.remotes", "websocket.tls.handshake_order",
        "leafnodes.authorization.users", "authorization.users", "authorization.default_permissions",
        "authorization.auth_callout", "accounts"})
    if (found.origin_of(key) != nullptr)
      add(key);
  return all;
}

} // namespace

front_end front_end_of(std::string_view file, std::string_view text) {
  if (file.ends_with(".yaml") || file.ends_with(".yml"))
    return front_end::yaml;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    if (line.starts_with("plugin.") && line.find('=') != line.npos)
      return front_end::choria;
  }
  return front_end::nats;
}

load_result load(const load_request& request) {
  load_result result;
  findings found;
  reading to{result.opts, found};
  result.used = request.front;
  if (!request.file.empty())
    read_file(request, result, to);
  else if (request.front == front_end::nats)
    result.opts.logging.format = log_format::nats;
  else
    embed_default(result.opts);
  apply_flags(request.flags, to);
  if (result.used != front_end::choria) { // which has told all three in one sentence
    check_tls_files(request, "listen.tls", result.opts.client.tls, found);
    check_tls_files(request, "cluster.tls", result.opts.cluster.tls, found);
    check_tls_files(request, "gateway.tls", result.opts.gateway.tls, found);
    check_tls_files(request, "leafnodes.tls", result.opts.leafnodes.tls, found);
    check_tls_files(request, "websocket.tls", result.opts.websocket.tls, found);
    for (auto& remote : result.opts.gateway.remotes)
      check_tls_files(request, "gateway.gateways.tls", remote.tls, found);
    for (auto& remote : result.opts.leafnodes.remotes) {
      check_tls_files(request, "leafnodes.remotes.tls", remote.tls, found);
      check_credentials(request, remote, found);
    }
  }
  if (result.used != front_end::nats)
    check_own_rules(result.opts, found, result.rules);
  else
    check_nats(result, found);
  check_rules(result.opts, found, result.rules);
  result.origins = all_origins(result, found);
  result.inactive = std::move(found.inactive);
  result.warnings = std::move(found.warnings);
  result.errors = std::move(found.errors);
  return result;
}

std::vector<std::string> check_lines(const load_result& result, std::string_view file) {
  auto lines = result.errors;
  lines.insert(lines.end(), result.warnings.begin(), result.warnings.end());
  if (result.empty && lines.empty())
    lines.push_back(std::string{file} + ": config has no values or is empty");
  return lines;
}

} // namespace troupe::config
