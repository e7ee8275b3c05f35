// test/protocol/forwarding_test.cpp: every cell of the tables in leafnodes.md section 11.
#include "protocol/forwarding.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace troupe::protocol;
using enum peer_role;

namespace {

constexpr std::array targets{client, route, gateway_out, leaf_down, leaf_up};

/// One letter for each target: y, n, or which fact opens the cell.
std::string row(peer_role from) {
  std::string out;
  for (auto to : targets) {
    if (carries_message(from, to))
      out += 'y';
    else if (carries_message(from, to, {.service_reply = true}))
      out += 'R';
    else if (carries_message(from, to, {.unserved_queue = true}))
      out += 'q';
    else if (carries_message(from, to, {.unmapped_reply = true}))
      out += 'u';
    else
      out += 'n';
  }
  return out;
}

std::string interest_row(interest_source from) {
  std::string out;
  for (auto to : {route, gateway_in, leaf_down, leaf_up})
    out += announces_interest(from, to) ? 'y' : 'n';
  return out;
}

} // namespace

TEST_CASE("messages go from each kind of peer to just those that the table names") {
  CHECK(row(client) == "yyyyy");
  CHECK(row(route) == "yquyR");
  CHECK(row(gateway_in) == "yyuyy");
  CHECK(row(leaf_down) == "yyyyy");
  CHECK(row(leaf_up) == "ynyyy");
}

TEST_CASE("no message goes into the direction of a gateway that brings messages") {
  for (auto from : targets)
    CHECK(!carries_message(from, gateway_in, {.service_reply = true, .unmapped_reply = true}));
}

TEST_CASE("a route's reply that was un-mapped here, or an unserved queue's message, hops again") {
  CHECK(carries_message(route, route, {.unmapped_reply = true}));
  CHECK(carries_message(route, route, {.unserved_queue = true}));
  CHECK(!carries_message(route, gateway_out, {.unserved_queue = true}));
  CHECK(!carries_message(route, route, {.service_reply = true}));
}

TEST_CASE("nothing of a leaf cluster goes to links of the same leaf cluster, but to clients") {
  for (auto from : {client, route, gateway_in, leaf_down, leaf_up}) {
    CHECK(carries_message(from, client, {.same_cluster = true}));
    for (auto to : {route, gateway_out, leaf_down, leaf_up})
      CHECK(!carries_message(from, to, {.same_cluster = true, .service_reply = true}));
  }
}

TEST_CASE("interest of each source is announced to just those that the table names") {
  CHECK(interest_row(interest_source::client) == "yyyy");
  CHECK(interest_row(interest_source::service) == "nnyy");
  CHECK(interest_row(interest_source::route) == "nyyn");
  CHECK(interest_row(interest_source::gateway) == "nnyn");
  CHECK(interest_row(interest_source::leaf_down) == "yyyy");
  CHECK(interest_row(interest_source::leaf_up) == "nnyn");
}

TEST_CASE("a leaf is not told of interest that exists on behalf of its own cluster") {
  CHECK(!announces_interest(interest_source::route, leaf_down, true));
  CHECK(!announces_interest(interest_source::leaf_down, leaf_down, true));
  CHECK(!announces_interest(interest_source::leaf_down, leaf_up, true));
  CHECK(announces_interest(interest_source::leaf_down, route, true));
  CHECK(announces_interest(interest_source::leaf_down, gateway_in, true));
}

TEST_CASE("nobody is told of interest on the connection that only takes our messages") {
  for (auto from : {interest_source::client, interest_source::service, interest_source::route,
                    interest_source::gateway, interest_source::leaf_down, interest_source::leaf_up})
    CHECK(!announces_interest(from, gateway_out));
}
