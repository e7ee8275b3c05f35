// security/password.cpp: bcrypt by libxcrypt, plain text by digests in constant time.
#include "security/password.hpp"

#include "security/sodium.hpp"

#include <crypt.h>
#include <sodium.h>

#include <array>
#include <memory>
#include <string>

namespace troupe::security {
namespace {

using digest = std::array<unsigned char, crypto_generichash_BYTES>;

digest digest_of(std::string_view text) {
  digest out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return out;
}

/// Digests have one length, so neither the place of a difference nor a length decides the time.
bool same_text(std::string_view a, std::string_view b) {
  auto x = digest_of(a);
  auto y = digest_of(b);
  return sodium_memcmp(x.data(), y.data(), x.size()) == 0;
}

bool matches_bcrypt(std::string_view stored, std::string_view given) {
  constexpr size_t bcrypt_reads = 72;
  std::string key{given.substr(0, bcrypt_reads)};
  if (key.find('\0') != key.npos)
    return false;                             // crypt_r would compare no further than here
  auto work = std::make_unique<crypt_data>(); // 32 KiB: not for a stack
  const char* hash = crypt_r(key.c_str(), std::string{stored}.c_str(), work.get());
  bool same = hash != nullptr && hash[0] != '*' && same_text(hash, stored);
  sodium_memzero(work.get(), sizeof *work);
  sodium_memzero(key.data(), key.size());
  return same;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

} // namespace

bool is_bcrypt(std::string_view stored) noexcept {
  return stored.size() >= 7 && stored.starts_with("$2")
         && std::string_view{"abxy"}.find(stored[2]) != std::string_view::npos && stored[3] == '$'
         && is_digit(stored[4]) && is_digit(stored[5]) && stored[6] == '$';
}

bool is_expensive(std::string_view stored) noexcept {
  return is_bcrypt(stored);
}

bool matches(std::string_view stored, std::string_view given) {
  start_sodium();
  return is_bcrypt(stored) ? matches_bcrypt(stored, given) : same_text(stored, given);
}

} // namespace troupe::security
