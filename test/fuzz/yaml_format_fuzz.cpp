// test/fuzz/yaml_format_fuzz.cpp: any bytes as a file in Troupe's YAML.
#include "config/load.hpp"
#include "config/print.hpp"

using namespace troupe::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text{reinterpret_cast<const char*>(data), size};
  load_request request;
  request.front = front_end::yaml;
  request.file = "fuzz.yaml";
  request.around.read_file = [&](const std::string&) { return std::optional{text}; };
  request.around.variable = [](const std::string&) { return std::optional<std::string>{}; };
  print_options(load(request));
  return 0;
}
