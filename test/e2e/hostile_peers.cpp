// test/e2e/hostile_peers.cpp: strangers come, and the log says why they had to go.
#include "hostile_peers.hpp"

#include "mixed_servers.hpp"
#include "peer_socket.hpp"

#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

namespace troupe::e2e {

bool tells(const std::string& log, const std::string& address, const std::string& words) {
  for (auto at = log.find(address); at != log.npos; at = log.find(address, at + 1)) {
    auto end = log.find('\n', at);
    if (log.substr(at, end - at).find(words) != std::string::npos)
      return true;
  }
  return false;
}

void judge(const server_process& server, peer_socket& at, const stranger& which,
           const std::string& address) {
  INFO(which.who);
  bool stays = which.logged.empty();
  bool open = true;
  try {
    while (open && !(stays && at.unread().find("PONG\r\n") != std::string_view::npos))
      open = at.read_more();
  } catch (const case_failure& problem) {
    FAIL_CHECK(problem.what());
    return;
  }
  auto got = std::string{at.unread().substr(0, 400)};
  CAPTURE(got);
  CHECK(open == stays);
  CHECK(at.unread().find(which.answer) != std::string_view::npos);
  for (const auto& words : which.logged) {
    INFO(words);
    CHECK(eventually([&] { return tells(server.log(), address + " - ", words); }));
  }
}

void visit(const server_process& server, const std::vector<visitors>& all) {
  std::vector<std::unique_ptr<peer_socket>> sockets;
  for (const auto& group : all)
    for (const auto& each : group.all) {
      sockets.push_back(std::make_unique<peer_socket>(group.port, patience));
      sockets.back()->send(each.says);
      if (each.logged.empty())
        sockets.back()->send("PING\r\n");
    }
  auto next = sockets.begin();
  for (const auto& group : all)
    for (const auto& each : group.all) {
      auto& at = **next++;
      judge(server, at, each, "127.0.0.1:" + std::to_string(at.own_port()));
    }
}

std::string links_of(const server_process& server) {
  std::string out;
  auto text = http(server, "/routez") + http(server, "/gatewayz") + http(server, "/leafz");
  for (const auto* key : {"\"rid\": ", "\"cid\": ", "\"id\": ", "\"name\": ", "\"port\": "})
    for (auto found = text.find(key); found != text.npos; found = text.find(key, found + 1))
      out += text.substr(found, text.find('\n', found) - found) + "\n";
  return out;
}

int64_t memory_of(const server_process& server) {
  std::ifstream in{"/proc/" + std::to_string(server.pid()) + "/statm"};
  int64_t size = 0;
  int64_t resident = 0;
  in >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

} // namespace troupe::e2e
