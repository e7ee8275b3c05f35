// monitor/audit_log.hpp: the file that says who came, who was kept out and what accounts became.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

namespace troupe::monitor {

/// Appends lines to a file of its own, of mode 0600. Any thread; each line is written at once.
class audit_log {
public:
  audit_log() = default;
  audit_log(const audit_log&) = delete;
  audit_log& operator=(const audit_log&) = delete;
  ~audit_log();

  /// Goes on in another file; an empty path closes it. Answers what is wrong, with the path, and
  /// then goes on where it was; empty: done.
  std::string open(const std::string& path);
  /// The same file anew: whoever rotates it has moved the old one. False: there is none.
  bool reopen();
  /// Never waits.
  bool is_open() const noexcept { return open_.load(std::memory_order_relaxed); }
  /// False: there is no file, or it takes no more.
  bool write(std::string_view line);

private:
  std::atomic<bool> open_{false};
  std::mutex mutex_; // guards from here on
  std::string path_;
  int fd_ = -1;
  bool torn_ = false; ///< the file ends within a line
};

} // namespace troupe::monitor
