// actors/account_download.cpp: cpp-httplib as a client.
#include "actors/account_download.hpp"

#include "security/jwt.hpp"

#include <httplib.h>

#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::actors {
namespace {

/// Ends a request that takes too long as a whole: the library's limits are for each read of its
/// own, which a server that sends a byte now and then never comes near.
class deadline {
public:
  using clock = std::chrono::steady_clock;

  explicit deadline(clock::duration patience)
      : when_{clock::now() + patience}, watcher_{[this] { watch(); }} {}
  ~deadline() {
    {
      std::lock_guard guard{mutex_};
      done_ = true;
    }
    changed_.notify_all();
    watcher_.join();
    for (int fd : sockets_)
      ::close(fd);
  }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  bool is_over() const { return clock::now() >= when_; }
  /// A descriptor of our own: the library's number may be somebody else's socket by then.
  void guard(int socket) {
    std::lock_guard guard{mutex_};
    if (int fd = ::fcntl(socket, F_DUPFD_CLOEXEC, 0); fd >= 0)
      sockets_.push_back(fd);
  }

private:
  void watch() {
    constexpr auto again = std::chrono::milliseconds{100}; // one may be connected since
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, when_, [this] { return done_; });
    while (!done_) {
      for (int fd : sockets_)
        ::shutdown(fd, SHUT_RDWR);
      changed_.wait_for(lock, again, [this] { return done_; });
    }
  }

  const clock::time_point when_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::vector<int> sockets_;
  std::thread watcher_; ///< last: it uses the others
};

/// "http://host:port" and "/path".
std::pair<std::string, std::string> split(const std::string& url) {
  auto host = url.find("://");
  auto path = url.find('/', host == url.npos ? 0 : host + 3);
  return path == url.npos ? std::pair{url, std::string{"/"}}
                          : std::pair{url.substr(0, path), url.substr(path)};
}

std::unique_ptr<httplib::Client> connect(const download_settings& from, const std::string& server) {
  if (!from.tls)
    return std::make_unique<httplib::Client>(server);
  const auto& tls = *from.tls;
  auto out = tls.cert_file.empty()
                 ? std::make_unique<httplib::Client>(server)
                 : std::make_unique<httplib::Client>(server, tls.cert_file, tls.key_file);
  if (!tls.ca_file.empty())
    out->set_ca_cert_path(tls.ca_file.c_str());
  out->enable_server_certificate_verification(!tls.insecure);
  return out;
}

} // namespace

download download_account(const download_settings& from, const std::string& account) {
  download out;
  auto [server, path] = split(from.url);
  auto client = connect(from, server);
  if (!client->is_valid()) {
    out.problem = "the resolver's URL or its TLS files cannot be used";
    return out;
  }
  auto patience = std::chrono::duration_cast<std::chrono::microseconds>(from.timeout);
  client->set_connection_timeout(patience);
  client->set_read_timeout(patience);
  client->set_write_timeout(patience);
  client->set_follow_location(false);
  deadline limit{from.timeout};
  client->set_socket_options([&](int socket) { limit.guard(socket); });
  int status = 0;
  auto result = client->Get((path + account).c_str(),
                            [&](const httplib::Response& response) {
                              status = response.status;
                              return true;
                            },
                            [&](const char* data, size_t size) {
                              // A length that is announced is not to be believed.
                              out.body.append(data, size);
                              return out.body.size() <= security::max_jwt_size && !limit.is_over();
                            });
  out.answered = status != 0;
  if (status == 200 && result)
    return out;
  out.problem = status == 200     ? "the answer is too long or does not end"
                : limit.is_over() ? "it takes too long"
                : out.answered    ? "HTTP status " + std::to_string(status)
                                  : httplib::to_string(result.error());
  out.body.clear();
  return out;
}

} // namespace troupe::actors
