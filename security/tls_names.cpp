// security/tls_names.cpp: the two tables of names.
#include "security/tls_names.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace troupe::security {
namespace {

struct translation {
  std::string_view known;
  std::string_view openssl;
};

constexpr std::array<translation, 3> suites13{{
    {"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
    {"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
    {"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
}};

/// RC4 and 3DES are missing on purpose: broken, and OpenSSL no longer offers them.
constexpr std::array<translation, 19> suites12{{
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
}};

constexpr std::array<translation, 5> curves{{
    {"X25519", "X25519"},
    {"CurveP256", "P-256"},
    {"CurveP384", "P-384"},
    {"CurveP521", "P-521"},
    {"X25519MLKEM768", "X25519MLKEM768"}, // since OpenSSL 3.5; older ones refuse the list
}};

const translation* find(std::span<const translation> table, std::string_view name) {
  auto at = std::find_if(table.begin(), table.end(), [&](auto& t) { return t.known == name; });
  return at == table.end() ? nullptr : &*at;
}

void append(std::string& list, std::string_view item) {
  if (!list.empty())
    list += ':';
  list += item;
}

void name_known(std::string& out, std::span<const translation> table) {
  for (const auto& t : table) {
    out += out.ends_with(" are ") ? "" : ", ";
    out += t.known;
  }
}

} // namespace

cipher_lists translate_cipher_suites(const std::vector<std::string>& names, std::string_view where,
                                     std::vector<std::string>& problems) {
  cipher_lists out;
  for (const auto& name : names) {
    if (const auto* t = find(suites13, name)) {
      append(out.tls13, t->openssl);
    } else if (const auto* old = find(suites12, name)) {
      append(out.tls12, old->openssl);
    } else {
      auto text = std::string{where} + ": cipher_suites: unknown \"" + name + "\"; known are ";
      name_known(text, suites13);
      name_known(text, suites12);
      problems.push_back(std::move(text));
    }
  }
  return out;
}

std::string translate_curves(const std::vector<std::string>& names, std::string_view where,
                             std::vector<std::string>& problems) {
  std::string out;
  for (const auto& name : names) {
    if (const auto* t = find(curves, name)) {
      append(out, t->openssl);
    } else {
      auto text = std::string{where} + ": curve_preferences: unknown \"" + name + "\"; known are ";
      name_known(text, curves);
      problems.push_back(std::move(text));
    }
  }
  return out;
}

} // namespace troupe::security
