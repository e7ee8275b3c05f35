// actors/reactor.cpp: the reactor's thread, and the actor that keeps its connections.
#include "actors/reactor.hpp"

#include "actors/connection.hpp"
#include "actors/log.hpp"

#include <fmt/format.h>

namespace troupe::actors {
namespace {

/// Lives on its reactor, so it may call its connections directly.
class keeper final : public pinned<reactor_actor::base> {
public:
  keeper(caf::actor_config& cfg, reactor& home) : pinned<reactor_actor::base>(cfg), home_{home} {}

  const char* name() const override { return "reactor"; }

  behavior_type make_behavior() override {
    return {
        [this](atom::adopt, const accepted_ptr& socket) { adopt(socket); },
        [](atom::fence, const caf::strong_actor_ptr& whom) {
          caf::anon_send(caf::actor_cast<connection_actor>(whom), atom::fenced_v);
        },
        [this](atom::publish, const broker_messages_ptr& all) { home_.routes.publish(*all); },
        [this](atom::apply, const settings_ptr& next) {
          home_.current = next;
          for_each([](connection& c) { c.apply(); });
        },
        [this](atom::announce, const settings_ptr& next) {
          home_.current = next;
          for_each([](connection& c) { c.announce(); });
        },
        [this](atom::rules, const account_ptr& which) { return follow(*which); },
        [this](atom::cut, const census_ptr& excess) { cut(*excess); },
        [this](atom::kick, uint64_t cid) {
          return with(cid, [](connection& who) { who.close(protocol::close_reason::kicked); });
        },
        [this](atom::advise, uint64_t cid) {
          int32_t told = 0;
          bool here = with(cid, [&](connection& who) { told = who.advise_to_leave() ? 1 : 0; });
          return here ? told : -1;
        },
        [this](atom::evict, uint64_t count) { return evict(count); },
        [this](atom::shut_down) {
          // By mail: what was published for them before, and the broker's last word, comes first.
          for (const auto& [cid, entry] : home_.connections())
            caf::anon_send(entry.second, atom::shut_down_v);
          quit();
        },
        [this](atom::describe, const connection_query& query) { return describe(query); },
        [this](atom::tree) { return tree(); },
    };
  }

private:
  void adopt(const accepted_ptr& socket) {
    auto cid = home_.shared.next_cid.fetch_add(1, std::memory_order_relaxed);
    caf::actor_config where{&home_.loop};
    auto handle =
        system().spawn_class<connection, caf::no_spawn_options>(where, home_, socket, cid);
    auto* who = static_cast<connection*>(caf::actor_cast<caf::abstract_actor*>(handle));
    try {
      who->start(handle);
    } catch (const std::exception& e) {
      who->on_fault(e.what());
    }
  }

  /// Connections leave the table while they are being closed: walk over a copy.
  template <class F>
  void for_each(F&& call) {
    std::vector<std::pair<connection*, connection_actor>> all;
    for (const auto& [cid, entry] : home_.connections())
      all.push_back(entry);
    for (auto& [who, handle] : all) {
      try {
        call(*who);
      } catch (const std::exception& e) {
        who->on_fault(e.what());
      }
    }
  }

  /// Connections leave the account while they are told: by number, not by pointer.
  census_ptr follow(const account& which) {
    home_.routes.forget(which);
    auto members = home_.members_of(which);
    std::vector<uint64_t> cids;
    cids.reserve(members.size());
    for (const auto* each : members)
      cids.push_back(each->cid());
    auto out = std::make_shared<std::vector<uint64_t>>();
    for (auto cid : cids)
      with(cid, [&](connection& who) {
        who.follow_account();
        if (who.is_open())
          out->push_back(cid);
      });
    return out;
  }

  void cut(const std::vector<uint64_t>& excess) {
    for (auto cid : excess)
      with(cid, [](connection& who) { who.leave_crowd(); });
  }

  /// False: it is not here.
  template <class F>
  bool with(uint64_t cid, F&& call) {
    auto it = home_.connections().find(cid);
    if (it == home_.connections().end())
      return false;
    auto [who, handle] = it->second; // outlives its place in the table
    try {
      call(*who);
    } catch (const std::exception& e) {
      who->on_fault(e.what());
    }
    return true;
  }

  uint64_t evict(uint64_t count) {
    std::vector<std::pair<connection*, connection_actor>> some;
    for (const auto& [cid, entry] : home_.connections()) {
      if (some.size() == count)
        break;
      some.push_back(entry);
    }
    for (auto& [who, handle] : some)
      who->close(protocol::close_reason::server_shutdown);
    return home_.connections().size();
  }

  connections_ptr describe(const connection_query& query) {
    auto out = std::make_shared<std::vector<connection_snapshot>>();
    auto wanted = [&](uint64_t cid, std::string_view account) {
      return (query.cid == 0 || query.cid == cid)
             && (query.account.empty() || query.account == account);
    };
    if (query.open)
      for (const auto& [cid, entry] : home_.connections())
        if (wanted(cid, entry.first->account_name()))
          out->push_back(entry.first->snapshot(query.subscriptions));
    if (query.closed)
      for (const auto& last : home_.closed())
        if (wanted(last.cid, last.account))
          out->push_back(last);
    return out;
  }

  tree_ptr tree() {
    auto out = std::make_shared<std::vector<actor_snapshot>>();
    actor_snapshot mine;
    mine.path = fmt::format("broker/reactor/{}", home_.index);
    mine.place = fmt::format("reactor {}", home_.index);
    mine.state =
        fmt::format("{} connections, {} turns", home_.connections().size(), home_.loop.turns());
    mine.mailbox = mailbox().size();
    out->push_back(std::move(mine));
    for (const auto& [cid, entry] : home_.connections())
      out->push_back(entry.first->as_actor());
    return out;
  }

  reactor& home_;
};

} // namespace

reactor::reactor(caf::actor_system& sys, core& all, size_t number)
    : loop{sys}, shared{all}, index{number},
      large_reads{read_size_of_turn}, pool{read_size}, routes{pool, number}, sweeper{loop, routes},
      trimmer{loop.timers(), large_reads, pool}, current{all.start_settings} {
  routes.serve(
      all.responses, number, [this] { return loop.now(); }, [this] { sweeper.begin(); });
  if (all.links)
    routes.federate(*all.links);
  loop.before_flush = [this] {
    routes.tell_interest(); // what changed without a publish
    trimmer.look();
  };
}

reactor::~reactor() = default;

void reactor::start() {
  thread_ = std::thread{[this] { loop.run(); }};
}

void reactor::join() {
  if (thread_.joinable())
    thread_.join();
}

block_ref& reactor::read_buffer(bool large) {
  auto& buffer = large ? large_buffer_ : buffer_;
  if (!buffer || !buffer->unique())
    buffer = (large ? large_reads : pool).take();
  return buffer;
}

void reactor::add(uint64_t cid, connection& who, connection_actor handle) {
  connections_.emplace(cid, std::pair{&who, std::move(handle)});
}

void reactor::join_account(connection& who, const account& which) {
  auto& members = members_[&which];
  who.account_place = static_cast<uint32_t>(members.size());
  members.push_back(&who);
}

void reactor::leave_account(connection& who, const account& which) {
  auto it = members_.find(&which);
  if (it == members_.end())
    return;
  auto& members = it->second;
  members.back()->account_place = who.account_place;
  members[who.account_place] = members.back();
  members.pop_back();
  if (members.empty())
    members_.erase(it);
}

std::span<connection* const> reactor::members_of(const account& which) const {
  auto it = members_.find(&which);
  return it == members_.end() ? std::span<connection* const>{} : std::span{it->second};
}

void reactor::retire(uint64_t cid, connection_snapshot last) {
  auto it = connections_.find(cid);
  if (it == connections_.end())
    return;
  leaving_.emplace(cid, std::move(it->second.second));
  connections_.erase(it);
  connection_count.fetch_sub(1, std::memory_order_relaxed);
  auto longest = static_cast<size_t>(current->options.limits.max_closed_clients)
                 / std::max<size_t>(1, shared.reactors.size());
  if (longest == 0)
    return;
  while (closed_.size() >= longest)
    closed_.pop_front();
  closed_.push_back(std::move(last));
}

void reactor::dismiss(uint64_t cid) {
  auto it = leaving_.find(cid);
  if (it == leaving_.end())
    return;
  // The mail holds the actor until it is read; our handle may go before that.
  caf::anon_send_exit(it->second, caf::exit_reason::user_shutdown);
  leaving_.erase(it);
}

reactor_actor spawn_reactor_actor(caf::actor_system& sys, reactor& home) {
  caf::actor_config where{&home.loop};
  return sys.spawn_class<keeper, caf::no_spawn_options>(where, home);
}

} // namespace troupe::actors
