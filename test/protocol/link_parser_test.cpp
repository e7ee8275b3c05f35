// test/protocol/link_parser_test.cpp: what a peer server's byte stream is cut into.
#include "test/protocol/link_journal.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace troupe;
using protocol::errc;
using protocol::link_rules;
using protocol::link_side;
using test::replay_link;

namespace {

constexpr link_rules route{.side = link_side::route, .origin_in_unsub = true, .handshake = false};
constexpr link_rules old_route{
    .side = link_side::route, .origin_in_unsub = false, .handshake = false};
constexpr link_rules inbound{
    .side = link_side::gateway_inbound, .origin_in_unsub = false, .handshake = false};
constexpr link_rules outbound{
    .side = link_side::gateway_outbound, .origin_in_unsub = false, .handshake = false};
constexpr link_rules leaf{.side = link_side::leaf, .origin_in_unsub = false, .handshake = false};

std::string whole(std::string_view wire, const link_rules& rules,
                  const protocol::parser_limits& limits = {}) {
  return replay_link(wire, rules, wire.size(), SIZE_MAX, limits);
}

std::string violation(errc code) {
  return "violation " + std::to_string(static_cast<int>(code)) + ";";
}

void check_every_cut(std::string_view wire, const link_rules& rules, const std::string& expected) {
  CHECK(whole(wire, rules) == expected);
  for (size_t cut = 0; cut <= wire.size(); ++cut)
    CHECK_MESSAGE(replay_link(wire, rules, cut) == expected, "cut at " << cut);
  CHECK(replay_link(wire, rules, 1, 1) == expected);
}

} // namespace

TEST_CASE("every operation of a route is the same wherever TCP cuts it") {
  check_every_cut("CONNECT {\"cluster\":\"C1\"}\r\n"
                  "INFO {\"server_id\":\"A\"} \r\n"
                  "RS+ ACC1 foo.>\r\n"
                  "RS+ ACC1 work q1 2\r\n"
                  "RS- ACC1 work q1\r\n"
                  "rs-\tACC1  foo.> \r\n"
                  "LS+ L1 ACC1 lf.q grp 1\r\n"
                  "LS+ _ ACC1 lf\n"
                  "LS- L1 ACC1 lf.q grp\r\n"
                  "LS- L1 ACC1 lf\r\n"
                  "RMSG ACC1 foo.bar 5\r\nhello\r\n"
                  "RMSG ACC1 foo.bar 5\r\nworld\r\n"
                  "RMSG ACC1 foo.bar inbox.1 5\r\nhello\r\n"
                  "HMSG ACC1 foo.bar 18 20\r\nNATS/1.0\r\nK: V\r\n\r\nhi\r\n"
                  "RMSG ACC1 work | q1 q2 3\r\njob\r\n"
                  "RMSG ACC1 work | q1 q2 3\r\ntwo\r\n"
                  "RMSG ACC1 work + inbox.3 q1 q2 3\r\njob\r\n"
                  "HMSG ACC1 work r 12 12\r\nNATS/1.0\r\n\r\n\r\n"
                  "HMSG ACC1 work + inbox.4 q1 12 15\r\nNATS/1.0\r\n\r\njob\r\n"
                  "HMSG ACC1 work | q1 12 15\r\nNATS/1.0\r\n\r\njob\r\n"
                  "LMSG L1 ACC1 rt.sub 0 1\r\nx\r\n"
                  "LMSG L1 ACC1 rt.sub rep.1 12 13\r\nNATS/1.0\r\n\r\ny\r\n"
                  "LMSG L1 ACC1 rt.q | rgrp 0 1\r\nz\r\n"
                  "LMSG L1 ACC1 rt.q + r rgrp 0 0\r\n\r\n"
                  "A+ ACC1\r\nA- ACC1\r\n"
                  "PING\r\nPong\r\n+OK\r\n-ERR 'Stale Connection'\r\n",
                  route,
                  "connect {\"cluster\":\"C1\"};info {\"server_id\":\"A\"};"
                  "+ in ACC1 foo.>;+ in ACC1 work queue q1 x2;- in ACC1 work queue q1;"
                  "- in ACC1 foo.>;"
                  "leaf+ origin L1 in ACC1 lf.q queue grp x1;leaf+ origin _ in ACC1 lf;"
                  "leaf- origin L1 in ACC1 lf.q queue grp;leaf- origin L1 in ACC1 lf;"
                  "msg in ACC1 foo.bar=hello;msg in ACC1 foo.bar=world;"
                  "msg in ACC1 foo.bar reply inbox.1=hello;"
                  "hmsg in ACC1 foo.bar head 18=NATS/1.0\r\nK: V\r\n\r\nhi;"
                  "msg in ACC1 work for q1 q2=job;msg in ACC1 work for q1 q2=two;"
                  "msg in ACC1 work reply inbox.3 for q1 q2=job;"
                  "hmsg in ACC1 work reply r head 12=NATS/1.0\r\n\r\n;"
                  "hmsg in ACC1 work reply inbox.4 for q1 head 12=NATS/1.0\r\n\r\njob;"
                  "hmsg in ACC1 work for q1 head 12=NATS/1.0\r\n\r\njob;"
                  "msg origin L1 in ACC1 rt.sub=x;"
                  "hmsg origin L1 in ACC1 rt.sub reply rep.1 head 12=NATS/1.0\r\n\r\ny;"
                  "msg origin L1 in ACC1 rt.q for rgrp=z;"
                  "msg origin L1 in ACC1 rt.q reply r for rgrp=;"
                  "ping;pong;ok;err Stale Connection;");
}

TEST_CASE("LS- of a server before lnocu has no origin") {
  check_every_cut("LS-  ACC1 lf.q grp\r\nLS- ACC1 lf\r\nLS+ L1 ACC1 lf\r\n", old_route,
                  "leaf- in ACC1 lf.q queue grp;leaf- in ACC1 lf;leaf+ origin L1 in ACC1 lf;");
  CHECK(whole("LS- L1 ACC1 lf grp\r\n", old_route) == violation(errc::malformed_arguments));
  CHECK(whole("LS- lf\r\n", route) == violation(errc::malformed_arguments));
}

TEST_CASE("on a route of one account no operation names it, wherever TCP cuts it") {
  link_rules own = route;
  own.names_account = false;
  check_every_cut("RS+ foo\r\nRS+ foo q 2\r\nRS- foo q\r\nLS+ L1 bar\r\nLS- L1 bar\r\n"
                  "RMSG foo r 2\r\nhi\r\nRMSG foo + r q1 q2 1\r\nx\r\n"
                  "HMSG foo 12 15\r\nNATS/1.0\r\n\r\njob\r\nLMSG L1 foo 0 1\r\ny\r\n",
                  own,
                  "+ foo;+ foo queue q x2;- foo queue q;leaf+ origin L1 bar;leaf- origin L1 bar;"
                  "msg foo reply r=hi;msg foo reply r for q1 q2=x;"
                  "hmsg foo head 12=NATS/1.0\r\n\r\njob;msg origin L1 foo=y;");
  CHECK(whole("RS+ ACC foo\r\n", own) == violation(errc::malformed_arguments));
}

TEST_CASE("every operation of a leaf node is the same wherever TCP cuts it") {
  check_every_cut("INFO {}\r\nCONNECT {}\r\n"
                  "LS+ l.>\r\nLS+ lq g 2\r\nLS- lq g\r\nLS- l.>\r\n"
                  "LMSG l.a 2\r\nm1\r\nLMSG l.a r.1 2\r\nm2\r\n"
                  "LMSG lq | g 2\r\nq1\r\nLMSG lq + r.3 g h 2\r\nq2\r\n"
                  "HMSG l.a 12 14\r\nNATS/1.0\r\n\r\nm4\r\n"
                  "HMSG hq | hg hg2 12 14\r\nNATS/1.0\r\n\r\nq3\r\nPING\r\n",
                  leaf,
                  "info {};connect {};leaf+ l.>;leaf+ lq queue g x2;leaf- lq queue g;leaf- l.>;"
                  "msg l.a=m1;msg l.a reply r.1=m2;msg lq for g=q1;msg lq reply r.3 for g h=q2;"
                  "hmsg l.a head 12=NATS/1.0\r\n\r\nm4;"
                  "hmsg hq for hg hg2 head 12=NATS/1.0\r\n\r\nq3;ping;");
}

TEST_CASE("every operation of a gateway is the same wherever TCP cuts it") {
  check_every_cut("CONNECT {\"gateway\":\"G1\"}\r\nINFO {}\r\nRMSG A foo.bar inbox.1 5\r\nhello\r\n"
                  "HMSG A only + rr.1 qx 12 13\r\nNATS/1.0\r\n\r\nx\r\nPING\r\n",
                  inbound,
                  "connect {\"gateway\":\"G1\"};info {};msg in A foo.bar reply inbox.1=hello;"
                  "hmsg in A only reply rr.1 for qx head 12=NATS/1.0\r\n\r\nx;ping;");
  check_every_cut("INFO {}\r\nRS+ A foo.>\r\nRS+ A work q1 1\r\nRS- A work q1\r\nRS- A foo.>\r\n"
                  "A- B\r\nA+ B\r\nPONG\r\n",
                  outbound,
                  "info {};+ in A foo.>;+ in A work queue q1 x1;- in A work queue q1;- in A foo.>;"
                  "account- B;account+ B;pong;");
}

TEST_CASE("each kind of link has verbs that its peer may not use") {
  struct row {
    std::string_view wire;
    errc on_route, on_inbound, on_outbound, on_leaf;
  };
  constexpr auto fine = errc::none;
  constexpr auto unknown = errc::unknown_operation;
  constexpr auto wrong = errc::wrong_direction;
  for (const auto& [wire, on_route, on_inbound, on_outbound, on_leaf] : std::vector<row>{
           {"RS+ A b\r\n", fine, wrong, fine, unknown},
           {"RS- A b\r\n", fine, wrong, fine, unknown},
           {"A+ A\r\n", fine, wrong, fine, unknown},
           {"A- A\r\n", fine, wrong, fine, unknown},
           {"RMSG A b 0\r\n\r\n", fine, fine, wrong, unknown},
           {"HMSG A b 0 0\r\n\r\n", fine, fine, wrong, fine},
           {"LMSG L A b 0 0\r\n\r\n", fine, unknown, unknown, errc::malformed_arguments},
           {"LS+ L A b\r\n", fine, unknown, unknown, errc::malformed_arguments},
           {"LS- L A b\r\n", fine, unknown, unknown, errc::malformed_arguments},
           {"SUB a 1\r\n", unknown, unknown, unknown, unknown},
           {"PUB a 0\r\n\r\n", unknown, unknown, unknown, unknown},
           {"GET / HTTP/1.1\r\n", unknown, unknown, unknown, unknown},
       }) {
    auto check = [&](const link_rules& rules, errc code) {
      auto heard = whole(wire, rules);
      bool refused = heard.starts_with("violation");
      CHECK_MESSAGE(refused == (code != fine), wire << " " << heard);
      if (refused)
        CHECK_MESSAGE(heard == violation(code), wire);
    };
    check(route, on_route);
    check(inbound, on_inbound);
    check(outbound, on_outbound);
    check(leaf, on_leaf);
  }
}

TEST_CASE("nobody sends interest or a payload before the handshake is over") {
  for (auto side :
       {link_side::route, link_side::gateway_inbound, link_side::gateway_outbound, link_side::leaf})
    for (auto wire : {"RS+ A b\r\n", "LS+ b\r\n", "RMSG A b 900000\r\n", "LMSG b 900000\r\n",
                      "A- x\r\n", "HMSG"})
      CHECK_MESSAGE(whole(wire, {.side = side}) == violation(errc::authorization_violation), wire);
  CHECK(whole("CONNECT {}\r\nINFO {}\r\nPING\r\n", {}) == "connect {};info {};ping;");
}

TEST_CASE("rules that the sink changes hold from the next operation on") {
  struct : test::link_journal {
    link_rules* rules = nullptr;
    bool on_info(std::string_view json) {
      rules->handshake = false;
      return test::link_journal::on_info(json);
    }
  } journal;
  link_rules rules;
  journal.rules = &rules;
  protocol::parser_limits limits;
  protocol::link_parser parser{journal, rules, limits};
  parser.parse("CONNECT {}\r\nINFO {}\r\nRS+ A b\r\n");
  CHECK(journal.text == "connect {};info {};+ in A b;");
}

TEST_CASE("wrong numbers of arguments and weights below one are malformed") {
  for (auto wire : {"RS+ A\r\n",
                    "RS+ A b q\r\n",
                    "RS+ A b q 1 1\r\n",
                    "RS+ A b q 0\r\n",
                    "RS+ A b q -1\r\n",
                    "RS+ A b q x\r\n",
                    "RS+ A b q 1234567890\r\n",
                    "RS- A\r\n",
                    "RS- A b q 1\r\n",
                    "LS+ L A\r\n",
                    "LS+ L A b q\r\n",
                    "LS- L A\r\n",
                    "LS- L A b q 1\r\n",
                    "A+ \r\n",
                    "A- a b\r\n",
                    "RMSG A 0\r\n",
                    "RMSG A b\r\n",
                    "RMSG A b c d 0\r\n",
                    "RMSG A b ! r q 0\r\n",
                    "HMSG A b 0\r\n",
                    "HMSG A b 2 1\r\n",
                    "LMSG L A b 0\r\n",
                    "RMSG A b 1x\r\n",
                    "RMSG A b 1234567890\r\n",
                    "HMSG A b -1 0\r\n"})
    CHECK_MESSAGE(whole(wire, route) == violation(errc::malformed_arguments), wire);
  for (auto wire : {"LS+ a b\r\n", "LS- a b c\r\n", "LMSG 0\r\n", "LMSG a b c 0\r\n"})
    CHECK_MESSAGE(whole(wire, leaf) == violation(errc::malformed_arguments), wire);
  for (auto wire : {"RS+\r\n", "LMSG\r\n", "RS+A b\r\n"})
    CHECK_MESSAGE(whole(wire, route) == violation(errc::unknown_operation), wire);
}

TEST_CASE("a link's payload is refused on its control line and ends with CR LF") {
  protocol::parser_limits limits{64, 8};
  CHECK(whole("RMSG A b 9\r\n", route, limits) == violation(errc::payload_too_large));
  CHECK(whole("RMSG A b 8\r\n12345678\r\n", route, limits) == "msg in A b=12345678;");
  CHECK(whole("RMSG A b 1\r\nxyz\r\n", route) == violation(errc::unknown_operation));
  CHECK(whole("RMSG A b 1\r\nx\r\nRMSG A b 1\r\nxyz\r\n", route)
        == "msg in A b=x;" + violation(errc::unknown_operation));
}

TEST_CASE("a link's control line of exactly the limit passes, one byte more does not") {
  protocol::parser_limits limits{16, 1024};
  CHECK(whole("RS+ A aaaaaaaaaaaaaa\r\n", route, limits) == "+ in A aaaaaaaaaaaaaa;");
  CHECK(whole("RS+ A aaaaaaaaaaaaaaa\r\n", route, limits)
        == violation(errc::control_line_too_long));
  CHECK(whole("RMSG A aaaaaaaaaaaaaaaaaaaaaaaa", route, limits)
        == violation(errc::control_line_too_long));
}

TEST_CASE("an unfinished message says how many bytes it will have") {
  test::link_journal journal;
  protocol::parser_limits limits;
  protocol::link_parser parser{journal, route, limits};
  auto progress = parser.parse("PING\r\nRMSG A b 100\r\nabc");
  CHECK(progress.used == 6);
  CHECK(progress.wanted == 14 + 100 + 2);
  CHECK(journal.text == "ping;");
}

TEST_CASE("a sink that has enough stops the parser behind the operation") {
  test::link_journal journal;
  journal.stop_after = 2;
  protocol::parser_limits limits;
  protocol::link_parser parser{journal, route, limits};
  std::string_view wire = "RMSG A b 1\r\nx\r\nRMSG A b 1\r\ny\r\nRMSG A b 1\r\nz\r\n";
  CHECK(parser.parse(wire).used == 30);
  CHECK(journal.text == "msg in A b=x;msg in A b=y;");
}

TEST_CASE("equal control lines in a row give the same views, and interest between them new ones") {
  struct : test::link_journal {
    std::vector<const char*> subjects;
    std::vector<const std::string_view*> queues;
    bool on_message(const protocol::link_message& in) {
      subjects.push_back(in.pub.subject.data());
      queues.push_back(in.queues.data());
      return test::link_journal::on_message(in);
    }
  } journal;
  protocol::parser_limits limits;
  protocol::link_parser parser{journal, route, limits};
  std::string message = "RMSG A work | q1 q2 1\r\nx\r\n";
  parser.parse(message + message + "RS+ B other g 1\r\n" + message);
  CHECK(journal.text
        == "msg in A work for q1 q2=x;msg in A work for q1 q2=x;+ in B other queue g x1;"
           "msg in A work for q1 q2=x;");
  CHECK(journal.subjects[0] == journal.subjects[1]);
  CHECK(journal.queues[0] == journal.queues[1]);
  CHECK(journal.subjects[0] != journal.subjects[2]);
}

TEST_CASE("a list of ten thousand queue groups is read, and its storage not kept") {
  std::string line = "RMSG A work |";
  for (int i = 0; i < 10000; ++i)
    line += " q" + std::to_string(i);
  struct : test::link_journal {
    size_t most = 0;
    bool on_message(const protocol::link_message& in) {
      most = in.queues.size();
      return true;
    }
  } journal;
  protocol::parser_limits limits{size_t{128} * 1024, 16};
  protocol::link_parser parser{journal, route, limits};
  parser.parse(line + " 0\r\n\r\n");
  CHECK(journal.most == 10000);
  parser.parse("RMSG A work | q 0\r\n\r\n");
  CHECK(journal.most == 1);
}
