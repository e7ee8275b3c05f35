// config/nats_schema.cpp: which keys are known where, for features that are not run yet.
#include "config/nats_schema.hpp"
#include "config/words.hpp"

#include <array>
#include <string_view>

namespace troupe::config {

namespace {

/// The keys of one block: `key` holds anything, `key=block` a map, or a list of maps, that is
/// described by `block`; `*=block` stands for names that the operator chooses.
struct block {
  std::string_view name;
  std::string_view keys;
};

constexpr auto blocks = std::to_array<block>({
    {"tls", "cert_file key_file ca_file certs=pair certificates=pair verify verify_and_map "
            "verify_cert_and_check_known_urls insecure timeout min_version cipher_suites "
            "curve_preferences allow_insecure_cipher_suites connection_rate_limit pinned_certs "
            "handshake_first first immediate cert_store cert_match_by cert_match ca_certs_match "
            "cert_match_skip_invalid ocsp_peer=ocsp_peer"},
    {"pair", "cert_file key_file"},
    {"ocsp_peer", "verify ca_timeout allowed_clockskew cache_ttl_when_next_update_unset warn_only "
                  "unknown_is_good allow_when_ca_unreachable"},
    {"ws_auth", "user username pass password token timeout"},
    {"mqtt",
     "listen port host net tls=tls authorization=ws_auth authentication=ws_auth no_auth_user "
     "ack_wait ackwait js_api_timeout api_timeout max_ack_pending max_ack_pending_per_session "
     "max_pending_ack max_inflight js_domain stream_replicas consumer_replicas "
     "consumer_memory_storage consumer_inactive_threshold consumer_auto_cleanup "
     "reject_qos2_pub reject_qos2_publish downgrade_qos2_sub downgrade_qos2_subscribe"},
    {"jetstream",
     "strict store store_dir storedir max_memory_store max_mem_store max_mem "
     "max_file_store max_file sync sync_interval sync_always domain enable enabled key "
     "ek encryption_key prev_key prev_ek prev_encryption_key cipher extension_hint "
     "limits=any tpm=any unique_tag max_outstanding_catchup max_buffered_size "
     "max_buffered_msgs request_queue_limit info_queue_limit meta_compact "
     "meta_compact_size meta_compact_sync"},
    {"ocsp", "mode url urls"},
    {"ocsp_cache", "type local_store preserve_revoked save_interval"},
    {"proxies", "trusted=trusted_proxy"},
    {"trusted_proxy", "key public_key"},
});

/// Top-level keys, as a block; `!` marks those that would have kept somebody out.
constexpr std::string_view top_level =
    "mqtt=mqtt jetstream=jetstream store_dir storedir default_js_domain=any js_domain "
    "no_system_account no_system no_sys_acc "
    "ocsp=ocsp ocsp_cache=ocsp_cache proxies=proxies proxy_protocol "
    "feature_flags=any prof_port prof_block_rate write_timeout disable_sublist_cache "
    "no_sublist_cache connect_error_reports reconnect_error_reports";

std::string_view keys_of(std::string_view name) {
  for (auto& one : blocks)
    if (one.name == name)
      return one.keys;
  return {};
}

struct known_key {
  bool known = false;
  bool restricts = false;
  std::string_view block; ///< what is below it; empty or "any": not looked at
};

known_key find_key(std::string_view keys, std::string_view name) {
  while (!keys.empty()) {
    auto end = std::min(keys.find(' '), keys.size());
    auto word = keys.substr(0, end);
    keys.remove_prefix(std::min(end + 1, keys.size()));
    bool restricts = word.starts_with('!');
    word.remove_prefix(restricts ? 1 : 0);
    auto equals = word.find('=');
    auto key = word.substr(0, equals);
    if (key == name || key == "*")
      return {true, restricts, equals == word.npos ? "" : word.substr(equals + 1)};
  }
  return {};
}

void check_keys(const value& val, std::string_view block_name, findings& found) {
  auto keys = keys_of(block_name);
  if (keys.empty())
    return;
  for (auto& item : val.items)
    check_keys(item, block_name, found);
  for (auto& one : val.members) {
    auto key = find_key(keys, lower(one.key));
    if (key.known)
      check_keys(one.val, key.block, found);
    else if (!one.used_as_variable)
      found.error(one.where, block_name == "tls"
                                 ? "error parsing tls config, unknown field \"" + one.key + "\""
                                 : "unknown field \"" + one.key + "\"");
  }
}

} // namespace

bool accept_inactive(const member& one, const std::string& key, findings& found) {
  auto known = find_key(top_level, key);
  if (!known.known)
    return false;
  check_keys(one.val, known.block, found);
  found.note_inactive(one.key, to_string(one.where), known.restricts);
  return true;
}

} // namespace troupe::config
