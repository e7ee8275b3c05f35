// actors/account_source.hpp: where the JWTs of accounts come from.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::actors {

/// A JWT as a source has it: nothing about it has been judged.
struct sourced_account {
  std::string account; ///< public key of whom it should be
  std::string jwt;
  std::string where; ///< for the log: a path, or what else it came from
};

/// What is different since the last look.
struct source_news {
  std::vector<sourced_account> changed; ///< new ones too
  std::vector<std::string> removed;
  std::vector<std::string> problems; ///< that were not there before: "PATH: why"
  std::string operator_jwt;          ///< the operator's own, if that is another one now
};

/// Belongs to one thread and may block on the disk.
class account_source {
public:
  virtual ~account_source() = default;
  /// The first call tells everything that there is.
  virtual source_news look() = 0;
  /// What the configuration names has changed: the next look tells how.
  virtual void preload(const std::map<std::string, std::string>&) {}
};

/// Accounts that the configuration names (`resolver_preload`), by public key.
class memory_source final : public account_source {
public:
  explicit memory_source(std::map<std::string, std::string> accounts)
      : wanted_{std::move(accounts)} {}
  source_news look() override;
  void preload(const std::map<std::string, std::string>& next) override { wanted_ = next; }

private:
  std::map<std::string, std::string> wanted_;
  std::map<std::string, std::string> told_;
};

/// The folder of an operator as nsc lays it out, and the JWT of that operator; or what is wrong.
struct opened_store {
  std::unique_ptr<account_source> source;
  std::string operator_jwt;
  bool has_marker = false; ///< without `.nsc` some tools refuse the folder
};
std::variant<opened_store, std::string> open_store(const std::string& folder);

} // namespace troupe::actors
