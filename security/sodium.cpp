// security/sodium.cpp: starts libsodium once.
#include "security/sodium.hpp"

#include <sodium.h>

#include <cstdlib>

namespace troupe::security {

void start_sodium() {
  static const int started = sodium_init();
  if (started < 0)
    std::abort();
}

} // namespace troupe::security
