// test/monitor/admin_socket_test.cpp: who may look into a broker, and what a dead one leaves.
#include "monitor/admin_paths.hpp"
#include "monitor/admin_socket.hpp"
#include "monitor/unix_stream.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace troupe::monitor;
using troupe::monitor::test::made_up_source;
namespace fs = std::filesystem;

namespace {

/// An empty directory of mode 0700 that is $XDG_RUNTIME_DIR while it lives.
struct runtime_directory {
  runtime_directory() {
    char name[] = "/tmp/troupe-test-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
    ::setenv("XDG_RUNTIME_DIR", name, 1);
  }
  ~runtime_directory() {
    ::unsetenv("XDG_RUNTIME_DIR");
    fs::remove_all(path);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }

  std::string path;
};

unsigned mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

/// A socket whose process has ended.
void leave_behind(const std::string& path) {
  int why = 0;
  auto socket = unix_stream::listen(path, why);
  REQUIRE(socket.is_open());
}

std::string name_of(pid_t pid) {
  return "troupe-" + std::to_string(pid) + ".sock";
}

pid_t of_ended_process() {
  auto pid = ::fork();
  if (pid == 0)
    ::_exit(0);
  REQUIRE(::waitpid(pid, nullptr, 0) == pid);
  return pid;
}

bool is_found(const std::string& path) {
  auto all = running_brokers();
  return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.path == path; });
}

nlohmann::json ask(const admin_socket& socket, const char* request) {
  auto reply = ask_broker(socket.path(), request);
  REQUIRE(reply.fault == "");
  return nlohmann::json::parse(reply.document);
}

} // namespace

TEST_CASE("without a path the socket is named by pid, for its owner only, and found") {
  runtime_directory home;
  made_up_source from;
  admin_socket socket{from};
  REQUIRE(socket.start("") == "");
  CHECK(socket.path() == home / ("troupe-" + std::to_string(::getpid()) + ".sock"));
  CHECK(mode_of(socket.path()) == 0600);
  CHECK(is_found(socket.path()));
  socket.stop();
  CHECK_FALSE(fs::exists(socket.path()));
  CHECK_FALSE(is_found(socket.path()));
}

TEST_CASE("a directory that others can enter is passed over for one of our own") {
  runtime_directory home;
  REQUIRE(::chmod(home.path.c_str(), 0755) == 0);
  std::string fault;
  auto path = make_admin_path(77, fault);
  CHECK(path == "/tmp/troupe-" + std::to_string(::geteuid()) + "/troupe-77.sock");
  CHECK(mode_of(fs::path{path}.parent_path()) == 0700);
}

TEST_CASE("the owner reads the tree and the figures of the server") {
  runtime_directory home;
  made_up_source from;
  from.actors = {{"broker", "scheduler", "fine", 2, 1, 2, 3, 4}};
  from.clients = {test::client(7)};
  admin_socket socket{from};
  REQUIRE(socket.start(home / "admin.sock") == "");
  auto report = ask(socket, "actors");
  CHECK(report["server"]["server_id"] == "NSERVER");
  CHECK(report["server"]["pid"] == ::getpid());
  CHECK(report["actors"].dump()
        == R"([{"in_bytes":3,"in_msgs":1,"mailbox":2,"out_bytes":4,"out_msgs":2,"path":"broker",)"
           R"("place":"scheduler","state":"fine"}])");
  CHECK(ask(socket, "server")["server_id"] == "NSERVER");
  CHECK(ask(socket, "connections")["connections"][0]["cid"] == 7);
  CHECK(ask(socket, "subscriptions")["num_subscriptions"] == 0);
  CHECK(ask(socket, "shut \"down\"")["error"].get<std::string>().starts_with("unknown request"));
}

TEST_CASE("a line that never ends is dropped, and the next one answered") {
  runtime_directory home;
  made_up_source from;
  admin_socket socket{from};
  REQUIRE(socket.start(home / "admin.sock") == "");
  auto reply = ask_broker(socket.path(), std::string(100000, 'x'));
  CHECK(reply.document == "");
  CHECK(reply.fault != "");
  CHECK(ask(socket, "actors").contains("server"));
}

TEST_CASE("what a dead process left is removed when brokers are looked for") {
  runtime_directory home;
  auto path = home / name_of(of_ended_process());
  leave_behind(path);
  CHECK(probe_socket(path) == socket_life::dead);
  CHECK_FALSE(is_found(path));
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a socket of a process that is only about to listen is left alone") {
  runtime_directory home;
  auto path = home / name_of(::getpid());
  leave_behind(path);
  CHECK_FALSE(is_found(path));
  CHECK(fs::exists(path));
}

TEST_CASE("only sockets named like a broker's are touched") {
  runtime_directory home;
  for (const auto* name : {"troupe-x.sock", "troupe-.sock", "other-1.sock", "troupe-1.sock.old"})
    leave_behind(home / name);
  running_brokers();
  CHECK(std::distance(fs::directory_iterator{home.path}, fs::directory_iterator{}) == 4);
}

TEST_CASE("a configured path replaces a dead socket, never a live one or another file") {
  runtime_directory home;
  made_up_source from;
  auto path = home / "admin.sock";
  leave_behind(path);
  admin_socket first{from};
  REQUIRE(first.start(path) == "");
  admin_socket second{from};
  CHECK(second.start(path) == "another broker answers on " + path);
  auto file = home / "notes.txt";
  std::ofstream{file} << "mine";
  admin_socket third{from};
  CHECK(third.start(file) == file + " exists and is not a socket");
  CHECK(fs::file_size(file) == 4);
  CHECK(third.start(home / std::string(200, 'x')).ends_with("File name too long"));
}

TEST_CASE("asking where nobody listens says why") {
  runtime_directory home;
  CHECK(ask_broker(home / "none.sock", "actors").fault
        == (home / "none.sock") + ": No such file or directory");
}
