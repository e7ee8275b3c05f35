// test/doctest_main.cpp: the one main() that all doctest programs share.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>

int main(int argc, char** argv) {
  // As `troupe` does: whoever writes to a peer that has gone learns it from the call.
  std::signal(SIGPIPE, SIG_IGN);
  return doctest::Context(argc, argv).run();
}
