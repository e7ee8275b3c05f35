// test/cli/account_brokers_test.cpp: `push`, `probe` and `explain` against a nats-server on our
// store.
#include "account_site.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using troupe::test::has;
using troupe::test::no_peer;
using troupe::test::peer_server;
using troupe::test::site;

namespace {

/// main exports, guests imports; and a nats-server that takes pushes.
struct shared_site : site {
  shared_site() {
    must({"init", "--bare"});
    must({"add", "account", "guests"});
    must({"export", "main", "prices.>", "--stream"});
    must({"export", "main", "req.*", "--service", "--private"});
    must({"export", "main", "news", "--stream"});
    must({"import", "guests", "prices.>", "--from", "main", "--prefix", "shop"});
    must({"import", "guests", "req.*", "--from", "main", "--to", "ask.$1"});
  }
  std::string config() const {
    auto shown = account({"config", "--format", "nats", "--resolver-dir", folder + "/jwt"});
    REQUIRE(shown.code == 0);
    return shown.out.substr(shown.out.find("operator:"));
  }
};

} // namespace

TEST_CASE_FIXTURE(shared_site, "pushed accounts work at once, and only what is declared crosses") {
  if (no_peer())
    return;
  peer_server server{config()};
  REQUIRE(server.is_up());
  auto unknown = account({"probe", "main", "guests", "--server", server.url});
  CHECK(unknown.code == 1); // the broker does not know these accounts yet
  auto pushed = json({"push", "--server", server.url});
  REQUIRE(pushed.size() == 3);
  for (const auto& one : pushed)
    CHECK(one["taken"] == true);
  auto probed = json({"probe", "main", "guests", "--server", server.url});
  CHECK(probed["crossed"].get<int>() >= 2);
  CHECK(probed["wrong"].empty());
  CHECK(probed["declared"].size() == 2);
  CHECK(probed["not_tried"] == nlohmann::json{"news"});
  CHECK(account({"probe", "guests", "main", "--touch-declared", "--server", server.url}).code == 0);
}

TEST_CASE_FIXTURE(shared_site, "push --prune has brokers delete what the store does not have any "
                               "more, and nothing else") {
  if (no_peer())
    return;
  peer_server server{config()};
  REQUIRE(server.is_up());
  REQUIRE(account({"push", "--server", server.url}).code == 0);
  auto gone = json({"show", "guests"})["sub"].get<std::string>();
  must({"delete", "account", "guests"});
  CHECK(account({"push", "main", "--prune", "--server", server.url}).code == 2);
  const auto file = folder + "/jwt/" + gone + ".jwt";
  CHECK(std::filesystem::exists(file));
  auto pushed = json({"push", "--prune", "--server", server.url});
  REQUIRE(pushed.size() == 3);
  CHECK(pushed[2]["account"] == gone);
  CHECK(pushed[2]["pruned"] == true);
  CHECK(pushed[2]["taken"] == true);
  CHECK(!std::filesystem::exists(file));
  CHECK(json({"push", "--prune", "--server", server.url}).size() == 2);
}

TEST_CASE_FIXTURE(shared_site, "probe finds what crosses undeclared, and what does not cross") {
  if (no_peer())
    return;
  peer_server server{config()};
  REQUIRE(server.is_up());
  REQUIRE(account({"push", "--server", server.url}).code == 0);
  must({"delete", "import", "guests", "prices.>"}); // here, but not at the broker
  auto leak = account({"probe", "main", "guests", "--server", server.url});
  CHECK(leak.code == 1);
  CHECK(has(leak.err, "LEAK: what main publishes on prices."));
  CHECK(has(leak.err, "arrives in guests on shop.prices."));
  must({"import", "guests", "prices.>", "--from", "main"}); // under another name
  auto missing = account({"probe", "main", "guests", "--server", server.url});
  CHECK(missing.code == 1);
  CHECK(has(missing.err, "is declared to arrive in guests on prices."));
  CHECK(account({"probe", "main", "main", "--server", server.url}).code == 1);
}

TEST_CASE_FIXTURE(shared_site, "a broker that takes no accounts is named as such") {
  if (no_peer())
    return;
  auto shown = account({"config", "--format", "nats"});
  peer_server server{shown.out.substr(shown.out.find("operator:"))};
  REQUIRE(server.is_up());
  auto pushed = account({"push", "--server", server.url});
  CHECK(pushed.code == 3);
  CHECK(has(pushed.err, "$SYS.REQ.CLAIMS.UPDATE"));
  CHECK(account({"push", "nobody", "--server", server.url}).code == 1);
  auto offline = account({"probe", "main", "guests", "--offline"});
  CHECK(offline.code == 0);
  CHECK(has(offline.out, "shop.prices.>"));
}

TEST_CASE_FIXTURE(shared_site, "explain decides as a broker does, and names the rule") {
  must({"add", "user", "main", "ann", "--allow-pub", "a.>", "--deny-sub", "secret.>"});
  must({"add", "role", "main", "node", "--allow-sub", "n.{{name()}}.>"});
  must({"add", "user", "main", "n1", "--role", "node"});
  must({"edit", "account", "guests", "--deny-pub", "never"});
  must({"add", "user", "guests", "bob"});
  auto explained = [&](const std::string& of, const std::string& user, const char* verb,
                       const char* subject) {
    auto done = account({"explain", creds(of, user), verb, subject, "--json"});
    CHECK_MESSAGE((done.code == 0 || done.code == 3), done.err);
    return nlohmann::json::parse(done.out)[0];
  };
  CHECK(explained("main", "ann", "publish", "a.b")["rule"] == "publish allow \"a.>\"");
  CHECK(explained("main", "ann", "publish", "b")["allowed"] == false);
  CHECK(explained("main", "ann", "subscribe", ">")["filtered"] == true);
  auto node = explained("main", "n1", "subscribe", "n.n1.x");
  CHECK(node["allowed"] == true);
  CHECK(node["of"] == "role node of account main");
  CHECK(explained("main", "n1", "subscribe", "n.n2.x")["allowed"] == false);
  auto defaults = explained("guests", "bob", "publish", "never");
  CHECK(defaults["allowed"] == false);
  CHECK(defaults["of"] == "default permissions of account guests");
  must({"revoke", "main", "ann"});
  auto revoked = account({"explain", creds("main", "ann"), "publish", "a.b"});
  CHECK(revoked.code == 3);
  CHECK(has(revoked.err, "cannot log in: the user is revoked"));
  CHECK(account({"explain", creds("main", "n1"), "publish", "a.*"}).code == 2);
  CHECK(account({"explain", creds("main", "n1"), "look", "a"}).code == 2);
  CHECK(account({"explain", folder + "/none.creds", "publish", "a"}).code == 2);
}
