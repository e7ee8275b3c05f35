// test/cli/tools_test.cpp: the client tools as processes, against a real nats-server.
#include "command_run.hpp"

#include "test/e2e/free_port.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

using troupe::test::has;
using troupe::test::no_peer;
using troupe::test::peer_server;
using troupe::test::run;
using troupe::test::running_process;
using troupe::test::troupe_with;

TEST_CASE("wrong usage ends with 2 and says what would be right") {
  CHECK(run({}).code == 2);
  CHECK(run({"sub"}).code == 2);
  CHECK(run({"nonsense"}).code == 2);
  CHECK(run({"sub", "a", "--raw", "--json"}).code == 2);
  auto dollar = run({"sub", ".ACCOUNT.>"});
  CHECK(dollar.code == 2);
  CHECK(has(dollar.err, "single quotes"));
  CHECK(run({"pub", "a.*", "x"}).code == 2);
  CHECK(run({"request", "a", "--timeout", "soon"}).code == 2);
  CHECK(run({"pub", "a", "x", "--header", "novalue"}).code == 2);
  CHECK(run({"bench", "--sub", "1", "--verify", "--size", "3"}).code == 2);
  CHECK(run({"bench", "--requests", "5", "--handshakes", "5"}).code == 2);
  CHECK(run({"bench", "--interest", "5"}).code == 2);
  CHECK(run({"sub", "a", "--server", "http://x"}).code == 2);
}

TEST_CASE("a mistyped command or option is named, with the one that was probably meant") {
  struct row {
    std::vector<std::string> typed;
    const char *text, *hint;
  };
  for (const auto& each : std::vector<row>{
           {{"report", "route"},
            "troupe report has no command route; did you mean \"routes\"?",
            "one of routes, gateways, leafnodes"},
           {{"report"}, "troupe report needs a command", "one of routes, gateways, leafnodes"},
           {{"supper"}, "troupe has no command supper; did you mean \"super\"?", "one of run, "},
           {{"super", "--sever", "x"},
            "troupe super has no option --sever; did you mean \"--server\"?",
            "troupe super --help lists them"},
           {{"super", "extra"},
            "troupe super does not take the argument \"extra\"",
            "troupe super --help shows"},
           {{"actors", "--wach"},
            "troupe actors has no option --wach; did you mean \"--watch\"?",
            "troupe actors --help lists them"},
           {{"actors", "--pid", "x"}, "troupe actors: --pid: ", "troupe actors --help shows"},
           {{"account", "add", "acount", "a"},
            "troupe account add has no command acount; did you mean \"account\"?",
            "one of "},
           {{"pub", "a", "x", "--pasword=s3cret"},
            "troupe pub has no option --pasword; did you mean \"--password\"?",
            ""}}) {
    auto ended = run(each.typed);
    CAPTURE(ended.err);
    CHECK(ended.code == 2);
    CHECK(ended.out.empty());
    CHECK(has(ended.err, std::string{"troupe: "} + each.text));
    CHECK(has(ended.err, each.hint));
    CHECK_FALSE(has(ended.err, "s3cret"));
  }
}

TEST_CASE("every command's help ends with 0 and tells its exit codes") {
  for (auto command : {"sub", "pub", "request", "bench", "account", "actors", "super"}) {
    auto help = run({command, "--help"});
    CHECK(help.code == 0);
    CHECK(has(help.out, "Exit codes"));
    CHECK((has(help.out, "Examples") || has(help.out, "From nothing")));
  }
  CHECK(has(run({"--version"}).out, "commit"));
}

TEST_CASE("a broker that does not run is asked for") {
  auto nobody = "nats://127.0.0.1:" + std::to_string(troupe::e2e::free_port());
  auto tried = run({"pub", "a", "x", "--server", nobody});
  CHECK(tried.code == 1);
  CHECK(has(tried.err, "is the broker running at 127.0.0.1:"));
}

TEST_CASE("whoever is not of the system account hears at once that no broker reports to him") {
  if (no_peer())
    return;
  peer_server server;
  REQUIRE(server.is_up());
  for (const auto& command : {std::vector<std::string>{"report", "routes"}, {"super"}}) {
    auto asked = command;
    asked.insert(asked.end(), {"--server", server.url, "--timeout", "20s"});
    auto ended = run(asked);
    CHECK(ended.code == 3);
    CHECK(has(ended.err, "no broker takes this question from this user"));
    CHECK(has(ended.err, "only users of the system account may ask"));
  }
}

TEST_CASE("sub shows what pub publishes, with headers, as JSON, and counts") {
  if (no_peer())
    return;
  peer_server server;
  REQUIRE(server.is_up());
  running_process plain{
      troupe_with({"sub", "a.>", "--count", "2", "--headers", "--server", server.url})};
  running_process json{troupe_with(
      {"sub", "a.*", "x", "--count", "1", "--json", "--queue", "q", "--server", server.url})};
  REQUIRE(plain.says("listening on a.>"));
  REQUIRE(json.says("listening on a.*, x"));
  auto first = run({"pub", "a.b", "-", "--header", "K:v", "--reply", "r", "--server", server.url},
                   "from stdin");
  CHECK(first.code == 0);
  CHECK(json.finish() == 0);
  auto message = nlohmann::json::parse(json.out);
  CHECK(message["subject"] == "a.b");
  CHECK(message["reply"] == "r");
  CHECK(message["payload"] == "from stdin");
  CHECK(message["headers"]["K"][0] == "v");
  CHECK(run({"tool", "pub", "a.c", "--server", server.url}, "second").code == 0);
  CHECK(plain.finish() == 0);
  CHECK(has(plain.out, "#1 a.b  reply to r  10 bytes\nK: v\n\nfrom stdin\n"));
}

TEST_CASE("Ctrl-C ends sub with 0, silence beyond --timeout with 3") {
  if (no_peer())
    return;
  peer_server server;
  REQUIRE(server.is_up());
  running_process sub{troupe_with({"tool", "sub", "a", "--server", server.url})};
  REQUIRE(sub.says("listening"));
  sub.send_signal(SIGINT);
  CHECK(sub.finish() == 0);
  CHECK(run({"sub", "a", "--timeout", "50ms", "--server", server.url}).code == 3);
}

TEST_CASE("a request without responders ends with 3 and names the subject") {
  if (no_peer())
    return;
  peer_server server;
  REQUIRE(server.is_up());
  auto asked = run({"request", "nobody.home", "hi", "--server", server.url});
  CHECK(asked.code == 3);
  CHECK(has(asked.err, "no responders are listening on nobody.home"));
  running_process silent{troupe_with({"sub", "deaf", "--server", server.url})};
  REQUIRE(silent.says("listening"));
  auto unheard = run({"request", "deaf", "--timeout", "100ms", "--server", server.url});
  CHECK(unheard.code == 3);
  CHECK(has(unheard.err, "no reply within 100ms"));
}

TEST_CASE("a request shows as many replies as asked for") {
  if (no_peer())
    return;
  // The server itself answers in the system account, so no responder of ours is needed.
  peer_server server{"accounts { A { users [ {user: a, password: a} ] }\n"
                     "SYS { users [ {user: s, password: s} ] } }\nsystem_account: SYS\n"};
  REQUIRE(server.is_up());
  auto asked = run({"request", "$SYS.REQ.SERVER.PING", "--replies", "1", "--json", "--user", "s",
                    "--password", "s", "--server", server.url});
  CHECK(asked.code == 0);
  CHECK(has(asked.out, "statsz"));
  auto more = run({"request", "$SYS.REQ.SERVER.PING", "--replies", "2", "--timeout", "2s", "--user",
                   "s", "--password", "s", "--server", server.url});
  CHECK(more.code == 3);
  CHECK(has(more.err, "only 1 of 2 replies"));
}

TEST_CASE("refusals name the user or the subject") {
  if (no_peer())
    return;
  peer_server server{"authorization { users [ {user: ann, password: p, permissions: "
                     "{publish: \"ok.>\", subscribe: \"ok.>\"}} ] }\n"};
  REQUIRE(server.is_up());
  auto as_ann = [&](std::vector<std::string> what) {
    for (auto more : {"--user", "ann", "--password", "p", "--server"})
      what.emplace_back(more);
    what.push_back(server.url);
    return run(std::move(what));
  };
  auto anonymous = run({"pub", "ok.a", "x", "--server", server.url});
  CHECK(anonymous.code == 1);
  CHECK(has(anonymous.err, "no credentials"));
  auto denied = as_ann({"pub", "secret", "x"});
  CHECK(denied.code == 1);
  CHECK(has(denied.err, "may not publish to \"secret\""));
  auto deaf = as_ann({"sub", "secret"});
  CHECK(deaf.code == 1);
  CHECK(has(deaf.err, "may not subscribe to \"secret\""));
  CHECK(as_ann({"pub", "ok.a", "x"}).code == 0);
  auto with_user = server.url;
  with_user.insert(7, "ann:p@");
  CHECK(run({"pub", "ok.a", "x", "--server", with_user}).code == 0);
}

TEST_CASE("TLS is used when the server wants it, and its certificate is checked") {
  if (no_peer())
    return;
  auto folder = troupe::test::make_folder();
  auto cert = folder + "/cert.pem";
  auto key = folder + "/key.pem";
  running_process openssl{{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                           "-days", "2", "-subj", "/CN=peer", "-addext",
                           "subjectAltName=IP:127.0.0.1"}};
  if (openssl.finish() != 0) {
    MESSAGE("skipped: the openssl command is missing");
    return;
  }
  peer_server server{"tls { cert_file: \"" + cert + "\", key_file: \"" + key + "\" }\n"};
  REQUIRE(server.is_up());
  CHECK(run({"pub", "a", "x", "--tls-ca", cert, "--server", server.url}).code == 0);
  auto nowhere = run({"pub", "a", "x", "--tls-ca", "/nowhere.pem", "--server", server.url});
  CHECK(has(nowhere.err, "the authority \"/nowhere.pem\": No such file or directory"));
  CHECK(run({"pub", "a", "x", "--tls-insecure", "--server", server.url}).code == 0);
  auto doubted = run({"pub", "a", "x", "--server", server.url});
  CHECK(doubted.code == 1);
  CHECK(has(doubted.err, "certificate is not trusted"));
  CHECK(run({"bench", "--handshakes", "20", "--tls-ca", cert, "--server", server.url}).code == 0);
  CHECK(run({"bench", "--sub", "2", "--messages", "20000", "--verify", "--tls-ca", cert, "--server",
             server.url})
            .code
        == 0);
}

TEST_CASE("bench delivers and verifies every load it offers") {
  if (no_peer())
    return;
  peer_server server;
  REQUIRE(server.is_up());
  const std::vector<std::vector<std::string>> loads{
      {"--messages", "20000"},
      {"--messages", "20001", "--sub", "1"},
      {"--messages", "20001", "--sub", "3", "--pub", "2", "--verify"},
      {"--messages", "20000", "--sub", "4", "--pub", "4", "--pairs", "--size", "0"},
      {"--messages", "20000", "--sub", "3", "--queue", "q", "--verify"},
      {"--messages", "5000", "--sub", "2", "--size", "8192", "--headers", "--verify"},
      {"--messages", "30", "--sub", "2", "--size", "1000000"},
      {"--messages", "20000", "--sub", "1", "--subjects", "100", "--verify"},
      {"--messages", "20000", "--sub", "1", "--subjects", "100", "--wildcard", "--headers"},
      {"--messages", "20000", "--sub", "2", "--extra-subscriptions", "1000"},
  };
  for (auto arguments : loads) {
    auto shown = nlohmann::json(arguments).dump();
    arguments.insert(arguments.begin(), {"bench", "--json", "--server", server.url});
    auto done = run(arguments);
    REQUIRE_MESSAGE(done.code == 0, shown << ": " << done.err);
    auto report = nlohmann::json::parse(done.out);
    CHECK_MESSAGE(report["seconds"].get<double>() > 0, shown);
  }
  auto latency = run({"bench", "--json", "--requests", "200", "--server", server.url});
  REQUIRE(latency.code == 0);
  auto micros = nlohmann::json::parse(latency.out)["microseconds"];
  CHECK(micros["p50"].get<double>() <= micros["p99"].get<double>());
  CHECK(run({"bench", "--requests", "500", "--in-flight", "16", "--server", server.url}).code == 0);
}

namespace {

/// Where it listens for leaf nodes, by its own words.
std::string leafnode_address(const peer_server& server) {
  std::ifstream file{server.folder + "/log"};
  std::string words = "Listening for leafnode connections on ";
  for (std::string line; std::getline(file, line);)
    if (auto at = line.find(words); at != line.npos)
      return line.substr(at + words.size());
  return {};
}

} // namespace

TEST_CASE("bench loads two linked servers, and fails if they are not") {
  if (no_peer())
    return;
  peer_server hub{"leafnodes { listen: \"127.0.0.1:-1\" }\n"};
  REQUIRE(hub.is_up());
  peer_server spoke{"leafnodes { remotes: [ {url: \"nats-leaf://" + leafnode_address(hub)
                    + "\"} ] }\n"};
  REQUIRE(spoke.is_up());
  const std::vector<std::string> over_link{
      "bench", "--json", "--server", hub.url, "--subscriber-server", spoke.url};
  for (std::vector<std::string> load :
       {std::vector<std::string>{"--sub", "1", "--messages", "2000"},
        {"--requests", "50"},
        {"--interest", "1000"}}) {
    auto shown = load.front();
    load.insert(load.begin(), over_link.begin(), over_link.end());
    auto done = run(load);
    REQUIRE_MESSAGE(done.code == 0, shown << ": " << done.err);
    CHECK_MESSAGE(nlohmann::json::parse(done.out)["seconds"].get<double>() > 0, shown);
  }
  peer_server stranger;
  REQUIRE(stranger.is_up());
  auto alone = run({"bench", "--sub", "1", "--idle-limit", "100ms", "--server", hub.url,
                    "--subscriber-server", stranger.url});
  CHECK(alone.code == 1);
  CHECK(has(alone.err, "are the two servers linked?"));
}

TEST_CASE("idle connections are held until standard input ends") {
  if (no_peer())
    return;
  peer_server server;
  REQUIRE(server.is_up());
  auto held =
      run({"bench", "--connections", "300", "--hold-until-eof", "--json", "--server", server.url});
  REQUIRE(held.code == 0);
  CHECK(nlohmann::json::parse(held.out)["opened"] == 300);
}

TEST_CASE("a load that the server does not deliver fails and tells how much is lost") {
  if (no_peer())
    return;
  peer_server server{"authorization { users [ {user: a, password: a, permissions: "
                     "{publish: \"x\", subscribe: \">\"}} ] }\n"};
  REQUIRE(server.is_up());
  auto refused = run({"bench", "--sub", "1", "--messages", "100", "--user", "a", "--password", "a",
                      "--server", server.url});
  CHECK(refused.code == 1);
  CHECK(has(refused.err, "may not publish to \"bench\""));
}

TEST_CASE("sub survives a server that goes away, and says so") {
  if (no_peer())
    return;
  peer_server first;
  peer_server second;
  REQUIRE(first.is_up());
  REQUIRE(second.is_up());
  running_process sub{
      troupe_with({"sub", "a", "--count", "1", "--server", first.url + "," + second.url})};
  REQUIRE(sub.says("listening"));
  first.stop();
  REQUIRE(sub.says("connected again to " + second.url));
  CHECK(run({"pub", "a", "x", "--server", second.url}).code == 0);
  CHECK(sub.finish() == 0);
  CHECK(has(sub.out, "#1 a"));
}
