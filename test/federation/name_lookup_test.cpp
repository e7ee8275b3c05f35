// test/federation/name_lookup_test.cpp: in which order the hosts of an SRV record are tried.
#include "federation/local_urls.hpp"
#include "federation/name_lookup.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe::federation;

TEST_CASE("hosts of an SRV record are tried by priority, heavier ones more often first") {
  const std::vector<service_target> all{
      {"late", 1, 20, 9}, {"heavy", 1, 10, 8}, {"light", 1, 10, 2}, {"weightless", 1, 10, 0}};
  std::minstd_rand random{1};
  int heavy = 0, light = 0, weightless = 0;
  for (int i = 0; i < 1000; ++i) {
    auto some = all;
    put_in_order(some, random);
    CHECK(some.back().host == "late");
    CHECK(std::is_permutation(some.begin(), some.end(), all.begin()));
    heavy += some.front().host == "heavy";
    light += some.front().host == "light";
    weightless += some.front().host == "weightless";
  }
  CHECK(heavy > light);
  CHECK(light > weightless);
  CHECK(weightless > 0);
}

TEST_CASE("a certificate has to name the host that was meant") {
  std::vector<troupe::config::peer_url> urls(3);
  urls[0].host = "_hub._tcp.example.net";
  urls[1].host = "10.0.0.1";
  urls[2].host = "hub.example.net";
  CHECK(certificate_name("hub2.example.net", "hub2.example.net", urls) == "hub2.example.net");
  CHECK(certificate_name("10.0.0.1", "10.0.0.1", urls) == "hub.example.net");
  CHECK(certificate_name("_hub._tcp.example.net", "a.example.net", urls) == "a.example.net");
  CHECK(is_service_name("_hub._tcp.example.net"));
  CHECK_FALSE(is_service_name("hub._tcp.example.net"));
  CHECK_FALSE(is_service_name("_hub.example.net"));
}
