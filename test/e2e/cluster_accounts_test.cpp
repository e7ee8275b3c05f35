// test/e2e/cluster_accounts_test.cpp: the accounts of full resolvers spread over a cluster.
#include "mixed_servers.hpp"
#include "operator_site.hpp"

#include "security/store_layout.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using enum kind;

/// One server with a folder of its own for the accounts.
struct member {
  member(kind what, const operator_site& site, const std::vector<const tenant*>& has,
         uint16_t own_port, uint16_t dials = 0) {
    for (const auto* one : has)
      REQUIRE(security::write_store_file(file_of(*one), site.jwt(*one)).empty());
    server = std::make_unique<server_process>(
        binary_of(what),
        "server_name: n" + std::to_string(own_port) + "\noperator: " + site.operator_jwt()
            + "\nresolver { type: full, dir: \"" + folder.path().string()
            + "\", interval: \"1s\" }\ncluster { name: C1, listen: \"127.0.0.1:"
            + std::to_string(own_port) + "\", routes: ["
            + (dials > 0 ? "nats-route://127.0.0.1:" + std::to_string(dials) : "") + "] }\n");
  }
  std::string file_of(const tenant& whose) const {
    return (folder.path() / (whose.id() + ".jwt")).string();
  }
  /// Whether the folder has it, in whichever file.
  bool stores(const tenant& whose) const {
    for (const auto& each : std::filesystem::recursive_directory_iterator{folder.path()})
      if (each.path().filename() == whose.id() + ".jwt")
        return true;
    return false;
  }

  scratch_folder folder;
  std::unique_ptr<server_process> server;
};

} // namespace

TEST_CASE("a broker added to a cluster gets its accounts, and what is pushed to one reaches all") {
  using pair = std::array<kind, 2>;
  for (const auto& who : {pair{ours, ours}, pair{theirs, ours}, pair{ours, theirs}}) {
    if (!has_peer() && (who[0] == theirs || who[1] == theirs))
      continue;
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    operator_site site;
    auto port = free_port();
    member old{who[0], site, {&site.system, &site.acme, &site.beta}, port};
    member added{who[1], site, {&site.system}, free_port(), port};
    site_client root{*added.server, site.system.user_jwt(), site.system.user};
    root.send("SUB $SYS.REQ.CLAIMS.PACK 1"); // one of them asks every second
    REQUIRE(root.until_pong().find("-ERR") == std::string::npos);
    CHECK(eventually([&] {
      root.message();
      return added.stores(site.acme) && added.stores(site.beta);
    }));
    CHECK(eventually([&] { // a file is written before it is in force
      return login(*added.server, site.beta.user_jwt(), site.beta.user).empty();
    }));
    tenant late{"Late"};
    root.send("UNSUB 1");
    auto answer = root.request("$SYS.REQ.CLAIMS.UPDATE", site.jwt(late));
    CHECK(answer.find("\"code\":200") != std::string::npos);
    CHECK(eventually([&] {
      return login(*old.server, late.user_jwt(), late.user).empty() && old.stores(late)
             && added.stores(late);
    }));
    late.claims.revocations["*"] = seconds_now();
    root.request("$SYS.REQ.CLAIMS.UPDATE", site.jwt(late));
    CHECK(eventually([&] { return !login(*old.server, late.user_jwt(), late.user).empty(); }));
  }
}
