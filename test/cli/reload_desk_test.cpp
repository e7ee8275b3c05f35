// test/cli/reload_desk_test.cpp: whoever asks for a reload hears what came of it.
#include "cli/reload_desk.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <ctime>
#include <thread>

using troupe::cli::reload_desk;

namespace {

/// SIGHUP is taken here as by the main thread of a broker.
struct signal_taker {
  signal_taker() {
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &wanted, &before);
  }
  ~signal_taker() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  bool take() const {
    timespec limit{5, 0};
    return ::sigtimedwait(&wanted, nullptr, &limit) == SIGHUP;
  }
  sigset_t wanted{}, before{};
};

} // namespace

TEST_CASE("whoever asks for a reload waits for it and hears what came of it") {
  signal_taker signals;
  for (const char* outcome : {"", "troupe.yaml:1:1: unknown key"}) {
    reload_desk desk;
    std::string answer = "none";
    std::thread asker{[&] { answer = desk.ask(); }};
    CHECK(signals.take());
    desk.done(desk.begin(), outcome);
    asker.join();
    CHECK(answer == outcome);
  }
}

TEST_CASE("who waits for a reload when the broker ends does not wait for ever") {
  signal_taker signals;
  reload_desk desk;
  std::string answer;
  std::thread asker{[&] { answer = desk.ask(); }};
  CHECK(signals.take());
  desk.close();
  asker.join();
  CHECK(answer == "the server is shutting down");
}
