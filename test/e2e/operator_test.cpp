// test/e2e/operator_test.cpp: accounts of a real broker that change while clients are connected.
#include "operator_site.hpp"

#include "security/jwt.hpp"
#include "security/store_layout.hpp"

#include <doctest/doctest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace troupe::security;

std::filesystem::path binary(const char* variable) {
  const auto* path = std::getenv(variable);
  REQUIRE_MESSAGE(path != nullptr, variable << " must name the binary");
  return path;
}

void write(const std::filesystem::path& file, std::string_view text) {
  CHECK(write_store_file(file.string(), text) == "");
}

/// As tools do that know nothing of readers: in place.
void overwrite(const std::filesystem::path& file, std::string_view text) {
  std::ofstream{file, std::ios::binary} << text;
}

std::string answer_to(site_client& who, const std::string& subject, std::string_view payload) {
  auto text = who.request(subject, payload);
  auto answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object())
    return text;
  return answer.contains("error") ? answer["error"]["description"].get<std::string>()
                                  : answer["data"]["message"].get<std::string>();
}

/// A broker with the folder of a full resolver, in which the system account and both tenants lie.
struct folder_site : operator_site {
  explicit folder_site(std::string more = {}) : more_{std::move(more)} {
    for (const auto* one : {&system, &acme, &beta})
      publish(*one);
    start();
  }
  std::filesystem::path file(const tenant& of) const { return folder.path() / (of.id() + ".jwt"); }
  void publish(const tenant& of) { write(file(of), jwt(of)); }
  void start() {
    server.reset();
    server = std::make_unique<server_process>(
        binary("TROUPE_E2E_SERVER"),
        "operator: " + operator_jwt() + "\nresolver { type: full, dir: \"" + folder.path().string()
            + "\", allow_delete: true }\n" + more_);
  }
  site_client connect(const tenant& of, bool by_signing_key = false) {
    return {*server, of.user_jwt(by_signing_key), of.user};
  }
  /// The line that tells of the next change has been written, behind `from`.
  void wait_for(std::string_view words, size_t from = 0) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (server->log().find(words, from) == std::string::npos) {
      REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, server->log());
      std::this_thread::yield();
    }
  }

  scratch_folder folder;
  std::string more_;
  std::unique_ptr<server_process> server;
};

} // namespace

TEST_CASE("a revocation in the folder ends just the revoked user") {
  folder_site site;
  auto victim = site.connect(site.acme), other = site.connect(site.beta);
  CHECK(victim.until_pong() == "");
  CHECK(other.until_pong() == "");
  auto old = site.acme.user_jwt();
  site.acme.claims.revocations[site.acme.user.public_text()] = seconds_now();
  auto begin = std::chrono::steady_clock::now();
  site.publish(site.acme);
  CHECK(victim.line() == "-ERR 'User Authentication Revoked'");
  auto took = std::chrono::steady_clock::now() - begin;
  MESSAGE("after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
  CHECK(victim.line() == "(closed)");
  CHECK(login(*site.server, old, site.acme.user).starts_with("-ERR 'Authorization Violation'"));
  CHECK(other.until_pong() == "");
}

TEST_CASE("a signing key that is removed takes its users with it, without a word, and no others") {
  folder_site site;
  auto gone = site.connect(site.acme, true), stays = site.connect(site.acme);
  CHECK(gone.until_pong() == "");
  CHECK(stays.until_pong() == "");
  site.acme.claims.signing_keys.clear();
  site.publish(site.acme);
  CHECK(gone.line() == "(closed)");
  CHECK(stays.until_pong() == "");
}

TEST_CASE("a lower limit of connections sends the newest away") {
  folder_site site;
  auto first = site.connect(site.acme);
  CHECK(first.until_pong() == "");
  auto second = site.connect(site.acme);
  CHECK(second.until_pong() == "");
  site.acme.claims.limits.connections = 1;
  site.publish(site.acme);
  CHECK(second.line() == "-ERR 'maximum account active connections exceeded'");
  CHECK(first.until_pong() == "");
}

TEST_CASE("an import comes with its activation, and goes with the revocation or the expiry of it") {
  folder_site site;
  export_claim offer;
  offer.name = offer.subject = "priv.>";
  offer.kind = share_kind::stream;
  offer.token_required = true;
  site.acme.claims.exports = {offer};
  site.publish(site.acme);
  auto from = site.connect(site.acme), to = site.connect(site.beta);
  to.send("SUB in.> 1");
  CHECK(to.until_pong() == "");
  CHECK(from.until_pong() == "");

  auto import_until = [&](int64_t expires) {
    activation_claims activation;
    activation.standard.subject = site.beta.id();
    activation.standard.expires = expires;
    activation.subject = "priv.>";
    activation.kind = share_kind::stream;
    import_claim wanted;
    wanted.name = "in";
    wanted.subject = "priv.>";
    wanted.local_subject = "in.>";
    wanted.account = site.acme.id();
    wanted.kind = share_kind::stream;
    wanted.token = signed_by(activation, site.acme.key);
    site.beta.claims.imports = {wanted};
    site.publish(site.beta);
  };
  /// Publishes until it arrives, or does not any more.
  auto flows = [&](bool wanted) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (std::chrono::steady_clock::now() < deadline) {
      from.send("PUB priv.x 0\r\n");
      REQUIRE(from.until_pong() == "");
      if ((to.until_pong() == "MSG in.x 1 0\n") == wanted)
        return true;
    }
    return false;
  };
  import_until(0);
  CHECK(flows(true));
  site.acme.claims.exports[0].revocations["*"] = seconds_now();
  site.publish(site.acme);
  CHECK(flows(false));
  site.acme.claims.exports[0].revocations.clear();
  site.publish(site.acme);
  CHECK(flows(true));
  import_until(seconds_now() + 2);
  CHECK(flows(false));
  CHECK(site.server->running());
}

TEST_CASE("a broken file is one error line, and nobody notices") {
  folder_site site;
  auto mine = site.connect(site.acme), other = site.connect(site.beta);
  CHECK(mine.until_pong() == "");
  auto whole = site.jwt(site.acme);
  overwrite(site.file(site.acme), std::string_view{whole}.substr(0, 200));
  site.wait_for(site.file(site.acme).string() + ": account");
  CHECK(mine.until_pong() == "");
  CHECK(other.until_pong() == "");
  CHECK(login(*site.server, site.acme.user_jwt(), site.acme.user) == "");
  auto log = site.server->log();
  auto first = log.find(site.file(site.acme).string());
  CHECK(log.find(site.file(site.acme).string(), first + 1) == std::string::npos);
  CHECK(log.find(whole.substr(0, 60)) == std::string::npos); // no JWT in a log
}

TEST_CASE("an account that a stranger signed replaces nothing") {
  folder_site site;
  auto mine = site.connect(site.acme);
  CHECK(mine.until_pong() == "");
  auto wanted = site.acme.claims;
  wanted.limits.connections = 0;
  write(site.file(site.acme), signed_by(wanted, site.foreign));
  site.wait_for("which no trusted operator vouches for");
  CHECK(mine.until_pong() == "");
  CHECK(login(*site.server, site.acme.user_jwt(), site.acme.user) == "");
}

TEST_CASE("an account whose file is removed, or that expires, ends with a word") {
  folder_site site;
  auto removed = site.connect(site.acme), expired = site.connect(site.beta);
  CHECK(removed.until_pong() == "");
  CHECK(expired.until_pong() == "");
  site.beta.claims.standard.expires = seconds_now() + 2;
  site.publish(site.beta);
  std::filesystem::remove(site.file(site.acme));
  for (auto* one : {&removed, &expired}) {
    CHECK(one->line() == "-ERR 'Account Authentication Expired'");
    CHECK(one->line() == "(closed)");
  }
  for (const auto* one : {&site.acme, &site.beta})
    CHECK(login(*site.server, one->user_jwt(), one->user).starts_with("-ERR 'Authorization"));
}

TEST_CASE("what the system account pushes is stored and served, if the operator signed it") {
  folder_site site;
  auto root = site.connect(site.system);
  tenant gamma{"Gamma"};
  const std::string any = "$SYS.REQ.CLAIMS.UPDATE";
  CHECK(login(*site.server, gamma.user_jwt(), gamma.user).starts_with("-ERR 'Authorization"));
  auto foreign = answer_to(root, any, signed_by(gamma.claims, site.foreign));
  CHECK(foreign.find("which no trusted operator vouches for") != std::string::npos);
  CHECK(!std::filesystem::exists(site.file(gamma)));
  auto older = site.jwt(gamma), newer = site.jwt(gamma);
  CHECK(answer_to(root, any, newer) == "jwt updated");
  CHECK(std::filesystem::exists(site.file(gamma)));
  CHECK(login(*site.server, gamma.user_jwt(), gamma.user) == "");
  CHECK(answer_to(root, any, newer) == "jwt updated");
  CHECK(answer_to(root, any, older).find("before the one in force") != std::string::npos);
  CHECK(answer_to(root, "$SYS.REQ.ACCOUNT." + site.acme.id() + ".CLAIMS.UPDATE", newer)
            .find("subject does not match jwt content")
        != std::string::npos);
  CHECK(root.request("$SYS.REQ.ACCOUNT." + gamma.id() + ".CLAIMS.LOOKUP", "") == newer);
  CHECK(root.request("$SYS.REQ.ACCOUNT." + site.foreign.public_text() + ".CLAIMS.LOOKUP", "")
        == "");
  site.start(); // what was pushed is there after a restart
  CHECK(login(*site.server, gamma.user_jwt(), gamma.user) == "");
}

TEST_CASE("an operator's key deletes accounts, others do not, and never the system account") {
  folder_site site;
  auto root = site.connect(site.system), mine = site.connect(site.acme);
  CHECK(mine.until_pong() == "");
  auto request = [&](const key_pair& by, const tenant& whom) {
    generic_claims out;
    out.standard.subject = by.public_text();
    out.type = "generic";
    out.data = nlohmann::json{{"accounts", {whom.id()}}, {"type", "generic"}}.dump();
    return answer_to(root, "$SYS.REQ.CLAIMS.DELETE", signed_by(out, by));
  };
  CHECK(request(site.foreign, site.acme).find("not trusted") != std::string::npos);
  CHECK(request(site.op, site.system).find("not allowed to delete system account")
        != std::string::npos);
  CHECK(mine.until_pong() == "");
  CHECK(request(site.op, site.acme) == "deleted 1 accounts");
  CHECK(mine.line() == "-ERR 'Account Authentication Expired'");
  CHECK(!std::filesystem::exists(site.file(site.acme)));
}

TEST_CASE("a tenant's $SYS requests reach nobody") {
  folder_site site;
  auto mine = site.connect(site.acme);
  auto evil = site.acme.claims;
  evil.limits.connections = 0;
  mine.send("PUB $SYS.REQ.CLAIMS.UPDATE 4\r\njunk");
  auto jwt = site.jwt(site.beta);
  mine.send("PUB $SYS.REQ.ACCOUNT." + site.beta.id() + ".CLAIMS.UPDATE "
            + std::to_string(jwt.size()) + "\r\n" + jwt);
  CHECK(mine.until_pong() == "");
  auto root = site.connect(site.system);
  CHECK(answer_to(root, "$SYS.REQ.CLAIMS.UPDATE", site.jwt(site.acme)) == "jwt updated");
  CHECK(site.server->log().find(site.beta.id() + " is updated") == std::string::npos);
}

TEST_CASE("a store of nsc follows its operator: keys that sign no more take their accounts") {
  operator_site site;
  scratch_folder folder;
  store_layout layout{(folder.path() / "OPS").string(), ""};
  auto publish = [&](const tenant& one, const key_pair& by) {
    write(layout.account_file(one.claims.standard.name), signed_by(one.claims, by));
  };
  write(layout.operator_file(), site.operator_jwt());
  publish(site.system, site.second);
  publish(site.acme, site.second);
  publish(site.beta, site.op);
  launch how{binary("TROUPE_E2E_TROUPE"),
             {"troupe", "run", "--format", "yaml", "--config", "@FOLDER@/server.conf"}};
  server_process server{how, "listen: {host: 127.0.0.1, port: -1}\nports_file_dir: \"@FOLDER@\"\n"
                             "logging: {file: \"@FOLDER@/server.log\"}\noperator: {store: \""
                                 + layout.store + "\"}\n"};
  site_client gone{server, site.acme.user_jwt(), site.acme.user};
  site_client stays{server, site.beta.user_jwt(), site.beta.user};
  site_client root{server, site.system.user_jwt(), site.system.user};
  CHECK(root.until_pong() == "");
  CHECK(gone.until_pong() == "");
  CHECK(stays.until_pong() == "");
  site.claims.signing_keys.clear();
  write(layout.operator_file(), site.operator_jwt());
  CHECK(gone.line() == "-ERR 'Authorization Violation'");
  CHECK(root.line() == "-ERR 'Authorization Violation'");
  CHECK(stays.until_pong() == "");
  tenant gamma{"Gamma"}; // new since the start
  publish(gamma, site.op);
  CHECK(login(server, gamma.user_jwt(), gamma.user) == "");
  CHECK(login(server, site.system.user_jwt(), site.system.user).starts_with("-ERR 'Author"));
}

TEST_CASE("a URL resolver is asked when an account is needed, and what it says is judged") {
  operator_site site;
  std::map<std::string, std::string> known{
      {site.system.id(), site.jwt(site.system)},
      {site.acme.id(), site.jwt(site.acme)},
      {site.beta.id(), signed_by(site.beta.claims, site.foreign)}};
  httplib::Server http;
  http.Get("/jwt/(.*)", [&](const httplib::Request& request, httplib::Response& response) {
    auto found = known.find(request.matches[1].str());
    if (found == known.end())
      response.status = 404;
    else
      response.set_content(found->second, "text/plain");
  });
  auto port = http.bind_to_any_port("127.0.0.1");
  std::thread serving{[&] { http.listen_after_bind(); }};
  {
    server_process server{binary("TROUPE_E2E_SERVER"), "operator: " + site.operator_jwt()
                                                           + "\nresolver: URL(http://127.0.0.1:"
                                                           + std::to_string(port) + "/jwt/)\n"};
    CHECK(login(server, site.acme.user_jwt(), site.acme.user) == "");
    CHECK(login(server, site.system.user_jwt(), site.system.user) == "");
    CHECK(login(server, site.beta.user_jwt(), site.beta.user).starts_with("-ERR 'Authorization"));
    tenant nobody{"nobody"};
    CHECK(login(server, nobody.user_jwt(), nobody.user).starts_with("-ERR 'Authorization"));
    http.stop(); // what was fetched stays
    CHECK(login(server, site.acme.user_jwt(), site.acme.user) == "");
    CHECK(server.log().find("404") != std::string::npos);
  }
  serving.join();
}

TEST_CASE("a cache takes what is pushed for accounts in use, and leaves others alone") {
  operator_site site;
  scratch_folder folder;
  auto file = [&](const tenant& of) { return folder.path() / (of.id() + ".jwt"); };
  server_process server{binary("TROUPE_E2E_SERVER"),
                        "operator: " + site.operator_jwt() + "\nresolver { type: cache, dir: \""
                            + folder.path().string() + "\", timeout: \"1s\" }\nresolver_preload {\n"
                            + site.system.id() + ": " + site.jwt(site.system) + "\n"
                            + site.acme.id() + ": " + site.jwt(site.acme) + "\n}\n"};
  CHECK(std::filesystem::exists(file(site.acme)));
  site_client root{server, site.system.user_jwt(), site.system.user};
  const std::string any = "$SYS.REQ.CLAIMS.UPDATE";
  CHECK(answer_to(root, any, site.jwt(site.acme)) == "jwt updated cache");
  CHECK(answer_to(root, any, site.jwt(site.beta)) == "jwt update cache skipped");
  CHECK(!std::filesystem::exists(file(site.beta)));
  CHECK(login(server, site.acme.user_jwt(), site.acme.user) == "");
  tenant nobody{"nobody"};
  CHECK(login(server, nobody.user_jwt(), nobody.user).starts_with("-ERR 'Authorization"));
  // Another broker has it: it is asked, what it says is stored and served.
  root.send("SUB $SYS.REQ.ACCOUNT." + site.beta.id() + ".CLAIMS.LOOKUP look");
  CHECK(root.until_pong() == "");
  site_client waiting{server, site.beta.user_jwt(), site.beta.user};
  auto request = root.line();
  CHECK(root.line() == "");
  auto reply = request.substr(request.find("_INBOX"));
  reply = reply.substr(0, reply.find(' '));
  auto jwt = site.jwt(site.beta);
  root.send("PUB " + reply + " " + std::to_string(jwt.size()) + "\r\n" + jwt);
  CHECK(waiting.until_pong() == "");
  CHECK(std::filesystem::exists(file(site.beta)));
}

TEST_CASE("the log tells why a login was refused, the peer hears the same of all") {
  tenant stranger{"Stranger"}, unknown{"Unknown"}, expired{"Expired"};
  folder_site site{"max_control_line: 32768\n"};
  write(site.file(stranger), signed_by(stranger.claims, site.foreign));
  expired.claims.standard.expires = seconds_now() - 1;
  site.publish(expired);
  site.acme.claims.limits.disallow_bearer = true;
  site.acme.claims.revocations[site.beta.user.public_text()] = seconds_now();
  site.publish(site.acme);
  site.wait_for(site.acme.id() + " is updated");
  site.wait_for(site.file(expired).string());
  auto of_acme = [&](const std::function<void(user_claims&)>& edit) {
    return site.acme.user_jwt(false, edit);
  };
  auto good = of_acme({});
  user_claims intruder;
  intruder.standard.subject = site.acme.user.public_text();
  intruder.issuer_account = site.acme.id();
  struct attack {
    std::string jwt;
    const key_pair& signer;
    std::string told;
  };
  const auto& own = site.acme.user;
  const attack attacks[] = {
      {good, site.beta.user, "signature of the nonce"},
      {of_acme([](auto& user) { user.standard.expires = seconds_now() - 5; }), own, "expired"},
      {of_acme([](auto& user) { user.standard.not_before = seconds_now() + 50; }), own,
       "not yet valid"},
      {of_acme([](auto& user) { user.limits.bearer = true; }), own, "bearer"},
      {of_acme([](auto& user) { user.limits.sources = {"x\r\n[1] faked"}; }), own,
       "no address range"},
      {of_acme([&](auto& user) { user.standard.subject = site.beta.user.public_text(); }),
       site.beta.user, "revoked"},
      {stranger.user_jwt(), stranger.user, "the account is not known here"},
      {unknown.user_jwt(), unknown.user, "the account is not known here"},
      {expired.user_jwt(), expired.user, "the account is not known here"},
      {signed_by(intruder, site.beta.key), own, "may not sign users of account"},
      {site.jwt(site.acme), own, "user JWT cannot be used"},
      {site.operator_jwt(), own, "user JWT cannot be used"},
      {"", own, "no user JWT was sent"},
      {"a.b.c", own, "user JWT cannot be used"},
      {good.substr(0, good.rfind('.') + 1), own, "user JWT cannot be used"},
      {std::string(20'000, 'A'), own, "user JWT cannot be used"},
  };
  for (const auto& one : attacks) {
    auto before = site.server->log().size();
    CHECK_MESSAGE(login(*site.server, one.jwt, one.signer)
                      == "-ERR 'Authorization Violation'\n(closed)",
                  one.told);
    site.wait_for(one.told, before);
    auto told = site.server->log().substr(before);
    CHECK_MESSAGE((one.jwt.size() < 50 || told.find(one.jwt.substr(20, 30)) == std::string::npos),
                  "a JWT stands in the log");
    CHECK(told.find("\n[1] faked") == std::string::npos);
  }
  CHECK(login(*site.server, good, own) == "");
}

/// By hand: `operator_test --no-skip -tc='ten thousand*'`, with a release build.
TEST_CASE("ten thousand accounts load in three seconds, five kilobytes each" * doctest::skip()) {
  operator_site site;
  scratch_folder folder;
  auto add = [&](tenant& one) {
    overwrite(folder.path() / (one.id() + ".jwt"), site.jwt(one));
    return one.claims.standard.subject;
  };
  add(site.system);
  add(site.acme);
  auto memory_of = [](const server_process& server) {
    std::ifstream in{"/proc/" + std::to_string(server.pid()) + "/statm"};
    size_t all = 0, resident = 0;
    in >> all >> resident;
    return resident * 4096;
  };
  auto config = "operator: " + site.operator_jwt() + "\nresolver { type: full, dir: \""
                + folder.path().string() + "\" }\n";
  size_t few = 0;
  {
    server_process server{binary("TROUPE_E2E_SERVER"), config};
    few = memory_of(server);
  }
  for (int i = 0; i < 10'000; ++i) {
    tenant one{"account" + std::to_string(i)};
    add(one);
  }
  auto begin = std::chrono::steady_clock::now();
  server_process server{binary("TROUPE_E2E_SERVER"), config};
  auto took = std::chrono::steady_clock::now() - begin;
  CHECK(login(server, site.acme.user_jwt(), site.acme.user) == "");
  MESSAGE(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
          << " ms, " << (memory_of(server) - few) / 10'000 << " bytes an account");
  CHECK(took < std::chrono::seconds{3});
}

/// By hand as well: logins by JWT and what CPU time of the broker they cost.
TEST_CASE("two thousand logins by JWT take at most a second of CPU time" * doctest::skip()) {
  folder_site site;
  auto jwt = site.acme.user_jwt(true);
  auto cpu = [&] {
    std::ifstream in{"/proc/" + std::to_string(site.server->pid()) + "/stat"};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    std::istringstream fields{text.substr(text.rfind(')') + 1)};
    std::string word;
    for (int i = 0; i < 11; ++i)
      fields >> word;
    long user = 0, kernel = 0;
    fields >> user >> kernel;
    return static_cast<double>(user + kernel) / 100.0;
  };
  auto before = cpu();
  for (int i = 0; i < 2000; ++i)
    REQUIRE(login(*site.server, jwt, site.acme.user) == "");
  auto used = cpu() - before;
  MESSAGE((2000 / used) << " logins a CPU second");
  CHECK(used <= 1.0);
}
