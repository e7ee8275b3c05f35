// actors/account_folder.cpp: the folder of a full or a cache resolver.
#include "actors/account_source.hpp"

#include "security/creds_file.hpp"
#include "security/digest.hpp"
#include "security/nkey.hpp"
#include "security/store_layout.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace troupe::actors {
namespace {

constexpr std::string_view ending = ".jwt";

class folder_source final : public account_source {
public:
  explicit folder_source(folder_settings settings) : settings_{std::move(settings)} {}

  source_kind kind() const noexcept override {
    return settings_.cache ? source_kind::cache : source_kind::full;
  }

  source_news look(int64_t read_since) override {
    source_news out;
    std::error_code code;
    auto names = security::files_in(settings_.dir, ending, code);
    if (code) { // not the end of all accounts
      if (!std::exchange(lost_, true))
        out.problems.push_back(settings_.dir + ": cannot be read; its accounts stay as they are");
      return out;
    }
    lost_ = false;
    for (const auto& name : names)
      look_at(name, read_since, out);
    for (auto it = files_.begin(); it != files_.end();) {
      if (std::binary_search(names.begin(), names.end(), it->first)) {
        ++it;
        continue;
      }
      if (it->second.told)
        out.removed.push_back(it->first);
      it = files_.erase(it);
    }
    return out;
  }

  std::vector<std::string> folders() const override { return {settings_.dir}; }

  std::string keep(std::string_view key, std::string_view jwt) override {
    std::string name{key};
    auto known = files_.find(name);
    if (known == files_.end() && settings_.limit > 0 && files_.size() >= settings_.limit)
      return "jwt store is full";
    auto path = path_of(key);
    if (auto why = security::write_store_file(path, jwt); !why.empty())
      return path + ": " + why;
    files_.insert_or_assign(name, file{security::stamp_of(path).value_or(security::file_stamp{}),
                                       security::sha256(jwt), true});
    return {};
  }

  void drop(std::string_view key) override {
    if (!security::is_public_nkey(key, security::nkey_kind::account))
      return;
    files_.erase(std::string{key});
    auto path = path_of(key);
    std::error_code ignored; // it has gone already
    if (settings_.hard_delete)
      std::filesystem::remove(path, ignored);
    else
      std::filesystem::rename(path, path + ".deleted", ignored);
  }

  std::optional<std::string> read(std::string_view key) const override {
    // The key is somebody's text: it must not name another place.
    if (!security::is_public_nkey(key, security::nkey_kind::account))
      return std::nullopt;
    std::string why;
    auto text = security::read_store_file(path_of(key), why);
    return text ? std::optional{security::jwt_in(*text)} : std::nullopt;
  }

  size_t size() const noexcept override { return files_.size(); }

private:
  struct file {
    security::file_stamp when;
    security::sha256_digest text{};
    bool told = false; ///< somebody knows this account
  };

  std::string path_of(std::string_view key) const {
    return settings_.dir + "/" + std::string{key} + std::string{ending};
  }

  void look_at(const std::string& name, int64_t read_since, source_news& out) {
    auto path = path_of(name);
    auto when = security::stamp_of(path);
    if (!when)
      return;
    auto known = files_.find(name);
    if (known != files_.end() && known->second.when == *when && read_since > 0
        && when->seconds < read_since)
      return;
    auto problem = [&](const std::string& why) {
      // Once for each state of the file.
      if (known == files_.end() || known->second.when != *when)
        out.problems.push_back(path + ": " + why);
      bool told = known != files_.end() && known->second.told;
      files_.insert_or_assign(name, file{*when, {}, told});
    };
    if (!security::is_public_nkey(name, security::nkey_kind::account)) {
      problem("is not named after a public account key (A…)");
      return;
    }
    std::string why;
    auto text = security::read_store_file(path, why);
    if (!text) {
      problem(why);
      return;
    }
    auto jwt = security::jwt_in(*text);
    auto digest = security::sha256(jwt);
    if (known == files_.end() || known->second.text != digest)
      out.changed.push_back({name, std::move(jwt), path});
    files_.insert_or_assign(name, file{*when, digest, true});
  }

  folder_settings settings_;
  std::unordered_map<std::string, file> files_; ///< by public key
  bool lost_ = false;
};

} // namespace

std::variant<std::unique_ptr<account_source>, std::string> open_folder(folder_settings settings) {
  std::error_code code;
  std::filesystem::create_directories(settings.dir, code);
  if (code || !std::filesystem::is_directory(settings.dir, code))
    return settings.dir + ": cannot be made or is no folder; name one for the accounts' JWTs";
  if (::access(settings.dir.c_str(), R_OK | W_OK | X_OK) != 0)
    return settings.dir + ": the broker may not read and write there";
  return std::unique_ptr<account_source>{std::make_unique<folder_source>(std::move(settings))};
}

} // namespace troupe::actors
