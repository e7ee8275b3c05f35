// test/actors/isolation_plan.cpp: rolls the dice.
#include "test/actors/isolation_plan.hpp"

#include <algorithm>

namespace troupe::test {
namespace {

using tokens = std::vector<std::string>;

tokens split(const std::string& subject) {
  tokens out{""};
  for (char c : subject)
    if (c == '.')
      out.emplace_back();
    else
      out.back() += c;
  return out;
}

std::string join(const tokens& all) {
  std::string out;
  for (const auto& each : all)
    out += (out.empty() ? "" : ".") + each;
  return out;
}

/// Two exports that cover the import, neither of them the narrower one: which holds is open.
bool is_ambiguous(const model::world& in, const model::import& one) {
  for (const auto& each : in.accounts)
    for (const auto& a : each.exports)
      for (const auto& b : each.exports)
        if (each.name == one.from && a.service == one.service && b.service == one.service
            && model::contains(a.subject, one.subject) && model::contains(b.subject, one.subject)
            && !model::contains(a.subject, b.subject) && !model::contains(b.subject, a.subject))
          return true;
  return false;
}

} // namespace

std::string isolation_plan::token() {
  return std::string(1, static_cast<char>('a' + below(3)));
}

std::string isolation_plan::literal() {
  tokens out;
  for (size_t n = 1 + below(3); n > 0; --n)
    out.push_back(token());
  return join(out);
}

std::string isolation_plan::pattern() {
  tokens out;
  for (size_t n = 1 + below(3); n > 0; --n)
    out.push_back(chance(35) ? "*" : token());
  if (chance(25))
    out.push_back(">");
  if (chance(8))
    return ">";
  return chance(6) ? "*.*.*" : join(out);
}

/// Some of what `wide` matches; the token at `keep` (1-based) is `name`, if there is one.
std::string isolation_plan::narrowed(const std::string& wide, const std::string& name,
                                     size_t keep) {
  auto all = split(wide);
  tokens out;
  for (size_t i = 0; i < all.size(); ++i)
    if (keep == i + 1)
      out.push_back(chance(90) ? name : token());
    else if (all[i] == "*")
      out.push_back(chance(30) ? token() : "*");
    else if (all[i] != ">" || chance(60))
      out.push_back(all[i]);
    else
      for (auto more = split(pattern()); const auto& each : more)
        out.push_back(each);
  return join(out);
}

std::string isolation_plan::literal_of(const std::string& pattern) {
  tokens out;
  for (const auto& each : split(pattern))
    if (each == ">")
      for (size_t n = 1 + below(2); n > 0; --n)
        out.push_back(token());
    else
      out.push_back(each == "*" ? token() : each);
  return join(out);
}

std::string isolation_plan::local_for(const std::string& subject) {
  auto all = split(subject);
  auto kind = below(3);
  if (kind == 0)
    return subject;
  if (kind == 1)
    return token() + "." + subject;
  tokens wild;
  for (const auto& each : all)
    if (each == "*")
      wild.push_back("$" + std::to_string(wild.size() + 1));
  std::shuffle(wild.begin(), wild.end(), random_);
  tokens out;
  while (!wild.empty() || out.empty()) {
    if (wild.empty() || chance(40)) {
      out.push_back(token());
    } else {
      out.push_back(wild.back());
      wild.pop_back();
    }
  }
  if (all.back() == ">")
    out.push_back(">");
  return join(out);
}

model::offer isolation_plan::make_offer(const model::world& in) {
  model::offer out;
  out.service = chance(50);
  out.subject = pattern();
  out.many = out.service && chance(30);
  if (auto all = split(out.subject); chance(20)) {
    auto star = std::find(all.begin(), all.end(), "*");
    if (star != all.end())
      out.token = static_cast<size_t>(star - all.begin()) + 1;
  } else if (chance(30)) {
    out.only_for.emplace();
    for (const auto& each : in.accounts)
      if (chance(60))
        out.only_for->insert(each.name);
  }
  return out;
}

/// Streams and services each in one direction, so that nothing goes round in circles.
void isolation_plan::make_imports(model::world& in, size_t account) {
  auto& mine = in.accounts[account];
  mine.imports.clear();
  for (auto n = 2 + below(8); n > 0; --n) {
    auto other = below(in.accounts.size());
    const auto& from = in.accounts[other];
    if (other == account || from.exports.empty())
      continue;
    const auto& offer = from.exports[below(from.exports.size())];
    if ((other < account) == (offer.service == upwards_))
      continue;
    model::import one{
        offer.service, from.name, narrowed(offer.subject, mine.name, offer.token), {}};
    if (chance(10))
      one.subject = pattern();
    one.local = local_for(one.subject);
    if (!is_ambiguous(in, one))
      mine.imports.push_back(one);
  }
}

void isolation_plan::make_mappings(model::account& of) {
  of.mappings.clear();
  for (auto n = chance(30) ? below(3) : 0; n > 0; --n) {
    model::mapping one;
    one.source = pattern();
    auto stars = std::count(one.source.begin(), one.source.end(), '*');
    for (int left = 100; left > 0 && one.destinations.size() < 2;) {
      auto to = literal();
      for (long i = 1; i <= stars; ++i)
        to += ".$" + std::to_string(i);
      if (one.source.back() == '>')
        to += ".>";
      auto weight = chance(70) ? left : left / 2;
      one.destinations.push_back({to, weight});
      left -= weight;
      if (chance(30))
        break;
    }
    bool again = std::any_of(of.mappings.begin(), of.mappings.end(),
                             [&](const auto& each) { return each.source == one.source; });
    if (!again)
      of.mappings.push_back(one);
  }
}

std::vector<std::string> isolation_plan::patterns(size_t most) {
  std::vector<std::string> out;
  for (auto n = below(most + 1); n > 0; --n)
    out.push_back(pattern());
  return out;
}

model::rights isolation_plan::make_rights() {
  model::rights out;
  if (chance(8))
    out.publish = patterns(3);
  if (chance(10))
    out.unpublishable = patterns(2);
  if (chance(10))
    out.subscribe = patterns(4);
  if (chance(30))
    out.unsubscribable = patterns(2);
  for (auto& each : out.unsubscribable)
    if (chance(30))
      each += chance(50) ? " g" : " h";
  return out;
}

void isolation_plan::change(model::world& in, size_t account) {
  auto& mine = in.accounts[account];
  if (chance(40)) {
    mine.exports.clear();
    for (auto n = below(5); n > 0; --n) {
      auto one = make_offer(in);
      bool again = std::any_of(mine.exports.begin(), mine.exports.end(), [&](const auto& each) {
        return each.service == one.service && each.subject == one.subject;
      });
      if (!again)
        mine.exports.push_back(one);
    }
    for (auto& other : in.accounts)
      std::erase_if(other.imports, [&](const auto& one) { return is_ambiguous(in, one); });
  }
  if (chance(60))
    make_imports(in, account);
  if (chance(30))
    make_mappings(mine);
}

model::world isolation_plan::make_world() {
  model::world out;
  upwards_ = chance(50);
  for (auto n = 2 + below(4); n > 0; --n)
    out.accounts.push_back({"N" + std::to_string(n), {}, {}, {}});
  for (size_t i = 0; i < out.accounts.size(); ++i) {
    auto& mine = out.accounts[i];
    while (mine.exports.empty() && chance(90))
      change(out, i);
    make_mappings(mine);
  }
  for (size_t i = 0; i < out.accounts.size(); ++i)
    make_imports(out, i);
  for (size_t i = 0; i < out.accounts.size(); ++i)
    for (auto n = 1 + below(3); n > 0; --n)
      out.clients.push_back({i, make_rights(), chance(85)});
  for (size_t i = 0; i < out.clients.size(); ++i)
    for (auto n = 1 + below(4); n > 0; --n)
      add_interest(out, i);
  return out;
}

bool isolation_plan::add_interest(model::world& in, size_t client) {
  const auto& who = in.clients[client];
  const auto& imports = in.accounts[who.where].imports;
  model::interest one;
  one.whose = client;
  if (chance(20)) {
    one.subject = "in." + std::to_string(client);
  } else if (!imports.empty() && chance(50)) {
    auto all = split(imports[below(imports.size())].local);
    for (auto& each : all)
      if (each[0] == '$')
        each = "*";
    one.subject = chance(50) ? join(all) : narrowed(join(all), "", 0);
  } else {
    one.subject = pattern();
  }
  if (chance(35))
    one.queue = chance(50) ? "g" : "h";
  else if (chance(10))
    one.maximum = 1 + below(5);
  if (!in.may_subscribe(who, one.subject, one.queue))
    return false;
  in.interests.push_back(one);
  return true;
}

model::message isolation_plan::make_message(const model::world& in) {
  model::message out;
  out.from = below(in.clients.size());
  const auto& mine = in.accounts[in.clients[out.from].where];
  if (!mine.exports.empty() && chance(50)) {
    out.subject = literal_of(mine.exports[below(mine.exports.size())].subject);
  } else if (!mine.imports.empty() && chance(80)) {
    auto all = split(mine.imports[below(mine.imports.size())].local);
    for (auto& each : all)
      if (each[0] == '$')
        each = "*";
    out.subject = literal_of(join(all));
  } else {
    out.subject = literal();
  }
  if (chance(60))
    out.reply = chance(80)
                    ? "in." + std::to_string(chance(80) ? out.from : below(in.clients.size()))
                    : literal();
  return out;
}

} // namespace troupe::test
