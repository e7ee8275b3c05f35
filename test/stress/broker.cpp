// test/stress/broker.cpp: starts and looks at the broker under test.
#include "broker.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::stress {
namespace {

constexpr std::chrono::seconds longest_end{30};

/// The same text in both formats.
std::string cluster_of(const broker_wishes& more) {
  if (more.cluster.empty())
    return {};
  std::string routes;
  for (auto port : more.cluster)
    if (port != more.cluster.front())
      routes += fmt::format("{}\"nats-route://127.0.0.1:{}\"", routes.empty() ? "" : ", ", port);
  return fmt::format("cluster: {{name: \"crowd\", listen: \"127.0.0.1:{}\", routes: [{}]}}\n",
                     more.cluster.front(), routes);
}

/// Pending bytes decide who is slow, not how long a busy machine needs to gather them: hence the
/// long write deadline. nats-server's format and flags know no number of reactors: with one,
/// Troupe's own are used.
std::string config_of(const settings& wish, const broker_wishes& more, int port) {
  if (wish.reactors > 0)
    return fmt::format("reactors: {}\n"
                       "listen: {{host: 127.0.0.1, port: {}}}\n"
                       "ports_file_dir: \"@FOLDER@\"\n"
                       "monitoring: {{host: 127.0.0.1, port: -1}}\n"
                       "limits: {{max_pending: {}}}\n"
                       "timing: {{write_deadline: 600s}}\n"
                       "logging: {{level: warn}}\n{}",
                       wish.reactors, port, more.max_pending, cluster_of(more));
  return fmt::format("http: \"127.0.0.1:-1\"\nmax_pending: {}\nwrite_deadline: \"600s\"\n{}",
                     more.max_pending, cluster_of(more));
}

} // namespace

broker::broker(const settings& wish, const broker_wishes& more) : wish_{wish}, more_{more} {
  start(more.port);
}

void broker::start(int port) {
  auto config = config_of(wish_, more_, port);
  if (wish_.reactors > 0)
    process_ = std::make_unique<e2e::server_process>(
        e2e::launch{wish_.server,
                    {"troupe", "run", "--format", "yaml", "--config", "@FOLDER@/server.conf"}},
        config);
  else
    process_ = std::make_unique<e2e::server_process>(wish_.server, config, port);
}

void broker::kill_and_restart() {
  auto port = process_->port();
  process_->signal(SIGKILL);
  process_->wait_for_exit(longest_end);
  start(port);
}

int64_t broker::memory() const {
  std::ifstream in{fmt::format("/proc/{}/statm", process_->pid())};
  int64_t size = 0;
  int64_t resident = 0;
  in >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::string broker::monitoring(const std::string& path) const {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval longest{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(process_->monitoring_port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string out;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    auto request = fmt::format("GET {} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", path);
    ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::string part(65536, '\0');
    for (ssize_t got = 0; (got = ::recv(fd, part.data(), part.size(), 0)) > 0;)
      out.append(part, 0, static_cast<size_t>(got));
  }
  ::close(fd);
  return out.substr(std::min(out.size(), out.find("\r\n\r\n")));
}

void broker::judge_end(report& out) {
  auto code = process_->wait_for_exit(std::chrono::milliseconds{0});
  if (code) {
    auto log = process_->log();
    out.broken(fmt::format("the broker lives until the end; it ended with {} after\n{}", *code,
                           log.substr(log.size() - std::min<size_t>(log.size(), 1500))));
    return;
  }
  process_->signal(SIGINT);
  code = process_->wait_for_exit(longest_end);
  out.check(code == 0, "the broker ends with 0 when it is asked to, not with {}",
            code.value_or(-1));
}

} // namespace troupe::stress
