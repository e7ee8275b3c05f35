// config/share_options.cpp: reads exports and imports, and checks them against each other.
#include "config/share_options.hpp"
#include "config/mapping_options.hpp"
#include "config/words.hpp"
#include "protocol/subject.hpp"
#include "security/sharing.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

using security::response_kind;
using security::share_kind;

/// What both directions have: keys of which some fit only a stream or only a service.
class entry_reader {
public:
  entry_reader(const value& entry, std::string_view what, dialect from, findings& found)
      : entry_{entry}, what_{what}, from_{from}, found_{found} {}

protected:
  /// Finds `stream` or `service`, exactly one of them; null after an error.
  const member* find_kind(share_kind& kind) {
    const member* chosen = nullptr;
    for (auto& one : entry_.members) {
      auto key = lower(one.key);
      if (!any_of(key, {"stream", "service"}))
        continue;
      if (chosen) {
        found_.error(one.where, "an " + what_ + " is either a stream or a service; make two of it");
        return nullptr;
      }
      chosen = &one;
      kind = key == "stream" ? share_kind::stream : share_kind::service;
    }
    if (!chosen)
      found_.error(entry_.where, "an " + what_ + " needs \"stream\" or \"service\"");
    return chosen;
  }

  template <class Target>
  bool read(const member& one, Target* target, unit kind) {
    auto result = assign(target, kind, one.key, one.val, from_);
    if (!result.error.empty())
      found_.error(one.where, result.error);
    return result.error.empty();
  }

  bool read_subject(const member& one, std::string& target) {
    if (!read(one, &target, unit::text))
      return false;
    if (protocol::is_valid_subscription(target))
      return true;
    found_.error(one.where, "\"" + target + "\" is not a valid subject");
    return false;
  }

  void only_for(const member& one, share_kind wanted, share_kind is) {
    if (wanted != is)
      found_.error(one.where, "\"" + one.key + "\" is for a "
                                  + (wanted == share_kind::stream ? "stream, not for a service"
                                                                  : "service, not for a stream"));
  }

  void unknown(const member& one) {
    if (!one.used_as_variable)
      found_.error(one.where, "unknown field \"" + one.key + "\"");
  }

  const value& entry_;
  std::string what_;
  dialect from_;
  findings& found_;
};

class export_reader : entry_reader {
public:
  export_reader(const value& entry, dialect from, findings& found)
      : entry_reader{entry, "export", from, found} {}

  std::optional<security::export_rule> read_rule() {
    const auto before = found_.errors.size();
    auto* kind = find_kind(rule_.kind);
    if (kind)
      read_subject(*kind, rule_.subject);
    for (auto& one : entry_.members)
      if (&one != kind)
        read_key(one, lower(one.key));
    if (found_.errors.size() != before)
      return std::nullopt;
    return rule_;
  }

private:
  void read_key(const member& one, const std::string& key) {
    if (any_of(key, {"stream", "service"}))
      return;
    if (key == "accounts") {
      rule_.accounts.emplace();
      read(one, &*rule_.accounts, unit::list);
    } else if (any_of(key, {"response_type", "response"})) {
      only_for(one, share_kind::service, rule_.kind);
      read_response(one);
    } else if (any_of(key,
                      {"response_threshold", "threshold", "response_time", "response_max_time"})) {
      only_for(one, share_kind::service, rule_.kind);
      if (read(one, &rule_.response_threshold, unit::text_duration)
          && rule_.response_threshold <= nanoseconds{0})
        found_.error(one.where, one.key + " must be longer than 0s");
    } else if (key == "latency") {
      only_for(one, share_kind::service, rule_.kind);
      read_latency(one);
    } else if (key == "account_token_position") {
      read_position(one);
    } else if (key == "allow_trace") {
      only_for(one, share_kind::service, rule_.kind);
      read(one, &rule_.allow_trace, unit::flag);
    } else {
      unknown(one);
    }
  }

  void read_response(const member& one) {
    auto word = lower(one.val.text);
    if (any_of(word, {"single", "singleton"}))
      rule_.response = response_kind::singleton;
    else if (word == "stream")
      rule_.response = response_kind::stream;
    else if (any_of(word, {"chunk", "chunked"}))
      rule_.response = response_kind::chunked;
    else
      found_.error(one.where,
                   one.key + " must be single, stream or chunked, not " + describe(one.val));
  }

  void read_position(const member& one) {
    int64_t position = 0;
    if (!read(one, &position, unit::count))
      return;
    if (position < 1 || position > 255)
      found_.error(one.where, one.key + " must lie between 1 and 255, not " + one.val.text);
    else
      rule_.account_token_position = static_cast<uint32_t>(position);
  }

  void read_latency(const member& one) {
    auto& latency = rule_.latency.emplace();
    if (one.val.kind != value::type::map) {
      read_results(one, latency.results);
      return;
    }
    bool named = false;
    for (auto& part : one.val.members) {
      auto key = lower(part.key);
      if (key == "subject") {
        named = true;
        read_results(part, latency.results);
      } else if (key == "sampling") {
        if (lower(part.val.text) == "headers")
          latency.sampling = 0;
        else if (auto percent = read_percent(part, 1, "sampling", found_))
          latency.sampling = *percent;
      } else {
        unknown(part);
      }
    }
    if (!named)
      found_.error(one.where, "latency needs a subject for its results");
  }

  void read_results(const member& one, std::string& target) {
    if (read_subject(one, target) && !protocol::is_literal(target))
      found_.error(one.where,
                   "latency results need a subject without wildcards, not \"" + target + "\"");
  }

  security::export_rule rule_;
};

class import_reader : entry_reader {
public:
  import_reader(const value& entry, dialect from, findings& found)
      : entry_reader{entry, "import", from, found} {}

  std::optional<security::import_rule> read_rule() {
    const auto before = found_.errors.size();
    auto* kind = find_kind(rule_.kind);
    if (kind)
      read_source(*kind);
    for (auto& one : entry_.members)
      if (&one != kind)
        read_key(one, lower(one.key));
    if (!prefix_.empty() && !rule_.local_subject.empty())
      found_.error(entry_.where, "an import has either \"prefix\" or \"to\", not both");
    if (!prefix_.empty())
      rule_.local_subject = prefix_ + (prefix_.back() == '.' ? "" : ".") + rule_.subject;
    if (rule_.local_subject.empty())
      rule_.local_subject = rule_.subject;
    if (found_.errors.size() != before)
      return std::nullopt;
    return rule_;
  }

private:
  void read_source(const member& one) {
    if (one.val.kind != value::type::map) {
      found_.error(one.where,
                   one.key + " of an import must be {account, subject}, not " + describe(one.val));
      return;
    }
    const auto before = found_.errors.size();
    for (auto& part : one.val.members) {
      auto key = lower(part.key);
      if (key == "account")
        read(part, &rule_.account, unit::text);
      else if (key == "subject")
        read_subject(part, rule_.subject);
      else
        unknown(part);
    }
    if (found_.errors.size() == before && (rule_.account.empty() || rule_.subject.empty()))
      found_.error(one.where, "an import needs the account that exports and a subject of it");
  }

  void read_key(const member& one, const std::string& key) {
    if (any_of(key, {"stream", "service"}))
      return;
    if (key == "prefix") {
      only_for(one, share_kind::stream, rule_.kind);
      read_prefix(one);
    } else if (key == "to") {
      read(one, &rule_.local_subject, unit::text);
    } else if (key == "share") {
      only_for(one, share_kind::service, rule_.kind);
      read(one, &rule_.share, unit::flag);
    } else if (key == "allow_trace") {
      only_for(one, share_kind::stream, rule_.kind);
      read(one, &rule_.allow_trace, unit::flag);
    } else {
      unknown(one);
    }
  }

  void read_prefix(const member& one) {
    if (!read(one, &prefix_, unit::text))
      return;
    auto bare = std::string_view{prefix_};
    if (bare.ends_with('.'))
      bare.remove_suffix(1);
    if (!protocol::is_valid_publish(bare))
      found_.error(one.where,
                   "prefix must be a subject without wildcards, not " + describe(one.val));
  }

  security::import_rule rule_;
  std::string prefix_;
};

template <class Reader, class Rule>
void read_entries(const member& one, std::vector<Rule>& rules, std::vector<place>& places,
                  dialect from, findings& found) {
  if (one.val.kind != value::type::list) {
    found.error(one.where, one.key + " must be a list of maps, not " + describe(one.val));
    return;
  }
  for (auto& item : one.val.items) {
    if (item.kind != value::type::map) {
      found.error(item.where, "an entry of " + one.key + " must be a map with \"stream\" or "
                                  + "\"service\", not " + describe(item));
      continue;
    }
    if (auto rule = Reader{item, from, found}.read_rule()) {
      rules.push_back(std::move(*rule));
      places.push_back(item.members.empty() ? item.where : item.members.front().where);
    }
  }
}

void check_names(const account_draft& account, const security::sharing& all, findings& found) {
  for (size_t i = 0; i < account.rules.exports.size(); ++i)
    if (auto& names = account.rules.exports[i].accounts)
      for (auto& name : *names)
        if (!all.find(name))
          found.error(account.export_places[i], "account \"" + account.rules.name + "\" exports \""
                                                    + account.rules.exports[i].subject + "\" to \""
                                                    + name
                                                    + "\", which is no account of this file");
}

} // namespace

void read_exports(const member& one, account_draft& account, dialect from, findings& found) {
  read_entries<export_reader>(one, account.rules.exports, account.export_places, from, found);
}

void read_imports(const member& one, account_draft& account, dialect from, findings& found) {
  read_entries<import_reader>(one, account.rules.imports, account.import_places, from, found);
}

void check_sharing(const std::vector<account_draft>& all, findings& found) {
  std::vector<security::account_rules> rules;
  for (auto& one : all)
    rules.push_back(one.rules);
  security::sharing judge;
  judge.assign(std::move(rules));
  for (auto& one : all) {
    check_names(one, judge, found);
    auto result = judge.find(one.rules.name);
    for (auto& refused : result->refused_exports)
      found.error(one.export_places[refused.index], refused.reason);
    for (auto& refused : result->refused_imports)
      found.error(one.import_places[refused.index], refused.reason);
  }
}

} // namespace troupe::config
