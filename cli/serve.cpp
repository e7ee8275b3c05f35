// cli/serve.cpp: start, signals, lame duck, stop.
#include "cli/serve.hpp"

#include "actors/broker.hpp"
#include "actors/link_keeper.hpp"
#include "actors/log.hpp"
#include "cli/process_files.hpp"
#include "cli/reload_desk.hpp"
#include "federation/links.hpp"
#include "monitor/admin_socket.hpp"
#include "monitor/server.hpp"
#include "monitor/system_account.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <random>

namespace troupe::cli {
namespace {

namespace log = actors::log;
using clock = std::chrono::steady_clock;

sigset_t handled_signals() {
  sigset_t out;
  sigemptyset(&out);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2})
    sigaddset(&out, signal);
  return out;
}

/// In the words of Go's runtime, which operators' log filters know.
std::string_view name_of(int signal) {
  switch (signal) {
  case SIGINT: return "interrupt";
  case SIGTERM: return "terminated";
  case SIGHUP: return "hangup";
  case SIGUSR1: return "user defined signal 1";
  case SIGUSR2: return "user defined signal 2";
  default: return "unknown";
  }
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

bool has_plain_password(const config::options& options) {
  auto plain = [](const std::string& secret) {
    return !secret.empty() && !secret.starts_with("$2");
  };
  const auto& auth = options.authorization;
  return plain(auth.password) || plain(auth.token)
         || std::any_of(auth.users.begin(), auth.users.end(),
                        [&](const auto& user) { return plain(user.password); });
}

class process {
public:
  explicit process(serve_request request) : request_{std::move(request)} {}

  int run() {
    // Before any thread starts, so that all of them leave the signals to us.
    auto signals = handled_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    try {
      log::open(options().logging);
    } catch (const std::exception& e) {
      fmt::print(stderr, "{}\n", e.what());
      return 1;
    }
    raise_file_limit();
    if (!start())
      return 1;
    wait_for_the_end(signals);
    log::info("Initiating Shutdown...");
    reloads_.close();
    admin_.reset();
    if (monitor_)
      monitor_->stop();
    broker_.stop();
    log::info("Server Exiting..");
    return 0;
  }

private:
  config::options& options() { return request_.options; }

  bool nats_layout() { return options().logging.format == config::log_format::nats; }

  bool start() {
    for (const auto& warning : request_.warnings)
      log::warn("{}", warning);
    if (!options().pid_file.empty())
      if (auto problem = write_pid_file(options().pid_file); !problem.empty()) {
        log::fatal("Could not write pidfile: {}", problem);
        return false;
      }
    if (auto problem = audit_.open(options().logging.audit_file); !problem.empty()) {
      log::fatal("{}", problem);
      return false;
    }
    broker_.attach(
        monitor::system_account_of(broker_, {[this] { return reloads_.ask(); }, audit_}));
    broker_.attach(federation::make_links);
    if (auto problems = broker_.start(options()); !problems.empty()) {
      for (const auto& problem : problems)
        log::fatal("{}", problem);
      return false;
    }
    introduce();
    if (!start_monitoring())
      return false;
    auto where = host_and_port(options().client.host, broker_.port());
    log::info("Listening for client connections on {}", where);
    if (options().client.tls)
      log::info("TLS {} for client connections",
                options().client.allow_non_tls ? "available" : "required");
    write_ports();
    log::info("Server is ready");
    admin_ = std::make_unique<monitor::admin_socket>(broker_);
    if (auto problem = admin_->start(options().admin_socket); !problem.empty())
      log::warn("The admin socket is off: {}", problem);
    if (options().embedded_default)
      say_what_to_try();
    return true;
  }

  void introduce() {
    log::info("{}", nats_layout() ? "Starting nats-server" : "Starting troupe");
    log::info("  Version:  {}", actors::nats_version);
    if (auto cluster = broker_.cluster_name(); !cluster.empty())
      log::info("  Cluster:  {}", cluster);
    log::info("  Name:     {}", broker_.server_name());
    log::info("  ID:       {}", broker_.server_id());
    log::info("  Reactors: {}", broker_.reactor_count());
    if (has_plain_password(options()))
      log::warn("Plaintext passwords detected, use nkeys or bcrypt");
    if (!options().config_file.empty())
      log::info("Using configuration file: {} ({})", options().config_file,
                options().config_digest);
    if (options().embedded_default)
      log::info("No configuration given: listening on the loopback address only");
  }

  bool start_monitoring() {
    if (options().monitoring.port == 0)
      return true;
    monitor_ = std::make_unique<monitor::monitor_server>(broker_, options());
    if (auto problem = monitor_->start(); !problem.empty()) {
      log::fatal("Can't start monitoring: {}", problem);
      return false;
    }
    log::info("Starting {} monitor on {}", options().monitoring.https ? "https" : "http",
              host_and_port(monitoring_host(), monitor_->port()));
    return true;
  }

  std::string monitoring_host() {
    return options().monitoring.host.empty() ? options().client.host : options().monitoring.host;
  }

  static std::string host_and_port(const std::string& host, uint16_t port) {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
  }

  void write_ports() {
    if (options().ports_file_dir.empty())
      return;
    listening_ports ports;
    bool tls = options().client.tls && !options().client.allow_non_tls;
    ports.clients = listener_urls(tls ? "tls" : "nats", options().client.host, broker_.port());
    if (auto port = broker_.cluster_port(); port != 0)
      ports.cluster = listener_urls("nats", options().cluster.host, port);
    if (auto port = broker_.websocket_port(); port != 0)
      ports.websocket =
          listener_urls(options().websocket.tls ? "wss" : "ws", options().websocket.host, port);
    if (monitor_)
      ports.monitoring = listener_urls(options().monitoring.https ? "https" : "http",
                                       monitoring_host(), monitor_->port());
    if (auto problem = ports_.write(options().ports_file_dir, request_.program, ports);
        !problem.empty())
      log::error("Error writing ports file: {}", problem);
  }

  void say_what_to_try() {
    auto url = host_and_port(options().client.host, broker_.port());
    fmt::print(stderr,
               "\nThe broker runs. From another terminal, try:\n"
               "  troupe sub 'hello.>' --server nats://{0}\n"
               "  troupe pub hello.world 'first light' --server nats://{0}\n"
               "  troupe actors\n\n",
               url);
  }

  /// Sleeps between signals; in lame duck mode also until the next client has to go.
  void wait_for_the_end(const sigset_t& signals) {
    for (;;) {
      int signal = 0;
      if (next_eviction_) {
        auto left = std::max(*next_eviction_ - clock::now(), clock::duration::zero());
        auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
        timespec limit{
            seconds.count(),
            std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
        signal = ::sigtimedwait(&signals, nullptr, &limit);
        if (signal < 0) {
          if (clock::now() >= *next_eviction_ && !evict_one())
            return;
          continue;
        }
      } else {
        signal = ::sigwaitinfo(&signals, nullptr);
      }
      if (signal > 0 && !handle(signal))
        return;
    }
  }

  /// False: the process shall end.
  bool handle(int signal) {
    log::info("Trapped \"{}\" signal", name_of(signal));
    switch (signal) {
    case SIGINT: return false;
    case SIGTERM: return broker_.lame_duck(); // ignored once lame duck mode began
    case SIGHUP: {
      auto asked = reloads_.begin();
      reloads_.done(asked, reload());
      return true;
    }
    case SIGUSR1:
      if (audit_.reopen())
        log::info("Audit file re-opened");
      if (log::reopen())
        log::info("File log re-opened");
      else
        log::info("File log re-open ignored, not a file logger");
      return true;
    case SIGUSR2: return broker_.lame_duck() || begin_lame_duck();
    default: return true;
    }
  }

  /// Empty: done. Otherwise why not; all of that is in the log.
  std::string reload() {
    if (!request_.read_again) {
      std::string why = "can only reload config when a file is provided using -c or --config";
      log::error("Failed to reload server configuration: {}", why);
      return why;
    }
    auto outcome = request_.read_again(options());
    for (const auto& warning : outcome.warnings) // a mistyped key may be why a protection is gone
      log::warn("{}", warning);
    if (outcome.errors.empty())
      outcome.errors = broker_.reload(outcome.options);
    for (const auto& problem : outcome.errors)
      log::error("Failed to reload server configuration: {}", problem);
    if (!outcome.errors.empty()) {
      std::string why;
      for (const auto& problem : outcome.errors)
        why += (why.empty() ? "" : "; ") + problem;
      return why;
    }
    bool new_pid_file = outcome.options.pid_file != options().pid_file;
    options() = std::move(outcome.options);
    try {
      log::open(options().logging);
    } catch (const std::exception& e) {
      log::error("The log stays where it is: {}", e.what());
    }
    if (auto problem = audit_.open(options().logging.audit_file); !problem.empty())
      log::error("{}; it stays where it is", problem);
    if (new_pid_file && !options().pid_file.empty())
      if (auto problem = write_pid_file(options().pid_file); !problem.empty())
        log::error("Could not write pidfile: {}", problem);
    for (const auto& change : outcome.changes)
      log::info("{}", change);
    log::info("Reloaded server configuration ({})", options().config_digest);
    return {};
  }

  /// False: nobody is connected, so it is over at once.
  bool begin_lame_duck() {
    log::info("Entering lame duck mode, stop accepting new clients");
    broker_.enter_lame_duck();
    if (broker_.describe().connections == 0)
      return false;
    next_eviction_ = clock::now() + options().timing.lame_duck_grace_period;
    return true;
  }

  /// Closes the next client and plans the one after; false when none is left.
  bool evict_one() {
    auto left = broker_.describe().connections;
    if (left == 0)
      return false;
    if (eviction_pause_ == clock::duration::zero()) {
      log::info("Closing existing clients");
      auto spread = options().timing.lame_duck_duration - options().timing.lame_duck_grace_period;
      eviction_pause_ =
          std::clamp<clock::duration>(spread / static_cast<int64_t>(left),
                                      std::chrono::microseconds{1}, std::chrono::seconds{1});
      // Many clients a tick rather than a tick a client.
      if (eviction_pause_ < std::chrono::milliseconds{1})
        evictions_a_pause_ = static_cast<uint64_t>(std::chrono::milliseconds{1} / eviction_pause_);
      eviction_pause_ = std::max<clock::duration>(eviction_pause_, std::chrono::milliseconds{1});
    }
    left -= std::min(left, evictions_a_pause_);
    broker_.evict(evictions_a_pause_);
    if (left == 0)
      return false;
    // Jittered between half and full.
    auto half = eviction_pause_ / 2;
    next_eviction_ =
        clock::now() + half
        + clock::duration{std::uniform_int_distribution<int64_t>{0, half.count()}(random_)};
    return true;
  }

  serve_request request_;
  // They outlive the broker, whose actors use them.
  reload_desk reloads_;
  monitor::audit_log audit_;
  actors::broker broker_;
  std::unique_ptr<monitor::monitor_server> monitor_;
  std::unique_ptr<monitor::admin_socket> admin_;
  ports_file ports_;
  std::optional<clock::time_point> next_eviction_;
  clock::duration eviction_pause_{0};
  uint64_t evictions_a_pause_ = 1;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

int serve(serve_request request) {
  return process{std::move(request)}.run();
}

} // namespace troupe::cli
