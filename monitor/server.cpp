// monitor/server.cpp: puts the endpoints behind an HTTP library.
#include "monitor/server.hpp"

#include "actors/log.hpp"
#include "monitor/elastic_threads.hpp"
#include "monitor/endpoints.hpp"
#include "monitor/listening_socket.hpp"

#include <httplib.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace troupe::monitor {
namespace {

// A connection holds one thread while it is kept alive or slow, and slow peers must not be able to
// keep a health probe waiting.
constexpr size_t most_threads = 256;
constexpr auto longest_idle = 1;             // seconds
constexpr auto longest_header = 5;           // seconds
constexpr size_t largest_body = 1024 * 1024; // of a request; nothing reads it
constexpr size_t longest_path = 256;         // more is no endpoint; the library's regex recurses

class job_queue final : public httplib::TaskQueue {
public:
  void enqueue(std::function<void()> job) override { threads_.run(std::move(job)); }
  void shutdown() override { threads_.finish(); }

private:
  elastic_threads threads_{most_threads};
};

/// What both kinds of server need beyond the library: a socket that we have bound, and an end that
/// cannot be missed.
class adopting {
public:
  virtual ~adopting() = default;
  virtual httplib::Server& server() = 0;
  /// False after end(): the descriptor is closed.
  virtual bool adopt(int fd) = 0;
  virtual void end() = 0;
};

template <class Base>
class adopting_server final : public adopting, private Base {
public:
  template <class... Args>
  explicit adopting_server(Args... args) : Base{args...} {}

  httplib::Server& server() override { return *this; }

  bool adopt(int fd) override {
    std::lock_guard guard{mutex_};
    if (ended_) {
      ::close(fd);
      return false;
    }
    this->svr_sock_ = fd;
    return true;
  }

  void end() override {
    std::lock_guard guard{mutex_};
    ended_ = true;
    if (int fd = this->svr_sock_.exchange(INVALID_SOCKET); fd != INVALID_SOCKET) {
      ::shutdown(fd, SHUT_RDWR);
      ::close(fd);
    }
  }

private:
  std::mutex mutex_;
  bool ended_ = false;
};

std::unique_ptr<adopting> make_server(const config::options& options, std::string& fault) {
  if (!options.monitoring.https)
    return std::make_unique<adopting_server<httplib::Server>>();
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
  const auto& tls = options.client.tls;
  if (!tls || tls->cert_file.empty() || tls->key_file.empty()) {
    fault = "TLS cert and key required for HTTPS";
    return nullptr;
  }
  // Scrapers have no client certificate, so none is asked for even if `verify` is on.
  auto out = std::make_unique<adopting_server<httplib::SSLServer>>(tls->cert_file.c_str(),
                                                                   tls->key_file.c_str());
  auto& server = static_cast<httplib::SSLServer&>(out->server());
  if (!server.is_valid()) {
    fault = "cannot use " + tls->cert_file + " with " + tls->key_file + " for HTTPS";
    return nullptr;
  }
  SSL_CTX_set_min_proto_version(server.ssl_context(), TLS1_2_VERSION);
  return out;
#else
  fault = "this build's HTTP library has no TLS; use `http_port`";
  return nullptr;
#endif
}

std::string_view query_of(const httplib::Request& request) {
  std::string_view target = request.target;
  auto mark = target.find('?');
  return mark == target.npos ? std::string_view{} : target.substr(mark + 1);
}

void send(const httplib::Request& request, httplib::Response& response, endpoints& from) {
  auto found = from.respond(request.path, query_of(request));
  response.status = found.status;
  if (found.any_origin)
    response.set_header("Access-Control-Allow-Origin", "*");
  if (found.status == 404)
    response.set_header("X-Content-Type-Options", "nosniff");
  response.set_content(found.body, found.type.c_str());
}

void configure(httplib::Server& server, endpoints& from) {
  server.new_task_queue = [] { return std::make_unique<job_queue>().release(); };
  server.set_keep_alive_timeout(longest_idle);
  server.set_keep_alive_max_count(10000);
  server.set_read_timeout(longest_header);
  server.set_payload_max_length(largest_body);
  server.set_tcp_nodelay(true);
  server.set_exception_handler([](const httplib::Request& request, httplib::Response& response,
                                  std::exception_ptr) {
    actors::log::error("The monitoring request {} failed", actors::log::printable(request.path));
    response.status = 500;
    response.set_content("Internal Server Error\n", "text/plain; charset=utf-8");
  });
  // Methods do not matter, but a body has to be read before the next request can be.
  server.set_pre_routing_handler([&from](const auto& request, auto& response) {
    using outcome = httplib::Server::HandlerResponse;
    bool may_have_body = request.method == "POST" || request.method == "PUT"
                         || request.method == "PATCH" || request.method == "DELETE";
    if (may_have_body && request.path.size() <= longest_path)
      return outcome::Unhandled;
    send(request, response, from);
    return outcome::Handled;
  });
  auto any = [&from](const httplib::Request& request, httplib::Response& response) {
    send(request, response, from);
  };
  server.Post(".*", any).Put(".*", any).Patch(".*", any).Delete(".*", any);
}

} // namespace

struct monitor_server::impl {
  impl(std::unique_ptr<source> mine, const source& from, config::options all)
      : owned{std::move(mine)}, options{std::move(all)}, answers{from,
                                                                 options.monitoring.base_path} {}

  /// The library gives up when accept() fails for any reason but a lack of descriptors: go on.
  void serve() {
    for (;;) {
      int fd = socket.duplicate();
      if (fd >= 0) {
        if (!http->adopt(fd))
          return;
        http->server().listen_after_bind();
      }
      std::unique_lock guard{mutex};
      if (stopping.wait_for(guard, std::chrono::milliseconds{100}, [this] { return ended; }))
        return;
    }
  }

  std::unique_ptr<source> owned;
  config::options options;
  endpoints answers;
  listening_socket socket;
  std::unique_ptr<adopting> http;
  std::mutex mutex;
  std::condition_variable stopping;
  bool ended = false;
  std::thread thread;
};

monitor_server::monitor_server(const actors::broker& from, const config::options& options) {
  auto mine = std::make_unique<broker_source>(from);
  const auto& asked = *mine;
  impl_ = std::make_unique<impl>(std::move(mine), asked, options);
}

monitor_server::monitor_server(const source& from, const config::options& options)
    : impl_{std::make_unique<impl>(nullptr, from, options)} {}

monitor_server::~monitor_server() {
  stop();
}

std::string monitor_server::start() {
  auto& my = *impl_;
  std::string fault;
  my.http = make_server(my.options, fault);
  if (!my.http)
    return fault;
  const auto& where = my.options.monitoring;
  fault = my.socket.open(where.host.empty() ? my.options.client.host : where.host, where.port);
  if (!fault.empty())
    return fault;
  configure(my.http->server(), my.answers);
  my.thread = std::thread{[&my] { my.serve(); }};
  return {};
}

uint16_t monitor_server::port() const noexcept {
  return impl_->socket.port();
}

void monitor_server::stop() {
  auto& my = *impl_;
  if (!my.thread.joinable())
    return;
  {
    std::lock_guard guard{my.mutex};
    my.ended = true;
  }
  my.stopping.notify_all();
  my.http->end();
  my.thread.join();
  my.socket.close();
}

} // namespace troupe::monitor
