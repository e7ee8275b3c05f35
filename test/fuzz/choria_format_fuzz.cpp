// test/fuzz/choria_format_fuzz.cpp: any bytes as a Choria file and its plugin.d.
#include "config/load.hpp"
#include "config/print.hpp"

using namespace troupe::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text{reinterpret_cast<const char*>(data), size};
  load_request request;
  request.front = front_end::choria;
  request.file = "/etc/choria/fuzz.conf";
  request.around.read_file = [&](const std::string&) { return std::optional{text}; };
  request.around.variable = [](const std::string&) { return std::optional<std::string>{"v"}; };
  request.around.list_directory = [](const std::string&) {
    return std::vector<std::string>{"choria.cfg", "security.cfg"};
  };
  print_options(load(request));
  return 0;
}
