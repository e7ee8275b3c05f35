// cli/reload_desk.cpp: a question by signal, an answer by condition.
#include "cli/reload_desk.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>

namespace troupe::cli {
namespace {

constexpr auto longest_reload = std::chrono::seconds{10};

} // namespace

std::string reload_desk::ask() {
  std::unique_lock guard{mutex_};
  auto mine = ++asked_;
  ::kill(::getpid(), SIGHUP);
  bool came = changed_.wait_for(guard, longest_reload, [&] { return closed_ || done_ >= mine; });
  if (closed_)
    return "the server is shutting down";
  return came ? problem_ : "the server did not reload in time";
}

uint64_t reload_desk::begin() {
  std::lock_guard guard{mutex_};
  return asked_;
}

void reload_desk::done(uint64_t upto, std::string problem) {
  {
    std::lock_guard guard{mutex_};
    done_ = upto;
    problem_ = std::move(problem);
  }
  changed_.notify_all();
}

void reload_desk::close() {
  {
    std::lock_guard guard{mutex_};
    closed_ = true;
  }
  changed_.notify_all();
}

} // namespace troupe::cli
