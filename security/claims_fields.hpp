// security/claims_fields.hpp: under which keys claims stand in JSON, for reader and writer alike.
#pragma once

#include "security/claims.hpp"

namespace troupe::security {

// `a(key, value)` reads a field, or writes it unless it is empty; `a.always` writes it in any case;
// `a.extra` keeps what nobody asked for. All keys of an object must be named before `extra`.

template <class Archive>
void fields(Archive& a, permission_list& v) {
  a("allow", v.allow);
  a("deny", v.deny);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, response_claim& v) {
  a.always("max", v.max_messages);
  a.always("ttl", v.ttl);
  a.extra(v.extra);
}

/// Shares its object with others: no `extra`.
template <class Archive>
void fields(Archive& a, permission_claims& v) {
  a("pub", v.publish);
  a("sub", v.subscribe);
  a("resp", v.responses);
}

template <class Archive>
void fields(Archive& a, time_range& v) {
  a("start", v.start);
  a("end", v.end);
  a.extra(v.extra);
}

/// Shares its object with others: no `extra`.
template <class Archive>
void fields(Archive& a, user_limits& v) {
  fields(a, v.permissions);
  a.sources("src", v.sources);
  a("times", v.times);
  a("times_location", v.times_location);
  a("subs", v.subscriptions);
  a("data", v.data);
  a("payload", v.payload);
  a("bearer_token", v.bearer);
  a("proxy_required", v.proxy_required);
  a("allowed_connection_types", v.connection_types);
}

template <class Archive>
void fields(Archive& a, operator_claims& v) {
  a("signing_keys", v.signing_keys);
  a("account_server_url", v.account_server_url);
  a("operator_service_urls", v.service_urls);
  a("system_account", v.system_account);
  a("assert_server_version", v.assert_server_version);
  a("strict_signing_key_usage", v.strict_signing_keys);
  a.extra(v.extra);
}

template <class Archive>
void jetstream_fields(Archive& a, jetstream_limits& v) {
  a("mem_storage", v.memory_storage);
  a("disk_storage", v.disk_storage);
  a("streams", v.streams);
  a("consumer", v.consumers);
  a("max_ack_pending", v.max_ack_pending);
  a("mem_max_stream_bytes", v.memory_max_stream_bytes);
  a("disk_max_stream_bytes", v.disk_max_stream_bytes);
  a("max_bytes_required", v.max_bytes_required);
}

template <class Archive>
void fields(Archive& a, jetstream_limits& v) {
  jetstream_fields(a, v);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, account_limit_claims& v) {
  a("subs", v.subscriptions);
  a("data", v.data);
  a("payload", v.payload);
  a("imports", v.imports);
  a("exports", v.exports);
  a("conn", v.connections);
  a("leaf", v.leafnodes);
  a("wildcards", v.wildcard_exports);
  a("disallow_bearer", v.disallow_bearer);
  jetstream_fields(a, v.jetstream);
  a("tiered_limits", v.tiers);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, latency_claim& v) {
  a.sampling("sampling", v.sampling);
  a.always("results", v.results);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, export_claim& v) {
  a("name", v.name);
  a("subject", v.subject);
  a("type", v.kind);
  a("token_req", v.token_required);
  a("revocations", v.revocations);
  a("response_type", v.response_type);
  a("response_threshold", v.response_threshold);
  a("service_latency", v.latency);
  a("account_token_position", v.account_token_position);
  a("advertise", v.advertise);
  a("allow_trace", v.allow_trace);
  a("description", v.description);
  a("info_url", v.info_url);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, import_claim& v) {
  a("name", v.name);
  a("subject", v.subject);
  a("account", v.account);
  a("token", v.token);
  a("to", v.to);
  a("local_subject", v.local_subject);
  a("type", v.kind);
  a("share", v.share);
  a("allow_trace", v.allow_trace);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, weighted_mapping& v) {
  a.always("subject", v.subject);
  a("weight", v.weight);
  a("cluster", v.cluster);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, callout_claims& v) {
  a("auth_users", v.auth_users);
  a("allowed_accounts", v.allowed_accounts);
  a("xkey", v.xkey);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, trace_claim& v) {
  a("dest", v.destination);
  a("sampling", v.sampling);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, account_claims& v) {
  a("imports", v.imports);
  a("exports", v.exports);
  a("limits", v.limits);
  a.signing_keys("signing_keys", v.signing_keys);
  a("revocations", v.revocations);
  a.nested("default_permissions", [&](auto& inner) {
    fields(inner, v.default_permissions);
    inner.extra(v.default_permissions_extra);
  });
  a("mappings", v.mappings);
  a("authorization", v.callout);
  a("trace", v.trace);
  a("cluster_traffic", v.cluster_traffic);
  a("description", v.description);
  a("info_url", v.info_url);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, user_claims& v) {
  fields(a, v.limits);
  a("issuer_account", v.issuer_account);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, activation_claims& v) {
  a("subject", v.subject);
  a("kind", v.kind);
  a("issuer_account", v.issuer_account);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, server_identity& v) {
  a.always("name", v.name);
  a.always("host", v.host);
  a.always("id", v.id);
  a("version", v.version);
  a("cluster", v.cluster);
  a("tags", v.tags);
  a("xkey", v.xkey);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, client_identity& v) {
  a("host", v.host);
  a("id", v.id);
  a("user", v.user);
  a("name", v.name);
  a("tags", v.tags);
  a("name_tag", v.name_tag);
  a("kind", v.kind);
  a("type", v.type);
  a("mqtt_id", v.mqtt_id);
  a("nonce", v.nonce);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, connect_identity& v) {
  a("jwt", v.jwt);
  a("nkey", v.nkey);
  a("sig", v.signature);
  a("auth_token", v.token);
  a("user", v.user);
  a("pass", v.password);
  a("name", v.name);
  a("lang", v.lang);
  a("version", v.version);
  a.always("protocol", v.protocol);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, client_tls_claim& v) {
  a("version", v.version);
  a("cipher", v.cipher);
  a("certs", v.certificates);
  a("verified_chains", v.verified_chains);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, authorization_request_claims& v) {
  a.always("server_id", v.server);
  a.always("user_nkey", v.user_nkey);
  a.always("client_info", v.client);
  a.always("connect_opts", v.connect);
  a("client_tls", v.tls);
  a("request_nonce", v.request_nonce);
  a.extra(v.extra);
}

template <class Archive>
void fields(Archive& a, authorization_response_claims& v) {
  a("jwt", v.jwt);
  a("error", v.error);
  a("issuer_account", v.issuer_account);
  a.extra(v.extra);
}

template <class Archive>
void standard_fields(Archive& a, standard_claims& v) {
  a("aud", v.audience);
  a("exp", v.expires);
  a("jti", v.id);
  a("iat", v.issued_at);
  a("iss", v.issuer);
  a("name", v.name);
  a("nbf", v.not_before);
  a("sub", v.subject);
}

} // namespace troupe::security
