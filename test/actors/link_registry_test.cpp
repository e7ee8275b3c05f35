// test/actors/link_registry_test.cpp: links that come and go while interest changes.
#include "actors/interest_ledger.hpp"
#include "actors/interest_news.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace troupe;

TEST_CASE("a link may go while another thread tells the links what has changed") {
  // What fails here is memory that was given back: sanitizers and valgrind see it each time.
  constexpr int rounds = 3000;
  actors::link_registry links{protocol::peer_role::route};
  auto account = protocol::make_ref<actors::account>("A", size_t{1}, false, &links);
  auto client = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  auto link = [](uint64_t id) {
    return protocol::make_ref<actors::link_destination>(
        id, static_cast<uint32_t>(id), protocol::peer_role::route, int64_t{1} << 20);
  };
  links.add(link(2)); // there is always somebody to tell
  std::atomic<bool> done{false};
  std::thread comes_and_goes{[&] {
    while (!done) {
      auto one = link(3);
      links.add(one);
      links.remove(*one);
    }
  }};
  actors::interest_news news{links};
  for (int i = 0; i < rounds; ++i) {
    auto sub = protocol::make_ref<actors::subscription>(account->interests.share_text("a", ""), "1",
                                                        client);
    account->add_interest(sub, &news);
    account->drop_interest(*sub, &news);
    news.tell();
  }
  done = true;
  comes_and_goes.join();
  CHECK(links.all()->size() == 1);
  CHECK(account->ledger->size() == 0);
}
