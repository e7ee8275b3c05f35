// actors/account_source.hpp: where the JWTs of accounts come from.
#pragma once

#include <map>
#include <memory>
#include <optional>
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

enum class source_kind : uint8_t {
  memory, ///< the configuration names them
  store,  ///< an operator's folder in nsc's layout, never written
  full,   ///< a folder that holds every account
  cache,  ///< a folder of those that are used here
  url,    ///< none: each is downloaded when it is needed
};

/// Belongs to one thread and may block on the disk. Times are Unix seconds.
class account_source {
public:
  virtual ~account_source() = default;
  virtual source_kind kind() const noexcept = 0;
  bool is_folder() const noexcept {
    return kind() == source_kind::full || kind() == source_kind::cache;
  }

  /// The first call tells everything that there is. Files that seem untouched are not read, unless
  /// they were written at `read_since` or later; 0: all are.
  virtual source_news look(int64_t read_since) = 0;
  /// The next look tells everything again that there is, where other operators may come.
  virtual void tell_all_again() {}
  /// What the configuration names has changed: the next look tells how.
  virtual void preload(const std::map<std::string, std::string>&) {}
  /// Where changes are to be watched for.
  virtual std::vector<std::string> folders() const { return {}; }

  // -- full and cache -----------------------------------------------------------------------------

  /// Stores a JWT that was found good. Empty, or why it cannot be.
  virtual std::string keep(std::string_view, std::string_view) { return {}; }
  virtual void drop(std::string_view) {}
  /// Nothing: it is not there.
  virtual std::optional<std::string> read(std::string_view) const { return std::nullopt; }
  virtual size_t size() const noexcept { return 0; }
};

/// Accounts that the configuration names (`resolver_preload`), by public key.
class memory_source final : public account_source {
public:
  explicit memory_source(std::map<std::string, std::string> accounts)
      : wanted_{std::move(accounts)} {}
  source_kind kind() const noexcept override { return source_kind::memory; }
  source_news look(int64_t read_since) override;
  void preload(const std::map<std::string, std::string>& next) override { wanted_ = next; }

private:
  std::map<std::string, std::string> wanted_;
  std::map<std::string, std::string> told_;
};

/// No account is known before somebody asks for it.
class url_source final : public account_source {
public:
  source_kind kind() const noexcept override { return source_kind::url; }
  source_news look(int64_t) override { return {}; }
};

/// The folder of an operator as nsc lays it out, and the JWT of that operator; or what is wrong.
struct opened_store {
  std::unique_ptr<account_source> source;
  std::string operator_jwt;
  bool has_marker = false; ///< without `.nsc` some tools refuse the folder
};
std::variant<opened_store, std::string> open_store(const std::string& folder);

struct folder_settings {
  std::string dir;
  bool cache = false;
  size_t limit = 0;         ///< accounts; 0: none
  bool hard_delete = false; ///< else a dropped account's file is renamed to `.jwt.deleted`
};

/// A folder of `<public key>.jwt`, made if it is not there; or why it cannot be used.
std::variant<std::unique_ptr<account_source>, std::string> open_folder(folder_settings settings);

} // namespace troupe::actors
