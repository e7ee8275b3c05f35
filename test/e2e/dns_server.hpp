// test/e2e/dns_server.hpp: a name server on loopback that says what a test wants.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::e2e {

/// Answers A and SRV over UDP, with a TTL of a second; everything else, and other names, do not
/// exist. While it lives, brokers that are started ask it (TROUPE_DNS_SERVERS).
class dns_server {
public:
  dns_server();
  ~dns_server();
  dns_server(const dns_server&) = delete;
  dns_server& operator=(const dns_server&) = delete;

  /// A host has this IPv4 address from now on.
  void name(const std::string& host, const std::string& address);
  /// An SRV record has these hosts and ports from now on.
  void serve(const std::string& record, std::vector<std::pair<std::string, uint16_t>> targets);

private:
  void run();
  std::string answer(const std::string& question);

  int socket_ = -1, wake_ = -1;
  std::mutex access_;
  std::map<std::string, std::string> hosts_;
  std::map<std::string, std::vector<std::pair<std::string, uint16_t>>> services_;
  std::thread thread_;
};

} // namespace troupe::e2e
