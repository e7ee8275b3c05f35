// actors/broker.cpp: CAF's actor system, the reactors, the supervisor.
#include "actors/broker.hpp"

#include "actors/account_actor.hpp"
#include "actors/account_policy.hpp"
#include "actors/accounts_actor.hpp"
#include "actors/gateway_reply.hpp"
#include "actors/jwt_login.hpp"
#include "actors/link_keeper.hpp"
#include "actors/link_registry.hpp"
#include "actors/listener.hpp"
#include "actors/log.hpp"
#include "actors/observer.hpp"
#include "actors/reactor.hpp"
#include "actors/self_description.hpp"
#include "actors/supervisor.hpp"
#include "security/callout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace troupe::actors {
namespace {

constexpr auto longest_answer = std::chrono::seconds{5};

struct system_config : caf::actor_system_config {
  explicit system_config(size_t threads) {
    set("scheduler.policy", caf::atom("sharing")); // stealing workers wake up all the time
    set("scheduler.max-threads", threads);
    set("scheduler.max-throughput", size_t{300});
    add_message_types<caf::id_block::troupe>();
    add_message_types<caf::id_block::troupe_actors>();
  }
};

} // namespace

struct broker::impl {
  impl(const config::options& options, settings_ptr settings,
       std::unique_ptr<link_registry> registry)
      : reactors{options.reactors > 0 ? static_cast<size_t>(options.reactors)
                                      : std::max<size_t>(1, std::thread::hardware_concurrency())},
        // What the scheduler runs touches no socket: a few threads are enough.
        config{std::min<size_t>(reactors, 4)}, system{config},
        all{reactors, settings, std::move(registry)}, current{std::move(settings)} {}

  template <class Out, class Handle, class... In>
  Out ask(const Handle& whom, Out fallback, In... in) const {
    caf::scoped_actor self{const_cast<caf::actor_system&>(system), true};
    Out out = std::move(fallback);
    self->request(whom, longest_answer, in...)
        .receive([&](const Out& answer) { out = answer; },
                 [&](const caf::error& e) {
                   log::warn("An actor did not answer: {}", self->system().render(e));
                 });
    return out;
  }

  void apply_accounts(const config::options& options) {
    std::vector<std::string> problems;
    if (!options.operators.enabled())
      problems = all.accounts.apply(accounts_of(options));
    else // an operator's JWTs name all accounts but $G
      for (const auto& one : options.accounts)
        problems = all.accounts.put(one);
    for (const auto& problem : problems)
      log::warn("{}", problem);
  }

  void tell_links(const account_ptr& which) {
    if (links)
      links->account_changed(which);
  }

  settings_ptr settings_now() const {
    std::lock_guard guard{mutex};
    return current;
  }
  uint16_t port() const {
    std::lock_guard guard{mutex};
    return socket ? socket->port : bound_port;
  }

  size_t reactors;
  system_config config;
  caf::actor_system system;
  core all;
  uint16_t bound_port = 0;
  // Those who look in do so from other threads than the one that reloads and drains.
  mutable std::mutex mutex; // guards from here on
  settings_ptr current;
  std::shared_ptr<const security::server_keys> keys = std::make_shared<security::server_keys>();
  std::string id = keys->identity.public_text();
  bound_socket_ptr socket;
  std::vector<listener_actor> listeners;
  cluster_view cluster;
  bool stopping = false;
  wall_time loaded = std::chrono::system_clock::now();
  // to here.
  std::atomic<bool> accepting{false};
  std::atomic<bool> lame_duck{false};
  std::unique_ptr<link_keeper> links; ///< null: nobody is attached
};

broker::broker() = default;

void broker::attach(observer_maker make) {
  make_observer_ = std::move(make);
}

void broker::attach(link_maker make) {
  make_links_ = std::move(make);
}

broker::~broker() {
  stop();
}

std::vector<std::string> broker::start(const config::options& given) {
  auto options = given;
  if (options.cluster_name.empty()) // else it is the same
    options.cluster_name = options.gateway.name;
  operator_setup operators;
  if (options.operators.enabled()) {
    auto made = set_up_operators(options, unix_now());
    if (auto* problems = std::get_if<std::vector<std::string>>(&made))
      return *problems;
    operators = std::move(std::get<operator_setup>(made));
    options.system_account = operators.trust->system_account();
    options.operators.resolver = operators.resolver;
  }
  auto built = make_settings(options);
  if (!built.problems.empty())
    return built.problems;
  bound_socket_ptr socket;
  try {
    auto port = options.client.port < 0 ? 0 : options.client.port;
    socket = bind_and_listen(options.client.host, static_cast<uint16_t>(port));
  } catch (const std::exception& e) {
    return {fmt::format("Error listening on port: {}", e.what())};
  }
  std::unique_ptr<link_keeper> links;
  if (make_links_) {
    links = make_links_();
    if (auto problems = links->prepare(options); !problems.empty())
      return problems;
  }
  auto next =
      std::make_unique<impl>(options, built.ready, links ? links->make_registry() : nullptr);
  describe_server(*built.ready, next->keys, options.client.host, socket->port, false);
  describe_websocket(*built.ready, links ? links->websocket_port() : uint16_t{0});
  if (next->all.links && options.gateway.enabled())
    next->all.links->set_identity(
        {short_hash(options.gateway.name), short_hash(built.ready->info.server_id)});
  next->bound_port = socket->port;
  next->socket = std::move(socket);
  next->links = std::move(links);
  impl_ = std::move(next);
  auto& my = *impl_;
  for (size_t i = 0; i < my.reactors; ++i)
    my.all.reactors.push_back(std::make_unique<reactor>(my.system, my.all, i));
  for (auto& each : my.all.reactors)
    each->actor = spawn_reactor_actor(my.system, *each);
  std::vector<reactor_actor> reactors;
  for (const auto& each : my.all.reactors)
    reactors.push_back(each->actor);
  my.apply_accounts(options);
  std::unique_ptr<account_keeper> keeper;
  if (operators.trust) {
    keeper = std::make_unique<account_keeper>(my.all.accounts, my.all.operators,
                                              std::move(operators), options);
    keeper->load(unix_now());
  }
  // From here on changes are told, for there may be connections that they concern.
  my.all.supervisor = spawn_supervisor(my.system, my.all.accounts, std::move(reactors));
  my.all.accounts.listen(
      [&my, &all = my.all](const account_ptr& made) {
        my.tell_links(made);
        if (all.watcher)
          all.watcher->account_changed(made, account_change::added);
      },
      [&my, &all = my.all, supervisor = my.all.supervisor](const account_ptr& changed) {
        caf::anon_send(supervisor, atom::rules_v, changed);
        my.tell_links(changed);
        if (all.watcher)
          all.watcher->account_changed(changed, changed->policy()->removed
                                                    ? account_change::removed
                                                    : account_change::changed);
      });
  if (make_observer_) // before the actor of the accounts, whose changes it observes
    my.all.watcher = make_observer_(my.system, my.all);
  if (my.links)
    my.links->start(my.system, my.all, built.ready, [this](cluster_view view) { follow(view); });
  if (const auto& info = built.ready->info; keeper)
    my.all.keeper = spawn_accounts(my.system, my.all, std::move(keeper),
                                   {info.server_name, info.host, my.id, nats_version});
  for (auto& each : my.all.reactors)
    my.listeners.push_back(spawn_listener(my.system, *each, my.socket));
  for (auto& each : my.all.reactors)
    each->start();
  my.accepting = true;
  return {};
}

std::vector<std::string> broker::reload(const config::options& given) {
  auto options = given;
  if (options.cluster_name.empty())
    options.cluster_name = options.gateway.name;
  if (auto trust = impl_->all.operators.now())
    options.system_account = trust->system_account();
  auto built = make_settings(options);
  if (!built.problems.empty())
    return built.problems;
  auto& my = *impl_;
  if (my.links)
    if (auto problems = my.links->check(options); !problems.empty())
      return problems;
  describe_server(*built.ready, my.keys, options.client.host, my.bound_port, my.lame_duck);
  describe_websocket(*built.ready, websocket_port());
  settings_ptr next = built.ready;
  {
    std::lock_guard guard{my.mutex};
    describe_cluster(*built.ready, my.cluster, my.lame_duck);
    my.current = next;
    my.loaded = std::chrono::system_clock::now();
  }
  // Accounts first: whoever logs in under the new settings finds his account as they want it.
  my.apply_accounts(options);
  if (my.all.keeper)
    caf::anon_send(my.all.keeper, atom::apply_v, next);
  for (auto& each : my.all.reactors)
    caf::anon_send(each->actor, atom::apply_v, next);
  if (my.links)
    my.links->apply(next);
  if (my.all.watcher)
    my.all.watcher->reloaded();
  return {};
}

/// Members of the cluster came or went, or it has another name: clients are told. Any thread.
void broker::follow(const cluster_view& view) {
  auto& my = *impl_;
  std::lock_guard guard{my.mutex};
  if (view == my.cluster || my.stopping) // at the end the reactors are spoken to no more
    return;
  my.cluster = view;
  auto made = my.current->again();
  describe_cluster(*made, view, my.lame_duck);
  my.current = made;
  for (auto& each : my.all.reactors)
    caf::anon_send(each->actor, atom::announce_v, my.current);
}

void broker::enter_lame_duck() {
  auto& my = *impl_;
  my.accepting = false;
  my.lame_duck = true;
  if (my.all.watcher)
    my.all.watcher->lame_duck();
  std::shared_ptr<settings> next;
  {
    std::lock_guard guard{my.mutex};
    for (auto& each : my.listeners)
      caf::anon_send(each, atom::shut_down_v);
    my.listeners.clear();
    if (my.socket)
      my.socket->refuse(); // listeners let go of it one by one, clients must not hear of it first
    my.socket.reset();
    next = my.current->again();
    next->info.lame_duck = next->websocket_info.lame_duck = true;
    describe_cluster(*next, my.cluster, true);
    my.current = next;
  }
  for (auto& each : my.all.reactors)
    caf::anon_send(each->actor, atom::announce_v, settings_ptr{next});
  if (my.links)
    my.links->lame_duck();
}

uint64_t broker::evict(uint64_t count) {
  auto& my = *impl_;
  uint64_t left = 0;
  for (auto& each : my.all.reactors) {
    auto before = static_cast<uint64_t>(each->connection_count.load());
    auto mine = std::min(count, before);
    left += my.ask<uint64_t>(each->actor, 0, atom::evict_v, mine);
    count -= mine;
  }
  return left;
}

bool broker::kick(uint64_t cid) {
  auto& all = impl_->all.reactors;
  return std::any_of(all.begin(), all.end(), [&](const auto& each) {
    return impl_->ask<bool>(each->actor, false, atom::kick_v, cid);
  });
}

broker::advice broker::advise_to_leave(uint64_t cid) {
  for (const auto& each : impl_->all.reactors) {
    auto told = impl_->ask<int32_t>(each->actor, -1, atom::advise_v, cid);
    if (told >= 0)
      return told > 0 ? advice::given : advice::cannot_be_told;
  }
  return advice::no_such_client;
}

void broker::stop() {
  if (!impl_)
    return;
  auto& my = *impl_;
  my.accepting = false;
  {
    std::lock_guard guard{my.mutex};
    my.stopping = true;
    for (auto& each : my.listeners)
      caf::anon_send(each, atom::shut_down_v);
    my.listeners.clear();
  }
  if (my.all.watcher) {
    my.all.watcher->farewell();
    // What it said last has left its reactor when that answers.
    my.ask<tree_ptr>(my.all.reactors.front()->actor, nullptr, atom::tree_v);
  }
  if (my.links)
    my.links->stop();
  for (auto& each : my.all.reactors) // which keep their handles: other threads may look at them
    caf::anon_send(each->actor, atom::shut_down_v);
  caf::anon_send(my.all.supervisor, atom::shut_down_v);
  if (my.all.keeper)
    caf::anon_send(my.all.keeper, atom::shut_down_v);
  my.system.await_all_actors_done();
  my.all.supervisor = nullptr; // a login may have asked for it until now
  my.all.keeper = nullptr;
  for (auto& each : my.all.reactors)
    each->loop.stop();
  for (auto& each : my.all.reactors)
    each->join();
  my.all.reactors.clear();
  impl_.reset();
}

const std::string& broker::server_id() const noexcept {
  return impl_->id;
}
std::string broker::server_name() const {
  return impl_->settings_now()->info.server_name;
}
std::string broker::system_account() const {
  return impl_->all.accounts.system->name;
}
std::string broker::host() const {
  return impl_->settings_now()->options.client.host;
}
uint16_t broker::port() const noexcept {
  return impl_->port();
}
bool broker::accepting() const noexcept {
  return impl_ && impl_->accepting;
}
bool broker::lame_duck() const noexcept {
  return impl_ && impl_->lame_duck;
}
size_t broker::reactor_count() const noexcept {
  return impl_->reactors;
}
config::options broker::options() const {
  return impl_->settings_now()->options;
}

account_ptr broker::account_named(std::string_view name) const {
  return impl_->all.accounts.find(name);
}

server_snapshot broker::describe() const {
  auto& my = *impl_;
  server_snapshot out;
  out.start = my.all.started;
  out.account_digest = my.all.operators.digest();
  {
    std::lock_guard guard{my.mutex};
    out.config_loaded = my.loaded;
  }
  out.connections = static_cast<uint64_t>(std::max<int64_t>(0, my.all.open_connections));
  out.total_connections = my.all.sums.connections;
  out.slow_consumers = my.all.sums.slow_consumers;
  out.stale_connections = my.all.sums.stale_connections;
  out.stalled_clients = my.all.sums.stalled_clients;
  for (const auto& which : my.all.accounts.all()) {
    out.accounts.push_back(snapshot_of(*which));
    const auto& one = out.accounts.back();
    out.in_messages += one.in_messages;
    out.in_bytes += one.in_bytes;
    out.out_messages += one.out_messages;
    out.out_bytes += one.out_bytes;
    out.subscriptions += one.subscriptions;
  }
  return out;
}

std::vector<connection_snapshot> broker::connections(const connection_query& query) const {
  std::vector<connection_snapshot> out;
  for (auto& each : impl_->all.reactors)
    if (auto part = impl_->ask<connections_ptr>(each->actor, nullptr, atom::describe_v, query))
      out.insert(out.end(), std::make_move_iterator(part->begin()),
                 std::make_move_iterator(part->end()));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.cid < b.cid; });
  return out;
}

std::vector<actor_snapshot> broker::tree() const {
  auto& my = *impl_;
  std::vector<actor_snapshot> out;
  std::vector<listener_actor> listeners;
  {
    std::lock_guard guard{my.mutex};
    listeners = my.listeners;
  }
  auto add = [&](const tree_ptr& part) {
    if (part)
      out.insert(out.end(), part->begin(), part->end());
  };
  add(my.ask<tree_ptr>(my.all.supervisor, nullptr, atom::tree_v));
  if (my.all.keeper)
    add(my.ask<tree_ptr>(my.all.keeper, nullptr, atom::tree_v));
  for (size_t i = 0; i < my.all.reactors.size(); ++i) {
    add(my.ask<tree_ptr>(my.all.reactors[i]->actor, nullptr, atom::tree_v));
    if (i < listeners.size())
      add(my.ask<tree_ptr>(listeners[i], nullptr, atom::tree_v));
  }
  if (my.links)
    for (auto& each : my.links->tree())
      out.push_back(std::move(each));
  if (my.all.watcher)
    for (auto& each : my.all.watcher->tree())
      out.push_back(std::move(each));
  return out;
}

std::vector<route_snapshot> broker::routes(bool subscriptions) const {
  return impl_->links ? impl_->links->routes(subscriptions) : std::vector<route_snapshot>{};
}

std::vector<leaf_snapshot> broker::leafs(bool subscriptions) const {
  return impl_->links ? impl_->links->leafs(subscriptions) : std::vector<leaf_snapshot>{};
}

std::vector<gateway_snapshot> broker::gateways(bool accounts, bool subscriptions) const {
  return impl_->links ? impl_->links->gateways(accounts, subscriptions)
                      : std::vector<gateway_snapshot>{};
}

uint16_t broker::gateway_port() const noexcept {
  return impl_->links ? impl_->links->gateway_port() : uint16_t{0};
}
uint16_t broker::leafnode_port() const noexcept {
  return impl_->links ? impl_->links->leafnode_port() : uint16_t{0};
}
uint16_t broker::websocket_port() const noexcept {
  return impl_->links ? impl_->links->websocket_port() : uint16_t{0};
}
uint16_t broker::cluster_port() const noexcept {
  return impl_->links ? impl_->links->cluster_port() : uint16_t{0};
}
std::string broker::cluster_name() const {
  return impl_->settings_now()->info.cluster;
}
std::vector<std::string> broker::connect_urls() const {
  return impl_->settings_now()->info.connect_urls;
}

protocol::sublist_stats broker::sublist_stats(const std::string& account) const {
  protocol::sublist_stats out;
  for (const auto& which : impl_->all.accounts.all())
    if (account.empty() || account == which->name)
      out += which->interests.stats();
  return out;
}

std::vector<subscription_snapshot> broker::subscriptions(const std::string& account) const {
  std::vector<subscription_snapshot> out;
  for (const auto& which : impl_->all.accounts.all())
    if (account.empty() || account == which->name)
      which->interests.for_each([&](protocol::interest& item) {
        const auto& sub = static_cast<const subscription&>(item);
        out.push_back({which->name, std::string{sub.subject()}, std::string{sub.queue()}, sub.sid,
                       sub.delivered.load(std::memory_order_relaxed),
                       sub.maximum.load(std::memory_order_relaxed), sub.to->cid});
      });
  return out;
}

} // namespace troupe::actors
