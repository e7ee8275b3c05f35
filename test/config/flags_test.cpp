// test/config/flags_test.cpp: nats-server's command line, as harnesses use it.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace troupe::config;

namespace {

std::vector<std::string> words(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> result;
  for (std::string word; in >> word;)
    result.push_back(word);
  return result;
}

command_line read(const std::string& line) {
  return parse_flags(words(line));
}

options with(const std::string& line, const std::string& text = "port: 1\nuser_: 0\n") {
  made_up_world world{{{"f.conf", text}, {"c", ""}, {"k", ""}}, {}};
  return world.read("f.conf", words(line), front_end::nats).opts;
}

using action = command_line::action;

} // namespace

TEST_CASE("a wrong flag ends with code 0 and the usage, as harnesses know it") {
  const std::pair<std::string, std::string> lines[] = {
      {"--bogus", "flag provided but not defined: -bogus"},
      {"-p abc", "invalid value \"abc\" for flag -p: parse error"},
      {"-p 12345678901234567890",
       "invalid value \"12345678901234567890\" for flag -p: value out of range"},
      {"-c", "flag needs an argument: -c"},
      {"-D=x", "invalid boolean value \"x\" for -D: parse error"},
      {"-=3", "bad flag syntax: -=3"},
      {"---x", "bad flag syntax: ---x"},
  };
  for (auto& [line, error] : lines) {
    auto said = read(line);
    CHECK(said.what == action::refuse);
    CHECK(said.error == error);
    CHECK(said.exit_code == 0);
    CHECK(said.usage);
    CHECK(said.bare_error);
  }
}

TEST_CASE("a wrong word ends with code 1") {
  const std::pair<std::string, std::string> lines[] = {
      {"foo", "unrecognized command: \"foo\""},
      {"-- foo", "unrecognized command: \"foo\""},
      {"-D false", "unrecognized command: \"false\""},
      {"-t", "must specify [-c, --config] option to check configuration file syntax"},
      {"--signal bogus=1", "unknown signal \"bogus\""},
  };
  for (auto& [line, error] : lines) {
    auto said = read(line);
    CHECK(said.error == error);
    CHECK(said.exit_code == 1);
    CHECK_FALSE(said.usage);
  }
}

TEST_CASE("version and help are flags and words") {
  for (auto* line : {"-v", "--version", "-version", "version", "-v foo"})
    CHECK(read(line).what == action::show_version);
  for (auto* line : {"-h", "--help", "help", "-h -c nope", "help me"})
    CHECK(read(line).what == action::show_help);
  CHECK(read("--help_tls").what == action::show_help_tls);
  CHECK(nats_usage().starts_with("\nUsage: nats-server [options]"));
}

TEST_CASE("a signal names a command and perhaps a process") {
  auto said = read("--signal ldm=12");
  CHECK(said.what == action::send_signal);
  CHECK(said.signal == "ldm");
  CHECK(said.signal_target == "12");
  CHECK(read("-sl reload").signal_target.empty());
  CHECK(read("-sl=stop=/run/x.pid").signal_target == "/run/x.pid");
}

TEST_CASE("one dash or two, a blank or =, and the last one wins") {
  for (auto* line : {"-p 5", "--p 5", "-port 5", "--port=5", "-p 4 -p=5"})
    CHECK(with(line).client.port == 5);
  CHECK(read("-c f.conf").config_file == "f.conf");
  CHECK(read("-t --config=f.conf").what == action::check);
}

TEST_CASE("flags win over the file") {
  auto o = with("-a ::1 -p -1 -n n1 -P /p -m 8222 -l /l -T=false --logtime_utc --user u --pass p "
                "--max_traced_msg_len 9 --client_advertise x:1 --ports_file_dir /d",
                "listen: 127.0.0.1:5\nhttp: 127.0.0.1:1\nlogtime: true\nauthorization {token: t}");
  CHECK(o.client.host == "::1");
  CHECK(o.client.port == -1);
  CHECK(o.server_name == "n1");
  CHECK(o.pid_file == "/p");
  CHECK(o.monitoring.port == 8222);
  CHECK(o.logging.file == "/l");
  CHECK_FALSE(o.logging.time);
  CHECK(o.logging.utc);
  CHECK(o.authorization.user == "u");
  CHECK(o.authorization.token.empty());
  CHECK(o.limits.max_traced_msg_len == 9);
  CHECK(with("--auth t", "authorization {user: a}").authorization.user.empty());
  CHECK(with("-ms 9").monitoring.https);
}

TEST_CASE("debug and trace combine, in flags and with the file") {
  CHECK(with("-D").logging.level == log_level::debug);
  CHECK(with("-V").logging.level == log_level::trace);
  CHECK(with("-DV").logging.level == log_level::trace);
  CHECK_FALSE(with("-DV").logging.trace_system_account);
  CHECK(with("-DVV").logging.trace_system_account);
  CHECK(with("-D=false", "debug: true").logging.level == log_level::info);
  CHECK(with("-D", "trace: true").logging.level == log_level::trace);
}

TEST_CASE("TLS flags work together") {
  auto o = with("--tls --tlscert c --tlskey k --tlsverify");
  REQUIRE(o.client.tls);
  CHECK(o.client.tls->cert_file == "c");
  CHECK(o.client.tls->verify);
  CHECK_FALSE(with("--tls=false", "tls {cert_file: c, key_file: k}").client.tls);
  made_up_world world{{{"f.conf", ""}}, {}};
  for (auto* line : {"--tls", "--tlsverify"})
    CHECK(complaints(world.read("f.conf", words(line), front_end::nats))
              .starts_with("TLS Server certificate must be present and valid"));
}

TEST_CASE("flags of features to come are noted") {
  made_up_world world{{{"f.conf", "port: 1"}}, {}};
  auto result = world.read("f.conf", words("--cluster nats://a:1 --routes nats://b:1 -js"));
  REQUIRE(result.inactive.size() == 1);
  CHECK(result.inactive[0].key == "-js");
  CHECK(result.inactive[0].place == "flag");
}
