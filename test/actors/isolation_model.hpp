// test/actors/isolation_model.hpp: what accounts may hear of each other, as simply as it can be
// said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Uses nothing of the product, so that a mistake cannot be in both.
namespace troupe::test::model {

bool matches(std::string_view subject, std::string_view pattern);
/// Every subject of `narrow` is one of `wide`.
bool contains(std::string_view wide, std::string_view narrow);

struct offer {
  bool service = false;
  std::string subject;
  std::optional<std::set<std::string>> only_for;
  size_t token = 0;  ///< 1-based: this token names the importer
  bool many = false; ///< responses, up to an empty one
};

struct import {
  bool service = false;
  std::string from;
  std::string subject; ///< as the exporter calls it
  std::string local;   ///< `$n`, or a bare `*` for the next one
};

struct mapping {
  struct destination {
    std::string subject;
    int percent = 100;
  };
  std::string source;
  std::vector<destination> destinations;
};

struct account {
  std::string name;
  std::vector<offer> exports;
  std::vector<import> imports;
  std::vector<mapping> mappings;
};

/// Entries of `unsubscribable` may be "subject queue".
struct rights {
  std::vector<std::string> publish, unpublishable, subscribe, unsubscribable;
};

struct client {
  size_t where = 0; ///< index of its account
  rights may;
  bool echo = true;
};

struct interest {
  size_t whose = 0; ///< index of its client
  std::string subject, queue;
  uint64_t maximum = 0; ///< 0: none. Not for members of queue groups
  uint64_t got = 0;
  bool gone = false;
};

/// A response that somebody waits for in another account.
struct promise {
  size_t exporter = 0, importer = 0;
  std::string reply;            ///< where the importer's client waits
  std::optional<size_t> onward; ///< instead: the importer's own promise to somebody else
  std::string service;          ///< the export that it belongs to
  bool many = false;
  bool kept = false;
};

/// Random parts of subjects of responses look like this.
inline constexpr std::string_view any_response = "_R_.@.@";

struct delivery {
  size_t to = 0; ///< index of an interest
  std::string subject;
  std::string reply;
  std::optional<size_t> response; ///< instead of `reply`: the promise that a response keeps
};

/// What one message may come to.
struct outcome {
  std::vector<delivery> all;
  std::vector<std::vector<delivery>> one_of; ///< exactly one of each
  std::vector<promise> promises;             ///< as they are afterwards
  bool reaches_nobody() const { return all.empty() && one_of.empty(); }
};

struct message {
  size_t from = 0; ///< index of a client
  std::string subject;
  std::string reply;
  bool empty = false;
  std::optional<size_t> answers; ///< `subject` is that of this promise
};

class world {
public:
  std::vector<account> accounts;
  std::vector<client> clients;
  std::vector<interest> interests;
  std::vector<promise> promises;

  bool may_publish(const client& who, std::string_view subject) const;
  bool may_subscribe(const client& who, std::string_view subject, std::string_view queue) const;
  /// Everything that may happen: weights of mappings are chance.
  std::vector<outcome> publish(const message& what) const;
  /// What `import` is covered by, if the exporter allows it.
  const offer* granted(size_t importer, const import& wanted) const;

private:
  class run;
};

} // namespace troupe::test::model
