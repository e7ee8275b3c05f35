// test/actors/isolation_world.cpp: plays messages to routers and model, and compares.
#include "test/actors/isolation_world.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace troupe::test {
namespace {

security::account_rules rules_of(const model::account& from) {
  security::account_rules out;
  out.name = from.name;
  for (const auto& each : from.exports) {
    auto& one = out.exports.emplace_back();
    one.kind = each.service ? security::share_kind::service : security::share_kind::stream;
    one.subject = each.subject;
    one.account_token_position = static_cast<uint32_t>(each.token);
    if (each.only_for)
      one.accounts.emplace(each.only_for->begin(), each.only_for->end());
    if (each.many)
      one.response = security::response_kind::stream;
  }
  for (const auto& each : from.imports) {
    auto& one = out.imports.emplace_back();
    one.kind = each.service ? security::share_kind::service : security::share_kind::stream;
    one.account = each.from;
    one.subject = each.subject;
    one.local_subject = each.local;
  }
  for (const auto& each : from.mappings) {
    auto& one = out.mappings.emplace_back();
    one.source = each.source;
    for (const auto& to : each.destinations)
      one.destinations.push_back({to.subject, to.percent, {}});
  }
  return out;
}

security::permissions_ptr permissions_of(const model::rights& from) {
  security::permission_rules out;
  out.publish = {from.publish, from.unpublishable};
  out.subscribe = {from.subscribe, from.unsubscribable};
  return protocol::make_ref<const security::permissions>(out);
}

/// Random tokens are long, all others are short.
std::string without_chance(std::string_view subject) {
  std::string out;
  while (!subject.empty()) {
    auto dot = subject.find('.');
    auto token = subject.substr(0, dot);
    out.append(out.empty() ? "" : ".").append(token.size() > 5 ? "@" : token);
    subject.remove_prefix(dot == subject.npos ? subject.size() : dot + 1);
  }
  return out;
}

size_t number_in(std::string_view text) {
  size_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    auto blank = line.find(' ');
    out.push_back(line.substr(0, blank));
    line.remove_prefix(blank == line.npos ? line.size() : blank + 1);
  }
  return out;
}

/// Cuts a peer's stream into messages; false: it is none.
bool cut(std::string_view in, size_t client, std::vector<heard_message>& out) {
  while (!in.empty()) {
    auto end = in.find("\r\n");
    auto line = words(in.substr(0, end));
    size_t numbers = line[0] == "HMSG" ? 2 : 1;
    if (end == in.npos || (line[0] != "MSG" && line[0] != "HMSG") || line.size() < 3 + numbers)
      return false;
    heard_message one;
    one.client = client;
    one.subject = line[1];
    one.interest = number_in(line[2]);
    if (line.size() > 3 + numbers)
      one.reply = line[3];
    auto size = number_in(line.back());
    auto header = numbers == 2 ? number_in(line[line.size() - 2]) : 0;
    if (in.size() < end + 2 + size + 2 || header > size)
      return false;
    one.header = in.substr(end + 2, header);
    one.body = in.substr(end + 2 + header, size - header);
    out.push_back(std::move(one));
    in.remove_prefix(end + 2 + size + 2);
  }
  return true;
}

} // namespace

isolation_world::isolation_world(uint64_t seed, size_t messages)
    : plan_{seed}, to_play_{messages}, model_{plan_.make_world()} {
  for (size_t i = 0; i < routers_.size(); ++i)
    routers_[i]->serve(tables_, i, [] { return actors::loop_clock::time_point{}; });
  registry_.listen({}, [this](const actors::account_ptr& which) { follow(which); });
  std::vector<security::account_rules> all;
  for (const auto& each : model_.accounts)
    all.push_back(rules_of(each));
  registry_.apply(std::move(all));
  for (const auto& each : model_.clients) {
    auto& one = players_.emplace_back();
    one.ear = &join();
    one.ear->dest->set_quirk(actors::quirk_no_echo, !each.echo);
    one.may = permissions_of(each.may);
    one.who.account = model_.accounts[each.where].name;
  }
  for (size_t i = 0; i < model_.interests.size(); ++i)
    show(i);
}

/// Shadows hold the accounts in whose sublists they stand.
isolation_world::~isolation_world() {
  for (size_t i = 0; i < shown_.size(); ++i)
    hide(i);
}

/// As a reactor and its connections do.
void isolation_world::follow(const actors::account_ptr& which) {
  for (auto* each : routers_)
    each->forget(*which);
  const auto policy = which->policy();
  for (size_t i = 0; i < shown_.size(); ++i) {
    auto home = model_.clients[model_.interests[i].whose].where;
    if (model_.accounts[home].name != which->name || model_.interests[i].gone)
      continue;
    std::set<const actors::stream_import*> kept;
    std::erase_if(shown_[i].shadows, [&](const auto& one) {
      bool stays = std::find(policy->streams.begin(), policy->streams.end(), one->by)
                   != policy->streams.end();
      if (stays)
        kept.insert(one->by.get());
      else
        one->by->from->interests.remove(*one);
      return !stays;
    });
    for (const auto& import : policy->streams)
      if (!kept.contains(import.get()))
        shadow(i, import);
  }
}

void isolation_world::shadow(size_t interest, const actors::stream_import_ptr& import) {
  const auto& what = model_.interests[interest];
  if (auto pattern = import->transform.pull_back(what.subject)) {
    auto& there = import->from->interests;
    auto one = protocol::make_ref<actors::shadow_subscription>(
        there.share_text(*pattern, what.queue), shown_[interest].sub, import);
    there.insert(one);
    shown_[interest].shadows.push_back(std::move(one));
  }
}

void isolation_world::show(size_t interest) {
  const auto& what = model_.interests[interest];
  auto& who = players_[what.whose];
  account = registry_.named(who.who.account);
  auto sub = make_subscription(*who.ear, what.subject, std::to_string(interest), what.queue);
  auto verdict = who.may->may_subscribe(what.subject, what.queue);
  REQUIRE(verdict != security::subscribe_verdict::refused);
  uint8_t quirks = actors::quirk_none;
  if (verdict == security::subscribe_verdict::allowed_filtered) {
    sub->filter = who.may;
    quirks |= actors::quirk_filtered;
  }
  if (what.maximum > 0) {
    sub->maximum = what.maximum;
    quirks |= actors::quirk_limited;
  }
  sub->quirks = quirks;
  REQUIRE(account->interests.insert(sub));
  shown_.resize(std::max(shown_.size(), interest + 1));
  shown_[interest].sub = sub;
  for (const auto& import : account->policy()->streams)
    shadow(interest, import);
}

void isolation_world::hide(size_t interest) {
  auto& what = shown_[interest];
  registry_.named(players_[model_.interests[interest].whose].who.account)
      ->interests.remove(*what.sub);
  for (const auto& each : what.shadows)
    each->by->from->interests.remove(*each);
  what.shadows.clear();
  model_.interests[interest].gone = true;
}

std::string isolation_world::play() {
  while (sums_.played < to_play_) {
    auto wrong = plan_.chance(35) ? answer_something() : say_some();
    if (!wrong.empty())
      return "message " + std::to_string(sums_.played) + ": " + wrong;
    if (!shown_.empty() && plan_.chance(5))
      hide(plan_.below(shown_.size()));
    if (plan_.chance(12) && plan_.add_interest(model_, plan_.below(model_.clients.size())))
      show(model_.interests.size() - 1);
    if (plan_.chance(3)) {
      auto which = plan_.below(model_.accounts.size());
      ++sums_.changes;
      plan_.change(model_, which);
      for (const auto& each : model_.accounts) // exports of one decide on imports of others
        registry_.put(rules_of(each));
    }
  }
  return {};
}

/// Several at once, so that they share batches; but not past one whose effect is open.
std::string isolation_world::say_some() {
  for (auto n = 1 + plan_.below(6); n > 0; --n) {
    auto what = plan_.make_message(model_);
    say(what, what.subject);
    if (said_.back().may_follow.size() > 1)
      break;
    accept(said_.back().may_follow.front());
  }
  return settle();
}

/// By whom it is meant for, or by somebody who has no business with it.
std::string isolation_world::answer_something() {
  if (answerable_.empty())
    return {};
  auto which = answerable_[plan_.below(answerable_.size())];
  model::message what;
  what.from = plan_.below(model_.clients.size());
  for (size_t tries = 0; tries < 20 && plan_.chance(95); ++tries)
    if (model_.clients[what.from].where != model_.promises[which.promise].exporter)
      what.from = plan_.below(model_.clients.size());
  what.subject = model::any_response;
  what.answers = which.promise;
  what.empty = plan_.chance(20);
  say(what, which.subject);
  if (said_.back().may_follow.size() == 1)
    accept(said_.back().may_follow.front());
  return settle();
}

void isolation_world::say(const model::message& what, const std::string& subject) {
  auto& who = players_[what.from];
  auto& one = said_.emplace_back();
  one.from = what.from;
  one.answer = what.answers.has_value();
  if (!what.empty)
    one.body =
        std::to_string(sums_.played) + (plan_.chance(5) ? ":" + std::string(1500, 'z') : ":");
  one.described = who.who.account + " publishes " + subject + " reply \"" + what.reply + "\"";
  one.may_follow = model_.publish(what);
  ++sums_.played;
  account = registry_.named(who.who.account);
  read = pool.take();
  auto text = one.body + "\r\n";
  text.copy(read->data(), text.size());
  protocol::publication pub;
  pub.reply = what.reply;
  pub.data = {read->data(), one.body.size()};
  auto& by = *routers_[plan_.below(routers_.size())];
  auto known = by.memory_of(*account).find(subject, *account);
  auto& target = by.mapped(*known);
  pub.subject = target.subject;
  if (who.may->may_publish(target.subject))
    one.delivered =
        by.deliver(*account, target, {pub, read.get(), who.ear->dest.get(), who.own, &who.who}) > 0;
}

std::vector<heard_message> isolation_world::listen() {
  for (auto* each : routers_)
    each->flush();
  sched.run();
  std::vector<heard_message> out;
  for (size_t i = 0; i < players_.size(); ++i) {
    auto bytes = players_[i].ear->take();
    players_[i].ear->journal->pieces.clear();
    if (auto echo = std::exchange(players_[i].own, {})) {
      echo->seal();
      for (const auto& each : echo->pieces)
        bytes.append(each.data, each.size);
    }
    if (!cut(bytes, i, out))
      FAIL("no stream of messages: " << bytes);
  }
  return out;
}

std::string isolation_world::settle() {
  auto heard = listen();
  std::map<std::string, std::vector<heard_message>> by_body;
  for (auto& each : heard)
    by_body[each.body].push_back(std::move(each));
  for (const auto& each : std::exchange(said_, {})) {
    if (auto wrong = judge(each, by_body[each.body]); !wrong.empty())
      return wrong;
    by_body.erase(each.body);
  }
  return by_body.empty() ? "" : "somebody heard \"" + by_body.begin()->first + "\" again";
}

std::string isolation_world::judge(const said& what, const std::vector<heard_message>& heard) {
  for (const auto& each : heard) {
    const auto& whose = model_.interests.at(each.interest).whose;
    bool across = model_.clients[whose].where != model_.clients[what.from].where;
    ++sums_.delivered;
    sums_.crossed += across ? 1 : 0;
    sums_.answered += across && what.answer ? 1 : 0;
    if (whose != each.client)
      return "a message for a subscription of somebody else; " + describe(what, heard);
    if (each.header.find("{\"acc\":\"") != each.header.npos
        && what.described.compare(0, what.described.find(' '), each.header,
                                  each.header.find(":\"") + 2,
                                  each.header.find("\"}") - each.header.find(":\"") - 2)
               != 0)
      return "a request that comes from somebody else; " + describe(what, heard);
  }
  for (const auto& each : what.may_follow) {
    auto bound = bound_;
    if (!fits(each, heard, bound))
      continue;
    if (what.delivered == each.reaches_nobody() && what.may_follow.size() == 1)
      return "the publisher is told the wrong thing; " + describe(what, heard);
    if (what.may_follow.size() > 1)
      accept(each);
    std::set<size_t> unclear;
    auto all = each.all;
    for (const auto& group : each.one_of)
      all.insert(all.end(), group.begin(), group.end());
    for (const auto& one : all)
      for (const auto& two : all)
        if (one.response && two.response && one.response != two.response && one.to == two.to
            && one.subject == two.subject)
          unclear.insert(*one.response);
    for (const auto& [promise, subject] : bound)
      if (!bound_.contains(promise) && !unclear.contains(promise))
        answerable_.push_back({promise, subject});
    bound_ = bound;
    if (answerable_.size() > 20)
      answerable_.erase(answerable_.begin(), answerable_.end() - 20);
    return {};
  }
  return describe(what, heard);
}

/// The model goes on from here.
void isolation_world::accept(const model::outcome& what) {
  model_.promises = what.promises;
  for (const auto& each : what.all)
    ++model_.interests[each.to].got;
  for (const auto& group : what.one_of)
    if (model_.interests[group.front().to].maximum > 0)
      ++model_.interests[group.front().to].got;
}

bool isolation_world::fits(const model::outcome& expected, const std::vector<heard_message>& heard,
                           bindings& bound) const {
  if (expected.all.size() + expected.one_of.size() != heard.size())
    return false;
  std::vector<bool> taken(heard.size());
  return place(expected, 0, heard, taken, bound);
}

/// Finds for each expected delivery one that happened.
bool isolation_world::place(const model::outcome& expected, size_t at,
                            const std::vector<heard_message>& heard, std::vector<bool>& taken,
                            bindings& bound) const {
  if (at == heard.size())
    return true;
  auto choices = at < expected.all.size() ? std::vector<model::delivery>{expected.all[at]}
                                          : expected.one_of[at - expected.all.size()];
  for (const auto& each : choices)
    for (size_t i = 0; i < heard.size(); ++i) {
      auto tried = bound;
      if (taken[i] || !is_same(each, heard[i], tried))
        continue;
      taken[i] = true;
      if (place(expected, at + 1, heard, taken, tried)) {
        bound = tried;
        return true;
      }
      taken[i] = false;
    }
  return false;
}

bool isolation_world::is_same(const model::delivery& expected, const heard_message& heard,
                              bindings& bound) const {
  if (expected.to != heard.interest || expected.subject != without_chance(heard.subject))
    return false;
  if (!expected.response)
    return expected.reply == heard.reply;
  if (without_chance(heard.reply) != model::any_response)
    return false;
  for (const auto& [promise, subject] : bound)
    if ((promise == *expected.response) != (subject == heard.reply))
      return false;
  bound.emplace(*expected.response, heard.reply);
  return true;
}

std::string isolation_world::describe(const said& what,
                                      const std::vector<heard_message>& heard) const {
  auto listener = [&](size_t interest) {
    const auto& one = model_.interests.at(interest);
    return model_.accounts[model_.clients[one.whose].where].name + " client "
           + std::to_string(one.whose) + " sub " + std::to_string(interest) + " on " + one.subject
           + " " + one.queue;
  };
  std::string out = what.described + "\n";
  for (const auto& each : what.may_follow) {
    out += " expected" + std::string{each.reaches_nobody() ? ": nobody\n" : "\n"};
    for (const auto& one : each.all)
      out += "  " + listener(one.to) + " as " + one.subject + " reply " + one.reply
             + (one.response ? "promise " + std::to_string(*one.response) : "") + "\n";
    for (const auto& group : each.one_of) {
      out += "  one of\n";
      for (const auto& one : group)
        out += "   " + listener(one.to) + " as " + one.subject + " reply " + one.reply
               + (one.response ? "promise " + std::to_string(*one.response) : "") + "\n";
    }
  }
  out += " heard\n";
  for (const auto& one : heard)
    out += "  " + listener(one.interest) + " as " + one.subject + " reply " + one.reply + "\n";
  for (const auto& each : model_.accounts) {
    out += " account " + each.name + "\n";
    for (const auto& one : each.exports)
      out += "  export " + std::string{one.service ? "service " : "stream "} + one.subject + "\n";
    for (const auto& one : each.imports)
      out += "  import " + std::string{one.service ? "service " : "stream "} + one.from + " "
             + one.subject + " as " + one.local + "\n";
    for (const auto& one : each.mappings)
      for (const auto& to : one.destinations)
        out +=
            "  map " + one.source + " to " + to.subject + " " + std::to_string(to.percent) + "\n";
  }
  return out;
}

} // namespace troupe::test
