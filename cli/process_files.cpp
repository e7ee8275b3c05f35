// cli/process_files.cpp: pid file and ports file.
#include "cli/process_files.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace troupe::cli {
namespace {

std::string write_whole(const std::string& path, std::string_view text, mode_t mode) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0)
    return fmt::format("open {}: {}", path, std::strerror(errno));
  auto written = ::write(fd, text.data(), text.size());
  int code = errno;
  ::fchmod(fd, mode);
  ::close(fd);
  if (written != static_cast<ssize_t>(text.size()))
    return fmt::format("write {}: {}", path, std::strerror(code));
  return {};
}

std::string url(std::string_view scheme, std::string_view address, uint16_t port) {
  return address.find(':') == address.npos ? fmt::format("{}://{}:{}", scheme, address, port)
                                           : fmt::format("{}://[{}]:{}", scheme, address, port);
}

} // namespace

std::string write_pid_file(const std::string& path) {
  return write_whole(path, std::to_string(::getpid()), 0600);
}

ports_file::~ports_file() {
  if (!path_.empty())
    ::unlink(path_.c_str());
}

std::string ports_file::write(const std::string& folder, std::string_view program,
                              const listening_ports& ports) {
  nlohmann::ordered_json out;
  if (!ports.clients.empty())
    out["nats"] = ports.clients;
  if (!ports.cluster.empty())
    out["cluster"] = ports.cluster;
  if (!ports.monitoring.empty())
    out["monitoring"] = ports.monitoring;
  if (!ports.websocket.empty())
    out["websocket"] = ports.websocket;
  auto path = fmt::format("{}/{}_{}.ports", folder, program, ::getpid());
  // Whoever waits for the file must never see half of it.
  auto draft = path + ".tmp";
  if (auto problem = write_whole(draft, out.dump(), 0644); !problem.empty())
    return problem;
  if (::rename(draft.c_str(), path.c_str()) != 0)
    return fmt::format("rename {}: {}", path, std::strerror(errno));
  path_ = path;
  return {};
}

std::vector<std::string> listener_urls(std::string_view scheme, const std::string& host,
                                       uint16_t port) {
  if (host != "0.0.0.0" && host != "::" && !host.empty())
    return {url(scheme, host, port)};
  std::vector<std::string> out;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0)
    return {url(scheme, "127.0.0.1", port)};
  std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{first, &::freeifaddrs};
  for (auto* at = first; at; at = at->ifa_next) {
    if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET)
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
    ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    out.push_back(url(scheme, text.data(), port));
  }
  return out;
}

} // namespace troupe::cli
