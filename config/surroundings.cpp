// config/surroundings.cpp: files, directory, environment and name of this machine.
#include "config/surroundings.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace troupe::config {

namespace {

std::optional<std::string> read_file(const std::string& path) {
  constexpr std::uintmax_t largest = 64U * 1024U * 1024U;
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return std::nullopt;
  auto size = std::filesystem::file_size(path, code);
  if (!code && size > largest)
    return std::nullopt;
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

/// In lower case, as nats-server says it.
std::string why_unreadable(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return "is a directory";
  std::ifstream in{path, std::ios::binary};
  if (in)
    return "file too large";
  std::string why = std::strerror(errno);
  if (!why.empty())
    why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
  return why;
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code code;
  for (std::filesystem::directory_iterator at{path, code}, end; !code && at != end;
       at.increment(code))
    if (at->is_regular_file(code))
      names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> variable(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  return text == nullptr ? std::nullopt : std::optional<std::string>{text};
}

std::string hostname() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

} // namespace

std::string fault_of_file(const surroundings& around, const std::string& path) {
  return "open " + path + ": "
         + (around.why_unreadable ? around.why_unreadable(path) : "no such file or directory");
}

surroundings this_machine() {
  return {read_file, why_unreadable, list_directory, variable, hostname, geteuid() == 0};
}

} // namespace troupe::config
