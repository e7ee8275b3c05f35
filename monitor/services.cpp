// monitor/services.cpp: from a request to its answer.
#include "monitor/services.hpp"

#include "actors/link_destination.hpp"
#include "actors/log.hpp"
#include "actors/request_info.hpp"
#include "monitor/content_encoding.hpp"
#include "monitor/json_text.hpp"
#include "monitor/service_table.hpp"
#include "protocol/subject.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;
using actors::internal_message;

constexpr std::string_view ping = "$SYS.REQ.SERVER.PING";
constexpr int bad_request = 400;
constexpr int failed = 500;

struct services_state {
  static inline const char* name = "services";

  void open();
  void serve(const std::string& subject, const service& which, size_t account_from = 0);
  void answer(const service& which, const internal_message& in, std::string account);
  void change(const service& which, const internal_message& in, service_options& options);
  void respond(const internal_message& in, service_answer out);
  std::optional<actors::connection_snapshot> own_asker(const internal_message& in) const;
  /// Also while older requests still wait: the mail that says so waits behind them.
  bool is_gone() const { return gone || on->is_silent(); }
  void count_subscribers(const internal_message& in);
  void say(const internal_message& in, const json& what, bool may_encode);

  const stage* on = nullptr;
  std::unique_ptr<reports> from;
  std::unique_ptr<actors::internal_client> client;
  announcer_actor announcer;
  bool gone = false; ///< nobody is answered any more
  uint64_t answers = 0;
};

const service& named(std::string_view name) {
  for (const auto& each : server_services())
    if (each.name == name)
      return each;
  return server_services().front();
}

void services_state::open() {
  const auto& system = on->accounts.system;
  client->subscribe(system, ping, [this, &which = named("STATSZ")](const internal_message& in) {
    if (in.reply.empty() && !is_gone())
      caf::anon_send(announcer, atom::broadcast_v);
    else
      answer(which, in, {});
  });
  for (const auto& each : server_services())
    for (const auto& whom : {std::string{"PING"}, on->card.id()})
      serve("$SYS.REQ.SERVER." + whom + '.' + std::string{each.name}, each);
  client->subscribe(system, "$SYS.DEBUG.SUBSCRIBERS",
                    [this](const internal_message& in) { count_subscribers(in); });
  for (const auto& each : control_services())
    serve("$SYS.REQ.SERVER." + on->card.id() + '.' + std::string{each.name}, each);
  constexpr std::string_view accounts = "$SYS.REQ.ACCOUNT.", users = "$SYS.REQ.USER.";
  for (const auto& each : account_services())
    serve(std::string{accounts} + "*." + std::string{each.name}, each, accounts.size());
  for (const auto& each : user_services()) {
    serve(std::string{users} + "*." + std::string{each.name}, each, users.size());
    serve(std::string{users} + std::string{each.name}, each); // of the system account's own users
  }
}

/// `account_from`: where in the subject the account's name begins; 0: nowhere.
void services_state::serve(const std::string& subject, const service& which, size_t account_from) {
  client->subscribe(on->accounts.system, subject,
                    [this, &which, account_from](const internal_message& in) {
                      std::string account;
                      if (account_from > 0) {
                        auto rest = in.subject.substr(account_from);
                        account = rest.substr(0, rest.find('.'));
                      }
                      answer(which, in, std::move(account));
                    });
}

void services_state::answer(const service& which, const internal_message& in, std::string account) {
  if (in.reply.empty() || is_gone())
    return;
  bool reads = which.body != service::body_use::ignored;
  service_options options{reads ? in.payload : std::string_view{}};
  auto filter = read_filter(options);
  if (options.fault().empty() && !on->card.passes(filter))
    return;
  if (which.changes) {
    change(which, in, options);
  } else if (options.fault().empty()) {
    auto out =
        which.answer(*on, *from, {options, std::move(account), in.origin ? in.origin->cid : 0});
    if (options.fault().empty())
      respond(in, std::move(out));
  }
  if (which.changes || options.fault().empty())
    return;
  json body;
  body["server"] = on->card.next();
  body["error"] = {{"code", bad_request}, {"description", options.fault()}};
  say(in, body, false);
}

/// The client of the system account itself that asks; not one of another account by some import.
/// Of those that ask at other servers only the link is known that they come by.
std::optional<actors::connection_snapshot>
services_state::own_asker(const internal_message& in) const {
  if (!in.origin)
    return std::nullopt;
  if (is_link(in.origin->kind)) {
    const auto& link = static_cast<const actors::link_destination&>(*in.origin);
    if (link.account && link.account != on->accounts.system)
      return std::nullopt; // a leaf node's, of another account
    if (actors::has_request_info(in.headers))
      return std::nullopt; // another account's import at the server where it was published
    actors::connection_snapshot out;
    out.cid = link.cid;
    out.account = on->accounts.system->name;
    out.name = to_string(link.kind);
    return out;
  }
  actors::connection_query query;
  query.cid = in.origin->cid;
  auto found = on->figures.connections(query);
  if (found.empty() || found.front().account != on->accounts.system->name)
    return std::nullopt;
  return std::move(found.front());
}

void services_state::change(const service& which, const internal_message& in,
                            service_options& options) {
  bool needs = which.body == service::body_use::needed;
  if (needs && options.fault().empty() && (in.payload.empty() || options.number("cid") == 0))
    options.fail("it names no client");
  auto asker = options.fault().empty() ? own_asker(in) : std::nullopt;
  if (!asker) {
    actors::log::error("{} was asked for over the system account and not done: {}", which.name,
                       options.fault().empty() ? "by nobody of that account" : options.fault());
    return;
  }
  auto what = std::string{which.name};
  if (needs)
    what += " cid:" + std::to_string(options.number("cid"));
  actors::log::info("{}:{} of the system account asks for {}",
                    is_link(in.origin->kind) ? asker->name : "cid", in.origin->cid, what);
  auto out = which.answer(*on, *from, {options, {}, in.origin->cid});
  if (on->hands.record) {
    asker->reason = out.problem;
    on->hands.record({actors::happening::commanded, on->accounts.system, std::move(*asker),
                      std::chrono::system_clock::now(), std::move(what)});
  }
  respond(in, std::move(out));
}

void services_state::respond(const internal_message& in, service_answer out) {
  using shape = service_answer::shape;
  json body;
  if (out.how != shape::bare && out.how != shape::silence)
    body["server"] = on->card.next();
  switch (out.how) {
  case shape::silence: return;
  case shape::bare: body = std::move(out.data); break;
  case shape::beside: body["statsz"] = std::move(out.data); break;
  case shape::enveloped: body["data"] = std::move(out.data); break;
  case shape::done: break;
  }
  if (!out.problem.empty())
    body["error"] = {{"code", failed}, {"description", out.problem}};
  bool good = out.problem.empty() && (out.how == shape::enveloped || out.how == shape::done);
  say(in, body, good);
}

/// "subject" or "subject queue": how many subscriptions of the account of whoever asks. The answer
/// is a bare number.
void services_state::count_subscribers(const internal_message& in) {
  if (in.reply.empty() || is_gone() || !in.origin)
    return;
  actors::connection_query query;
  query.cid = in.origin->cid;
  auto asker = on->figures.connections(query);
  auto what = in.payload;
  auto blank = what.find(' ');
  auto subject = what.substr(0, blank);
  auto queue = blank == what.npos ? std::string_view{} : what.substr(blank + 1);
  if (asker.empty() || !protocol::is_valid_subscription(subject))
    return;
  client->publish(in.where, in.reply,
                  std::to_string(from->subscribers(asker.front().account, subject, queue)));
  ++answers;
}

/// Whoever names encodings is told which one it is; errors and bare answers are plain, without
/// that.
void services_state::say(const internal_message& in, const json& what, bool may_encode) {
  auto how = may_encode ? encoding_for(in.headers) : std::nullopt;
  auto text = json_text(what, layout::compact);
  std::string header;
  if (how) {
    text = encoded(std::move(text), *how);
    header = "NATS/1.0\r\nContent-Encoding: " + std::string{to_string(*how)} + "\r\n\r\n";
  }
  client->publish(in.where, in.reply, text, {}, header);
  ++answers;
}

services_actor::behavior_type behave(services_actor::stateful_pointer<services_state> self,
                                     const stage* on, speech speak, announcer_actor announcer) {
  auto& my = self->state;
  my.on = on;
  my.from = std::make_unique<reports>(on->figures);
  my.announcer = std::move(announcer);
  my.client = speak(caf::actor_cast<caf::strong_actor_ptr>(self));
  my.open();
  return {
      [&my](atom::deliver, const actors::outgoing_ptr& batch) { my.client->deliver(batch); },
      [](atom::await_drain, const caf::strong_actor_ptr&) {},
      [](atom::drained) {},
      [](atom::fenced) {},
      [&my](atom::overrun) { my.client->overrun(); },
      [](const actors::login_result_ptr&) {},
      [&my](atom::leaving) { my.gone = true; },
      [self](atom::shut_down) { self->quit(); },
      [&my, self](atom::tree) {
        actors::actor_snapshot mine;
        mine.path = "broker/services";
        mine.place = "thread";
        mine.state = std::to_string(my.answers) + " answers";
        mine.mailbox = self->mailbox().size();
        mine.out_messages = my.answers;
        return std::make_shared<std::vector<actors::actor_snapshot>>(1, std::move(mine));
      },
  };
}

} // namespace

services_actor spawn_services(caf::actor_system& sys, const stage& on, speech speak,
                              announcer_actor announcer, bool own_thread) {
  return own_thread ? sys.spawn<caf::detached>(behave, &on, std::move(speak), std::move(announcer))
                    : sys.spawn(behave, &on, std::move(speak), std::move(announcer));
}

} // namespace troupe::monitor
