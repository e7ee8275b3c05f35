// actors/router_crossing.cpp: takes messages from one account into another: streams, requests,
// responses.
#include "actors/account_policy.hpp"
#include "actors/crossing.hpp"
#include "actors/request_info.hpp"
#include "actors/router_lines.hpp"

namespace troupe::actors {
namespace {

/// Accounts that one request may pass through.
constexpr size_t longest_chain = 64;
/// Of a buffer for headers between two requests.
constexpr size_t longest_kept = 4096;
constexpr std::string_view not_rewritten = "$JS.ACK.";

} // namespace

void router::serve(std::span<response_table> tables, size_t mine, clock now,
                   std::function<void()> begin_sweeping) {
  tables_ = tables;
  mine_ = mine;
  now_ = std::move(now);
  begin_sweeping_ = std::move(begin_sweeping);
}

known_subject& router::mapped(known_subject& subject) {
  auto chosen = (uint64_t{random()} * 100) >> 32;
  for (const auto& each : subject.mapping)
    if (chosen < each.upto)
      return *each.to;
  return subject;
}

bool router::cross(account& where, known_subject& subject, crossing& sub,
                   const routed_message& msg) {
  switch (sub.what) {
  case crossing::kind::shadow:
    return offer_shadow(where, subject, static_cast<shadow_subscription&>(sub), msg);
  case crossing::kind::service:
    if (msg.link && !is_leaf(msg.link->link.role))
      return false; // the server where it was published has seen to that
    return request(where, subject, static_cast<service_import&>(sub), msg);
  case crossing::kind::responses:
    return msg.came != passage::request && respond(where, msg); // it cannot answer another one
  case crossing::kind::remote:
  case crossing::kind::stream:
  case crossing::kind::mapped: break; // deliver_linked() sees to them
  }
  return false;
}

/// As to the client's own subscription, but under another subject. Most messages follow an equal
/// one, whose control line is known: then the subject need not even be made.
bool router::offer_shadow(account& where, known_subject& subject, shadow_subscription& shadow,
                          const routed_message& msg) {
  if (msg.came != passage::published)
    return false; // what is a request or a response there is no stream
  auto& origin = *shadow.origin;
  auto quirks = static_cast<uint8_t>(origin.quirks.load(std::memory_order_relaxed)
                                     | origin.to->quirks.load(std::memory_order_relaxed));
  if (line_is_known(subject.id, origin, &shadow, msg) && is_plain(msg)
      && (quirks == quirk_none || quirks == quirk_no_headers)) {
    auto& out = origin.to.get() == msg.from ? own_batch(msg) : batch_for(*origin.to);
    if (line_is_known(subject.id, origin, &shadow, msg)) {
      write_known(out, origin, msg);
      return true;
    }
  }
  local_subject_.clear();
  shadow.by->transform.apply_to(msg.pub.subject, local_subject_);
  auto pub = msg.pub;
  pub.subject = local_subject_;
  routed_message renamed{pub, msg.owner, msg.from, msg.own, msg.who};
  if (quirks != quirk_no_headers && quirks != quirk_none && !admit(where, origin, renamed, quirks))
    return false;
  hand_over(subject.id, origin, &shadow, renamed, quirks);
  return true;
}

/// What a service's subject is called by its exporter, for this subject of an importer.
known_subject& router::target_of(known_subject& subject, service_import& service) {
  for (auto& known : subject.targets)
    if (known.through == &service && known.generation == generation_)
      return *known.to;
  std::string name;
  service.append_target(subject.subject, name);
  auto found = memory_of(*service.exporter).find(name, *service.exporter);
  std::erase_if(subject.targets, [&](const auto& old) {
    return old.through == &service || old.generation != generation_;
  });
  subject.targets.push_back({&service, generation_, found});
  return *found;
}

bool router::request(account& where, known_subject& subject, service_import& service,
                     const routed_message& msg) {
  if (tables_.empty())
    return false;
  size_t length = 0;
  for (const auto* step = msg.path; step; step = step->before)
    if (step->is_through(service) || ++length >= longest_chain)
      return false; // it has been there
  known_subject_ptr target{&mapped(target_of(subject, service))};
  crossing_step step{msg.path, service.exporter.get(), service.offer.get(),
                     msg.path ? msg.path->share : service.share};
  auto pub = msg.pub;
  pub.subject = target->subject;
  routed_message out{pub,     msg.owner,        msg.from, msg.own,
                     msg.who, passage::request, &step,    msg.header};
  auto header = std::move(request_header_);
  if (msg.who) {
    auto old = msg.header.empty() ? msg.pub.data.substr(0, msg.pub.header_size) : msg.header;
    auto intermediate = msg.path ? std::string_view{where.name} : std::string_view{};
    write_request_info(header, old,
                       msg.who->introduce({step.share, service.share || service.exporter->is_system,
                                           intermediate}));
    out.header = header;
    pub.has_header = true;
  }
  std::optional<response_token> token;
  auto reply = std::move(reply_subject_);
  auto latency = measure(service, step.share, msg);
  if (latency && msg.pub.reply.empty())
    report(service.exporter, *service.offer, *latency, latency_status::bad_request, nullptr);
  if (!msg.pub.reply.empty() && !msg.pub.reply.starts_with(not_rewritten)) {
    token = await(service, where, msg, std::move(latency));
    if (!token)
      return false;
    reply.assign(service.exporter->reply_prefix).append(token->text());
    pub.reply = reply;
  }
  bool delivered = deliver(*service.exporter, *target, out) > 0;
  if (!delivered && token)
    if (auto unserved = tables_[mine_].remove(token->text()))
      report(*unserved, latency_status::service_unavailable);
  if (header.capacity() <= longest_kept)
    request_header_ = std::move(header);
  reply_subject_ = std::move(reply);
  return delivered;
}

/// The token under which the exporter's response will be known.
std::optional<response_token> router::await(service_import& service, account& importer,
                                            const routed_message& msg,
                                            std::shared_ptr<const latency_record> latency) {
  auto now = now_();
  awaited_response what{service.exporter,
                        account_ptr{&importer},
                        std::string{msg.pub.reply},
                        service.offer,
                        std::move(latency),
                        now + service.offer->response_threshold,
                        now};
  bool first = false;
  auto token = tables_[mine_].add(mine_, std::move(what), first);
  if (first && begin_sweeping_)
    begin_sweeping_();
  return token;
}

/// A response that was published to a subject made by await(). Whoever has no such subject reaches
/// nobody by it, and neither does another account.
bool router::respond(account& where, const routed_message& msg) {
  auto token = msg.pub.subject.substr(where.reply_prefix.size());
  auto owner = response_table::reactor_of(token);
  if (owner >= tables_.size())
    return false;
  auto awaited = tables_[owner].use(token, where, msg.pub.data.empty(), now_());
  if (!awaited)
    return false;
  report(*awaited, latency_status::answered, msg.who);
  auto& importer = *awaited->importer;
  auto found = memory_of(importer).find(awaited->reply, importer);
  known_subject_ptr target{&mapped(*found)};
  auto pub = msg.pub;
  pub.subject = target->subject;
  pub.reply = {};
  std::string reply;
  if (!msg.pub.reply.empty()) { // the response asks something itself
    awaited_response back = *awaited;
    std::swap(back.exporter, back.importer);
    back.reply = msg.pub.reply;
    back.asked = now_();
    back.latency = nullptr;
    back.deadline = back.asked + back.offer->response_threshold;
    bool first = false;
    if (auto back_token = tables_[mine_].add(mine_, std::move(back), first))
      reply.assign(importer.reply_prefix).append(back_token->text());
    if (first && begin_sweeping_)
      begin_sweeping_();
    pub.reply = reply;
  }
  // It may ask another service, but not the one that it comes from.
  crossing_step step{msg.path, awaited->exporter.get(), awaited->offer.get(), false};
  routed_message out{pub,     msg.owner,         msg.from, msg.own,
                     msg.who, passage::response, &step,    msg.header};
  bool delivered = deliver(importer, *target, out) > 0;
  if (!delivered)
    tables_[owner].remove(token);
  return delivered;
}

} // namespace troupe::actors
