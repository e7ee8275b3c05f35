// cli/reload_desk.hpp: lets other threads ask the main thread to read the configuration again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace troupe::cli {

class reload_desk {
public:
  /// Sends this process a SIGHUP and waits for what comes of it: why nothing has changed, or
  /// nothing. Not on the thread that handles signals.
  std::string ask();

  // -- the thread that handles signals -----------------------------------------------------------

  /// A reload begins: the number to end it with.
  uint64_t begin();
  void done(uint64_t upto, std::string problem);
  /// No reload comes any more: whoever waits gives up.
  void close();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t asked_ = 0;
  uint64_t done_ = 0;
  bool closed_ = false;
  std::string problem_;
};

} // namespace troupe::cli
