// test/e2e/dns_server.cpp: reads a question, writes its answers.
#include "dns_server.hpp"

#include <array>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::e2e {
namespace {

constexpr size_t header_size = 12;
constexpr uint16_t type_a = 1, type_srv = 33;

void put(std::string& to, uint16_t number) {
  to.push_back(static_cast<char>(number >> 8));
  to.push_back(static_cast<char>(number & 0xff));
}

/// "a.b" as labels.
std::string labels(const std::string& name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    auto end = std::min(name.find('.', at), name.size());
    out.push_back(static_cast<char>(end - at));
    out += name.substr(at, end - at);
    at = end + 1;
  }
  out.push_back('\0');
  return out;
}

/// Of the name that was asked for, of a type, for a second.
std::string record(uint16_t type, const std::string& data) {
  std::string out{"\xc0\x0c", 2}; // the name of the question
  put(out, type);
  put(out, 1);
  put(out, 0);
  put(out, 1);
  put(out, static_cast<uint16_t>(data.size()));
  return out + data;
}

} // namespace

dns_server::dns_server() {
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0
      || ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for a name server");
  ::setenv("TROUPE_DNS_SERVERS", ("127.0.0.1:" + std::to_string(ntohs(address.sin_port))).c_str(),
           1);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread{[this] { run(); }};
}

dns_server::~dns_server() {
  ::unsetenv("TROUPE_DNS_SERVERS");
  ::eventfd_write(wake_, 1);
  thread_.join();
  ::close(wake_);
  ::close(socket_);
}

void dns_server::name(const std::string& host, const std::string& address) {
  std::lock_guard guard{access_};
  hosts_[host] = address;
}

void dns_server::serve(const std::string& record,
                       std::vector<std::pair<std::string, uint16_t>> targets) {
  std::lock_guard guard{access_};
  services_[record] = std::move(targets);
}

void dns_server::run() {
  for (;;) {
    std::array<pollfd, 2> waited{{{socket_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    ::poll(waited.data(), waited.size(), -1);
    if (waited[1].revents != 0)
      return;
    std::array<char, 512> bytes{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto got = ::recvfrom(socket_, bytes.data(), bytes.size(), 0,
                          reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= static_cast<ssize_t>(header_size))
      continue;
    auto said = answer({bytes.data(), static_cast<size_t>(got)});
    ::sendto(socket_, said.data(), said.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}

std::string dns_server::answer(const std::string& question) {
  std::string name;
  auto at = header_size;
  while (at < question.size() && question[at] != '\0') {
    auto length = static_cast<size_t>(static_cast<unsigned char>(question[at]));
    name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
    at += 1 + length;
  }
  auto asked = question.substr(header_size, at + 5 - header_size); // the name, type and class
  auto type = static_cast<uint16_t>(question.at(at + 2));
  std::lock_guard guard{access_};
  std::vector<std::string> records;
  auto service = services_.find(name);
  auto host = hosts_.find(name);
  if (type == type_srv && service != services_.end())
    for (const auto& [target, port] : service->second) {
      std::string data(4, '\0'); // priority and weight
      put(data, port);
      records.push_back(record(type_srv, data + labels(target)));
    }
  if (type == type_a && host != hosts_.end()) {
    in_addr address{};
    ::inet_pton(AF_INET, host->second.c_str(), &address);
    records.push_back(record(type_a, {reinterpret_cast<const char*>(&address), sizeof address}));
  }
  bool known = service != services_.end() || host != hosts_.end();
  std::string out = question.substr(0, 2);
  out += '\x81';                  // an answer, recursion was asked for
  out += known ? '\x80' : '\x83'; // there is recursion; or: no such name
  put(out, 1);
  put(out, static_cast<uint16_t>(records.size()));
  put(out, 0);
  put(out, 0);
  out += asked;
  for (const auto& each : records)
    out += each;
  return out;
}

} // namespace troupe::e2e
