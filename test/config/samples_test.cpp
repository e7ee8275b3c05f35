// test/config/samples_test.cpp: the samples that are shipped are free of mistakes.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;

TEST_CASE("each sample loads without an error, a warning or an inactive key") {
  for (std::string name : {"broker.conf", "site.conf", "troupe.yaml", "nats-server.conf"}) {
    auto here = this_machine();
    auto text = here.read_file(TROUPE_SAMPLES "/" + name);
    REQUIRE_MESSAGE(text, name);
    made_up_world world;
    world.files[name] = *text;
    for (auto* folder : {"/etc/choria/tls/", "/etc/troupe/tls/"})
      for (auto* file : {"broker1.pem", "broker1.key", "ca.pem"})
        world.files[std::string{folder} + file] = "";
    auto result = world.read(name);
    CHECK_MESSAGE(complaints(result) == "", name);
    CHECK(result.inactive.empty());
    CHECK(result.opts.client.port == 4222);
    CHECK(result.opts.limits.max_connections == 50000);
    CHECK(result.opts.monitoring.port == 8222);
  }
}

TEST_CASE("the format is told from the name, then from the text") {
  CHECK(front_end_of("a.yaml", "x") == front_end::yaml);
  CHECK(front_end_of("a.yml", "plugin.choria.x = 1") == front_end::yaml);
  CHECK(front_end_of("a.conf", "# c\nidentity = x\n\t plugin.choria.x = 1") == front_end::choria);
  CHECK(front_end_of("a.conf", "port: 4222") == front_end::nats);
  CHECK(front_end_of("a.json", "{\"port\": 1}") == front_end::nats);
  CHECK(front_end_of("a.conf", "") == front_end::nats);
}
