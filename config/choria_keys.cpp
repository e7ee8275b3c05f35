// config/choria_keys.cpp: the table of Choria's keys (choria-broker.md sections 3, 8, 9, 10).
#include "config/choria_keys.hpp"
#include "config/duration.hpp"
#include "config/size.hpp"
#include "config/words.hpp"

#include <array>

namespace troupe::config {

namespace {

using enum choria_kind;
constexpr auto served = choria_use::served;
constexpr auto later = choria_use::later;
constexpr auto restricts = choria_use::restricts;
constexpr auto ignored = choria_use::ignored;

constexpr auto table = std::to_array<choria_key>({
    {"identity", text, served},
    {"logfile", path, served},
    {"loglevel", level, served},
    {"plugin.troupe.audit_file", path, served},
    {"plugin.troupe.ports_file_dir", path, served},
    {"soft_shutdown_timeout", number, served},
    {"collectives", list, ignored},
    {"main_collective", text, ignored},
    {"registration_collective", text, ignored},
    {"plugin.choria.broker_network", flag, served},
    {"plugin.choria.broker_federation", flag, later},
    {"plugin.choria.adapters", list, later},
    {"plugin.choria.stats_port", number, served},
    {"plugin.choria.stats_address", text, served},
    {"plugin.choria.legacy_lifecycle_format", flag, later},
    {"plugin.choria.network.soft_shutdown_timeout", number, served},

    {"plugin.choria.network.listen_address", text, served},
    {"plugin.choria.network.client_port", number, served},
    {"plugin.choria.network.public_url", text, served},
    {"plugin.choria.network.client_hosts", list, served},
    {"plugin.choria.network.deny_server_connections", flag, served},
    {"plugin.choria.network.write_deadline", duration, served},
    {"plugin.choria.network.tls_timeout", duration, served},
    {"plugin.choria.network.auth_timeout", duration, served},
    {"plugin.choria.network.connect_timeout", duration, ignored},
    {"plugin.choria.network.client_tls_force_required", flag, served},
    {"plugin.choria.network.client_tls_disable", flag, served},
    {"plugin.choria.network.websocket_port", number, served},
    {"plugin.choria.network.websocket_advertise", text, served},
    {"plugin.choria.network.pprof_port", number, later},
    {"plugin.choria.network.mapping.names", list, later},
    {"plugin.choria.network.mapping.*.source", text, later},
    {"plugin.choria.network.mapping.*.destination", text, later},
    {"plugin.choria.network.max_clients", number, served},
    {"plugin.choria.network.handshake_concurrency", number, served},
    {"plugin.choria.network.lame_duck_duration", duration, served},
    {"plugin.choria.network.client_certname_patterns", list, restricts},

    {"plugin.security.provider", provider, served},
    {"plugin.security.file.certificate", path, served},
    {"plugin.security.file.key", path, served},
    {"plugin.security.file.ca", path, served},
    {"plugin.security.file.cache", path, ignored},
    {"plugin.security.always_overwrite_cache", flag, ignored},
    {"plugin.choria.ssldir", path, served},
    {"plugin.security.cipher_suites", list, served},
    {"plugin.security.ecc_curves", list, served},
    {"plugin.security.support_legacy_certificates", flag, ignored},
    {"plugin.security.choria.certificate", path, served},
    {"plugin.security.choria.key", path, served},
    {"plugin.security.choria.ca", path, served},
    {"plugin.security.choria.token_file", path, ignored},
    {"plugin.security.choria.seed_file", path, ignored},
    {"plugin.security.choria.trusted_signers", list, restricts},
    {"plugin.security.issuer.names", list, restricts},
    {"plugin.security.issuer.*.public", text, restricts},
    {"plugin.choria.security.certname_whitelist", list, ignored},
    {"plugin.choria.security.privileged_users", list, ignored},
    {"plugin.nats.user", text, ignored},
    {"plugin.nats.pass", text, ignored},
    {"plugin.nats.credentials", path, ignored},

    {"plugin.choria.network.peers", list, served},
    {"plugin.choria.network.peer_port", number, served},
    {"plugin.choria.network.peer_user", text, served},
    {"plugin.choria.network.peer_password", text, served},

    {"plugin.choria.network.gateway_port", number, served},
    {"plugin.choria.network.gateway_name", text, served},
    {"plugin.choria.network.gateway_remotes", list, served},
    {"plugin.choria.network.gateway_remote.*.urls", list, served},
    {"plugin.choria.network.gateway_remote.*.tls.cert", path, served},
    {"plugin.choria.network.gateway_remote.*.tls.key", path, served},
    {"plugin.choria.network.gateway_remote.*.tls.ca", path, served},
    {"plugin.choria.network.gateway_remote.*.tls.disable", text, served},
    {"plugin.choria.network.gateway_remote.*.tls.verify", text, served},

    {"plugin.choria.network.leafnode_port", number, served},
    {"plugin.choria.network.leafnode_remotes", list, served},
    {"plugin.choria.network.leafnode_default_account", text, served},
    {"plugin.choria.network.leafnode_client_template", text, served},
    {"plugin.choria.network.leafnode_remote.*.url", list, served},
    {"plugin.choria.network.leafnode_remote.*.credentials", path, served},
    {"plugin.choria.network.leafnode_remote.*.credential", path, served},
    {"plugin.choria.network.leafnode_remote.*.account", text, served},
    {"plugin.choria.network.leafnode_remote.*.tls.cert", path, served},
    {"plugin.choria.network.leafnode_remote.*.tls.key", path, served},
    {"plugin.choria.network.leafnode_remote.*.tls.ca", path, served},
    {"plugin.choria.network.leafnode_remote.*.tls.disable", text, served},
    {"plugin.choria.network.leafnode_remote.*.tls.verify", text, served},

    {"plugin.choria.network.operator_account", text, served},
    {"plugin.choria.network.system_account", text, served},
    {"plugin.choria.network.system.user", text, later},
    {"plugin.choria.network.system.password", text, later},
    {"plugin.choria.network.client_signer_cert", list, restricts},
    {"plugin.choria.network.server_signer_cert", list, restricts},
    {"plugin.choria.network.provisioning.client_password", text, later},
    {"plugin.choria.network.provisioning.signer_cert", path, later},
    {"plugin.choria.network.provisioning.provisioner_without_token", flag, later},
    {"plugin.choria.server.provision", flag, ignored},

    {"plugin.choria.network.stream.store", path, later},
    {"plugin.choria.network.stream.*_retention", text, later},
    {"plugin.choria.network.stream.leader_election_ttl", text, later},
    {"plugin.choria.network.stream.*_replicas", number, later},
    {"plugin.choria.network.stream.manage_streams", flag, later},

    {"plugin.choria.middleware_hosts", list, ignored},
    {"plugin.choria.federation_middleware_hosts", list, later},
    {"plugin.choria.use_srv", flag, served},
    {"plugin.choria.srv_domain", text, served},
    {"plugin.choria.federation.cluster", text, later},
    {"plugin.choria.federation.collectives", list, ignored},
    {"plugin.choria.federation.instance", text, ignored},

    {"plugin.choria.adapter.*.type", text, later},
    {"plugin.choria.adapter.*.queue_len", number, later},
    {"plugin.choria.adapter.*.ingest.topic", text, later},
    {"plugin.choria.adapter.*.ingest.protocol", text, later},
    {"plugin.choria.adapter.*.ingest.workers", number, later},
    {"plugin.choria.adapter.*.ingest.credentials", path, later},
    {"plugin.choria.adapter.*.ingest.account_token", number, later},
    {"plugin.choria.adapter.*.stream.servers", list, later},
    {"plugin.choria.adapter.*.stream.topic", text, later},
    {"plugin.choria.adapter.*.stream.workers", number, later},
    {"plugin.choria.adapter.*.stream.clusterid", text, later},
    {"plugin.choria.adapter.*.stream.credentials", path, later},
});

bool fits(std::string_view pattern, std::string_view key) {
  auto star = pattern.find('*');
  if (star == pattern.npos)
    return pattern == key;
  auto tail = pattern.substr(star + 1);
  return key.size() > star + tail.size() && key.starts_with(pattern.substr(0, star))
         && key.ends_with(tail);
}

} // namespace

std::span<const choria_key> choria_keys() {
  return table;
}

const choria_key* find_choria_key(std::string_view key) {
  for (auto& row : table)
    if (fits(row.pattern, key))
      return &row;
  return nullptr;
}

bool is_watched(std::string_view key) {
  return key.starts_with("plugin.choria.network.") || key.starts_with("plugin.choria.federation")
         || key.starts_with("plugin.choria.adapter") || key.starts_with("plugin.security.");
}

std::string_view kind_mismatch(choria_kind kind, std::string_view value) {
  bool digits = !value.empty()
                && value.find_first_not_of("0123456789", value[0] == '-' ? 1 : 0) == value.npos;
  switch (kind) {
  case text:
  case path:
  case list: return {};
  case number: return digits && parse_size(value) ? "" : "a whole number";
  case flag:
    return any_of(lower(value),
                  {"1", "yes", "true", "y", "t", "on", "0", "no", "false", "n", "f", "off"})
               ? ""
               : "yes or no";
  case duration:
    return parse_choria_duration(value).error.empty() ? "" : "a duration such as 10s or 2m";
  case provider:
    return any_of(value, {"puppet", "file", "pkcs11", "certmanager", "choria"})
               ? ""
               : "one of puppet, file, pkcs11, certmanager, choria";
  case level:
    return any_of(value, {"debug", "info", "warn", "error", "fatal"})
               ? ""
               : "one of debug, info, warn, error, fatal";
  }
  return {};
}

} // namespace troupe::config
