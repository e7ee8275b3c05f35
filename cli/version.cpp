// cli/version.cpp: collects the versions that went into this binary.
#include "cli/version.hpp"

#include "cli/build_facts.hpp"

#include <CLI/Version.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

namespace troupe::cli {

std::string version_text() {
  return fmt::format("troupe {} (commit {})\n"
                     "built with {} as {}\n"
                     "CAF {}, {}, nlohmann-json {}.{}.{}, fmt {}.{}.{}, CLI11 {}",
                     build_facts::version, build_facts::commit, build_facts::compiler,
                     build_facts::build_type, build_facts::caf_version,
                     OpenSSL_version(OPENSSL_VERSION), NLOHMANN_JSON_VERSION_MAJOR,
                     NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH, FMT_VERSION / 10000,
                     FMT_VERSION / 100 % 100, FMT_VERSION % 100, CLI11_VERSION);
}

} // namespace troupe::cli
