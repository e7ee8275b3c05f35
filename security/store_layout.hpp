// security/store_layout.hpp: where an operator's JWTs, seeds and creds lie, as nsc lays them out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace troupe::security {

/// Two roots: JWTs below `store`, secrets below `keys`. nsc opens the same with
/// `nsc env --store <folder of store>` and NKEYS_PATH=`keys`.
struct store_layout {
  std::string store; ///< folder of one operator; its last part is the operator's name
  std::string keys;  ///< holds `keys/` and `creds/`; empty: no secrets here

  std::string operator_name() const;
  std::string marker_file() const; ///< `.nsc`
  std::string operator_file() const;
  std::string accounts_folder() const;
  std::string account_file(std::string_view account) const;
  std::string users_folder(std::string_view account) const;
  std::string user_file(std::string_view account, std::string_view user) const;
  /// Of the seed of a public nkey: `keys/keys/A/BC/ABC….nk`.
  std::string seed_file(std::string_view public_key) const;
  std::string creds_file(std::string_view account, std::string_view user) const;
};

/// Empty, or what is wrong with a name that is to become a file's.
std::string why_no_store_name(std::string_view name);

/// Names of the folders in `folder`, or of its files that end in `suffix` (without it), sorted.
std::vector<std::string> folders_in(const std::string& folder);
std::vector<std::string> files_in(const std::string& folder, std::string_view suffix);
/// The same; `code` says if the folder could not be read, which is not to have nothing in it.
std::vector<std::string> folders_in(const std::string& folder, std::error_code& code);
std::vector<std::string> files_in(const std::string& folder, std::string_view suffix,
                                  std::error_code& code);

/// When a file was written, and as what: whether it is the one that was seen before.
struct file_stamp {
  int64_t seconds = 0; ///< Unix time
  int64_t nanoseconds = 0;
  int64_t size = -1;
  uint64_t inode = 0;
  bool operator==(const file_stamp&) const = default;
};
/// Nothing: there is no such file.
std::optional<file_stamp> stamp_of(const std::string& path);

/// Others than its owner may read or change it.
bool is_open_to_others(const std::string& path);

/// The text of a file of at most 2 MiB, or nothing with the reason in `why`.
std::optional<std::string> read_store_file(const std::string& path, std::string& why);

/// Replaces or creates a file in one step (temporary file, fsync, rename), 0600; missing folders
/// are made with 0700. Empty, or why it did not work; then the old file is as it was.
std::string write_store_file(const std::string& path, std::string_view text);

/// Removes a file, or a folder with all that is in it. Empty, or why it did not work; what was not
/// there is no fault.
std::string remove_from_store(const std::string& path);

} // namespace troupe::security
