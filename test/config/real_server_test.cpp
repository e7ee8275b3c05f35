// test/config/real_server_test.cpp: asks real nats-servers whether they find the same files valid.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace troupe::config;

namespace {

/// The servers to ask: $TROUPE_NATS_SERVERS (a colon list) or the system's, those that exist.
std::vector<std::string> real_servers() {
  const char* named = std::getenv("TROUPE_NATS_SERVERS");
  std::vector<std::string> found;
  std::string list = named != nullptr ? named : "/usr/sbin/nats-server:/usr/bin/nats-server";
  for (size_t at = 0; at <= list.size();) {
    auto end = std::min(list.find(':', at), list.size());
    if (auto path = list.substr(at, end - at); access(path.c_str(), X_OK) == 0)
      found.push_back(path);
    at = end + 1;
  }
  return found;
}

/// What a command prints on both channels.
std::string output_of(const std::string& command) {
  std::string text;
  std::array<char, 4096> buffer{};
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  for (size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), n);
  pclose(pipe);
  return text;
}

bool is_old(const std::string& server) {
  auto version = output_of(server + " --version");
  return version.find("v2.9.") != std::string::npos;
}

struct text_case {
  std::string text;
  bool new_only = false; // 2.9 judges it otherwise
};

const text_case texts[] = {
    {"port: 4222"},
    {"port: \"abc\""},
    {"bogus: 1"},
    {"x: 5\nport: $x"},
    {"x: 5"},
    {"port 4222 debug true"},
    {"debug: yes; trace = off, logtime: true"},
    {"debug: 1"},
    {"max_payload: 1mb\nmax_pending: 64MiB\nmax_control_line 4k"},
    {"max_payload: 1.5"},
    {"ping_interval: \"30s\"\nping_max: 3"},
    {"ping_interval: 30"},
    {"ping_interval: 30q"},
    {"ping_max: 2.5"},
    {"write_deadline: 5m"},
    {"lame_duck_duration: \"10s\""},
    {"lame_duck_duration: 5m"},
    {"max_sub_tokens: 256"},
    {"max_sub_tokens: -1"},
    {"listen: 4222"},
    {"listen: \"4222\""},
    {"listen: \"[::1]:4222\""},
    {"listen: abc:-1"},
    {"http: \":8222\""},
    {"http: off"},
    {"server_name: \"a b\"", true},
    {"server_name: 5"},
    {"server_tags: a"},
    {"server_metadata: {a: b}", true},
    {"authorization {}"},
    {"authorization {user: a, pass: \"$2a$11$x\", timeout: 2.5}"},
    {"authorization {user: a, token: b}"},
    {"authorization {user: a, users: [{user: b}]}"},
    {"authorization {users: []}"},
    {"authorization {users: {}}"},
    {"authorization {users: [{}]}"},
    {"authorization {users: [{user: a}, {user: a}]}"},
    {"authorization {users: [{user: a, permissions: {pub: \">\", sub: [\"a b\", \"*\"]}}]}"},
    {"authorization {users: [{user: a, permissions: {pub: []}}]}"},
    {"authorization {users: [{user: a, permissions: {pub: {allow: x, denyy: y}}}]}"},
    {"authorization {users: [{user: a, permissions: {pub: \"a..b\"}}]}"},
    {"authorization {users: [{user: a, permissions: {allow_responses: {max: -1, ttl: \"5s\"}}}]}"},
    {"authorization {users: [{user: a, permissions: {allow_responses: no}}]}"},
    {"authorization {users: [{nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4}]}"},
    {"authorization {users: [{nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF5}]}"},
    {"authorization {users: [{user: a, allowed_connection_types: [standard, Websocket]}]}"},
    {"authorization {users: [{user: a, account: B}]}"},
    {"authorization {timeout: 61}", true},
    {"accounts {A {users: [{user: a}]}, B {}}"},
    {"accounts {A: 5}"},
    {"accounts [A, B]"},
    {"accounts {A {bogus: 1}}"},
    {"accounts {A {exports: [{stream: a}, {service: b, response_type: stream}]}}"},
    {"accounts {A {users: [{user: a}]}}\nauthorization {users: [{user: a}]}"},
    {"cluster {name: C, port: 1, routes: [\"nats://a:1\"], permissions {import: {allow: a}}}"},
    {"cluster {bogus: 1}"},
    {"cluster {pool_size: 3, compression: s2_fast}", true},
    {"gateway {name: a, port: 1, gateways: [{name: b, url: \"nats://a:1\"}]}"},
    {"leafnodes {remotes: [{url: \"nats://a:1\", account: A, deny_import: x}]}"},
    {"leafnodes {remotes: [{bogus: 1}]}"},
    {"websocket {port: 1, no_tls: true, authorization {user: a}, same_origin: yes}"},
    {"jetstream {max_mem: 1GB}"},
    {"jetstream: disabled"},
    {"system_account: x\nno_sys_acc: false"},
    {"mappings {a: b, c: [{destination: d, weight: \"50%\"}]}"},
    {"tls {verify: true}"},
    {"tls {verify: 1}"},
    {"tls {cert_file: x}"},
    {"tls {bogus: 1}"},
    {"tls {min_version: \"1.3\"}", true},
    {"tls {handshake_first: auto}", true},
    {"tls {pinned_certs: [x]}"},
    {"tls {cipher_suites: []}"},
    {"no_auth_user: foo"},
    {"port", true},
    {"# nothing", true},
};

} // namespace

TEST_CASE("a file is valid for us if and only if a real nats-server -t finds it valid") {
  auto servers = real_servers();
  if (servers.empty())
    MESSAGE("no nats-server here: nothing was compared");
  auto folder =
      std::filesystem::temp_directory_path() / ("troupe_config_test_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  auto file = (folder / "v.conf").string();
  for (auto& server : servers) {
    bool old = is_old(server);
    for (auto& one : texts) {
      auto& text = one.text;
      if (old && one.new_only)
        continue;
      std::ofstream{file} << text;
      auto said = output_of(server + " -t -c " + file);
      auto ours = made_up_world{{{file, text}}, {}}.read(file, {}, front_end::nats);
      auto lines = check_lines(ours, file);
      bool valid = said.find("is valid") != std::string::npos;
      CHECK_MESSAGE(valid == lines.empty(), server << " on " << text << ": " << said);
      if (valid && !old)
        CHECK_MESSAGE(said.find(ours.opts.config_digest) != std::string::npos, text);
    }
  }
  std::filesystem::remove_all(folder);
}
