// test/config/operator_options_test.cpp: whom to trust and where accounts come from, in all
// formats.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

TEST_CASE(
    "operators, a preloaded memory resolver and pinned accounts are read as nats-server does") {
  auto result = read_text("s.conf", "operator: eyJhbGciOi.x.y\nresolver: MEMORY\n"
                                    "resolver_preload { AAA: eyJ.a.b }\nsystem_account: AAA\n"
                                    "resolver_pinned_accounts: [AAA]\ndefault_sentinel: eyJ.s.t");
  CHECK(complaints(result) == "");
  const auto& mode = result.opts.operators;
  CHECK(mode.enabled());
  CHECK(mode.operators == std::vector<std::string>{"eyJhbGciOi.x.y"});
  CHECK(mode.resolver.type == "memory");
  CHECK(mode.preload.at("AAA") == "eyJ.a.b");
  CHECK(mode.pinned_accounts == std::vector<std::string>{"AAA"});
  CHECK(mode.sentinel == "eyJ.s.t");
}

TEST_CASE("a URL resolver may be written with and without quotes") {
  for (auto* text :
       {"resolver: URL(http://a.example/jwt/)", "resolver: URL(\"http://a.example/jwt/\")"}) {
    auto result = read_text("s.conf", std::string{"operator: [a, b]\n"} + text);
    CHECK_MESSAGE(complaints(result) == "", text);
    CHECK(result.opts.operators.resolver.type == "url");
    CHECK(result.opts.operators.resolver.url == "http://a.example/jwt/");
  }
}

TEST_CASE("a directory resolver takes all of its keys") {
  auto result =
      read_text("s.conf", "operators: [o.jwt]\nresolver { type: full, dir: \"./jwt\", "
                          "limit: 5, interval: \"2m\", timeout: \"3s\", allow_delete: true, "
                          "hard_delete: true }");
  CHECK(complaints(result) == "");
  const auto& from = result.opts.operators.resolver;
  CHECK(from.dir == "./jwt");
  CHECK(from.limit == 5);
  CHECK(from.interval == 2min);
  CHECK(from.timeout == 3s);
  CHECK(from.allow_delete);
  CHECK(from.hard_delete);
}

TEST_CASE("a resolver that cannot work is refused with what would be right") {
  struct {
    const char* text;
    const char* complaint;
  } mistakes[] = {
      {"resolver: DISK", "bad.conf:1:0: resolver must be MEMORY, URL(http://host/path/) or a map "
                         "with a type, not \"DISK\""},
      {"resolver {dir: x}", "bad.conf:1:0: resolver needs a type: full, cache or mem"},
      {"resolver {type: full}", "bad.conf:1:10: type full needs resolver.dir, a folder for the "
                                "JWTs"},
      {"resolver {type: cache, dir: x, allow_delete: true}",
       "bad.conf:1:31: allow_delete is for type full; a cache forgets by itself"},
      {"resolver: URL(ftp://x)", "bad.conf:1:0: resolver must begin with http:// or https://, not "
                                 "\"ftp://x\""},
      {"operator: a\ntrusted_keys: b", "bad.conf:2:1: trusted_keys and bad.conf:1:0: operator both "
                                       "name whom to trust; keep one of them"},
      {"operator: a\nauthorization {user: u, password: p}",
       "operators do not allow users to be configured directly; remove them from the file"},
      {"operator: a\naccounts {A {}}", "operators do not allow accounts to be configured directly; "
                                       "remove bad.conf:2:1: accounts"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.conf", one.text)) == one.complaint, one.text);
}

TEST_CASE("YAML has the same options in two sections") {
  auto result = read_text("t.yaml", "operator:\n  store: /etc/troupe/OPS\n  pinned_accounts: [A]\n"
                                    "resolver:\n  type: cache\n  dir: /var/lib/x\n  ttl: 1h\n");
  CHECK(complaints(result) == "");
  CHECK(result.opts.operators.store == "/etc/troupe/OPS");
  CHECK(result.opts.operators.resolver.type == "cache");
  CHECK(result.opts.operators.resolver.ttl == 1h);
}

TEST_CASE("Choria's operator_account names a store beside the main file") {
  const std::string base = "identity = c1.example.net\nplugin.choria.broker_network = true\n"
                           "plugin.choria.network.client_tls_disable = true\n";
  auto with = [&](const std::string& more) {
    auto result = read_text("etc/choria/broker.conf", base + more);
    REQUIRE(result.warnings.size() == 1); // TLS is off
    CHECK((result.warnings[0].find("nobody is checked") == std::string::npos)
          == (more.find("operator_account") != std::string::npos));
    result.warnings.clear();
    return result;
  };
  auto good = with("plugin.choria.network.operator_account = OPS\n"
                   "plugin.choria.network.system_account = SYS\n");
  CHECK(complaints(good) == "");
  CHECK(good.opts.operators.store == "etc/choria/accounts/nats/OPS");
  CHECK(good.opts.system_account == "SYS");
  CHECK(good.inactive.empty());
  CHECK(
      complaints(with("plugin.choria.network.operator_account = ../OPS\n"))
      == "etc/choria/broker.conf:4: plugin.choria.network.operator_account must be the name of an "
         "operator, not a path: \"../OPS\"");
  CHECK(complaints(with("plugin.choria.network.system_account = SYS\n"))
        == "etc/choria/broker.conf:4: plugin.choria.network.system_account needs "
           "plugin.choria.network.operator_account");
}
