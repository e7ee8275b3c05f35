// test/actors/service_latency_test.cpp: which requests are measured, and what is said of them.
#include "actors/service_latency.hpp"
#include "test/actors/crossing_world.hpp"

#include <nlohmann/json.hpp>

using namespace troupe;
using actors::sampled;
using test::crossing_world;
using test::rules_of;
using test::takes;

namespace {

constexpr auto service = security::share_kind::service;

std::string block(std::string_view headers) {
  return "NATS/1.0\r\n" + std::string{headers} + "\r\n\r\n";
}

/// What headers alone come to.
std::optional<std::string> asked(std::string_view headers) {
  return sampled({"lat", 0}, block(headers), 0);
}

struct latency_world : crossing_world {
  explicit latency_world(int sampling = 100) {
    auto offer = test::offers(service, "req");
    offer.latency = security::latency_rule{"lat", sampling};
    offer.response_threshold = std::chrono::seconds{1};
    registry.apply({rules_of("A", {offer}), rules_of("B", {}, {takes(service, "A", "req")})});
    account = at("A");
    subscribe(watcher, "lat", "9");
    listen(asker_, "B", "inbox", "2");
  }

  /// The last metric that the watcher heard.
  nlohmann::json metric() {
    auto text = watcher.take();
    auto begin = text.rfind("MSG lat 9 ");
    REQUIRE_MESSAGE(begin != text.npos, text);
    CHECK(text.find("MSG", begin + 1) == text.npos);
    return nlohmann::json::parse(text.substr(text.find("\r\n", begin)));
  }

  test::peer& watcher = join();
  test::peer& server = join();
  test::peer& asker_ = join();
};

} // namespace

TEST_CASE("chance measures the percentage that the export says") {
  CHECK(sampled({"lat", 100}, "", 99) == "");
  CHECK(sampled({"lat", 40}, "", 39) == "");
  CHECK_FALSE(sampled({"lat", 40}, "", 40));
  CHECK_FALSE(sampled({"lat", 0}, "", 0));
}

TEST_CASE("headers of a sampled trace measure a request") {
  CHECK(asked("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        == R"({"Traceparent":["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]})");
  CHECK(asked("Traceparent: a-b-c-03\r\ntracestate: x=y")
        == R"({"Traceparent":["a-b-c-03"],"Tracestate":["x=y"]})");
  CHECK(asked("X-B3-TraceId: 1\r\nX-B3-SpanId: 2")
        == R"({"X-B3-Spanid":["2"],"X-B3-Traceid":["1"]})");
  CHECK(asked("x-b3-sampled: 1") == R"({"X-B3-Sampled":["1"]})");
  CHECK(asked("b3: 1-2-1") == R"({"B3":["1-2-1"]})");
  CHECK(asked("Uber-Trace-Id: a:b:c:1\r\nuberctx-x: 7\r\nother: 8")
        == R"({"Uber-Trace-Id":["a:b:c:1"],"Uberctx-X":["7"]})");
}

TEST_CASE("headers of a trace that is not sampled do not") {
  for (const auto* no : {"traceparent: a-b-c-02", "traceparent: a-b-c", "traceparent: a-b-c-zz",
                         "traceparent: a-b-c-1", "X-B3-Sampled: 0\r\nX-B3-TraceId: 1", "b3: 0",
                         "b3: 1-2-0", "Uber-Trace-Id: a:b:c:2", "Uber-Trace-Id: a:b:1",
                         "Uber-Trace-Id: a:b:c:\r\nX-B3-Sampled: 1", "other: 1"})
    CHECK_MESSAGE(!asked(no), no);
}

TEST_CASE_FIXTURE(latency_world, "an answered request makes one metric, behind the answer") {
  listen(server, "A", "req", "1");
  CHECK(tell("B", {"req", "q", "inbox"}) == 1);
  CHECK(watcher.take().empty());
  CHECK(tell("A", {reply_in(server), "yes"}) == 1);
  CHECK(asker_.take() == "MSG inbox 2 3\r\nyes\r\n");
  auto one = metric();
  CHECK(one["type"] == "io.nats.server.metric.v1.service_latency");
  CHECK(one["status"] == 200);
  CHECK(one["requestor"]["acc"] == "B");
  CHECK(one["responder"]["user"] == "u");
  CHECK(one["id"].get<std::string>().size() == 22);
  CHECK(one["total"].get<int64_t>() >= one["service"].get<int64_t>());
  CHECK_FALSE(one.contains("description"));
  CHECK_FALSE(one.contains("header"));
}

TEST_CASE_FIXTURE(latency_world, "a request that comes to nothing is told with its reason") {
  auto failed = [&](int status, std::string_view why) {
    auto one = metric();
    CHECK(one["status"] == status);
    CHECK(one["description"] == why);
    CHECK(one["total"] == 0);
    CHECK_FALSE(one.contains("responder"));
  };
  CHECK(tell("B", {"req", "q", "inbox"}) == 0);
  failed(503, "Service Unavailable");
  listen(server, "A", "req", "1");
  tell("B", {"req", "q"});
  failed(400, "Bad Request");
  tell("B", {"req", "q", "inbox"});
  now += std::chrono::seconds{1};
  CHECK_FALSE(routes.sweep());
  sched.run();
  failed(504, "Service Timeout");
  tell("B", {"req", "q", "nobody.waits"});
  now += std::chrono::milliseconds{300};
  CHECK_FALSE(routes.sweep());
  sched.run();
  failed(408, "Request Timeout");
  server.take();
}

TEST_CASE("only sampled requests are measured when headers decide") {
  latency_world world{0};
  world.listen(world.server, "A", "req", "1");
  world.tell("B", {"req", "q", "inbox"});
  CHECK(world.tell("A", {world.reply_in(world.server), "yes"}) == 1);
  CHECK(world.watcher.take().empty());
  auto header = block("b3: 1-2-1");
  world.tell("B", {"req", "q", "inbox", header});
  CHECK(world.tell("A", {world.reply_in(world.server), "yes"}) == 1);
  CHECK(world.metric()["header"]["B3"][0] == "1-2-1");
}

TEST_CASE_FIXTURE(latency_world, "a metric can be imported as a stream") {
  auto a = at("A")->policy()->rules;
  a.exports.push_back(test::offers(security::share_kind::stream, "lat"));
  registry.put(a);
  registry.put(rules_of("C", {}, {takes(security::share_kind::stream, "A", "lat", "from.lat")}));
  auto& c = join();
  listen(c, "C", "from.lat", "4");
  tell("B", {"req", "q", "inbox"});
  CHECK(c.take().starts_with("MSG from.lat 4 "));
}
