// test/cli/account_commands_test.cpp: `troupe account` as a process, its stores, and a nats-server
// on them.
#include "account_site.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

using troupe::test::has;
using troupe::test::no_peer;
using troupe::test::peer_server;
using troupe::test::run;
using troupe::test::running_process;
using troupe::test::shows_a_seed;
using troupe::test::site;
using troupe::test::text_of;
using troupe::test::troupe_with;
namespace fs = std::filesystem;

TEST_CASE_FIXTURE(site, "init makes everything that a working account needs, and only once") {
  auto made = account({"init", "--port", "14222"});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK_FALSE(shows_a_seed(made));
  CHECK(has(made.out, "troupe run --config"));
  for (auto file : {"/troupe.yaml", "/accounts/nats/OPS/OPS.jwt", "/accounts/nats/OPS/.nsc",
                    "/accounts/creds/OPS/main/app.creds", "/accounts/creds/OPS/SYS/system.creds"})
    CHECK_MESSAGE(fs::exists(folder + file), file);
  auto config = text_of(folder + "/troupe.yaml");
  CHECK(has(config, "port: 14222"));
  CHECK(has(config, folder + "/accounts/nats/OPS"));
  auto again = account({"init", "--config", "none"});
  CHECK(again.code == 1);
  CHECK(has(again.err, "exists already"));
  CHECK(account({"init"}).code == 2); // the configuration is there
}

TEST_CASE_FIXTURE(site, "a creds file or a seed that others can read is used with a warning") {
  must({"init", "--bare"});
  const auto app = creds("main", "app"), seed = folder + "/app.nk";
  {
    std::ofstream out{seed};
    out << "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y\n";
  }
  auto said = [](const char* flag, const std::string& file, fs::perms mode) {
    fs::permissions(file, mode);
    return run({"pub", "x", "y", "--server", "nats://127.0.0.1:1", flag, file}).err;
  };
  const auto alone = fs::perms::owner_read, all = alone | fs::perms::group_read;
  for (auto [flag, file] : {std::pair{"--creds", app}, std::pair{"--nkey", seed}}) {
    CHECK(has(said(flag, file, all), file + ": others can read"));
    CHECK_FALSE(has(said(flag, file, alone), "others can read"));
  }
}

TEST_CASE_FIXTURE(site, "init names every wrong name before it writes anything") {
  auto wrong = account({"init", "--operator", "a/b", "--account", "SYS", "--collective", "x.>"});
  CHECK(wrong.code == 2);
  CHECK(has(wrong.err, "a/b"));
  CHECK(has(wrong.err, "both \"SYS\""));
  CHECK(has(wrong.err, "x.>"));
  CHECK(fs::is_empty(folder));
}

TEST_CASE_FIXTURE(site, "accounts and users are added, changed and shown") {
  REQUIRE(account({"init", "--bare"}).code == 0);
  auto added = json({"add", "account", "acme", "--conns", "10", "--description", "Makes all"});
  CHECK(added["key"].get<std::string>().starts_with("A"));
  CHECK(account({"add", "account", "acme"}).code == 1);
  auto user = json({"add", "user", "acme", "n1", "--template", "server", "--collective", "acme"});
  CHECK(fs::exists(user["creds"].get<std::string>()));
  CHECK(has(account({"show", "acme", "n1"}).out, "acme.node.n1"));
  auto edited = account({"edit", "user", "acme", "n1", "--payload", "1k", "--source-network",
                         "192.0.2.0/24", "--expires", "2040-01-01", "--bearer", "true"});
  CHECK_MESSAGE(edited.code == 0, edited.err);
  auto shown = json({"show", "acme", "n1"});
  CHECK(shown["nats"]["payload"] == 1000);
  CHECK(shown["nats"]["src"][0] == "192.0.2.0/24");
  CHECK(shown["nats"]["bearer_token"] == true);
  CHECK(shown["exp"] == 2208988800);
  CHECK(account({"edit", "account", "acme", "--payload", "64k", "--disallow-bearer", "true"}).code
        == 0);
  auto account_json = json({"show", "acme"});
  CHECK(account_json["nats"]["limits"]["payload"] == 64000);
  CHECK(account_json["nats"]["limits"]["conn"] == 10);
  CHECK(json({"list"}).size() == 3);
  CHECK(json({"list", "acme"}).size() == 1);
}

TEST_CASE_FIXTURE(site, "mistakes name what would be right") {
  auto empty = account({"list"});
  CHECK(empty.code == 1);
  CHECK(has(empty.err, folder + "/accounts/nats"));
  CHECK(has(empty.err, "account init"));
  REQUIRE(account({"init", "--bare"}).code == 0);
  auto unknown = account({"add", "user", "acne", "ann"});
  CHECK(unknown.code == 1);
  CHECK(has(unknown.err, "there are: SYS; main"));
  auto several = account({"add", "user", "main", ".x", "--template", "boss", "--expires", "soon"});
  CHECK(has(several.err, ".x"));
  CHECK(has(several.err, "boss"));
  CHECK(has(several.err, "soon"));
  CHECK(has(account({"edit", "user", "main", "bob"}).err, "has the users: app"));
  CHECK(has(account({"show", "main", "bob"}).err, "has the users: app"));
  CHECK(has(account({"add", "user", "main", "x", "--role", "boss"}).err, "it has: none"));
  CHECK(account({"config", "--format", "toml"}).code == 2);
  CHECK(account({}).code == 2);
}

TEST_CASE("a store that nsc made is read, and what cannot be signed says which key is missing") {
  auto list = run({"account", "list", "--store", TROUPE_NSC_STORE, "--json"});
  REQUIRE_MESSAGE(list.code == 0, list.err);
  auto accounts = nlohmann::json::parse(list.out);
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0]["system"] == true);
  CHECK(accounts[1]["account"] == "acme");
  CHECK(accounts[1]["exports"] == 2);
  CHECK(accounts[2]["imports"] == 2);
  auto ann = run({"account", "show", "acme", "ann", "--store", TROUPE_NSC_STORE});
  CHECK(has(ann.out, "reader"));
  CHECK(has(ann.out, "orders.{{name()}}.>"));
  auto edit = run({"account", "add", "user", "acme", "x", "--store", TROUPE_NSC_STORE});
  CHECK(edit.code == 1);
  CHECK(has(edit.err, "the secret key of A"));
  CHECK(has(edit.err, ".nk"));
}

TEST_CASE_FIXTURE(site, "a nats-server serves the store, and creds log in with their permissions") {
  std::string binary;
  SUBCASE("the installed one") {
    if (no_peer())
      return;
  }
  SUBCASE("Troupe under that name") {
    binary = fs::path{TROUPE_BINARY}.replace_filename("nats-server").string();
  }
  REQUIRE(account({"init"}).code == 0);
  auto config = account({"config", "--format", "nats"});
  REQUIRE(config.code == 0);
  auto from = config.out.find("operator:"); // the peer brings its own listeners
  peer_server server{config.out.substr(from), binary};
  REQUIRE(server.is_up());
  auto as = [&](const std::string& user, std::vector<std::string> what) {
    what.insert(what.end(), {"--creds", creds("main", user), "--server", server.url});
    return run(std::move(what));
  };
  CHECK(as("app", {"pub", "orders.new", "x"}).code == 0);
  CHECK(as("server", {"pub", "mcollective.reply.x", "x"}).code == 0);
  auto denied = as("server", {"pub", "mcollective.node.n", "x"});
  CHECK(denied.code == 1);
  CHECK(has(denied.err, "may not publish"));
  auto anonymous = run({"pub", "a", "x", "--server", server.url});
  CHECK(anonymous.code == 1);
  REQUIRE(account({"add", "account", "later"}).code == 0);
  REQUIRE(account({"add", "user", "later", "ann"}).code == 0);
  auto stranger = run({"pub", "a", "x", "--creds", creds("later", "ann"), "--server", server.url});
  CHECK(stranger.code == 1);
  CHECK(has(stranger.err, "user \"ann\" of creds file"));
}

TEST_CASE_FIXTURE(site,
                  "three commands lead from nothing to a message that only its account hears") {
  must({"init"});
  must({"add", "account", "other"});
  must({"add", "user", "other", "ann"});
  auto config = text_of(folder + "/troupe.yaml");
  REQUIRE(has(config, "port: 4222}"));
  config.replace(config.find("port: 4222"), 10, "port: -1"); // any free one
  config.erase(config.find("monitoring:"), config.find("operator:") - config.find("monitoring:"));
  std::ofstream{folder + "/free.yaml"} << config;
  running_process broker{troupe_with({"run", "--config", folder + "/free.yaml"})};
  REQUIRE(broker.says("Server is ready"));
  auto said = broker.out + broker.err;
  std::string before = "client connections on ";
  auto at = said.find(before) + before.size();
  auto url = "nats://" + said.substr(at, said.find('\n', at) - at);
  auto sub_as = [&](const std::string& whose, const std::string& of) {
    return troupe_with(
        {"sub", ">", "--count", "1", "--raw", "--creds", creds(of, whose), "--server", url});
  };
  running_process app{sub_as("app", "main")};
  running_process stranger{sub_as("ann", "other")};
  REQUIRE(app.says("listening"));
  REQUIRE(stranger.says("listening"));
  auto pub = [&](const std::string& user, const std::string& of, const char* payload) {
    return run({"pub", "orders.new", payload, "--creds", creds(of, user), "--server", url});
  };
  CHECK(pub("app", "main", "ours").code == 0);
  CHECK(pub("ann", "other", "theirs").code == 0);
  CHECK(app.finish() == 0);
  CHECK(stranger.finish() == 0);
  CHECK(app.out == "ours\n");
  CHECK(stranger.out == "theirs\n");
  CHECK(has(pub("server", "main", "x").err, "may not publish to \"orders.new\""));
  CHECK(account({"probe", "main", "other", "--server", url}).code == 0);
  broker.send_signal(SIGTERM);
  broker.finish();
}

TEST_CASE_FIXTURE(site, "an nkey of the server's configuration logs in with its seed file") {
  if (no_peer())
    return;
  REQUIRE(account({"init", "--bare"}).code == 0);
  auto key = json({"list", "main"})[0]["key"].get<std::string>();
  auto seed = folder + "/accounts/keys/U/" + key.substr(1, 2) + "/" + key + ".nk";
  peer_server server{"authorization { users [ {nkey: " + key + "} ] }\n"};
  REQUIRE(server.is_up());
  CHECK(run({"pub", "a", "x", "--nkey", seed, "--server", server.url}).code == 0);
  auto both = run({"pub", "a", "x", "--nkey", seed, "--user", "u", "--server", server.url});
  CHECK(both.code == 2);
  auto no_seed = run({"pub", "a", "x", "--nkey", folder + "/troupe.yaml"});
  CHECK(no_seed.code == 2);
  CHECK(has(no_seed.err, "holds no seed"));
  auto no_creds = run({"pub", "a", "x", "--creds", seed});
  CHECK(no_creds.code == 2);
  CHECK(has(no_creds.err, "there is no JWT"));
}
