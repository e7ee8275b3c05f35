// test/security/connection_type_test.cpp: names of connection types and lists of them.
#include "security/connection_type.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;

TEST_CASE("every name reads back as its type, in any case") {
  using enum connection_type;
  for (auto type :
       {standard, websocket, leafnode, leafnode_websocket, mqtt, mqtt_websocket, in_process})
    CHECK(parse_connection_type(to_string(type)) == type);
  CHECK(parse_connection_type("leafNode_ws") == leafnode_websocket);
  for (auto bad : {"", "LEAF", "STANDARD ", "STANDAR"})
    CHECK_MESSAGE(!parse_connection_type(bad), bad);
}

TEST_CASE("an empty list allows every type, a list of unknown names none") {
  CHECK(is_allowed(connection_type::mqtt, {}));
  CHECK(is_allowed(connection_type::standard, {"unheard_of", "standard"}));
  CHECK_FALSE(is_allowed(connection_type::mqtt, {"standard"}));
  CHECK_FALSE(is_allowed(connection_type::standard, {"unheard_of"}));
}
