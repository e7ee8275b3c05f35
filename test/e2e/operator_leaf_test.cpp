// test/e2e/operator_leaf_test.cpp: leaf nodes whose users are an operator's.
#include "operator_site.hpp"

#include "security/creds_file.hpp"
#include "security/store_layout.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <functional>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace troupe::security;

std::string binary() {
  const auto* path = std::getenv("TROUPE_E2E_SERVER");
  REQUIRE(path != nullptr);
  return path;
}

bool eventually(const std::function<bool()>& holds) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (std::chrono::steady_clock::now() < deadline)
    if (holds())
      return true;
  return false;
}

bool says(const server_process& server, std::string_view words) {
  return eventually([&] { return server.log().find(words) != std::string::npos; });
}

/// A hub with an operator's accounts in a folder, and a leaf broker whose clients need no login.
struct leaf_site : operator_site {
  leaf_site() {
    for (const auto* one : {&system, &acme, &beta})
      publish(*one);
  }
  void publish(const tenant& of) {
    CHECK(write_store_file((folder.path() / (of.id() + ".jwt")).string(), jwt(of)) == "");
  }
  void start(const std::function<void(user_claims&)>& edit = {}) {
    auto creds = format_creds(acme.user_jwt(false, edit), acme.user.seed());
    REQUIRE(creds);
    auto file = secrets.path() / "leaf.creds";
    std::ofstream{file} << *creds;
    hub = std::make_unique<server_process>(
        binary(), "server_name: hub\noperator: " + operator_jwt()
                      + "\nresolver { type: full, dir: \"" + folder.path().string()
                      + "\" }\nleafnodes { listen: \"127.0.0.1:-1\" }\n");
    auto log = hub->log();
    constexpr std::string_view before = "Listening for leafnode connections on ";
    auto at = log.find(before);
    REQUIRE(at != std::string::npos);
    auto url = log.substr(at + before.size(), log.find('\n', at) - at - before.size());
    leaf = std::make_unique<server_process>(
        binary(), "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: \"nats-leaf://"
                      + url + "\", credentials: \"" + file.string() + "\" } ] }\n");
  }
  site_client at_hub(const tenant& of) { return {*hub, of.user_jwt(), of.user}; }
  site_client at_leaf() { return {*leaf, "\"name\":\"node\""}; }
  /// What `from` publishes there comes to `to`, who has subscribed to it.
  static bool passes(site_client& from, site_client& to, const std::string& subject) {
    return eventually([&] {
      from.send("PUB " + subject + " 1\r\nx");
      from.until_pong();
      return to.until_pong().find("MSG " + subject + " ") != std::string::npos;
    });
  }

  scratch_folder folder, secrets;
  std::unique_ptr<server_process> hub, leaf;
};

} // namespace

TEST_CASE("a bare node on a leaf broker reaches the account of the creds, and nothing else") {
  leaf_site site;
  site.start([](user_claims& user) {
    user.limits.permissions.publish.allow = {"up.>"};
    user.limits.permissions.subscribe.allow = {"down.>"};
  });
  auto boss = site.at_hub(site.acme), stranger = site.at_hub(site.beta);
  auto node = site.at_leaf();
  boss.send("SUB up.> 1");
  boss.send("SUB secret.> 2");
  stranger.send("SUB > 1");
  node.send("SUB down.> 1");
  node.send("SUB hush.> 2");
  REQUIRE(leaf_site::passes(node, boss, "up.a"));
  REQUIRE(leaf_site::passes(boss, node, "down.a"));
  node.send("PUB secret.x 1\r\nx");
  node.send("PUB up.last 1\r\nx");
  boss.send("PUB hush.x 1\r\nx");
  boss.send("PUB down.last 1\r\nx");
  std::string heard, told;
  CHECK(eventually([&] {       // behind the last one nothing can come
    told += node.until_pong(); // what was published behind it may be on its way already
    return (heard += boss.until_pong()).find("up.last") != std::string::npos;
  }));
  CHECK(eventually(
      [&] { return (told += node.until_pong()).find("down.last") != std::string::npos; }));
  CHECK(heard.find("secret") == std::string::npos);
  CHECK(told.find("hush") == std::string::npos);
  CHECK(stranger.until_pong() == "");
}

TEST_CASE("a leaf node whose user is revoked is cut, and does not come in again") {
  leaf_site site;
  site.start();
  auto boss = site.at_hub(site.acme), stranger = site.at_hub(site.beta);
  auto node = site.at_leaf();
  boss.send("SUB up.> 1");
  REQUIRE(leaf_site::passes(node, boss, "up.a"));
  site.acme.claims.revocations[site.acme.user.public_text()] = seconds_now();
  site.publish(site.acme);
  CHECK(says(*site.hub, "Leafnode connection closed: Credentials Revoked"));
  CHECK(says(*site.hub, "authentication error"));
  CHECK(says(*site.leaf, "Authorization Violation"));
  CHECK(stranger.until_pong() == "");
}

TEST_CASE("an account that may have no leaf nodes gets none") {
  leaf_site site;
  site.acme.claims.limits.leafnodes = 0;
  site.publish(site.acme);
  site.start();
  CHECK(says(*site.hub, "maximum account active connections exceeded"));
  CHECK(says(*site.leaf, "maximum account active connections exceeded"));
}

TEST_CASE("a leaf node's streams come and go with the claims of its account, and of the exporter") {
  leaf_site site;
  export_claim offer;
  offer.name = "str";
  offer.subject = "str.>";
  offer.kind = share_kind::stream;
  site.beta.claims.exports = {offer};
  site.publish(site.beta);
  site.start();
  auto exporter = site.at_hub(site.beta), boss = site.at_hub(site.acme);
  auto node = site.at_leaf();
  node.send("SUB imp.> 1");
  node.send("SUB last 2");
  REQUIRE(leaf_site::passes(boss, node, "last"));
  // Publishes until the stream arrives, or does not any more.
  auto flows = [&](bool wanted) {
    return eventually([&] {
      exporter.send("PUB str.x 1\r\nx");
      exporter.until_pong();
      boss.send("PUB last 1\r\nx");
      boss.until_pong();
      std::string heard;
      REQUIRE(eventually(
          [&] { return (heard += node.until_pong()).find("MSG last") != std::string::npos; }));
      return (heard.find("MSG imp.str.x 1 1") != std::string::npos) == wanted;
    });
  };
  CHECK(flows(false));
  import_claim wanted;
  wanted.name = "str";
  wanted.subject = "str.>";
  wanted.local_subject = "imp.str.>";
  wanted.account = site.beta.id();
  wanted.kind = share_kind::stream;
  site.acme.claims.imports = {wanted};
  site.publish(site.acme);
  CHECK(flows(true));
  site.beta.claims.exports.clear();
  site.publish(site.beta);
  CHECK(flows(false));
  site.beta.claims.exports = {offer};
  site.publish(site.beta);
  CHECK(flows(true));
  site.acme.claims.imports.clear();
  site.publish(site.acme);
  CHECK(flows(false));
}
