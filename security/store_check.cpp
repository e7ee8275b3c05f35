// security/store_check.cpp: goes through a store file by file.
#include "security/store_check.hpp"

#include "security/account_store.hpp"
#include "security/account_trust.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"
#include "security/scope_template.hpp"
#include "security/store_sharing.hpp"
#include "security/text_encoding.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

namespace troupe::security {
namespace {

namespace fs = std::filesystem;
using enum claim_problem::weight;

class store_checker {
public:
  store_checker(const store_layout& where, int64_t now) : where_{where}, now_{now} {}

  std::vector<checked_file> run() {
    check_operator();
    for (const auto& name : folders_in(where_.accounts_folder()))
      check_account(name);
    check_sharing();
    for (const auto& [name, claims] : accounts_)
      for (const auto& user : files_in(where_.users_folder(name), ".jwt"))
        check_user(name, claims, user);
    check_secrets();
    return std::move(out_);
  }

private:
  checked_file& begin(std::string path, std::string kind, std::string name) {
    out_.push_back({std::move(path), std::move(kind), std::move(name), {}, {}, {}, 0, {}, {}});
    return out_.back();
  }

  static void say(checked_file& to, claim_problem::weight how_bad, std::string text) {
    to.problems.push_back({how_bad, std::move(text)});
  }

  template <class Claims>
  std::optional<Claims> read(checked_file& file, jwt_result<Claims> (*decode)(std::string_view)) {
    std::string why;
    auto text = read_store_file(file.path, why);
    if (!text) {
      say(file, blocking, why);
      return std::nullopt;
    }
    auto token = jwt_in(*text);
    auto decoded = decode(token);
    if (auto* error = std::get_if<jwt_error>(&decoded)) {
      say(file, blocking, error->reason);
      return std::nullopt;
    }
    auto claims = std::get<Claims>(std::move(decoded));
    file.subject = claims.standard.subject;
    file.issuer = claims.standard.issuer;
    file.expires = claims.standard.expires;
    file.digest = sha256_hex(token);
    file.problems = validate(claims, now_);
    return claims;
  }

  void check_operator() {
    auto& file = begin(where_.operator_file(), "operator", where_.operator_name());
    std::error_code code;
    if (!fs::exists(where_.marker_file(), code))
      say(file, warning, "the marker " + where_.marker_file() + " is missing; nsc wants it");
    auto claims = read(file, decode_operator_jwt);
    if (!claims)
      return;
    owner_ = *claims;
    file.issuer_name = "itself";
    auto& signers = claims->signing_keys;
    if (file.issuer != file.subject)
      file.issuer_name = "operator signing key";
    if (file.issuer != file.subject
        && std::find(signers.begin(), signers.end(), file.issuer) == signers.end())
      say(file, blocking, "its issuer is none of its own keys");
    if (claims->standard.name != file.name)
      say(file, warning, "the JWT calls it \"" + claims->standard.name + "\"");
  }

  void check_account(const std::string& name) {
    auto& file = begin(where_.account_file(name), "account", name);
    auto claims = read(file, decode_account_jwt);
    if (!claims)
      return;
    auto keys = keys_for_accounts(owner_);
    file.issuer_name = file.issuer == owner_.standard.subject ? "operator" : "operator signing key";
    if (std::find(keys.begin(), keys.end(), file.issuer) == keys.end()) {
      file.issuer_name = "a stranger";
      say(file, blocking,
          file.issuer == owner_.standard.subject
              ? "the operator is strict: one of its signing keys must sign, not its identity"
              : "its issuer is no key of operator " + where_.operator_name());
    }
    if (claims->standard.name != name)
      say(file, warning, "the JWT calls it \"" + claims->standard.name + "\"");
    for (const auto& [other, known] : accounts_)
      if (known.standard.subject == file.subject)
        say(file, blocking, "is the same account as " + where_.account_file(other));
    accounts_.emplace(name, std::move(*claims));
  }

  void check_sharing() {
    std::vector<account_claims> all;
    for (const auto& [name, claims] : accounts_)
      all.push_back(claims);
    auto shared = share_all(all, owner_.strict_signing_keys, now_);
    for (auto& file : out_) {
      auto result = file.kind == "account" ? shared.find(file.subject) : nullptr;
      if (!result)
        continue;
      for (const auto& refused : result->refused_imports)
        say(file, blocking, refused.reason);
      for (const auto& refused : result->refused_exports)
        say(file, blocking, refused.reason);
    }
  }

  void check_user(const std::string& account_name, const account_claims& account,
                  const std::string& name) {
    auto& file = begin(where_.user_file(account_name, name), "user", account_name + "/" + name);
    auto claims = read(file, decode_user_jwt);
    if (!claims)
      return;
    if (claims->account() != account.standard.subject)
      say(file, blocking, "is a user of account " + claims->account());
    account_trust trust{account, owner_.strict_signing_keys};
    const auto* signer = trust.find_signer(file.issuer);
    if (signer == nullptr) {
      file.issuer_name = "a stranger";
      say(file, blocking, "its issuer may not sign users of account " + account_name);
    } else if (signer->scope) {
      file.issuer_name = "role " + signer->scope->role;
      check_scope(file, *claims, account, *signer->scope);
    } else {
      file.issuer_name =
          file.issuer == account.standard.subject ? "account" : "account signing key";
    }
    if (trust.is_revoked(file.subject, claims->standard.issued_at))
      say(file, blocking, "it is revoked");
    if (claims->limits.bearer && account.limits.disallow_bearer)
      say(file, blocking, "it is a bearer, which the account does not allow");
    if (claims->standard.name != name)
      say(file, warning, "the JWT calls it \"" + claims->standard.name + "\"");
    check_creds(account_name, name, file.digest);
  }

  static void check_scope(checked_file& file, const user_claims& user,
                          const account_claims& account, const user_scope& scope) {
    if (!user.limits.is_empty())
      say(file, blocking, "it has permissions or limits of its own beside its role's");
    auto filled = fill_in(scope.limits,
                          {user.standard.name, user.standard.subject, user.standard.tags,
                           account.standard.name, account.standard.subject, account.standard.tags});
    if (auto* fault = std::get_if<std::string>(&filled))
      say(file, blocking, *fault);
  }

  void check_creds(const std::string& account, const std::string& user, const std::string& digest) {
    auto path = where_.creds_file(account, user);
    std::error_code code;
    if (where_.keys.empty() || !fs::exists(path, code))
      return;
    checked_file file{path, "creds", account + "/" + user, {}, {}, {}, 0, {}, {}};
    std::string why;
    auto text = read_store_file(path, why);
    auto parsed = parse_creds(text ? *text : std::string{});
    if (auto* fault = std::get_if<std::string>(&parsed))
      say(file, blocking, text ? *fault : why);
    else if (sha256_hex(std::get<credentials_text>(parsed).jwt) != digest)
      say(file, warning, "holds another JWT than " + where_.user_file(account, user));
    if (text)
      wipe(*text);
    check_mode(file);
    if (!file.problems.empty())
      out_.push_back(std::move(file));
  }

  static void check_mode(checked_file& file) {
    if (is_open_to_others(file.path))
      say(file, warning, "others can read or change this secret: chmod 600");
  }

  void check_secrets() {
    std::error_code code;
    if (where_.keys.empty())
      return;
    for (fs::recursive_directory_iterator at{where_.keys + "/keys", code}, end; !code && at != end;
         at.increment(code)) {
      if (at->path().extension() != ".nk")
        continue;
      checked_file file{
          at->path().string(), "seed", at->path().stem().string(), {}, {}, {}, 0, {}, {}};
      check_mode(file);
      std::string why;
      auto text = read_store_file(file.path, why);
      auto seed = text ? seed_in(*text) : std::nullopt;
      if (text)
        wipe(*text);
      if (!seed)
        say(file, blocking, text ? "there is no seed in it, or it is damaged" : why);
      else if (seed->kind() != nkey_kind::curve && key_pair{*seed}.public_text() != file.name)
        say(file, blocking, "holds the seed of another key");
      if (!file.problems.empty())
        out_.push_back(std::move(file));
    }
  }

  const store_layout& where_;
  int64_t now_;
  operator_claims owner_;
  std::map<std::string, account_claims> accounts_;
  std::vector<checked_file> out_;
};

} // namespace

std::vector<checked_file> check_store(const store_layout& where, int64_t now) {
  return store_checker{where, now}.run();
}

} // namespace troupe::security
