// test/actors/link_registry_test.cpp: links that come and go while interest changes.
#include "actors/interest_ledger.hpp"
#include "actors/interest_news.hpp"
#include "actors/links_by_account.hpp"

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

TEST_CASE("who carries one account is found among links of all kinds") {
  using enum protocol::peer_role;
  actors::link_registry links{route, leaf_down};
  auto account = [&](std::string name) {
    return protocol::make_ref<actors::account>(std::move(name), size_t{1}, false, &links);
  };
  auto a = account("A"), b = account("B"), c = account("C");
  std::vector<actors::link_destination_ptr> all;
  for (const auto& which : {a, actors::account_ptr{}, b, a, actors::account_ptr{}, b, a}) {
    auto number = static_cast<uint32_t>(all.size());
    all.push_back(protocol::make_ref<actors::link_destination>(
        number, number, which ? leaf_down : route, int64_t{1} << 20));
    all.back()->account = which;
    links.add(all.back());
  }
  auto found = [&](const actors::account_ptr& which) {
    std::vector<uint64_t> out;
    auto now = links.all();
    for (const auto& each : actors::links_of(which.get(), *now))
      out.push_back(each->cid);
    return out;
  };
  CHECK(found({}) == std::vector<uint64_t>{1, 4});
  CHECK(found(a) == std::vector<uint64_t>{0, 3, 6});
  CHECK(found(b) == std::vector<uint64_t>{2, 5});
  CHECK(found(c).empty());
  links.remove(*all[3]);
  CHECK(found(a) == std::vector<uint64_t>{0, 6});
  CHECK(found(b) == std::vector<uint64_t>{2, 5});
}
