// test/fuzz/nats_format_fuzz.cpp: any bytes as a file in nats-server's format.
#include "config/load.hpp"
#include "config/nats_format.hpp"
#include "config/print.hpp"

#include <cstdlib>
#include <string_view>

using namespace troupe::config;

/// The input includes itself and finds itself in every variable: both must come to an end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text{reinterpret_cast<const char*>(data), size};
  load_request request;
  request.front = front_end::nats;
  request.file = "fuzz.conf";
  request.around.read_file = [&](const std::string&) { return std::optional{text}; };
  request.around.variable = [&](const std::string& name) {
    return std::optional{name == "SELF" ? text : "5m"};
  };
  auto once = load(request);
  print_options(once);
  if (once.can_start() && load(request).opts.config_digest != once.opts.config_digest)
    std::abort(); // one text has one meaning
  return 0;
}
