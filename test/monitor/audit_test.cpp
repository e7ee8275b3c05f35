// test/monitor/audit_test.cpp: what is put on record, and where.
#include "monitor/auditor.hpp"
#include "test/actors/actor_world.hpp"
#include "test/monitor/snapshots.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::monitor;
using actors::happening;
using monitor::test::client;
using monitor::test::noon;

namespace {

struct folder {
  folder() {
    std::string name = "/tmp/troupe-audit-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* file) const { return path / file; }
  std::filesystem::path path;
};

std::string content(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

actors::notice notice_of(happening what) {
  auto who = client(8);
  who.account = "A";
  who.user = "alice";
  who.certificate_subject = "CN=alice";
  return {what, protocol::make_ref<actors::account>("A", size_t{1}), who, noon(), {}};
}

struct audit_world : troupe::test::actor_world {
  audit_world() { REQUIRE(log.open(file) == ""); }
  ~audit_world() {
    self->send(auditor, atom::shut_down_v);
    sched.run();
  }
  void note(const actors::notice& what) {
    if (queue.admit())
      self->send(auditor, std::make_shared<const actors::notice>(what));
  }

  folder where;
  std::string file = where / "audit.log";
  audit_log log;
  audit_queue queue;
  auditor_actor auditor = spawn_auditor(sys, log, queue, false);
};

} // namespace

TEST_CASE("a line names account, user, certificate and address") {
  CHECK(audit_line(notice_of(happening::connected))
        == R"({"time":"2026-11-23T16:01:08Z","event":"connect","account":"A","user":"alice",)"
           R"("certificate":"CN=alice","address":"127.0.0.1:40008","cid":8})");
}

TEST_CASE("a denial says what was wanted") {
  auto what = notice_of(happening::denied);
  what.detail = "publish foo.x";
  auto line = audit_line(what);
  CHECK(line.find(R"("event":"permission_denied")") != line.npos);
  CHECK(line.find(R"("denied":"publish foo.x")") != line.npos);
  what = notice_of(happening::refused);
  what.who.reason = "Authentication Failure";
  line = audit_line(what);
  CHECK(line.find(R"("event":"login_denied")") != line.npos);
  CHECK(line.find(R"("reason":"Authentication Failure")") != line.npos);
}

TEST_CASE("of those who go only the revoked are on record") {
  auto what = notice_of(happening::disconnected);
  what.who.reason = "Client Closed";
  CHECK(audit_line(what) == "");
  what.who.reason = "Credentials Revoked";
  CHECK(audit_line(what).find(R"("event":"revoked")") != std::string::npos);
}

TEST_CASE("who asked for a change of the broker is on record, and why nothing came of it") {
  auto what = notice_of(happening::commanded);
  what.detail = "KICK cid:7";
  CHECK(audit_line(what)
        == R"({"time":"2026-11-23T16:01:08Z","event":"command","account":"A","user":"alice",)"
           R"("certificate":"CN=alice","address":"127.0.0.1:40008","cid":8,)"
           R"("command":"KICK cid:7"})");
  what.who.reason = "no such client";
  CHECK(audit_line(what).find(R"("reason":"no such client")") != std::string::npos);
}

TEST_CASE("who stays over a reload is not on record again") {
  CHECK(audit_line(notice_of(happening::kept)) == "");
}

TEST_CASE("changes of accounts are on record") {
  actors::account which{"A", 1};
  CHECK(audit_line(which, actors::account_change::removed, noon())
        == R"({"time":"2026-11-23T16:01:08Z","event":"account_removed","account":"A"})");
}

TEST_CASE_FIXTURE(audit_world,
                  "whoever moved the file away gets a new one, and nobody else reads it") {
  note(notice_of(happening::connected));
  sched.run();
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 077) == 0);
  std::filesystem::rename(file, where / "old.log");
  REQUIRE(log.reopen());
  note(notice_of(happening::refused));
  sched.run();
  CHECK(content(where / "old.log").find("\"connect\"") != std::string::npos);
  CHECK(content(where / "old.log").find("login_denied") == std::string::npos);
  CHECK(content(file).find("login_denied") != std::string::npos);
}

TEST_CASE_FIXTURE(audit_world, "a flood is bounded, and the record says how much is missing") {
  for (int64_t i = 0; i < audit_queue::most + 7; ++i)
    note(notice_of(happening::denied));
  sched.run();
  note(notice_of(happening::denied));
  sched.run();
  auto text = content(file);
  CHECK(text.find(R"("event":"lost","count":7})") != text.npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == audit_queue::most + 2);
  CHECK(queue.waiting == 0);
}

TEST_CASE("a line that was cut short is ended before the next one") {
  folder where;
  const auto file = where / "a";
  audit_log log;
  SUBCASE("by a disk that was full") {
    REQUIRE(log.open(file).empty());
    REQUIRE(log.write("first"));
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    auto few = before;
    few.rlim_cur = 9;
    auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &few);
    bool done = log.write("second"), again = log.write("third");
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    CHECK_FALSE(done);
    CHECK_FALSE(again);
    CHECK(log.write("fourth"));
    CHECK(content(file) == "first\nsec\nfourth\n");
  }
  SUBCASE("by the end of the broker before") {
    std::ofstream{file} << "first\nsec";
    REQUIRE(log.open(file).empty());
    CHECK(log.write("third"));
    CHECK(log.write("fourth"));
    CHECK(content(file) == "first\nsec\nthird\nfourth\n");
  }
}

TEST_CASE("a file that cannot be opened is named, and the old one stays") {
  folder where;
  audit_log log;
  REQUIRE(log.open(where / "a").empty());
  auto problem = log.open(where / "missing/b");
  CHECK(problem.find("missing/b") != problem.npos);
  CHECK(log.write("x"));
  CHECK(content(where / "a") == "x\n");
  CHECK(log.open("") == "");
  CHECK_FALSE(log.is_open());
  CHECK_FALSE(log.reopen());
}
