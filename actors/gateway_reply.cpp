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

mapped_reply* mapped_ways::find(const name& which) const {
  auto found = by_name_.find(which);
  return found == by_name_.end() ? nullptr : found->second;
}

void mapped_ways::add(account_ptr where, mapped_reply_ptr way) {
  by_name_.insert_or_assign({where.get(), way->whose.get(), way->subject_there}, way.get());
  auto end = way->until.load(std::memory_order_relaxed);
  by_end_.push_back({std::move(where), std::move(way), end});
}

mapped_ways::entry mapped_ways::take() {
  auto oldest = std::move(by_end_.front());
  by_end_.pop_front();
  by_name_.erase({oldest.where.get(), oldest.way->whose.get(), oldest.way->subject_there});
  return oldest;
}

std::optional<mapped_ways::entry> mapped_ways::take_ended(loop_clock::time_point now) {
  while (!by_end_.empty() && now >= by_end_.front().end) {
    auto end = by_end_.front().way->until.load(std::memory_order_relaxed);
    if (now >= end)
      return take();
    by_end_.push_back(std::move(by_end_.front()));
    by_end_.pop_front();
    by_end_.back().end = end;
  }
  return std::nullopt;
}

} // namespace troupe::actors
