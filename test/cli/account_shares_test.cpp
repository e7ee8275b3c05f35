// test/cli/account_shares_test.cpp: exports, imports, revocations, rotation and `verify`.
#include "account_site.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using troupe::test::has;
using troupe::test::run;
using troupe::test::site;
using troupe::test::text_of;
namespace fs = std::filesystem;

namespace {

/// Accounts main and guests; guests has the user ann.
struct two_accounts : site {
  two_accounts() {
    must({"init", "--bare"});
    must({"add", "account", "guests"});
    must({"add", "user", "guests", "ann"});
  }
  int verify() const { return account({"verify"}).code; }
};

} // namespace

TEST_CASE_FIXTURE(two_accounts, "what is exported can be imported under another name") {
  must({"export", "main", "prices.>", "--stream"});
  must({"import", "guests", "prices.>", "--from", "main", "--prefix", "shop"});
  auto taken = json({"show", "guests"})["nats"]["imports"][0];
  CHECK(taken["subject"] == "prices.>");
  CHECK(taken["local_subject"] == "shop.prices.>");
  CHECK(taken["type"] == "stream");
  must({"import", "guests", "prices.>", "--from", "main", "--prefix", "shop"});
  CHECK(json({"show", "guests"})["nats"]["imports"].size() == 1);
  CHECK(verify() == 0);
}

TEST_CASE_FIXTURE(two_accounts, "an import that nobody exports is not written") {
  must({"export", "main", "prices.*", "--stream"});
  auto none = account({"import", "guests", "prices.>", "--from", "main"});
  CHECK(none.code == 1);
  CHECK(has(none.err, "it exports: stream prices.*"));
  auto other = account({"import", "guests", "prices.a", "--from", "main", "--service"});
  CHECK(other.code == 1);
  CHECK_FALSE(json({"show", "guests"})["nats"].contains("imports"));
  CHECK(account({"export", "main", "x"}).code == 2);
  CHECK(has(account({"export", "main", "a..b", "--stream"}).err, "a..b"));
  CHECK(account({"import", "guests", "x", "--from", "nobody"}).code == 1);
}

TEST_CASE_FIXTURE(two_accounts, "a private export is activated, revoked and activated again") {
  must({"export", "main", "quote.*", "--service", "--private"});
  must({"import", "guests", "quote.gold", "--from", "main", "--to", "gold"});
  CHECK(verify() == 0);
  must({"revoke", "main", "guests", "--export", "quote.*"});
  CHECK(verify() == 1);
  CHECK(has(account({"verify"}).err, "revoked"));
  must({"revoke", "main", "guests", "--export", "quote.*", "--undo"});
  CHECK(verify() == 0);
  auto token = folder + "/token.jwt";
  must({"activate", "main", "quote.*", "--for", "guests", "--expires", "1d", "--out", token});
  CHECK(has(text_of(token), "BEGIN NATS ACTIVATION JWT"));
  must({"import", "guests", "quote.tin", "--from", "main", "--token", token});
  CHECK(verify() == 0);
  auto wrong = account({"import", "main", "quote.tin", "--from", "guests", "--token", token});
  CHECK(wrong.code == 1);
}

TEST_CASE_FIXTURE(two_accounts, "rotation signs anew what the old key signed, and only that") {
  must({"export", "main", "quote.*", "--service", "--private"});
  must({"import", "guests", "quote.gold", "--from", "main"});
  must({"add", "role", "main", "node", "--allow-sub", "n.{{name()}}"});
  must({"add", "user", "main", "n1", "--role", "node"});
  auto before = json({"show", "main", "n1"})["iss"];
  auto done = json({"rotate", "main"});
  CHECK(done["users"] == 1); // app
  CHECK(done["activations"] == 1);
  CHECK(json({"show", "main", "n1"})["iss"] == before);
  CHECK(json({"show", "main", "app"})["iss"] == done["signing_key"]);
  CHECK(verify() == 0);
  CHECK(json({"rotate", "main", "--role", "node"})["users"] == 1);
  CHECK(json({"show", "main", "n1"})["iss"] != before);
  must({"rotate", "main", "--keep-old"});
  CHECK(json({"show", "main"})["nats"]["signing_keys"].size() == 3);
  CHECK(json({"rotate", "operator"})["accounts"] == 3);
  CHECK(verify() == 0);
  CHECK(account({"rotate", "main", "--role", "boss"}).code == 1);
}

TEST_CASE_FIXTURE(two_accounts, "a user that is revoked or deleted is worth nothing any more") {
  must({"revoke", "guests", "ann"});
  CHECK(verify() == 1);
  must({"revoke", "guests", "ann", "--undo"});
  CHECK(verify() == 0);
  CHECK(account({"revoke", "guests", "bob"}).code == 1);
  auto key = json({"show", "guests", "ann"})["sub"].get<std::string>();
  must({"delete", "user", "guests", "ann"});
  CHECK_FALSE(fs::exists(creds("guests", "ann")));
  CHECK(json({"show", "guests"})["nats"]["revocations"].contains(key));
  must({"add", "user", "guests", "ann"}); // with another key
  CHECK(verify() == 0);
}

TEST_CASE_FIXTURE(two_accounts, "what others need is not deleted by accident") {
  must({"export", "main", "a", "--stream"});
  must({"import", "guests", "a", "--from", "main"});
  CHECK(has(account({"delete", "account", "main"}).err, "imported from by guests"));
  CHECK(has(account({"delete", "account", "SYS"}).err, "system account"));
  CHECK(has(account({"delete", "export", "main", "b"}).err, "it has: a"));
  must({"delete", "import", "guests", "a"});
  must({"delete", "export", "main", "a"});
  must({"delete", "account", "main", "--secrets"});
  CHECK(json({"list"}).size() == 2);
  CHECK(verify() == 0);
}

TEST_CASE_FIXTURE(two_accounts, "verify names each broken file and what is wrong with it") {
  auto file = folder + "/accounts/nats/OPS/accounts/guests/users/ann.jwt";
  auto text = text_of(file);
  std::ofstream{file} << text.substr(0, text.size() / 2);
  fs::permissions(creds("main", "app"), fs::perms::others_read, fs::perm_options::add);
  must({"edit", "user", "main", "app", "--expires", "2020-01-01"});
  auto seen = account({"verify"});
  CHECK(seen.code == 1);
  CHECK(has(seen.err, file));
  CHECK(has(seen.err, "app.jwt: it has expired"));
  auto as_json = nlohmann::json::parse(account({"verify", "--json"}).out);
  CHECK(as_json["digest"].get<std::string>().size() == 64);
  size_t broken = 0;
  for (const auto& one : as_json["files"])
    broken += one["usable"] == false ? 1u : 0u;
  CHECK(broken == 2);
}

TEST_CASE("a store that nsc made verifies, and one of a foreign operator does not") {
  CHECK(run({"account", "verify", "--store", TROUPE_NSC_STORE}).code == 0);
  site other;
  other.must({"init", "--bare", "--operator", "FLEET"});
  fs::copy_file(TROUPE_NSC_STORE "/FLEET/accounts/acme/acme.jwt",
                other.folder + "/accounts/nats/FLEET/accounts/main/main.jwt",
                fs::copy_options::overwrite_existing);
  auto seen = other.account({"verify"});
  CHECK(seen.code == 1);
  CHECK(has(seen.err, "is no key of operator FLEET"));
}
