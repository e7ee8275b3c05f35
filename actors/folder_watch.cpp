// actors/folder_watch.cpp: inotify.
#include "actors/folder_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <unordered_set>

namespace troupe::actors {

folder_watch::folder_watch() noexcept : fd_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {}

folder_watch::~folder_watch() {
  if (fd_ >= 0)
    ::close(fd_);
}

void folder_watch::follow(const std::vector<std::string>& folders) {
  if (fd_ < 0)
    return;
  std::unordered_set<std::string> wanted{folders.begin(), folders.end()};
  std::erase_if(watched_, [&](const auto& one) {
    if (wanted.contains(one.first))
      return false;
    ::inotify_rm_watch(fd_, one.second); // fails if the folder has gone
    return true;
  });
  // A file that is being written is of no interest before it is closed. Adding a watch again is how
  // a folder is found that was removed and made anew.
  constexpr uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
  for (const auto& folder : folders)
    if (int id = ::inotify_add_watch(fd_, folder.c_str(), what | IN_ONLYDIR); id >= 0)
      watched_.insert_or_assign(folder, id);
}

bool folder_watch::changed() {
  if (fd_ < 0)
    return false;
  bool any = false;
  alignas(inotify_event) std::array<char, 16 * 1024> events{};
  while (::read(fd_, events.data(), events.size()) > 0)
    any = true;
  return any;
}

} // namespace troupe::actors
