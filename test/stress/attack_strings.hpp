// test/stress/attack_strings.hpp: byte strings that no honest client sends.
#pragma once
#include <random>
#include <string>

namespace troupe::stress {

/// A mutated dialogue, garbage, sizes that lie, another protocol: whatever `random` says.
std::string attack_string(std::mt19937_64& random);

} // namespace troupe::stress
