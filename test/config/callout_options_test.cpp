// test/config/callout_options_test.cpp: the auth callout of a file, and what it must not be.
#include "made_up_world.hpp"

#include "config/difference.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;

namespace {

const std::string issuer = "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV";
const std::string xkey = "XA2YA4WWGZMIBUNO5IZJVX4REE4DQUPNEGRI4O3V5FS5BUWNCZRFI2LE";

std::string file(const std::string& callout, const std::string& more = {}) {
  return "accounts {AUTH {users: [{user: svc, password: p}]}, APP {}}\n"
         "authorization {auth_callout {"
         + callout + "}}\n" + more;
}

} // namespace

TEST_CASE("an auth callout is read in both formats, under all of its names") {
  std::string yaml = "authorization:\n  users: [{user: svc, password: p, account: AUTH}]\n"
                     "  auth_callout:\n    issuer: "
                     + issuer + "\n    account: AUTH\n    auth_users: [svc]\n    xkey: " + xkey
                     + "\n    allowed_accounts: [AUTH, APP]\naccounts: {APP: {}}\n";
  for (auto& result :
       {read_text("f.conf", file("issuer: " + issuer + ", account: AUTH, auth_users: [svc], xkey: "
                                 + xkey + ", allowed_accounts: [AUTH, APP]")),
        read_text("f.conf", file("Issuer: " + issuer + ", acc: AUTH, users: [svc], key: " + xkey
                                 + ", allowed_accounts: [AUTH, APP]")),
        read_text("troupe.yaml", yaml)}) {
    CHECK(complaints(result) == "");
    const auto& callout = result.opts.authorization.callout;
    REQUIRE(callout);
    CHECK(callout->issuer == issuer);
    CHECK(callout->account == "AUTH");
    CHECK(callout->auth_users == std::vector<std::string>{"svc"});
    CHECK(callout->xkey == xkey);
    CHECK(callout->allowed_accounts == std::vector<std::string>{"AUTH", "APP"});
    CHECK(result.inactive.empty());
  }
  auto plain = read_text("f.conf", file("issuer: " + issuer + ", auth_users: [svc]"));
  CHECK(complaints(plain) == "");
  CHECK(plain.opts.authorization.callout->account == "$G");
}

TEST_CASE("an auth callout that could not work is refused with what would be right") {
  auto ok = "issuer: " + issuer + ", auth_users: [svc], ";
  struct {
    std::string text, complaint;
  } mistakes[] = {
      {file("issuer: UABC, auth_users: [svc]"), "Expected callout issuer to be a valid public"},
      {file("issuer: " + issuer), "require authorized users to be specified"},
      {file("issuer: " + issuer + ", auth_users: svc"), "Expected auth_users field to be an array"},
      {file(ok + "xkey: " + issuer), "Expected callout xkey to be a valid public xkey"},
      {file(ok + "xkey: SXAAXMRAEP6JWWHNB6IKFL554IE6LZVT6EY5MBRICPILTLOPHAG73I3YX4"), "got a seed"},
      {file(ok + "account: NONE"), "callout account \"NONE\" not valid"},
      {file(ok + "allowed_accounts: [NONE]"), "allowed account \"NONE\" not found"},
      {file("issuer: " + issuer + ", auth_users: [nobody]"), "callout user \"nobody\" not valid"},
      {"authorization {auth_callout: 5}", "to be a map/struct"},
      {"operator: eyJ.a.b\nresolver: MEMORY\nauthorization {auth_callout {" + ok + "}}",
       "operators do not allow"},
  };
  for (auto& [text, complaint] : mistakes) {
    auto said = complaints(read_text("bad.conf", text));
    CHECK_MESSAGE(said.find(complaint) != std::string::npos, text << "\n" << said);
    CHECK(said.find("SXAAX") == std::string::npos);
  }
}

TEST_CASE("a reload with another auth callout is refused") {
  auto base = "issuer: " + issuer + ", auth_users: [svc]";
  auto before = read_text("f.conf", file(base)).opts;
  CHECK(first_refusal(compare(before, before)) == "");
  auto after = read_text("f.conf", file(base + ", account: AUTH")).opts;
  CHECK(first_refusal(compare(before, after))
        == "config reload not supported for AuthCallout: old=issuer " + issuer
               + " in account $G, new=issuer " + issuer + " in account AUTH");
  CHECK(
      first_refusal(compare(before, read_text("f.conf", "port: 4222").opts)).ends_with("new=none"));
}
