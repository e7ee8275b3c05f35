// config/surroundings.hpp: the world around a configuration, so that tests can bring their own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::config {

struct surroundings {
  /// A file's bytes; nothing when it cannot be read.
  std::function<std::optional<std::string>(const std::string& path)> read_file;
  /// Why it cannot, as the system says it; may be unset.
  std::function<std::string(const std::string& path)> why_unreadable;
  /// Plain file names of a directory, sorted by byte; empty when there is none.
  std::function<std::vector<std::string>(const std::string& path)> list_directory;
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<std::string()> hostname;
  bool is_root = false;
};

/// "open PATH: no such file or directory", or what else keeps it from being read.
std::string fault_of_file(const surroundings& around, const std::string& path);

/// The machine this process runs on. Files beyond 64 MiB count as unreadable.
surroundings this_machine();

} // namespace troupe::config
