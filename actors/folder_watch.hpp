// actors/folder_watch.hpp: tells whether something in some folders has changed.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

/// inotify, asked when it suits; it never blocks. Folders that cannot be watched (a file system of
/// another machine, say) never seem to change: look at them now and then anyway.
class folder_watch {
public:
  folder_watch() noexcept;
  folder_watch(const folder_watch&) = delete;
  folder_watch& operator=(const folder_watch&) = delete;
  ~folder_watch();

  /// From now on exactly these.
  void follow(const std::vector<std::string>& folders);
  /// A file was written, came, went or was renamed since the last call.
  bool changed();

private:
  int fd_;
  std::unordered_map<std::string, int> watched_;
};

} // namespace troupe::actors
