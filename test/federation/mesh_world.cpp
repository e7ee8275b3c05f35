// test/federation/mesh_world.cpp: moves bytes and mail about, one small thing at a time.
#include "test/federation/mesh_world.hpp"

#include "protocol/server_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace troupe::test {
namespace {

constexpr size_t most_work = 2'000'000; // small things until a plan has settled
constexpr uint32_t first_inbox = 1'000'000;

constexpr std::string_view some_header = "NATS/1.0\r\nA: b\r\n\r\n";

/// The accounts' rules at each broker that is no leaf node.
std::vector<security::account_rules> rules_of(const mesh_plan& plan,
                                              const std::set<uint32_t>& ended = {}) {
  std::vector<security::account_rules> out;
  for (uint32_t i = 0; i < plan.accounts; ++i)
    out.emplace_back().name = account_name(i);
  for (size_t i = 0; i < plan.shares.size(); ++i) {
    const auto& one = plan.shares[i];
    auto kind = one.service ? security::share_kind::service : security::share_kind::stream;
    auto& offers = out[one.from].exports;
    if (std::none_of(offers.begin(), offers.end(), [&](const auto& each) {
          return each.kind == kind && each.subject == shared_subject(one);
        })) {
      auto& offer = offers.emplace_back();
      offer.kind = kind;
      offer.subject = shared_subject(one);
      offer.response =
          one.many ? security::response_kind::stream : security::response_kind::singleton;
    }
    if (ended.contains(static_cast<uint32_t>(i)))
      continue;
    auto& import = out[one.to].imports.emplace_back();
    import.kind = kind;
    import.account = account_name(one.from);
    import.subject = shared_subject(one);
    import.local_subject = local_subject(one, i);
  }
  return out;
}

std::string text_of(const actors::outgoing& batch) {
  std::string out;
  for (const auto& each : batch.pieces)
    out.append(each.data, each.size);
  return out;
}

} // namespace

mesh_world::mesh_world(const mesh_plan& plan, actor_world& stage)
    : shape_{plan.seed,     plan.brokers, plan.accounts, plan.sites,
             plan.clusters, plan.pool,    plan.shares,   {}},
      stage_{stage}, random_{plan.seed} {
  for (uint32_t i = 0; i < plan.brokers; ++i) {
    auto site = site_of(plan, i);
    brokers_.push_back(std::make_unique<mesh_broker>(
        i, site, plan.clusters > 1 && site < plan.clusters, plan.pool));
    if (!plan.shares.empty() && site < plan.clusters)
      for (const auto& problem : brokers_.back()->accounts.apply(rules_of(plan)))
        trouble_ = problem;
  }
}

mesh_world::~mesh_world() {
  for (auto& [id, one] : subscriptions_)
    drop(one, one.whose->on->begin_read().news());
  for (auto& each : brokers_)
    for (auto& [account, one] : each->clients)
      caf::anon_send_exit(one.actor, caf::exit_reason::kill);
  for (auto& each : cables_)
    for (auto& end : each.ends)
      end->retire();
  for (auto& each : brokers_)
    for (auto& reactor : each->reactors)
      reactor.flush();
  stage_.sched.run(); // mail holds blocks of the brokers' pools
  cables_.clear();
  graves_.clear();
  stage_.sched.run();
}

mesh_client& mesh_world::client_of(uint32_t number, uint32_t account) {
  auto& home = *brokers_[number];
  auto [it, fresh] = home.clients.try_emplace(account);
  auto& out = it->second;
  if (!fresh)
    return out;
  apply({.what = mesh_step::kind::account, .broker = number, .account = account});
  out.home = &home;
  out.on = &home.reactors[(number + account) % home.reactors.size()];
  out.account = account;
  out.where = home.accounts.named(account_name(account));
  out.dest = protocol::make_ref<actors::destination>(
      home.slots + 1, home.slots, protocol::peer_kind::client, int64_t{64} * 1024 * 1024);
  ++home.slots;
  out.dest->set_quirk(actors::quirk_no_headers, number % 2 == 0);
  // CAF's spawn of a functor without arguments is what UBSan stumbles over.
  auto act = [this](actors::connection_actor::pointer,
                    mesh_client* whom) -> actors::connection_actor::behavior_type {
    return {
        [this, whom](atom::deliver, const actors::outgoing_ptr& batch) {
          whom->dest->pending.fetch_sub(static_cast<int64_t>(batch->bytes_so_far()));
          hear(*whom, text_of(*batch));
        },
        [](atom::await_drain, const caf::strong_actor_ptr&) {},
        [](atom::drained) {},
        [](atom::fenced) {},
        [this](atom::overrun) { trouble_ = "a client was cut as a slow consumer"; },
        [](atom::shut_down) {},
        [](const actors::login_result_ptr&) {},
    };
  };
  out.actor = stage_.sys.spawn(act, &out);
  out.dest->mailbox = caf::actor_cast<caf::weak_actor_ptr>(out.actor);
  return out;
}

// -- what clients do and hear
// ----------------------------------------------------------------------

void mesh_world::subscribe(uint32_t id, mesh_client& whom, const std::string& subject,
                           const std::string& queue) {
  auto text = whom.where->interests.share_text(subject, queue);
  auto sub =
      protocol::make_ref<actors::subscription>(std::move(text), std::to_string(id), whom.dest);
  whom.where->add_interest(sub, whom.on->routes.news());
  auto& one = subscriptions_[id];
  one = {&whom, sub, {}};
  follow_imports(one);
}

/// As a connection does.
void mesh_world::follow_imports(interest& one) {
  auto* news = one.whose->on->routes.news();
  auto policy = one.whose->where->policy();
  std::erase_if(one.shadows, [&](const auto& each) {
    bool goes = std::count(policy->streams.begin(), policy->streams.end(), each->by) == 0;
    if (goes)
      each->by->from->drop_interest(*each, news);
    return goes;
  });
  for (const auto& import : policy->streams) {
    auto pattern = import->transform.pull_back(one.what->subject());
    auto is_of = [&](const auto& each) { return each->by == import; };
    if (!pattern || std::any_of(one.shadows.begin(), one.shadows.end(), is_of))
      continue;
    auto shadow = protocol::make_ref<actors::shadow_subscription>(
        import->from->interests.share_text(*pattern, one.what->queue()), one.what, import);
    if (import->from->add_interest(shadow, news))
      one.shadows.push_back(std::move(shadow));
  }
}

/// Everywhere at once, but what is on its way stays so.
void mesh_world::reload(uint32_t share) {
  if (ended_.erase(share) == 0)
    ended_.insert(share);
  for (auto& each : brokers_) {
    if (each->site >= shape_.clusters)
      continue;
    for (const auto& problem : each->accounts.apply(rules_of(shape_, ended_)))
      trouble_ = problem;
    for (const auto& which : each->accounts.all())
      for (auto& reactor : each->reactors)
        reactor.routes.forget(*which);
    for (auto& [id, one] : subscriptions_)
      if (one.whose->home == each.get()) {
        one.whose->on->begin_read();
        follow_imports(one);
      }
  }
  for (auto& each : cables_)
    for (size_t end = 0; end < 2; ++end)
      for (const auto& which : brokers_[end == 0 ? each.a : each.b]->accounts.all())
        each.ends[end]->account_changed(which);
}

void mesh_world::drop(interest& one, actors::interest_news* news) {
  one.whose->where->drop_interest(*one.what, news);
  for (const auto& each : one.shadows)
    each->by->from->drop_interest(*each, news);
}

void mesh_world::unsubscribe(uint32_t id) {
  auto it = subscriptions_.find(id);
  if (it == subscriptions_.end())
    return;
  drop(it->second, it->second.whose->on->begin_read().news());
  subscriptions_.erase(it);
}

void mesh_world::publish(mesh_client& by, const std::string& subject, const std::string& reply,
                         const std::string& payload, bool with_header) {
  auto& routes = by.on->routes;
  auto wire = (with_header ? std::string{some_header} : std::string{}) + payload + "\r\n";
  auto block = actors::block_ref::allocate(wire.size());
  std::memcpy(block->data(), wire.data(), wire.size());
  protocol::publication pub;
  pub.subject = subject;
  pub.reply = reply;
  pub.data = {block->data(), wire.size() - 2};
  pub.has_header = with_header;
  pub.header_size = with_header ? some_header.size() : 0;
  auto known = routes.memory_of(*by.where).find(subject, *by.where);
  actors::outgoing_ptr own;
  routes.deliver(*by.where, *known, {pub, block.get(), by.dest.get(), own});
  if (own) {
    own->seal();
    hear(by, text_of(*own));
  }
}

void mesh_world::hear(mesh_client& whom, std::string_view wire) {
  struct {
    std::vector<protocol::server_message> all;
    bool broken = false;
    void on_info(std::string_view) {}
    void on_message(const protocol::server_message& one) { all.push_back(one); }
    void on_ping() {}
    void on_pong() {}
    void on_ok() {}
    void on_err(std::string_view) { broken = true; }
    void on_broken(protocol::server_stream_error) { broken = true; }
  } sink;
  auto used = protocol::parse_server_stream(wire, {}, sink);
  if (sink.broken || used != wire.size())
    trouble_ = "a client hears what is no message: " + std::string{wire};
  for (const auto& one : sink.all) {
    uint32_t id = 0;
    std::from_chars(one.sid.data(), one.sid.data() + one.sid.size(), id);
    heard_.push_back({id, std::string{one.payload}, whom.account, std::string{one.subject}});
    // Each third subscription answers what it is asked.
    if (!one.reply.empty() && id % 3 == 0)
      answers_.push_back({&whom, std::string{one.reply},
                          "r" + std::string{one.payload.substr(0, one.payload.find(' '))} + "."
                              + std::to_string(id)});
  }
}

// -- links
// -----------------------------------------------------------------------------------------

void mesh_world::connect(uint32_t a, uint32_t b) {
  auto site_a = site_of(shape_, a);
  auto site_b = site_of(shape_, b);
  if (site_a == site_b) {
    if (shape_.pool == 0)
      connect_route(a, b, {});
    for (uint32_t slot = 0; slot < shape_.pool; ++slot)
      connect_route(a, b, {shape_.pool, slot, "", true});
    if (shape_.pool > 0)
      connect_route(a, b, {shape_.pool, 0, account_name(0), true});
    return;
  }
  for (const auto& each : cables_)
    if ((each.a == a && each.b == b) || (each.a == b && each.b == a))
      return;
  if (site_a < shape_.clusters && site_b < shape_.clusters) {
    if (way_to(shape_, a, site_b) == b)
      connect_gateway(a, b);
    if (way_to(shape_, b, site_a) == a)
      connect_gateway(b, a);
    return;
  }
  if (site_a >= shape_.clusters && hub_of(shape_, a) == b)
    connect_leaf(a, b);
  else if (site_b >= shape_.clusters && hub_of(shape_, b) == a)
    connect_leaf(b, a);
}

/// One of those between two members, if it is not there.
void mesh_world::connect_route(uint32_t a, uint32_t b, const federation::pool_place& place) {
  for (const auto& each : cables_)
    if (((each.a == a && each.b == b) || (each.a == b && each.b == a)) && each.place == place)
      return;
  auto& one = cables_.emplace_back();
  one.a = a;
  one.b = b;
  one.place = place;
  for (size_t end = 0; end < 2; ++end) {
    auto& home = *brokers_[end == 0 ? a : b];
    auto& on = home.reactors[(a + b + place.slot) % home.reactors.size()];
    one.ends[end] = std::make_unique<mesh_route>(stage_, home, on, end == 0, place);
  }
}

/// One link for each account.
void mesh_world::connect_leaf(uint32_t leaf, uint32_t hub) {
  for (uint32_t account = 0; account < shape_.accounts; ++account) {
    for (auto broker : {leaf, hub})
      apply({.what = mesh_step::kind::account, .broker = broker, .account = account});
    auto& one = cables_.emplace_back();
    one.a = leaf;
    one.b = hub;
    for (size_t end = 0; end < 2; ++end) {
      auto& home = *brokers_[end == 0 ? leaf : hub];
      auto& on = home.reactors[(leaf + account) % home.reactors.size()];
      one.ends[end] = std::make_unique<mesh_leaf>(
          stage_, home, on, home.accounts.named(account_name(account)), end == 0);
    }
  }
}

/// Who stands for a cluster has to know its accounts: it is told only for those what others want.
void mesh_world::connect_gateway(uint32_t from, uint32_t to) {
  for (uint32_t account = 0; account < shape_.accounts; ++account)
    apply({.what = mesh_step::kind::account, .broker = to, .account = account});
  auto& one = cables_.emplace_back();
  one.a = from;
  one.b = to;
  auto cluster = "C" + std::to_string(site_of(shape_, to));
  for (size_t end = 0; end < 2; ++end) {
    auto& home = *brokers_[end == 0 ? from : to];
    auto& on = home.reactors[(from + to) % home.reactors.size()];
    one.ends[end] = std::make_unique<mesh_gateway>(stage_, home, on, end == 0 ? cluster : "");
  }
}

void mesh_world::cut(uint32_t a, uint32_t b, uint32_t slot) {
  auto stays = [&](const cable& each) {
    return slot > 0 && each.place.pooled && (!each.place.has_slot() || each.place.slot + 1 != slot);
  };
  for (auto it = cables_.begin(); it != cables_.end();) {
    if (((it->a != a || it->b != b) && (it->a != b || it->b != a)) || stays(*it)) {
      ++it;
      continue;
    }
    for (auto& end : it->ends) {
      end->retire();
      graves_.push_back(std::move(end)); // its actor may have mail yet
    }
    it = cables_.erase(it);
  }
}

// -- time
// ------------------------------------------------------------------------------------------

bool mesh_world::idle() const {
  auto flushed = [](const auto& each) {
    return !each->reactors[0].unflushed && !each->reactors[1].unflushed;
  };
  return std::all_of(brokers_.begin(), brokers_.end(), flushed) && stage_.sched.jobs.empty()
         && answers_.empty() && std::all_of(cables_.begin(), cables_.end(), [](const auto& each) {
              return each.ends[0]->idle() && each.ends[1]->idle();
            });
}

/// One small thing, chosen by chance among all that can happen; false: there is none.
bool mesh_world::progress() {
  enum class thing : uint8_t { mail, reply, bytes, admission, telling, flush };
  struct choice {
    thing what;
    cable* on;
    size_t end;
    mesh_reactor* of = nullptr;
  };
  std::vector<choice> all;
  for (auto& each : brokers_)
    for (auto& reactor : each->reactors)
      if (reactor.unflushed)
        all.push_back({thing::flush, nullptr, 0, &reactor});
  if (!stage_.sched.jobs.empty())
    all.push_back({thing::mail, nullptr, 0});
  if (!answers_.empty())
    all.push_back({thing::reply, nullptr, 0});
  for (auto& each : cables_)
    for (size_t end = 0; end < 2; ++end) {
      if (!each.ends[end]->out.empty())
        all.push_back({thing::bytes, &each, end});
      if (each.ends[end]->introduced)
        all.push_back({thing::admission, &each, end});
      if (each.ends[end]->untold)
        all.push_back({thing::telling, &each, end});
    }
  if (all.empty())
    return false;
  auto [what, on, end, of] = all[random_() % all.size()];
  switch (what) {
  case thing::mail: {
    auto& jobs = stage_.sched.jobs; // actors run in any order
    std::rotate(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(random_() % jobs.size()),
                jobs.end());
    stage_.sched.try_run_once();
    break;
  }
  case thing::reply: {
    auto one = std::move(answers_.front());
    answers_.pop_front();
    one.by->on->begin_read();
    publish(*one.by, one.subject, "", one.payload, false);
    break;
  }
  case thing::bytes: {
    auto size = on->ends[end]->out.size();
    on->ends[1 - end]->read(*on->ends[end], random_() % 2 == 0 ? size : 1 + random_() % size);
    break;
  }
  case thing::admission: on->ends[end]->admit(); break;
  case thing::telling: on->ends[end]->tell_more(); break;
  case thing::flush: of->flush(); break;
  }
  if (on != nullptr)
    for (auto& each : on->ends)
      if (!each->ended.empty())
        trouble_ = "the link between " + std::to_string(on->a) + " and " + std::to_string(on->b)
                   + " " + each->ended;
  return trouble_.empty();
}

void mesh_world::settle() {
  for (uint32_t a = 0; a < brokers_.size(); ++a)
    for (uint32_t b = a + 1; b < brokers_.size(); ++b)
      connect(a, b);
  for (size_t i = 0; progress(); ++i)
    if (i == most_work) {
      trouble_ = "it does not come to rest";
      return;
    }
  for (auto id : std::exchange(inboxes_, {}))
    unsubscribe(id);
  while (progress()) {
  }
}

void mesh_world::apply(const mesh_step& step) {
  using kind = mesh_step::kind;
  switch (step.what) {
  case kind::connect: connect(step.broker, step.other); return;
  case kind::cut: cut(step.broker, step.other, step.count); return;
  case kind::account: {
    auto& home = *brokers_[step.broker];
    if (home.accounts.find(account_name(step.account)))
      return;
    auto which = home.accounts.named(account_name(step.account));
    for (auto& each : cables_)
      for (size_t end = 0; end < 2; ++end)
        if ((end == 0 ? each.a : each.b) == step.broker)
          each.ends[end]->account_changed(which);
    return;
  }
  case kind::reload: reload(step.count); return;
  case kind::subscribe: {
    auto& whom = client_of(step.broker, step.account);
    whom.on->begin_read();
    subscribe(step.id, whom, subscribed_subject(step), queue_name(step));
    return;
  }
  case kind::unsubscribe: unsubscribe(step.id); return;
  case kind::publish:
  case kind::request: {
    auto& by = client_of(step.broker, step.account);
    by.on->begin_read();
    std::string reply;
    if (step.what == kind::request) { // both in one read
      reply = "_I." + std::to_string(step.broker) + "." + std::to_string(step.id);
      inboxes_.push_back(first_inbox + step.id);
      subscribe(inboxes_.back(), by, reply, "");
    }
    publish(by, published_subject(step), reply, payload_of(step), step.id % 5 == 0);
    return;
  }
  case kind::progress:
    for (uint32_t i = 0; i < step.count && progress(); ++i) {
    }
    return;
  case kind::settle: settle(); return;
  }
}

} // namespace troupe::test
