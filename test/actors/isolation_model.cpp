// test/actors/isolation_model.cpp: one message through the model, slowly and plainly.
#include "test/actors/isolation_model.hpp"

#include <algorithm>
#include <map>

namespace troupe::test::model {
namespace {

using tokens = std::vector<std::string>;

tokens split(std::string_view subject) {
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

/// Which wildcard of the source each token of `local` stands for; 0: none.
std::vector<size_t> captures_of(const tokens& local) {
  std::vector<size_t> out;
  size_t stars = 0;
  for (const auto& each : local)
    out.push_back(each == "*" ? ++stars : each[0] == '$' ? std::stoul(each.substr(1)) : 0);
  return out;
}

std::string local_pattern(const import& one) {
  auto out = split(one.local);
  for (auto& each : out)
    if (each[0] == '$')
      each = "*";
  return join(out);
}

/// The subject, which `from` matches, under the name that `to` gives it.
std::string renamed(std::string_view subject, std::string_view from, std::string_view to) {
  auto given = split(subject), source = split(from), out = split(to);
  auto stands_for = captures_of(out);
  tokens stars, rest;
  for (size_t i = 0; i < source.size(); ++i)
    if (source[i] == "*")
      stars.push_back(given[i]);
    else if (source[i] == ">")
      rest.assign(given.begin() + static_cast<long>(i), given.end());
  for (size_t i = 0; i < out.size(); ++i)
    if (stands_for[i] > 0)
      out[i] = stars[stands_for[i] - 1];
  if (out.back() == ">") {
    out.pop_back();
    out.insert(out.end(), rest.begin(), rest.end());
  }
  return join(out);
}

/// What the exporter calls a subject of the importer. In a service's local subject `$n` at the k-th
/// place means: the k-th wildcard of the exporter is the n-th of the importer.
std::string named_there(std::string_view subject, const import& one) {
  auto given = split(subject), local = split(one.local), out = split(one.subject);
  auto numbers = captures_of(local);
  tokens mine;
  for (size_t i = 0; i < local.size(); ++i)
    if (numbers[i] > 0)
      mine.push_back(given[i]);
  std::erase(numbers, 0);
  size_t star = 0;
  for (auto& each : out)
    if (each == "*")
      each = mine[numbers[star++] - 1];
  if (out.back() == ">") {
    out.pop_back();
    out.insert(out.end(), given.begin() + static_cast<long>(local.size()) - 1, given.end());
  }
  return join(out);
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view subject) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& each) { return matches(subject, each); });
}

bool may_hear(const rights& may, std::string_view subject, std::string_view queue) {
  for (const auto& each : may.unsubscribable) {
    auto blank = each.find(' ');
    bool for_it = blank == each.npos || (!queue.empty() && each.substr(blank + 1) == queue);
    if (for_it && matches(subject, each.substr(0, blank)))
      return false;
  }
  return true;
}

} // namespace

bool matches(std::string_view subject, std::string_view pattern) {
  auto s = split(subject), p = split(pattern);
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] == ">")
      return s.size() > i;
    if (i >= s.size() || (p[i] != "*" && p[i] != s[i]))
      return false;
  }
  return s.size() == p.size();
}

bool contains(std::string_view wide, std::string_view narrow) {
  auto w = split(wide), n = split(narrow);
  for (size_t i = 0; i < w.size(); ++i) {
    if (w[i] == ">")
      return n.size() > i;
    if (i >= n.size() || n[i] == ">" || (w[i] != "*" && w[i] != n[i]))
      return false;
  }
  return w.size() == n.size();
}

bool world::may_publish(const client& who, std::string_view subject) const {
  return (who.may.publish.empty() || any_matches(who.may.publish, subject))
         && !any_matches(who.may.unpublishable, subject);
}

bool world::may_subscribe(const client& who, std::string_view subject,
                          std::string_view queue) const {
  const auto& allowed = who.may.subscribe;
  bool ok = allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const auto& each) {
              return contains(each, subject);
            });
  for (const auto& each : who.may.unsubscribable) {
    auto blank = each.find(' ');
    bool for_it = blank == each.npos || (!queue.empty() && each.substr(blank + 1) == queue);
    if (for_it && contains(each.substr(0, blank), subject))
      ok = false;
  }
  return ok;
}

const offer* world::granted(size_t importer, const import& wanted) const {
  for (const auto& one : accounts[importer].imports) { // of equal ones only the first counts
    if (&one == &wanted)
      break;
    if (one.service == wanted.service && one.from == wanted.from && granted(importer, one)
        && (one.service ? local_pattern(one) == local_pattern(wanted)
                        : one.subject == wanted.subject))
      return nullptr;
  }
  const offer* best = nullptr;
  for (const auto& each : accounts)
    for (const auto& one : each.exports)
      if (each.name == wanted.from && one.service == wanted.service
          && contains(one.subject, wanted.subject)
          && (!best || one.subject == wanted.subject || contains(best->subject, one.subject)))
        best = &one;
  if (!best)
    return nullptr;
  const auto& name = accounts[importer].name;
  if (best->token > 0)
    return split(wanted.subject).at(best->token - 1) == name ? best : nullptr;
  return !best->only_for || best->only_for->contains(name) ? best : nullptr;
}

/// One message through the world, with one series of chances.
class world::run {
public:
  run(const world& where, const message& what) : in_{where}, what_{what} {}

  /// False: there are no other chances.
  bool next(outcome& out) {
    used_ = 0;
    now_ = {};
    now_.promises = in_.promises;
    auto at = in_.clients[what_.from].where;
    auto subject = mapped(at, what_.subject);
    if (in_.may_publish(in_.clients[what_.from], subject)) {
      waiting reply{what_.reply, {}};
      reach(at, subject, reply, {}, kind::published);
      if (what_.answers && subject == what_.subject)
        answer(*what_.answers, at, {});
    }
    for (size_t i = 0; i < in_.interests.size(); ++i)
      limit(i);
    out = now_;
    while (!chances_.empty() && ++chances_.back().taken == chances_.back().of)
      chances_.pop_back();
    return !chances_.empty();
  }

private:
  struct waiting {
    std::string reply;
    std::optional<size_t> response;
  };
  enum class kind { published, request, response };
  struct chance {
    size_t taken, of;
  };

  size_t choose(size_t of) {
    if (used_ == chances_.size())
      chances_.push_back({0, of});
    return chances_[used_++].taken;
  }

  static inline const std::string lost;

  std::string mapped(size_t where, const std::string& subject) {
    const mapping* found = nullptr;
    for (const auto& one : in_.accounts[where].mappings)
      if (one.source == subject)
        found = &one;
    for (const auto& one : in_.accounts[where].mappings)
      if (!found && matches(subject, one.source))
        found = &one;
    if (!found)
      return subject;
    std::vector<std::string> names;
    int sum = 0;
    bool keeps = false;
    for (const auto& each : found->destinations) {
      names.push_back(renamed(subject, found->source, each.subject));
      sum += each.percent;
      keeps = keeps || each.subject == found->source;
    }
    if (sum < 100) // who names the subject itself wants the rest lost
      names.push_back(keeps ? lost : subject);
    return names.size() == 1 ? names[0] : names[choose(names.size())];
  }

  size_t delivered() const { return now_.all.size() + now_.one_of.size(); }

  /// All who hear it in the account, and those whom it crosses to. `been`: exports it came through.
  void reach(size_t where, const std::string& subject, const waiting& reply,
             const std::vector<std::string>& been, kind what) {
    if (subject == lost)
      return;
    std::map<std::string, std::vector<delivery>> groups;
    for (size_t i = 0; i < in_.interests.size(); ++i) {
      auto home = in_.clients[in_.interests[i].whose].where;
      if (home == where)
        hear(i, subject, reply, groups);
      else if (what == kind::published)
        for (const auto& one : in_.accounts[home].imports)
          if (!one.service && one.from == in_.accounts[where].name && matches(subject, one.subject)
              && in_.granted(home, one))
            hear(i, renamed(subject, one.subject, one.local), reply, groups);
    }
    for (auto& [queue, members] : groups)
      now_.one_of.push_back(members);
    for (const auto& one : in_.accounts[where].imports)
      if (one.service && matches(subject, local_pattern(one)))
        request(where, subject, one, reply, been);
  }

  void hear(size_t who, const std::string& subject, const waiting& reply,
            std::map<std::string, std::vector<delivery>>& groups) {
    const auto& one = in_.interests[who];
    const auto& whose = in_.clients[one.whose];
    if (one.gone || !matches(subject, one.subject) || (!whose.echo && one.whose == what_.from)
        || !may_hear(whose.may, subject, one.queue))
      return;
    if (one.maximum > 0 && one.got >= one.maximum)
      return;
    delivery it{who, subject, reply.reply, reply.response};
    if (one.queue.empty())
      now_.all.push_back(it);
    else
      groups[one.queue].push_back(it);
  }

  /// Of more than it may still have, it is open which it gets.
  void limit(size_t who) {
    const auto& one = in_.interests[who];
    std::vector<delivery> candidates;
    for (const auto& each : now_.all)
      if (each.to == who)
        candidates.push_back(each);
    if (one.maximum == 0 || one.got + candidates.size() <= one.maximum)
      return;
    std::erase_if(now_.all, [&](const delivery& each) { return each.to == who; });
    now_.one_of.insert(now_.one_of.end(), one.maximum - one.got, candidates);
  }

  void request(size_t where, const std::string& subject, const import& one, const waiting& reply,
               std::vector<std::string> been) {
    const auto* terms = in_.granted(where, one);
    auto service = one.from + " " + (terms ? terms->subject : "");
    if (!terms || std::find(been.begin(), been.end(), service) != been.end())
      return;
    been.push_back(service);
    size_t there = 0;
    while (in_.accounts[there].name != one.from)
      ++there;
    waiting on;
    if (!reply.reply.empty() || reply.response) {
      on.response = now_.promises.size();
      now_.promises.push_back(
          {there, where, reply.reply, reply.response, service, terms->many, false});
    }
    auto before = delivered();
    reach(there, mapped(there, named_there(subject, one)), on, been, kind::request);
    if (on.response && delivered() == before)
      now_.promises[*on.response].kept = true; // nobody can answer
  }

  void answer(size_t which, size_t where, std::vector<std::string> been) {
    auto one = now_.promises[which];
    if (one.kept || one.exporter != where)
      return;
    if (!one.many || what_.empty)
      now_.promises[which].kept = true;
    auto before = delivered();
    auto name = one.onward ? std::string{any_response} : one.reply;
    auto subject = mapped(one.importer, name);
    been.push_back(one.service); // it may ask another service, not its own again
    reach(one.importer, subject, {}, been, kind::response);
    if (one.onward && subject == name)
      answer(*one.onward, one.importer, been);
    if (delivered() == before)
      now_.promises[which].kept = true; // nobody waits
  }

  const world& in_;
  const message& what_;
  outcome now_;
  std::vector<chance> chances_;
  size_t used_ = 0;
};

std::vector<outcome> world::publish(const message& what) const {
  run one{*this, what};
  std::vector<outcome> out;
  do
    out.emplace_back();
  while (one.next(out.back()));
  return out;
}

} // namespace troupe::test::model
