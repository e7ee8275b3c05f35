// monitor/audit_log.cpp: opens, reopens and appends.
#include "monitor/audit_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace troupe::monitor {
namespace {

/// Whoever wrote it last did not come to the end.
bool ends_within_a_line(int fd) {
  auto end = ::lseek(fd, 0, SEEK_END);
  char last = '\n';
  return end > 0 && ::pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

} // namespace

audit_log::~audit_log() {
  if (fd_ >= 0)
    ::close(fd_);
}

std::string audit_log::open(const std::string& path) {
  int next = -1;
  if (!path.empty()) {
    next = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (next < 0)
      return "the audit file " + path + " cannot be opened: " + std::strerror(errno);
  }
  bool torn = next >= 0 && ends_within_a_line(next);
  std::lock_guard guard{mutex_};
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = next;
  torn_ = torn;
  open_.store(fd_ >= 0, std::memory_order_relaxed);
  path_ = path;
  return {};
}

bool audit_log::reopen() {
  std::string path;
  {
    std::lock_guard guard{mutex_};
    path = path_;
  }
  return !path.empty() && open(path).empty();
}

bool audit_log::write(std::string_view line) {
  std::string whole{line};
  whole += '\n';
  std::lock_guard guard{mutex_};
  if (torn_)
    whole.insert(0, 1, '\n');
  std::string_view rest = whole;
  while (fd_ >= 0 && !rest.empty()) {
    auto n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      torn_ = torn_ || rest.size() < whole.size();
      return false;
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (rest.empty())
    torn_ = false;
  return rest.empty();
}

} // namespace troupe::monitor
