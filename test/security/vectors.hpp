// test/security/vectors.hpp: what the NATS project's own libraries wrote, by name.
#pragma once

#include "security/key_pair.hpp"

#include <string>

namespace troupe::security::test {

/// A text of vectors.json; throws if there is none of this name.
const std::string& vector(const std::string& name);
/// The pair of the seed of this name.
key_pair pair(const std::string& name);

} // namespace troupe::security::test
