// cli/process_files.hpp: the files by which others find a running broker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

/// Decimal digits without a newline, mode 0600. Empty, or why it could not be written.
std::string write_pid_file(const std::string& path);

struct listening_ports {
  std::vector<std::string> clients;    ///< "nats://127.0.0.1:4222"
  std::vector<std::string> cluster;    ///< "nats://127.0.0.1:6222"
  std::vector<std::string> websocket;  ///< "ws://127.0.0.1:8080"
  std::vector<std::string> monitoring; ///< "http://127.0.0.1:8222"
};

/// `<folder>/<program>_<pid>.ports` as compact JSON; removed when this goes out of scope.
class ports_file {
public:
  ports_file() = default;
  ports_file(const ports_file&) = delete;
  ports_file& operator=(const ports_file&) = delete;
  ~ports_file();
  /// Empty, or why it could not be written.
  std::string write(const std::string& folder, std::string_view program,
                    const listening_ports& ports);

private:
  std::string path_;
};

/// The URLs under which a listener can be reached: a wildcard host stands for every interface.
std::vector<std::string> listener_urls(std::string_view scheme, const std::string& host,
                                       uint16_t port);

} // namespace troupe::cli
