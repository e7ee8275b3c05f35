// federation/cluster_links.cpp: binds, starts, reloads and ends what the cluster consists of.
#include "federation/cluster_links.hpp"

#include "actors/core.hpp"
#include "actors/link_registry.hpp"
#include "actors/listener.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "federation/cluster.hpp"
#include "federation/local_urls.hpp"
#include "security/nkey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>

namespace troupe::federation {

namespace log = actors::log;

namespace {

constexpr auto longest_answer = std::chrono::seconds{5};
constexpr auto longest_ping_interval = std::chrono::seconds{30};

struct certificates {
  security::tls_context_ptr accepting, dialling;
};

/// Both directions use one certificate, and each checks the other's.
std::vector<std::string> read_certificates(const config::cluster_options& from, certificates& out) {
  if (!from.tls)
    return {};
  auto accepting =
      security::tls_context::build(*from.tls, security::tls_role::server, "cluster.tls");
  auto dialling =
      security::tls_context::build(*from.tls, security::tls_role::client, "cluster.tls");
  auto problems = std::move(accepting.problems);
  for (auto& each : dialling.problems)
    if (std::find(problems.begin(), problems.end(), each) == problems.end())
      problems.push_back(std::move(each));
  out = {std::move(accepting.context), std::move(dialling.context)};
  return problems;
}

security::permissions_ptr rules_of(const config::cluster_options& from) {
  if (from.import_ == security::subject_rules{} && from.export_ == security::subject_rules{})
    return {};
  security::permission_rules rules;
  rules.publish = from.import_;
  rules.subscribe = from.export_;
  return protocol::make_ref<const security::permissions>(std::move(rules));
}

std::optional<protocol::link_permissions> told(const security::subject_rules& rules) {
  if (rules == security::subject_rules{})
    return {};
  protocol::link_permissions out;
  out.allow = rules.allow;
  out.deny = rules.deny;
  return out;
}

terms_ptr make_terms(const actors::settings& now, const std::string& given, uint16_t port,
                     const certificates& tls) {
  const auto& options = now.options;
  const auto& from = options.cluster;
  auto out = std::make_shared<terms>();
  auto& info = out->info;
  info.server_id = now.info.server_id;
  info.server_name = now.info.server_name;
  info.version = now.info.version;
  info.troupe = now.info.troupe;
  info.git_commit = now.info.git_commit;
  info.go = now.info.runtime;
  info.host = from.host;
  info.port = port;
  if (!from.advertise.empty()) {
    advertised(from.advertise, info.host, info.port);
    info.ip = fmt::format("nats-route://{}/", host_and_port(info.host, info.port));
  }
  info.headers = !options.no_header_support;
  info.max_payload = options.limits.max_payload;
  info.cluster = options.cluster_name.empty() ? given : options.cluster_name;
  info.cluster_dynamic = options.cluster_name.empty();
  info.auth_required = !from.authorization.user.empty();
  info.tls_required = info.tls_verify = from.tls.has_value();
  if (!from.no_advertise)
    info.connect_urls = client_urls(now);
  info.import_ = told(from.import_);
  info.export_ = told(from.export_);
  out->user = from.authorization.user;
  out->password = from.authorization.password;
  out->permissions = rules_of(from);
  out->tls_accepting = tls.accepting;
  out->tls_dialling = tls.dialling;
  if (from.tls)
    out->tls_timeout = from.tls->timeout;
  out->auth_timeout =
      from.authorization.timeout.value_or(from.tls ? from.tls->timeout + std::chrono::seconds{1}
                                                   : config::nanoseconds{std::chrono::seconds{2}});
  auto interval =
      from.ping_interval.count() > 0 ? from.ping_interval : options.timing.ping_interval;
  out->ping_interval = std::min<config::nanoseconds>(interval, longest_ping_interval);
  out->ping_max = from.ping_max > 0 ? from.ping_max : options.timing.ping_max;
  out->write_deadline =
      from.write_deadline.count() > 0 ? from.write_deadline : options.timing.write_deadline;
  out->max_pending = options.limits.max_pending;
  out->parsing.max_control_line = 16 * static_cast<size_t>(options.limits.max_control_line);
  out->parsing.max_payload = -1; // the peer has checked it, and may allow more than we do
  return out;
}

std::vector<configured_remote> remotes_of(const config::cluster_options& from) {
  std::vector<configured_remote> out;
  for (const auto& each : from.routes)
    out.push_back({each.host, static_cast<uint16_t>(each.port), each.user, each.password});
  return out;
}

class cluster_links final : public actors::link_keeper {
public:
  std::vector<std::string> prepare(const config::options& options) override {
    const auto& from = options.cluster;
    if (!from.enabled())
      return {};
    if (auto problems = read_certificates(from, tls_); !problems.empty())
      return problems;
    try {
      socket_ = actors::bind_and_listen(from.host, static_cast<uint16_t>(std::max(from.port, 0)));
    } catch (const std::exception& e) {
      return {fmt::format("Error listening on router port: {}", e.what())};
    }
    port_ = socket_->port;
    return {};
  }

  std::unique_ptr<actors::link_registry> make_registry() override {
    if (!socket_)
      return {};
    return std::make_unique<actors::link_registry>(
        std::initializer_list<protocol::peer_role>{protocol::peer_role::route});
  }

  void start(caf::actor_system& sys, actors::core& shared, const actors::settings_ptr& now,
             changed tell) override {
    if (!socket_)
      return;
    system_ = &sys;
    auto given = security::make_server_id().substr(1, 22); // as good a name as any
    const auto& name = now->options.cluster_name.empty() ? given : now->options.cluster_name;
    tell({name, {}, {}});
    log::info("Cluster name is {}", name);
    if (now->options.cluster_name.empty())
      log::warn("Cluster name was dynamically generated, consider setting one");
    cluster_ = spawn_cluster(
        sys, shared, now, given,
        [this](const actors::settings& current, const std::string& chosen) {
          auto plan = std::make_shared<cluster_plan>();
          plan->mine = make_terms(current, chosen, port_, certificates_now());
          plan->remotes = remotes_of(current.options.cluster);
          plan->connect_retries = current.options.cluster.connect_retries;
          plan->connect_backoff = current.options.cluster.connect_backoff;
          return plan;
        },
        std::move(tell));
    log::info("Listening for route connections on {}", host_and_port(socket_->host, port_));
    auto& home = *shared.reactors.front();
    listener_ = actors::spawn_listener(sys, home, socket_, "route",
                                       [boss = cluster_](actors::accepted_ptr peer) {
                                         caf::anon_send(boss, atom::adopt_v, std::move(peer));
                                       });
  }

  std::vector<std::string> check(const config::options& options) override {
    certificates fresh;
    auto problems = read_certificates(options.cluster, fresh);
    if (problems.empty()) {
      std::lock_guard guard{mutex_};
      next_tls_ = std::move(fresh);
    }
    return problems;
  }

  void apply(const actors::settings_ptr& next) override {
    if (!cluster_)
      return;
    {
      std::lock_guard guard{mutex_};
      tls_ = next_tls_;
    }
    caf::anon_send(cluster_, atom::apply_v, next);
  }

  void lame_duck() override {
    if (cluster_)
      caf::anon_send(cluster_, atom::lame_duck_v);
  }

  void stop() override {
    if (!cluster_)
      return;
    socket_->refuse();
    caf::anon_send(listener_, atom::shut_down_v);
    caf::anon_send(cluster_, atom::shut_down_v); // others may still ask for its handle
  }

  void account_changed(const actors::account_ptr& which) override {
    if (cluster_)
      caf::anon_send(cluster_, atom::watch_v, which);
  }

  std::vector<actors::route_snapshot> routes(bool subscriptions) const override {
    auto all = ask<routes_ptr>(cluster_, atom::describe_v, subscriptions);
    if (!all)
      return {};
    std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) { return a.rid < b.rid; });
    return std::move(*all);
  }

  std::vector<actors::actor_snapshot> tree() const override {
    std::vector<actors::actor_snapshot> out;
    for (const auto& part : {ask<actors::tree_ptr>(cluster_, atom::tree_v),
                             ask<actors::tree_ptr>(listener_, atom::tree_v)})
      if (part)
        out.insert(out.end(), part->begin(), part->end());
    return out;
  }

  uint16_t cluster_port() const noexcept override { return port_; }

private:
  template <class Out, class Handle, class... In>
  Out ask(const Handle& whom, In... in) const {
    Out out;
    if (!whom)
      return out;
    caf::scoped_actor self{*system_, true};
    self->request(whom, longest_answer, in...)
        .receive([&](const Out& answer) { out = answer; },
                 [&](const caf::error& e) {
                   log::warn("An actor did not answer: {}", system_->render(e));
                 });
    return out;
  }

  certificates certificates_now() {
    std::lock_guard guard{mutex_};
    return tls_;
  }

  caf::actor_system* system_ = nullptr;
  actors::bound_socket_ptr socket_;
  uint16_t port_ = 0;
  cluster_actor cluster_;
  actors::listener_actor listener_;
  std::mutex mutex_; // the cluster's actor reads what a reload writes
  certificates tls_, next_tls_;
};

} // namespace

std::unique_ptr<actors::link_keeper> make_links() {
  return std::make_unique<cluster_links>();
}

} // namespace troupe::federation
