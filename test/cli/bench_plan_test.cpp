// test/cli/bench_plan_test.cpp: what a load publishes and expects.
#include "cli/bench_plan.hpp"
#include "cli/bench_publisher.hpp"
#include "cli/bench_session.hpp"

#include <doctest/doctest.h>

using namespace troupe::cli;

TEST_CASE("expected deliveries count every subscriber, a queue group once, a pair its own share") {
  load_plan plan;
  plan.messages = 10;
  plan.publishers = 4;
  CHECK(plan.expected_deliveries() == 0);
  plan.subscribers = 8;
  CHECK(plan.expected_deliveries() == 80);
  plan.pairs = true;
  CHECK(plan.expected_deliveries() == 20);
  plan.pairs = false;
  plan.queue = "q";
  CHECK(plan.expected_deliveries() == 10);
  CHECK(plan.share_of_publisher(0) + plan.share_of_publisher(1) + plan.share_of_publisher(2)
            + plan.share_of_publisher(3)
        == 10);
}

TEST_CASE("subscribers may log in as another user, with the same password") {
  load_plan plan;
  plan.connection.user = "asker";
  plan.connection.password = "secret";
  CHECK(plan.of_subscribers().user == "asker");
  plan.subscriber_user = "answerer";
  CHECK(plan.of_subscribers().user == "answerer");
  CHECK(plan.of_subscribers().password == "secret");
}

TEST_CASE("a block's messages all have one length and go around all subjects") {
  load_plan plan;
  plan.size = 3;
  plan.subjects = 11;
  plan.block_size = 1;
  publish_block block{plan, 0};
  CHECK(block.messages() == 11);
  std::string_view bytes{block.data(), block.messages() * block.message_size()};
  CHECK(bytes.substr(0, block.message_size()) == "PUB bench.00 3\r\nabc\r\n");
  CHECK(bytes.substr(10 * block.message_size()) == "PUB bench.10 3\r\nabc\r\n");
}

TEST_CASE("numbered payloads carry publisher and sequence") {
  load_plan plan;
  plan.size = 18;
  plan.block_size = 1;
  publish_block block{plan, 0x2a};
  block.number(0x1ff, 1);
  std::string_view bytes{block.data(), block.message_size()};
  CHECK(bytes == "PUB bench 18\r\n002a0000000001ffqr\r\n");
}

TEST_CASE("all sids of a subscriber have the same length") {
  load_plan plan;
  plan.subjects = 10;
  auto lines = subscription_lines(plan, 0);
  CHECK(lines.substr(0, 17) == "SUB bench.0 100\r\n");
  CHECK(lines.substr(lines.size() - 17) == "SUB bench.9 109\r\n");
  plan.wildcard = true;
  CHECK(subscription_lines(plan, 0) == "SUB bench.* 100\r\n");
}
