// security/account_store.cpp: reads a store, notices what changed, survives what is broken.
#include "security/account_store.hpp"

#include "security/creds_file.hpp"
#include "security/digest.hpp"
#include "security/jwt.hpp"

#include <algorithm>
#include <filesystem>

namespace troupe::security {
std::variant<account_store, std::string> account_store::open(std::string folder) {
  account_store out;
  out.layout_.store = std::move(folder);
  bool changed = false;
  if (auto wrong = out.read_operator(changed); !wrong.empty())
    return out.layout_.operator_file() + ": " + wrong;
  out.refresh();
  return out;
}

std::string account_store::read_operator(bool& changed) {
  std::string why;
  auto text = read_store_file(layout_.operator_file(), why);
  if (!text)
    return why;
  auto token = jwt_in(*text);
  if (token == operator_jwt_)
    return {};
  auto read = decode_operator_jwt(token);
  if (auto* wrong = std::get_if<jwt_error>(&read))
    return wrong->reason;
  operator_ = std::get<operator_claims>(std::move(read));
  operator_jwt_ = std::move(token);
  changed = true;
  return {};
}

void account_store::read_account(const std::string& name, int64_t read_since, store_changes& out) {
  auto path = layout_.account_file(name);
  auto stamp = stamp_of(path);
  auto& memory = files_[name];
  if (stamp && *stamp == memory.stamp && stamp->seconds < read_since) {
    if (!memory.problem.empty())
      out.problems.push_back({path, memory.problem});
    return;
  }
  memory.stamp = stamp.value_or(file_stamp{});
  std::string why;
  auto text = read_store_file(path, why);
  if (!text) {
    std::error_code code;
    if (!std::filesystem::exists(path, code)
        && !code) { // an account that was deleted, not a broken one
      files_.erase(name);
      return;
    }
    memory.problem = why;
  } else if (auto digest = sha256(*text); digest != memory.text) {
    memory.text = digest;
    auto token = jwt_in(*text);
    auto read = decode_account_jwt(token);
    if (auto* wrong = std::get_if<jwt_error>(&read)) {
      memory.problem = wrong->reason;
    } else {
      const auto& standard = std::get<account_claims>(read).standard;
      memory.problem.clear();
      memory.key = standard.subject;
      memory.account = std::make_shared<const stored_account>(
          stored_account{name, path, std::move(token), standard.issued_at});
    }
  }
  if (!memory.problem.empty())
    out.problems.push_back({path, memory.problem});
}

store_changes account_store::refresh(int64_t read_since) {
  store_changes out;
  if (auto wrong = read_operator(out.operator_changed); !wrong.empty())
    out.problems.push_back({layout_.operator_file(), wrong});
  std::error_code code;
  auto names = folders_in(layout_.accounts_folder(), code);
  if (code && code != std::errc::no_such_file_or_directory) { // not the end of all accounts
    out.problems.push_back({layout_.accounts_folder(), code.message()});
    return out;
  }
  std::erase_if(files_, [&](const auto& one) {
    return !std::binary_search(names.begin(), names.end(), one.first);
  });
  for (const auto& name : names)
    read_account(name, read_since > 0 ? read_since : INT64_MIN, out);
  std::map<std::string, stored_account_ptr> now;
  for (const auto& [name, memory] : files_) {
    if (memory.key.empty())
      continue;
    auto [at, is_new] = now.emplace(memory.key, memory.account);
    if (is_new)
      continue;
    auto loser = memory.account;
    if (loser->issued_at > at->second->issued_at)
      std::swap(loser, at->second);
    out.problems.push_back({loser->path, "is of the same account as " + at->second->path
                                             + ", which is at least as new and counts"});
  }
  for (const auto& [key, account] : now)
    if (auto old = accounts_.find(key); old == accounts_.end() || old->second->jwt != account->jwt)
      out.changed.push_back(key);
  for (const auto& [key, account] : accounts_)
    if (!now.contains(key))
      out.removed.push_back(key);
  accounts_ = std::move(now);
  return out;
}

const stored_account* account_store::find(std::string_view key) const {
  auto at = accounts_.find(std::string{key});
  return at == accounts_.end() ? nullptr : at->second.get();
}

bool account_store::has_marker() const {
  std::error_code code;
  return std::filesystem::exists(layout_.marker_file(), code);
}

std::string account_store::digest() const {
  sha256_digest all{};
  for (const auto& [key, account] : accounts_)
    toggle(all, sha256(account->jwt));
  return to_hex(all);
}

std::vector<std::string> keys_for_accounts(const operator_claims& owner) {
  auto out = owner.signing_keys;
  if (!owner.strict_signing_keys)
    out.push_back(owner.standard.subject);
  return out;
}

std::string sha256_hex(std::string_view text) {
  return to_hex(sha256(text));
}

} // namespace troupe::security
