// cli/probe_plan.cpp: declared ways, the subjects beside them, and where each message may come out.
#include "cli/probe_plan.hpp"

#include "protocol/subject.hpp"

#include <algorithm>
#include <set>

namespace troupe::cli {
namespace {

using security::share_kind;
using texts = std::vector<std::string>;

class planner {
public:
  planner(const std::vector<security::account_claims>& accounts, const security::sharing& shared,
          const std::string& first, const std::string& second, bool touch_literals,
          const std::function<std::string()>& random)
      : accounts_{accounts}, shared_{shared}, ends_{first, second},
        touch_literals_{touch_literals}, random_{random} {}

  probe_plan run() {
    for (bool from_first : {true, false}) {
      declare(from_first);
      for (int i = 0; i < 8; ++i)
        add(from_first, "troupe.probe." + random_(), "a subject that nobody knows");
      for (auto prefix : {"_INBOX.", "_R_.", "$SYS.ACCOUNT.", "$JS.API."})
        add(from_first, prefix + random_(), "a subject that brokers use");
      try_around(from_first);
    }
    return std::move(out_);
  }

private:
  const std::string& source(bool from_first) const { return ends_[from_first ? 0 : 1]; }
  const std::string& target(bool from_first) const { return ends_[from_first ? 1 : 0]; }

  const security::account_claims* claims_of(const std::string& key) const {
    auto at = std::find_if(accounts_.begin(), accounts_.end(),
                           [&](const auto& one) { return one.standard.subject == key; });
    return at == accounts_.end() ? nullptr : &*at;
  }

  void declare(bool from_first) {
    if (auto here = shared_.find(target(from_first)))
      for (const auto& one : here->imports)
        if (one.rule.kind == share_kind::stream && one.exporter() == source(from_first))
          out_.declared.push_back({from_first, share_kind::stream, one.transform.source(),
                                   one.transform.destination_pattern()});
    if (auto there = shared_.find(source(from_first)))
      for (const auto& one : there->imports)
        if (one.rule.kind == share_kind::service && one.exporter() == target(from_first))
          out_.declared.push_back({from_first, share_kind::service,
                                   one.transform.destination_pattern(), one.transform.source()});
  }

  /// Every subject that either side names, from both sides: also those exported but not imported,
  /// and imports the wrong way round.
  void try_around(bool from_first) {
    std::set<std::string> patterns;
    for (const auto& key : ends_) {
      const auto* account = claims_of(key);
      if (account == nullptr)
        continue;
      for (const auto& one : account->exports)
        patterns.insert(one.subject);
      for (const auto& one : account->imports) {
        patterns.insert(one.subject);
        if (!one.local_subject.empty() && one.local_subject.find('$') == std::string::npos)
          patterns.insert(one.local_subject);
      }
    }
    for (const auto& pattern : patterns) {
      if (!protocol::is_literal(pattern))
        add(from_first, filled(pattern), "a subject of " + pattern);
      else if (touch_literals_)
        add(from_first, pattern, "a declared subject");
      else
        skip(pattern);
      add(from_first, filled(pattern) + "." + random_(), "one token more than " + pattern);
      add(from_first, random_() + "." + filled(pattern), "a prefix before " + pattern);
    }
  }

  void skip(const std::string& subject) {
    auto& all = out_.not_tried;
    if (std::find(all.begin(), all.end(), subject) == all.end())
      all.push_back(subject);
  }

  std::string filled(const std::string& pattern) const {
    std::string out;
    for (protocol::token_walk w{pattern}; !w.done(); w.advance()) {
      out += out.empty() ? "" : ".";
      if (w.token() == "*" || w.token() == ">")
        out += random_();
      else
        out += w.token();
    }
    return out;
  }

  void add(bool from_first, const std::string& subject, std::string why) {
    const auto* account = claims_of(source(from_first));
    if (account != nullptr)
      for (const auto& [pattern, destinations] : account->mappings)
        if (protocol::matches(subject, pattern))
          return; // becomes another subject before it could cross
    probe one{from_first, subject, std::move(why), {}, "troupe-probe-" + random_()};
    std::set<std::string> found, seen;
    follow_streams(source(from_first), subject, target(from_first), found, seen);
    seen.clear();
    follow_services(source(from_first), subject, target(from_first), found, seen);
    one.expected.assign(found.begin(), found.end());
    out_.probes.push_back(std::move(one));
  }

  /// Streams flow from exporters to importers, over any number of accounts.
  void follow_streams(const std::string& at, const std::string& subject, const std::string& to,
                      std::set<std::string>& found, std::set<std::string>& seen) const {
    if (!seen.insert(at + ' ' + subject).second)
      return;
    for (const auto& next : accounts_) {
      auto imports = shared_.find(next.standard.subject);
      if (!imports || next.standard.subject == at)
        continue;
      for (const auto& one : imports->imports) {
        if (one.rule.kind != share_kind::stream || one.exporter() != at)
          continue;
        auto local = one.transform.apply(subject);
        if (!local)
          continue;
        if (next.standard.subject == to)
          found.insert(*local);
        follow_streams(next.standard.subject, *local, to, found, seen);
      }
    }
  }

  /// Requests flow from importers to exporters.
  void follow_services(const std::string& at, const std::string& subject, const std::string& to,
                       std::set<std::string>& found, std::set<std::string>& seen) const {
    if (!seen.insert(at + ' ' + subject).second)
      return;
    auto here = shared_.find(at);
    if (!here)
      return;
    for (const auto& one : here->imports) {
      if (one.rule.kind != share_kind::service)
        continue;
      auto there = one.transform.reversed().apply(subject);
      if (!there)
        continue;
      if (one.exporter() == to)
        found.insert(*there);
      follow_services(one.exporter(), *there, to, found, seen);
    }
  }

  const std::vector<security::account_claims>& accounts_;
  const security::sharing& shared_;
  const std::string ends_[2];
  bool touch_literals_;
  const std::function<std::string()>& random_;
  probe_plan out_;
};

} // namespace

probe_plan plan_probes(const std::vector<security::account_claims>& accounts,
                       const security::sharing& shared, const std::string& first,
                       const std::string& second, bool touch_literals,
                       const std::function<std::string()>& random) {
  return planner{accounts, shared, first, second, touch_literals, random}.run();
}

} // namespace troupe::cli
