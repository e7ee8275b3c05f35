// test/fuzz/creds_fuzz.cpp: any file is refused with a reason, or read, and read again as written.
#include "security/creds_file.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace troupe::security;

namespace {

void demand(bool truth) {
  if (!truth)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  jwt_in(text);
  auto seed = seed_in(text);
  if (seed)
    demand(seed_in(decorate_seed(*seed))->text() == seed->text());
  auto read = parse_creds(text);
  if (auto* reason = std::get_if<std::string>(&read)) {
    demand(!reason->empty());
    return 0;
  }
  const auto& creds = std::get<credentials_text>(read);
  auto written = format_creds(creds.jwt, creds.seed);
  demand(written.has_value());
  auto again = parse_creds(*written);
  demand(std::holds_alternative<credentials_text>(again));
  demand(std::get<credentials_text>(again).jwt == creds.jwt);
  demand(std::get<credentials_text>(again).seed.text() == creds.seed.text());
  return 0;
}
