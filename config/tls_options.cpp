// config/tls_options.cpp: reads a TLS block and says what is wrong with it.
#include "config/tls_options.hpp"
#include "config/closest.hpp"
#include "config/duration.hpp"
#include "config/words.hpp"

#include <algorithm>
#include <array>

namespace troupe::config {

namespace {

using tls = security::tls_settings&;

const auto table = std::to_array<tls_entry>({
    {"cert_file", unit::text, [](tls t) -> field { return &t.cert_file; },
     "PEM certificate (chain)"},
    {"key_file", unit::text, [](tls t) -> field { return &t.key_file; }, "PEM private key"},
    {"ca_file", unit::text, [](tls t) -> field { return &t.ca_file; },
     "PEM bundle that verifies peers"},
    {"verify", unit::flag, [](tls t) -> field { return &t.verify; }, "demand a client certificate"},
    {"verify_if_given", unit::flag, [](tls t) -> field { return &t.verify_if_given; },
     "verify a client certificate only if one is presented", true},
    {"verify_and_map", unit::flag, [](tls t) -> field { return &t.verify_and_map; },
     "take the user from the certificate; implies verify"},
    {"insecure", unit::flag, [](tls t) -> field { return &t.insecure; },
     "when dialling out: do not check the peer"},
    {"timeout", unit::seconds, [](tls t) -> field { return &t.timeout; }, "limit for a handshake"},
    {"min_version", unit::text, [](tls t) -> field { return &t.min_version; },
     "\"1.2\" or \"1.3\""},
    {"cipher_suites", unit::list, [](tls t) -> field { return &t.cipher_suites; }, "Go names"},
    {"curve_preferences", unit::list, [](tls t) -> field { return &t.curve_preferences; },
     "Go names"},
    {"pinned_certs", unit::list, [](tls t) -> field { return &t.pinned_certs; },
     "SHA-256 of the public key info of peers, 64 hex digits each"},
    {"connection_rate_limit", unit::count, [](tls t) -> field { return &t.connection_rate_limit; },
     "handshakes per second; 0: no limit"},
});

constexpr std::array<std::string_view, 4> handshake_names{"handshake_first", "first", "immediate",
                                                          "handshake_order"};
constexpr std::array<std::string_view, 10> inactive_names{"verify_cert_and_check_known_urls",
                                                          "allow_insecure_cipher_suites",
                                                          "cert_store",
                                                          "cert_match_by",
                                                          "cert_match",
                                                          "ca_certs_match",
                                                          "cert_match_skip_invalid",
                                                          "ocsp_peer",
                                                          "certs",
                                                          "certificates"};

bool is_pin(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string in_tls(std::string_view text) {
  return "error parsing tls config, " + std::string{text};
}

/// `true`, `false`, `auto`, or how long the server waits for the client's hello.
std::string read_handshake_order(const value& val, security::tls_settings& out) {
  using security::handshake_order;
  auto word = lower(val.text);
  if (val.kind == value::type::boolean || word == "true" || word == "false") {
    bool first = val.kind == value::type::boolean ? val.boolean : word == "true";
    out.order = first ? handshake_order::tls_first : handshake_order::info_first;
    return {};
  }
  out.order = handshake_order::automatic;
  if (val.kind == value::type::text && word == "auto")
    return {};
  auto [span, error] = parse_duration(val.kind == value::type::text ? val.text : "");
  out.first_fallback = span;
  if (error.empty())
    return {};
  return "field \"handshake_first\"'s value " + describe(val) + " is invalid";
}

/// Several pairs are a matter of the future; the first one serves.
void read_certificates(const member& one, security::tls_settings& out, findings& found) {
  for (auto& pair : one.val.items)
    for (auto& file : pair.members) {
      bool known = file.key == "cert_file" || file.key == "key_file";
      if (!known || file.val.kind != value::type::text)
        found.error(file.where, in_tls("each entry of '" + one.key
                                       + "' holds cert_file and key_file, both text"));
      else if (&pair == &one.val.items.front())
        (file.key == "cert_file" ? out.cert_file : out.key_file) = file.val.text;
    }
  if (one.val.items.size() > 1)
    found.note_inactive("tls." + one.key + " beyond the first", to_string(one.where));
}

void check_block(const security::tls_settings& out, const member& one, findings& found) {
  auto key = lower(one.key);
  if (key == "min_version" && out.min_version != "1.2" && out.min_version != "1.3")
    found.error(one.where,
                "error parsing tls config: unsupported TLS version: TLS " + out.min_version);
  if ((key == "cipher_suites" || key == "curve_preferences") && one.val.items.empty()
      && one.val.kind == value::type::list)
    found.error(one.where, in_tls("'" + key + "' cannot be empty"));
  if (key == "pinned_certs")
    for (auto& pin : out.pinned_certs)
      if (!is_pin(pin))
        found.error(one.where, in_tls("'pinned_certs' key " + pin
                                      + " does not look like hex-encoded sha256 of DER encoded "
                                        "SubjectPublicKeyInfo"));
}

std::string unknown_key(const member& one, dialect from) {
  if (from == dialect::nats)
    return in_tls("unknown field \"" + lower(one.key) + "\"");
  std::vector<std::string_view> known;
  for (auto& entry : table)
    known.push_back(entry.key);
  known.push_back("handshake_order");
  return "unknown key \"" + one.key + "\"" + did_you_mean(one.key, known);
}

std::string assign_entry(const tls_entry& entry, const member& one, security::tls_settings& out,
                         dialect from) {
  auto result = assign(entry.at(out), entry.kind, "tls." + std::string{entry.key}, one.val, from);
  if (result.error.empty() || from == dialect::yaml)
    return result.error;
  if (entry.kind == unit::flag)
    return in_tls("expected '" + std::string{entry.key} + "' to be a boolean");
  if (entry.key == "timeout" && one.val.kind == value::type::text)
    return in_tls("'timeout' " + parse_duration(one.val.text).error);
  return result.error;
}

} // namespace

std::span<const tls_entry> tls_registry() {
  return table;
}

security::tls_settings read_tls(const value& block, const place& where, std::string_view path,
                                dialect from, findings& found) {
  security::tls_settings out;
  if (block.kind != value::type::map) {
    found.error(where, "tls must be a map of settings, not " + describe(block));
    return out;
  }
  for (auto& one : block.members) {
    auto key = from == dialect::nats ? lower(one.key) : one.key;
    auto entry =
        std::find_if(table.begin(), table.end(), [&](auto& row) { return row.key == key; });
    std::string error;
    if (entry != table.end() && !(entry->yaml_only && from == dialect::nats)) {
      error = assign_entry(*entry, one, out, from);
      auto option = std::string{path} + "." + key;
      found.note_origin(option, from == dialect::yaml ? option : one.key, to_string(one.where));
      if (error.empty())
        check_block(out, one, found);
    } else if (std::find(handshake_names.begin(), handshake_names.end(), key)
               != handshake_names.end()) {
      error = read_handshake_order(one.val, out);
      found.note_origin(std::string{path} + ".handshake_order", one.key, to_string(one.where));
    } else if (from == dialect::nats && (key == "certs" || key == "certificates")) {
      read_certificates(one, out, found);
    } else if (from == dialect::nats
               && std::find(inactive_names.begin(), inactive_names.end(), key)
                      != inactive_names.end()) {
      bool keeps_out = key == "ocsp_peer"
                       || (key == "verify_cert_and_check_known_urls"
                           && !(one.val.kind == value::type::boolean && !one.val.boolean));
      found.note_inactive("tls." + one.key, to_string(one.where), keeps_out);
    } else if (!one.used_as_variable) {
      error = unknown_key(one, from);
    }
    if (!error.empty())
      found.error(one.where, error);
  }
  if (out.cert_file.empty() != out.key_file.empty())
    found.error(where, out.cert_file.empty() ? "missing 'cert_file' in TLS configuration"
                                             : "missing 'key_file' in TLS configuration");
  return out;
}

} // namespace troupe::config
