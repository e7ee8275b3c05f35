// protocol/subject_hash.cpp: where the seed of all subject hashes comes from.
#include "protocol/subject_hash.hpp"

#include <random>

namespace troupe::protocol {
namespace {

uint64_t draw_seed() {
  std::random_device source;
  return (uint64_t{source()} << 32) | source();
}

} // namespace

uint64_t hash_seed() noexcept {
  static const uint64_t seed = draw_seed();
  return seed;
}

} // namespace troupe::protocol
