// test/e2e/operator_resolvers_test.cpp: full resolvers compare what they have, and take what they
// lack.
#include "operator_site.hpp"

#include "security/digest.hpp"
#include "security/store_layout.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace troupe::security;

/// A broker with a full resolver that has the system account and Acme; root is in its system
/// account.
struct full_site : operator_site {
  full_site() {
    for (const auto* one : {&system, &acme})
      jwts[one->id()] = jwt(*one);
    for (const auto& [id, text] : jwts)
      CHECK(write_store_file((folder.path() / (id + ".jwt")).string(), text) == "");
    const auto* binary = std::getenv("TROUPE_E2E_SERVER");
    REQUIRE(binary != nullptr);
    server = std::make_unique<server_process>(
        binary, "operator: " + operator_jwt() + "\nresolver { type: full, dir: \""
                    + folder.path().string() + "\", interval: \"1s\" }\n");
    root = std::make_unique<site_client>(*server, system.user_jwt(), system.user);
    REQUIRE(root->until_pong() == "");
  }
  std::string hash() const {
    sha256_digest all{};
    for (const auto& [id, text] : jwts)
      toggle(all, sha256(text));
    return {reinterpret_cast<const char*>(all.data()), all.size()};
  }
  /// What comes on the inbox until a message is empty.
  std::multiset<std::string> lines_for(const std::string& payload) {
    root->send("SUB packs p");
    root->send("PUB $SYS.REQ.CLAIMS.PACK packs " + std::to_string(payload.size()) + "\r\n"
               + payload);
    std::multiset<std::string> out;
    for (auto head = root->line(); head != "(closed)"; head = root->line()) {
      if (!head.starts_with("MSG packs p "))
        continue;
      auto body = root->line();
      if (body.empty())
        break;
      out.insert(body);
    }
    root->send("UNSUB p");
    return out;
  }
  void answer(const std::string& inbox, const std::string& payload) {
    root->send("PUB " + inbox + " " + std::to_string(payload.size()) + "\r\n" + payload);
  }

  scratch_folder folder;
  std::map<std::string, std::string> jwts;
  std::unique_ptr<server_process> server;
  std::unique_ptr<site_client> root;
};

} // namespace

TEST_CASE("who has other accounts is sent them all, who has the same is sent none") {
  full_site site;
  std::multiset<std::string> all;
  for (const auto& [id, text] : site.jwts)
    all.insert(id + "|" + text);
  CHECK(site.lines_for(std::string(32, 'x')) == all);
  CHECK(site.lines_for(site.hash()).empty());
}

TEST_CASE("a broker asks with its hash, and takes from the answers what an operator signed") {
  full_site site;
  site.root->send("SUB $SYS.REQ.CLAIMS.PACK ask");
  std::string asked;
  do {
    asked = site.root->line();
    REQUIRE(asked != "(closed)");
  } while (!asked.starts_with("MSG $SYS.REQ.CLAIMS.PACK ask "));
  auto inbox = asked.substr(29, asked.rfind(' ') - 29);
  site.root->send("UNSUB ask");
  tenant stranger{"Stranger"};
  auto beta = site.jwt(site.beta), newer = site.jwt(site.acme);
  site.answer(inbox, stranger.id() + "|" + signed_by(stranger.claims, site.foreign));
  site.answer(inbox, site.beta.id() + "|" + beta);
  site.answer(inbox, site.acme.id() + "|" + newer);
  site.answer(inbox, "");
  site.root->until_pong(); // it is with the broker now
  CHECK(login(*site.server, site.beta.user_jwt(), site.beta.user) == "");
  site.jwts[site.beta.id()] = beta;
  site.jwts[site.acme.id()] = newer;
  CHECK(site.lines_for(site.hash()).empty());
  std::string why;
  CHECK(read_store_file((site.folder.path() / (site.beta.id() + ".jwt")).string(), why) == beta);
  CHECK(login(*site.server, stranger.user_jwt(), stranger.user).starts_with("-ERR 'Authorization"));
}
