// security/store_layout.cpp: paths of a store, and reading and writing its files.
#include "security/store_layout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace troupe::security {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t longest_file = 2 * 1024 * 1024;

std::string joined(std::string_view folder, std::string_view name) {
  return (fs::path{folder} / name).string();
}

std::string said(std::string_view what, const std::string& path) {
  auto code = errno;
  return std::string{what} + " " + path + ": " + std::strerror(code);
}

std::string make_folders(const fs::path& folder) {
  std::error_code code;
  if (folder.empty() || fs::is_directory(folder, code))
    return {};
  if (auto wrong = make_folders(folder.parent_path()); !wrong.empty())
    return wrong;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return said("cannot make the folder", folder.string());
  return {};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    text.remove_prefix(static_cast<size_t>(done));
  }
  return true;
}

} // namespace

std::string store_layout::operator_name() const {
  auto path = fs::path{store}.lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

std::string store_layout::marker_file() const {
  return joined(store, ".nsc");
}

std::string store_layout::operator_file() const {
  return joined(store, operator_name() + ".jwt");
}

std::string store_layout::accounts_folder() const {
  return joined(store, "accounts");
}

std::string store_layout::account_file(std::string_view account) const {
  return joined(joined(accounts_folder(), account), std::string{account} + ".jwt");
}

std::string store_layout::users_folder(std::string_view account) const {
  return joined(joined(accounts_folder(), account), "users");
}

std::string store_layout::user_file(std::string_view account, std::string_view user) const {
  return joined(users_folder(account), std::string{user} + ".jwt");
}

std::string store_layout::seed_file(std::string_view public_key) const {
  auto kind = joined(joined(keys, "keys"), public_key.substr(0, 1));
  auto shelf = joined(kind, public_key.size() > 3 ? public_key.substr(1, 2) : "");
  return joined(shelf, std::string{public_key} + ".nk");
}

std::string store_layout::creds_file(std::string_view account, std::string_view user) const {
  auto folder = joined(joined(joined(keys, "creds"), operator_name()), account);
  return joined(folder, std::string{user} + ".creds");
}

std::string why_no_store_name(std::string_view name) {
  if (name.empty())
    return "a name must not be empty";
  if (name.front() == '.' || name.front() == '-' || name.front() == ' ' || name.back() == ' ')
    return "a name must not begin with a dot, a dash or a blank, nor end with a blank";
  if (name.size() > 200)
    return "a name has at most 200 bytes";
  for (char c : name)
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return "a name must not hold slashes or control characters: it becomes a file's name";
  return {};
}

std::vector<std::string> folders_in(const std::string& folder) {
  std::error_code ignored;
  return folders_in(folder, ignored);
}

std::vector<std::string> files_in(const std::string& folder, std::string_view suffix) {
  std::error_code ignored;
  return files_in(folder, suffix, ignored);
}

std::vector<std::string> folders_in(const std::string& folder, std::error_code& code) {
  std::vector<std::string> out;
  code.clear();
  for (fs::directory_iterator at{folder, code}, end; !code && at != end; at.increment(code)) {
    std::error_code unreadable;
    auto name = at->path().filename().string();
    if (at->is_directory(unreadable) && name.front() != '.')
      out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> files_in(const std::string& folder, std::string_view suffix,
                                  std::error_code& code) {
  std::vector<std::string> out;
  code.clear();
  for (fs::directory_iterator at{folder, code}, end; !code && at != end; at.increment(code)) {
    auto name = at->path().filename().string();
    if (name.size() > suffix.size() && name.ends_with(suffix) && name.front() != '.')
      out.push_back(name.substr(0, name.size() - suffix.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<file_stamp> stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return std::nullopt;
  return file_stamp{found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_size, found.st_ino};
}

bool is_open_to_others(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && (found.st_mode & 077) != 0;
}

std::optional<std::string> read_store_file(const std::string& path, std::string& why) {
  std::error_code code;
  auto size = fs::file_size(path, code);
  if (code) {
    why = code.message();
    return std::nullopt;
  }
  if (size > longest_file) {
    why = "longer than 2 MiB";
    return std::nullopt;
  }
  std::ifstream in{path, std::ios::binary};
  std::string text(size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (!in) {
    why = "cannot be read, or changes while it is";
    return std::nullopt;
  }
  return text;
}

std::string write_store_file(const std::string& path, std::string_view text) {
  if (auto wrong = make_folders(fs::path{path}.parent_path()); !wrong.empty())
    return wrong;
  // In the same folder, so that the rename is one step; begins with a dot, so that nobody reads it.
  auto temporary = (fs::path{path}.parent_path() / ".new-XXXXXX").string();
  int fd = ::mkostemp(temporary.data(), O_CLOEXEC); // 0600
  if (fd < 0)
    return said("cannot write beside", path);
  bool written = write_all(fd, text) && ::fsync(fd) == 0;
  auto wrong = written ? std::string{} : said("cannot write", temporary);
  ::close(fd);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
    wrong = said("cannot replace", path);
  if (!wrong.empty())
    ::unlink(temporary.c_str());
  return wrong;
}

std::string remove_from_store(const std::string& path) {
  std::error_code code;
  fs::remove_all(path, code);
  return code ? "cannot remove " + path + ": " + code.message() : std::string{};
}

} // namespace troupe::security
