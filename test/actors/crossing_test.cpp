// test/actors/crossing_test.cpp: what gets from one account into another, and what does not.
#include "test/actors/crossing_world.hpp"

using namespace troupe;
using test::crossing_world;
using test::offers;
using test::rules_of;
using test::takes;

namespace {

constexpr auto stream = security::share_kind::stream;
constexpr auto service = security::share_kind::service;

} // namespace

// -- streams

TEST_CASE_FIXTURE(crossing_world, "a stream arrives under the importer's subject, and only there") {
  registry.apply({rules_of("A", {offers(stream, "pub.>")}),
                  rules_of("B", {}, {takes(stream, "A", "pub.>", "fromA.pub.>")}),
                  rules_of("C", {})});
  auto& b = join();
  auto& c = join();
  listen(b, "B", "fromA.pub.x", "7");
  listen(c, "C", ">", "1");
  CHECK(tell("A", {"pub.x", "hi"}) == 1);
  CHECK(b.take() == "MSG fromA.pub.x 7 2\r\nhi\r\n");
  CHECK(tell("A", {"pub.x", "hi", "inbox"}) == 1);
  CHECK(b.take() == "MSG fromA.pub.x 7 inbox 2\r\nhi\r\n");
  CHECK(tell("A", {"pub.y", "hi"}) == 0);
  CHECK(tell("A", {"other", "hi"}) == 0);
  CHECK(tell("B", {"pub.x", "hi"}) == 0);
  CHECK(c.take().empty());
}

TEST_CASE_FIXTURE(crossing_world, "wildcards of an import change places") {
  registry.apply({rules_of("A", {offers(stream, "st.*.*")}),
                  rules_of("B", {}, {takes(stream, "A", "st.*.*", "ts.$2.$1")})});
  auto& b = join();
  listen(b, "B", "ts.n.*", "1");
  CHECK(tell("A", {"st.m.n", "x"}) == 1);
  CHECK(b.take() == "MSG ts.n.m 1 1\r\nx\r\n");
  CHECK(tell("A", {"st.n.m", "x"}) == 0);
}

TEST_CASE_FIXTURE(crossing_world, "a known control line is not used for another subject") {
  registry.apply(
      {rules_of("A", {offers(stream, ">")}), rules_of("B", {}, {takes(stream, "A", ">", "a.>")})});
  auto& b = join();
  auto& a = join();
  listen(b, "B", "a.>", "1");
  listen(a, "A", ">", "1");
  CHECK(tell("A", {"x", "1"}) == 2);
  account = at("A");
  publish({"x", "1"});
  publish({"x", "1"});
  publish({"y", "1"});
  publish({"x", "1"});
  flush();
  CHECK(b.take()
        == "MSG a.x 1 1\r\n1\r\nMSG a.x 1 1\r\n1\r\nMSG a.x 1 1\r\n1\r\nMSG a.y 1 "
           "1\r\n1\r\nMSG a.x 1 1\r\n1\r\n");
  CHECK(a.take()
        == "MSG x 1 1\r\n1\r\nMSG x 1 1\r\n1\r\nMSG x 1 1\r\n1\r\nMSG y 1 "
           "1\r\n1\r\nMSG x 1 1\r\n1\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "a stream's message like the one before takes the short way") {
  registry.apply({rules_of("A", {offers(stream, "s.*")}),
                  rules_of("B", {}, {takes(stream, "A", "s.*", "a.*")})});
  auto& b = join();
  auto sub = listen(b, "B", "a.x", "1");
  account = at("A");
  for (auto text : {"0", "1", "2"}) // a subject is remembered from the second one on
    publish({"s.x", text});
  CHECK(repeated);
  publish({"s.x", "3"}, &b);
  CHECK_FALSE(repeated);
  publish({"s.y", "4"});
  CHECK_FALSE(repeated);
  publish({"s.x", "5"});
  publish({"s.x", "6"});
  CHECK(repeated);
  sub->quirks = actors::quirk_limited;
  sub->maximum = sub->delivered + 1;
  publish({"s.x", "7"});
  CHECK_FALSE(repeated);
  publish({"s.x", "8"});
  flush();
  std::string expected;
  for (auto text : {"0", "1", "2", "5", "6", "7"})
    expected += "MSG a.x 1 1\r\n" + std::string{text} + "\r\n";
  CHECK(b.take() == expected);
}

TEST_CASE_FIXTURE(crossing_world, "a stream's repeated message ends with its import") {
  registry.apply(
      {rules_of("A", {offers(stream, "s")}), rules_of("B", {}, {takes(stream, "A", "s", "a")})});
  auto& b = join();
  auto sub = listen(b, "B", "a", "1");
  account = at("A");
  for (auto text : {"0", "1", "2"})
    publish({"s", text});
  CHECK(repeated);
  for (const auto& shadow : shadows)
    at("A")->drop_interest(*shadow);
  publish({"s", "3"});
  CHECK_FALSE(repeated);
  flush();
  CHECK(b.take() == "MSG a 1 1\r\n0\r\nMSG a 1 1\r\n1\r\nMSG a 1 1\r\n2\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "a group of both accounts is one group") {
  registry.apply({rules_of("A", {offers(stream, "job")}),
                  rules_of("B", {}, {takes(stream, "A", "job", "a.job")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "job", "1", "workers");
  listen(b, "B", "a.job", "1", "workers");
  for (int i = 0; i < 100; ++i)
    REQUIRE(tell("A", {"job", "x"}) == 1);
  auto own_share = a.take().size() / std::string_view{"MSG job 1 1\r\nx\r\n"}.size();
  auto other_share = b.take().size() / std::string_view{"MSG a.job 1 1\r\nx\r\n"}.size();
  CHECK(own_share + other_share == 100);
  CHECK(own_share > 20);
  CHECK(other_share > 20);
}

TEST_CASE_FIXTURE(crossing_world, "a maximum counts what comes from both accounts") {
  registry.apply(
      {rules_of("A", {offers(stream, "s")}), rules_of("B", {}, {takes(stream, "A", "s", "a.s")})});
  auto& b = join();
  auto sub = listen(b, "B", ">", "1");
  sub->maximum = 3;
  sub->quirks = actors::quirk_limited;
  CHECK(tell("A", {"s", "1"}) == 1);
  CHECK(tell("B", {"x", "2"}) == 1);
  CHECK(tell("A", {"s", "3"}) == 1);
  CHECK(tell("A", {"s", "4"}) == 0);
  CHECK(tell("B", {"x", "5"}) == 0);
  CHECK(b.take() == "MSG a.s 1 1\r\n1\r\nMSG x 1 1\r\n2\r\nMSG a.s 1 1\r\n3\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "denied subjects are those of the importer") {
  registry.apply(
      {rules_of("A", {offers(stream, ">")}), rules_of("B", {}, {takes(stream, "A", ">", "a.>")})});
  auto& b = join();
  account = at("B");
  auto sub = listen(b, "B", ">", "1");
  security::permission_rules rules;
  rules.subscribe.deny = {"a.secret"};
  sub->filter = protocol::make_ref<const security::permissions>(rules);
  sub->quirks = actors::quirk_filtered;
  CHECK(tell("A", {"secret", "x"}) == 0);
  CHECK(tell("A", {"a.secret", "x"}) == 1);
  CHECK(b.take() == "MSG a.a.secret 1 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(crossing_world,
                  "an import nobody allows brings nothing and is complained about") {
  auto problems = registry.apply({rules_of("A", {offers(stream, "pub.>")}),
                                  rules_of("B", {}, {takes(stream, "A", "private", "p")})});
  CHECK(problems.size() == 1);
  CHECK(registry.find("B")->policy()->streams.empty());
}

// -- services

TEST_CASE_FIXTURE(crossing_world, "a request is answered across accounts, once") {
  registry.apply({rules_of("A", {offers(service, "req")}),
                  rules_of("B", {}, {takes(service, "A", "req", "ask")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  CHECK(tell("B", {"ask", "q", "inbox"}) == 1);
  CHECK(a.heard().bytes.find("Nats-Request-Info: {\"acc\":\"B\"}\r\n") != std::string::npos);
  auto reply = reply_in(a);
  CHECK(tables[0].size() == 1);
  CHECK(sweeps_begun == 1);
  CHECK(tell_by(other, "A", {reply, "yes"}) == 1);
  CHECK(b.take() == "MSG inbox 2 3\r\nyes\r\n");
  CHECK(tables[0].size() == 0);
  CHECK(tell("A", {reply, "again"}) == 0);
  CHECK(b.take().empty());
}

TEST_CASE_FIXTURE(crossing_world, "the exporter's own clients hear the responses they listen to") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  auto& all = join();
  auto& one = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  listen(all, "A", "_R_.>", "3");
  auto ask = [&] {
    tell("B", {"req", "q", "inbox"});
    return reply_in(a);
  };
  CHECK(tell("A", {ask(), "x"}) == 2);
  auto reply = ask();
  auto token = reply.substr(reply.rfind('.') + 1);
  for (const auto& pattern : {reply, "*.*." + token, "_R_.*." + token}) {
    CAPTURE(pattern);
    account = at("A");
    auto only = make_subscription(one, pattern, "4");
    account->add_interest(only);
    CHECK(tell("A", {ask(), "x"}) == 2);
    CHECK(one.take().empty());
    CHECK(tell("A", {reply, "x"}) == (pattern == reply ? 3 : 2)); // it is answered only once
    CHECK(one.take() == "MSG " + reply + " 4 1\r\nx\r\n");
    at("A")->drop_interest(*only);
    tell("A", {reply, "x"});
    CHECK(one.take().empty());
  }
  CHECK(at("A")->hears_some_responses == 0);
  b.take();
  CHECK(tell("A", {ask(), "x"}) == 2);
  CHECK(b.take() == "MSG inbox 2 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "nobody but the exporter can answer, nor invent an answer") {
  registry.apply({rules_of("A", {offers(service, "req")}),
                  rules_of("B", {}, {takes(service, "A", "req")}),
                  rules_of("C", {offers(service, "x")}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  tell("B", {"req", "q", "inbox"});
  auto reply = reply_in(a);
  CHECK(tell("C", {reply, "lie"}) == 0);
  CHECK(tell("B", {reply, "lie"}) == 0);
  auto in_c = at("C")->reply_prefix + reply.substr(at("A")->reply_prefix.size());
  CHECK(tell("C", {in_c, "lie"}) == 0);
  auto guess = reply;
  guess.back() = guess.back() == 'a' ? 'b' : 'a';
  CHECK(tell("A", {guess, "lie"}) == 0);
  CHECK(tell("A", {at("A")->reply_prefix + "zz", "lie"}) == 0);
  CHECK(tell("A", {at("A")->reply_prefix + "z", "lie"}) == 0);
  CHECK(b.take().empty());
  CHECK(tell("A", {reply, "yes"}) == 1);
  CHECK(b.take() == "MSG inbox 2 3\r\nyes\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "a request for everything cannot answer another request") {
  registry.apply(
      {rules_of("A", {offers(service, ">")}), rules_of("B", {}, {takes(service, "A", ">")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  CHECK(tell("B", {"req", "q", "inbox"}) == 1);
  auto reply = reply_in(a);
  b.take();
  CHECK(tell("B", {reply, "lie"}) == 0);
  CHECK(b.take().empty());
  CHECK(tell("A", {reply, "yes"}) == 1);
  CHECK(b.take() == "MSG inbox 2 3\r\nyes\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "without a responder nothing is kept and the requester knows") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  CHECK(tell("B", {"req", "q", "inbox"}) == 0);
  CHECK(tables[0].size() == 0);
}

TEST_CASE_FIXTURE(crossing_world, "a response of many messages ends with an empty one") {
  auto offer = offers(service, "req");
  offer.response = security::response_kind::stream;
  registry.apply({rules_of("A", {offer}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  tell("B", {"req", "q", "inbox"});
  auto reply = reply_in(a);
  CHECK(tell("A", {reply, "1"}) == 1);
  CHECK(tell("A", {reply, "2"}) == 1);
  CHECK(tell("A", {reply, ""}) == 1);
  CHECK(tell("A", {reply, "3"}) == 0);
  CHECK(b.take() == "MSG inbox 2 1\r\n1\r\nMSG inbox 2 1\r\n2\r\nMSG inbox 2 0\r\n\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "responses expire, each of a stream gives more time") {
  auto offer = offers(service, "req");
  offer.response = security::response_kind::stream;
  offer.response_threshold = std::chrono::seconds{10};
  registry.apply({rules_of("A", {offer}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  tell("B", {"req", "q", "inbox"});
  auto reply = reply_in(a);
  now += std::chrono::seconds{9};
  CHECK(routes.sweep());
  CHECK(tell("A", {reply, "1"}) == 1);
  now += std::chrono::seconds{9};
  CHECK(routes.sweep());
  now += std::chrono::seconds{1};
  CHECK(!routes.sweep());
  CHECK(tell("A", {reply, "2"}) == 0);
}

TEST_CASE_FIXTURE(crossing_world, "when the requester has gone nothing is kept for him") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  auto inbox = listen(b, "B", "inbox", "2");
  tell("B", {"req", "q", "inbox"});
  now += std::chrono::seconds{1};
  CHECK(routes.sweep());
  at("B")->interests.remove(*inbox);
  CHECK(!routes.sweep());
  CHECK(tables[0].size() == 0);
}

TEST_CASE_FIXTURE(crossing_world, "one account cannot fill the table of others") {
  registry.apply({rules_of("A", {offers(service, "req")}),
                  rules_of("B", {}, {takes(service, "A", "req")}),
                  rules_of("C", {}, {takes(service, "A", "req")})});
  auto& a = join();
  listen(a, "A", "req", "1");
  constexpr auto most = actors::response_table::most_of_an_account;
  for (size_t i = 0; i < most + 10; ++i)
    CHECK(tell("B", {"req", "q", "inbox"}) == (i < most ? 1 : 0));
  CHECK(tell("C", {"req", "q", "inbox"}) == 1);
  CHECK(tables[0].size() == most + 1);
}

TEST_CASE_FIXTURE(crossing_world, "a request passes through a chain of accounts and back") {
  registry.apply({rules_of("A", {offers(service, "a")}),
                  rules_of("B", {offers(service, "b")}, {takes(service, "A", "a", "b")}),
                  rules_of("C", {}, {takes(service, "B", "b", "c")})});
  auto& a = join();
  auto& c = join();
  listen(a, "A", "a", "1");
  listen(c, "C", "inbox", "2");
  CHECK(tell("C", {"c", "q", "inbox"}) == 1);
  CHECK(a.heard().bytes.find("\"svc\":\"B\"") != std::string::npos);
  auto reply = reply_in(a);
  CHECK(reply.starts_with(at("A")->reply_prefix));
  CHECK(tables[0].size() == 2);
  CHECK(tell_by(other, "A", {reply, "yes"}) == 1);
  CHECK(c.take() == "MSG inbox 2 3\r\nyes\r\n");
  CHECK(tables[0].size() == 0);
}

TEST_CASE_FIXTURE(crossing_world, "one of the exporter's group serves a request") {
  registry.apply({rules_of("A", {offers(service, "req.*")}),
                  rules_of("B", {}, {takes(service, "A", "req.*", "ask.*")})});
  auto& one = join();
  auto& two = join();
  listen(one, "A", "req.*", "1", "g");
  listen(two, "A", "req.x", "1", "g");
  size_t requests = 0;
  for (int i = 0; i < 50; ++i)
    requests += tell("B", {"ask.x", "q", "inbox"});
  CHECK(requests == 50);
  CHECK(one.heard().counted + two.heard().counted == 50);
  CHECK(one.heard().counted > 5);
  CHECK(two.heard().counted > 5);
}

TEST_CASE_FIXTURE(crossing_world, "headers stay, but for a request info that a client made up") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& plain = join({.headers = false});
  listen(a, "A", "req", "1");
  listen(plain, "A", "req", "1");
  CHECK(tell("B", {"req", "q", {}, "NATS/1.0\r\nnats-request-info: lie\r\nX: y\r\n\r\n"}) == 1);
  CHECK(
      a.take()
      == "HMSG req 1 50 51\r\nNATS/1.0\r\nX: y\r\nNats-Request-Info: {\"acc\":\"B\"}\r\n\r\nq\r\n");
  CHECK(plain.take() == "MSG req 1 1\r\nq\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "a large request travels whole") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  listen(a, "A", "req", "1");
  std::string body(5000, 'z');
  CHECK(tell("B", {"req", body, {}, "NATS/1.0\r\nX: y\r\n\r\n"}) == 1);
  CHECK(a.take().ends_with("{\"acc\":\"B\"}\r\n\r\n" + body + "\r\n"));
}

TEST_CASE_FIXTURE(crossing_world, "a request is no stream of the exporter") {
  registry.apply({rules_of("A", {offers(service, "req"), offers(stream, "req")}),
                  rules_of("B", {}, {takes(service, "A", "req")}),
                  rules_of("C", {}, {takes(stream, "A", "req")})});
  auto& a = join();
  auto& c = join();
  listen(a, "A", "req", "1");
  listen(c, "C", "req", "1");
  CHECK(tell("B", {"req", "q"}) == 1);
  CHECK(c.take().empty());
  CHECK(tell("A", {"req", "q"}) == 2);
  CHECK(c.take() == "MSG req 1 1\r\nq\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "a service comes and goes with the rules, others stay") {
  auto a_rules = rules_of("A", {offers(service, "one"), offers(service, "two")});
  auto b_rules = rules_of("B", {}, {takes(service, "A", "one"), takes(service, "A", "two")});
  registry.apply({a_rules, b_rules});
  auto& a = join();
  listen(a, "A", ">", "1");
  auto kept = at("B")->policy()->services.front();
  CHECK(tell("B", {"two", "q"}) == 1);
  a_rules.exports.pop_back();
  registry.put(a_rules);
  CHECK(tell("B", {"two", "q"}) == 0);
  CHECK(tell("B", {"one", "q"}) == 1);
  REQUIRE(at("B")->policy()->services.size() == 1);
  CHECK(at("B")->policy()->services.front() == kept);
  registry.remove("A");
  CHECK(tell("B", {"one", "q"}) == 0);
  CHECK(at("B")->policy()->services.empty());
}

// -- mappings

TEST_CASE_FIXTURE(crossing_world, "mapped messages go where the weights say") {
  auto rules = rules_of("A", {});
  rules.mappings = {{"foo.*", {{"bar.$1", 40, {}}, {"baz.$1", 40, {}}, {"far.$1", 100, "moon"}}}};
  registry.apply({rules});
  auto& a = join();
  listen(a, "A", ">", "1");
  for (int i = 0; i < 1000; ++i)
    REQUIRE(tell("A", {"foo.x", "1"}) == 1);
  auto text = a.take();
  auto count = [&](std::string_view what) {
    size_t n = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1))
      ++n;
    return n;
  };
  CHECK(count("MSG bar.x") > 330);
  CHECK(count("MSG baz.x") > 330);
  CHECK(count("MSG foo.x") > 130);
  CHECK(count("MSG far.x") == 0);
}

TEST_CASE_FIXTURE(crossing_world, "the exporter's mappings rename what it is asked") {
  auto a_rules = rules_of("A", {offers(service, "req")});
  a_rules.mappings = {{"req", {{"v2.req", 100, {}}}}};
  registry.apply({a_rules, rules_of("B", {}, {takes(service, "A", "req", "ask")})});
  auto& a = join();
  listen(a, "A", "v2.req", "1");
  CHECK(tell("B", {"ask", "q", "inbox"}) == 1);
  CHECK(a.take().starts_with("HMSG v2.req 1 _R_."));
}
