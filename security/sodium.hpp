// security/sodium.hpp: starts libsodium before its first use.
#pragma once

namespace troupe::security {

/// Safe to call from any thread, any number of times. Ends the process if libsodium cannot start,
/// because nothing here is safe without its random numbers.
void start_sodium();

} // namespace troupe::security
