// cli/interrupt.cpp: one eventfd for the whole process, written by a signal handler.
#include "cli/interrupt.hpp"

#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe::cli {
namespace {

int event_fd = -1;

extern "C" void troupe_cli_interrupted(int) {
  uint64_t one = 1;
  (void)!write(event_fd, &one, sizeof one);
}

} // namespace

int interrupt_fd() {
  if (event_fd >= 0)
    return event_fd;
  event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction act {};
  act.sa_handler = troupe_cli_interrupted;
  sigaction(SIGINT, &act, nullptr);
  sigaction(SIGTERM, &act, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return event_fd;
}

} // namespace troupe::cli
