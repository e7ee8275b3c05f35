// actors/gateway_reply.cpp: what `_GR_` subjects are made of.
#include "actors/gateway_reply.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace troupe::actors {
namespace {

constexpr size_t hash_size = 6;
constexpr size_t prefix_size = mapped_mark.size() + hash_size + 1 + hash_size + 1;

} // namespace

std::string short_hash(std::string_view name, size_t length) {
  constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::array<unsigned char, 32> digest{};
  EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string out;
  for (size_t i = 0; i < std::min(length, digest.size()); ++i)
    out += letters[digest[i] % letters.size()];
  return out;
}

std::optional<reply_address> read_mapped(std::string_view subject) noexcept {
  bool shaped = subject.starts_with(mapped_mark) && subject.size() > prefix_size
                && subject[mapped_mark.size() + hash_size] == '.'
                && subject[prefix_size - 1] == '.';
  if (!shaped)
    return {};
  return reply_address{subject.substr(mapped_mark.size(), hash_size),
                       subject.substr(mapped_mark.size() + hash_size + 1, hash_size),
                       subject.substr(prefix_size)};
}

} // namespace troupe::actors
