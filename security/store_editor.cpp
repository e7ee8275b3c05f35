// security/store_editor.cpp: keys, signatures and files of a store.
#include "security/store_editor.hpp"

#include "security/claims_validation.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"
#include "security/text_encoding.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

namespace troupe::security {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts)
    out += (out.empty() ? "" : "; ") + part;
  return out;
}

template <class Claims>
store_result<Claims> read_claims(const std::string& path,
                                 jwt_result<Claims> (*decode)(std::string_view)) {
  std::string why;
  auto text = read_store_file(path, why);
  if (!text)
    return path + ": " + why;
  auto read = decode(jwt_in(*text));
  if (auto* error = std::get_if<jwt_error>(&read))
    return path + ": " + error->reason;
  return std::get<Claims>(std::move(read));
}

/// A JWT that no broker would take is not written.
template <class Claims>
std::string sign_and_write(const std::string& path, Claims& what, const key_pair& by, int64_t now,
                           std::string& jwt) {
  // What has expired may still be written: that is how one ends an account.
  std::vector<std::string> faults;
  for (const auto& one : validate(what, now))
    if (one.how_bad == claim_problem::weight::blocking)
      faults.push_back(one.text);
  if (!faults.empty())
    return path + " is not written: " + joined(faults);
  claims any = what;
  auto made = encode_jwt(any, by, now);
  if (auto* error = std::get_if<jwt_error>(&made))
    return path + " is not written: " + error->reason;
  what = std::get<Claims>(std::move(any));
  jwt = std::get<std::string>(std::move(made));
  return write_store_file(path, jwt);
}

} // namespace

store_editor::store_editor(store_editor&& other) noexcept
    : layout_{std::move(other.layout_)}, owner_{std::move(other.owner_)},
      owner_jwt_{std::move(other.owner_jwt_)}, lock_{std::exchange(other.lock_, -1)} {}

store_editor::~store_editor() {
  if (lock_ >= 0)
    ::close(lock_);
}

std::string store_editor::lock() {
  lock_ = ::open(layout_.store.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0)
    return layout_.store + ": no such folder";
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
  while (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline)
      return layout_.store + ": somebody else is changing this store now; try again";
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return {};
}

store_result<store_editor> store_editor::open(store_layout where, store_use use) {
  store_editor out{std::move(where)};
  // Before the first read: what is changed must be what is there.
  if (use == store_use::change)
    if (auto wrong = out.lock(); !wrong.empty())
      return wrong;
  auto path = out.layout_.operator_file();
  std::string why;
  auto text = read_store_file(path, why);
  if (!text)
    return path + ": " + why;
  out.owner_jwt_ = jwt_in(*text);
  auto read = decode_operator_jwt(out.owner_jwt_);
  if (auto* error = std::get_if<jwt_error>(&read))
    return path + ": " + error->reason;
  out.owner_ = std::get<operator_claims>(std::move(read));
  return out;
}

store_result<store_editor> store_editor::create(store_layout where, int64_t now) {
  store_editor out{std::move(where)};
  auto path = out.layout_.operator_file();
  std::error_code code;
  if (std::filesystem::exists(path, code))
    return path
           + " exists already: `account add account` adds to it, another --operator makes "
             "another one";
  auto name = out.layout_.operator_name();
  // The marker first: it makes the folder that is then locked.
  if (auto wrong =
          write_store_file(out.layout_.marker_file(), "{\"managed\":false,\"name\":\"" + name
                                                          + "\",\"kind\":\"operator\","
                                                            "\"version\":\"1\"}");
      !wrong.empty())
    return wrong;
  if (auto wrong = out.lock(); !wrong.empty())
    return wrong;
  // Stores are often kept in git; secrets must not get there by accident.
  auto ignored = (std::filesystem::path{out.layout_.keys} / ".gitignore").string();
  if (!std::filesystem::exists(ignored, code))
    if (auto wrong = write_store_file(ignored, "*.nk\n*.creds\n"); !wrong.empty())
      return wrong;
  auto identity = out.new_key(nkey_kind::operator_key);
  auto signing = out.new_key(nkey_kind::operator_key);
  for (auto* made : {&identity, &signing})
    if (auto* wrong = std::get_if<std::string>(made))
      return *wrong;
  operator_claims said;
  said.standard.name = name;
  said.standard.subject = std::get<key_pair>(identity).public_text();
  said.signing_keys = {std::get<key_pair>(signing).public_text()};
  if (auto wrong = out.save_operator(std::move(said), now); !wrong.empty())
    return wrong;
  return out;
}

std::vector<std::string> store_editor::users(std::string_view account) const {
  return files_in(layout_.users_folder(account), ".jwt");
}

store_result<account_claims> store_editor::account(std::string_view name) const {
  return read_claims<account_claims>(layout_.account_file(name), decode_account_jwt);
}

store_result<user_claims> store_editor::user(std::string_view account,
                                             std::string_view name) const {
  return read_claims<user_claims>(layout_.user_file(account, name), decode_user_jwt);
}

std::string store_editor::name_of(std::string_view key) const {
  for (const auto& name : accounts()) {
    auto read = account(name);
    if (auto* found = std::get_if<account_claims>(&read); found && found->standard.subject == key)
      return name;
  }
  return {};
}

store_result<named_account> store_editor::find_account(std::string_view name_or_key) const {
  auto all = accounts();
  std::string name{name_or_key};
  if (!std::binary_search(all.begin(), all.end(), name)
      && is_public_nkey(name_or_key, nkey_kind::account))
    name = name_of(name_or_key);
  if (!std::binary_search(all.begin(), all.end(), name))
    return "operator " + layout_.operator_name() + " has no account \"" + std::string{name_or_key}
           + "\"; there are: " + joined(all);
  auto read = account(name);
  if (auto* wrong = std::get_if<std::string>(&read))
    return *wrong;
  return named_account{name, std::get<account_claims>(std::move(read))};
}

store_result<key_pair> store_editor::find_key(std::string_view public_key) const {
  auto path = layout_.seed_file(public_key);
  std::string why;
  auto text = read_store_file(path, why);
  if (!text)
    return "the secret key of " + std::string{public_key} + " is missing: " + path + ": " + why;
  auto seed = seed_in(*text);
  wipe(*text);
  if (!seed)
    return path + ": there is no seed in it, or it is damaged";
  key_pair out{*seed};
  if (out.public_text() != public_key)
    return path + ": holds the seed of " + out.public_text();
  return out;
}

store_result<key_pair> store_editor::key_for_accounts() const {
  auto keys = owner_.signing_keys;
  if (!owner_.strict_signing_keys)
    keys.push_back(owner_.standard.subject);
  std::vector<std::string> problems;
  for (const auto& key : keys) {
    auto found = find_key(key);
    if (auto* wrong = std::get_if<std::string>(&found))
      problems.push_back(*wrong);
    else
      return found;
  }
  return "no key can sign accounts of operator " + layout_.operator_name() + ": "
         + joined(problems);
}

store_result<key_pair> store_editor::key_for_users(const account_claims& account,
                                                   std::string_view role) const {
  std::vector<std::string> keys, roles, problems;
  for (const auto& one : account.signing_keys) {
    if (one.scope)
      roles.push_back("\"" + one.scope->role + "\"");
    if (one.scope ? !role.empty() && one.scope->role == role : role.empty())
      keys.push_back(one.key);
  }
  if (role.empty() && !owner_.strict_signing_keys)
    keys.push_back(account.standard.subject);
  if (!role.empty() && keys.empty())
    return "account " + account.standard.name + " has no signing key with the role \""
           + std::string{role} + "\"; it has: " + (roles.empty() ? "none" : joined(roles));
  for (const auto& key : keys) {
    auto found = find_key(key);
    if (auto* wrong = std::get_if<std::string>(&found))
      problems.push_back(*wrong);
    else
      return found;
  }
  return "no key can sign users of account " + account.standard.name + ": " + joined(problems);
}

std::string store_editor::save_operator(operator_claims what, int64_t now) {
  auto by = find_key(what.standard.subject);
  if (auto* wrong = std::get_if<std::string>(&by))
    return *wrong;
  auto wrong =
      sign_and_write(layout_.operator_file(), what, std::get<key_pair>(by), now, owner_jwt_);
  if (wrong.empty())
    owner_ = std::move(what);
  return wrong;
}

std::string store_editor::save_account(const std::string& name, account_claims& what, int64_t now) {
  auto by = key_for_accounts();
  if (auto* wrong = std::get_if<std::string>(&by))
    return *wrong;
  std::string jwt;
  return sign_and_write(layout_.account_file(name), what, std::get<key_pair>(by), now, jwt);
}

std::string store_editor::save_user(const account_claims& account, const std::string& account_name,
                                    std::string_view role, user_claims& what, int64_t now) {
  auto by = key_for_users(account, role);
  if (auto* wrong = std::get_if<std::string>(&by))
    return *wrong;
  const auto& signer = std::get<key_pair>(by);
  what.issuer_account =
      signer.public_text() == account.standard.subject ? std::string{} : account.standard.subject;
  std::string jwt;
  const auto& name = what.standard.name;
  auto wrong = sign_and_write(layout_.user_file(account_name, name), what, signer, now, jwt);
  auto pair = find_key(what.standard.subject);
  if (!wrong.empty() || std::holds_alternative<std::string>(pair))
    return wrong;
  auto creds = format_creds(jwt, std::get<key_pair>(pair).seed());
  if (!creds)
    return layout_.creds_file(account_name, name) + ": seed and JWT do not fit";
  wrong = write_store_file(layout_.creds_file(account_name, name), *creds);
  wipe(*creds);
  return wrong;
}

store_result<signed_activation> store_editor::sign_activation(const account_claims& exporter,
                                                              activation_claims what,
                                                              int64_t now) const {
  auto by = key_for_users(exporter, {}); // keys of a scope sign users only
  if (auto* wrong = std::get_if<std::string>(&by))
    return *wrong;
  const auto& signer = std::get<key_pair>(by);
  if (signer.public_text() != exporter.standard.subject)
    what.issuer_account = exporter.standard.subject;
  claims any = std::move(what);
  auto made = encode_jwt(any, signer, now);
  if (auto* error = std::get_if<jwt_error>(&made))
    return "the activation is not signed: " + error->reason;
  return signed_activation{std::get<std::string>(std::move(made))};
}

std::vector<account_claims> store_editor::all_accounts(std::vector<std::string>& problems) const {
  std::vector<account_claims> out;
  for (const auto& name : accounts()) {
    auto read = account(name);
    if (auto* wrong = std::get_if<std::string>(&read))
      problems.push_back(*wrong);
    else
      out.push_back(std::get<account_claims>(std::move(read)));
  }
  return out;
}

store_result<key_pair> store_editor::new_key(nkey_kind kind) {
  auto pair = key_pair::create(kind);
  if (auto wrong = store_key(pair); !wrong.empty())
    return wrong;
  return pair;
}

std::string store_editor::store_key(const key_pair& pair) const {
  auto text = pair.seed().text();
  auto wrong = write_store_file(layout_.seed_file(pair.public_text()), text);
  wipe(text);
  return wrong;
}

} // namespace troupe::security
