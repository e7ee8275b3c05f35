// test/security/store_editor_test.cpp: a store that is changed stays one that brokers and nsc read.
#include "security/store_editor.hpp"

#include "security/account_store.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"
#include "security/operator_trust.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace troupe::security;
namespace fs = std::filesystem;

namespace {

constexpr int64_t noon = 1'700'000'000;

struct workshop {
  workshop() {
    auto name = (fs::temp_directory_path() / "troupe-editor-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    layout = {folder + "/accounts/nats/OPS", folder + "/accounts"};
  }
  ~workshop() { fs::remove_all(folder); }

  store_editor create() {
    auto made = store_editor::create(layout, noon);
    if (auto* wrong = std::get_if<std::string>(&made))
      FAIL(*wrong);
    return std::move(std::get<store_editor>(made));
  }

  static account_claims new_account(store_editor& store, const std::string& name) {
    account_claims out;
    out.standard.name = name;
    out.standard.subject = std::get<key_pair>(store.new_key(nkey_kind::account)).public_text();
    out.limits = account_limit_claims::unlimited();
    REQUIRE(store.save_account(name, out, noon) == "");
    return out;
  }

  static user_claims new_user(store_editor& store, const std::string& name) {
    user_claims out;
    out.standard.name = name;
    out.standard.subject = std::get<key_pair>(store.new_key(nkey_kind::user)).public_text();
    out.limits = user_limits::unlimited();
    return out;
  }

  std::string folder;
  store_layout layout;
};

template <class T>
std::string why(const store_result<T>& result) {
  auto* text = std::get_if<std::string>(&result);
  return text ? *text : std::string{};
}

unsigned mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

} // namespace

TEST_CASE_FIXTURE(workshop, "what is written is what a broker trusts") {
  auto store = create();
  auto account = new_account(store, "acme");
  auto user = new_user(store, "ann");
  REQUIRE(store.save_user(account, "acme", {}, user, noon) == "");
  auto read = account_store::open(layout.store);
  REQUIRE(std::holds_alternative<account_store>(read));
  auto& seen = std::get<account_store>(read);
  CHECK(seen.has_marker());
  REQUIRE(seen.find(account.standard.subject) != nullptr);
  auto trust = operator_trust::make({{seen.operator_jwt()}, {}, {}, {}, {}, {}}, noon);
  REQUIRE(std::holds_alternative<operator_trust>(trust));
  CHECK(std::get<operator_trust>(trust).refusal_of(account, noon) == "");
  CHECK(account.standard.issuer == store.owner().signing_keys.front());
  std::string unread;
  auto creds = read_store_file(layout.creds_file("acme", "ann"), unread);
  REQUIRE(creds);
  CHECK(std::holds_alternative<credentials_text>(parse_creds(*creds)));
}

TEST_CASE_FIXTURE(workshop, "nobody else can read any file or folder of a new store") {
  auto store = create();
  auto account = new_account(store, "acme");
  auto user = new_user(store, "ann");
  REQUIRE(store.save_user(account, "acme", {}, user, noon) == "");
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    CHECK_MESSAGE(mode_of(entry.path()) == (entry.is_directory() ? 0700 : 0600), entry.path());
}

TEST_CASE_FIXTURE(workshop, "a store is made once, and changed by one at a time") {
  {
    auto store = create();
    CHECK(why(store_editor::open(layout, store_use::change)).find("somebody else")
          != std::string::npos);
    CHECK(why(store_editor::open(layout, store_use::read)) == "");
  }
  CHECK(why(store_editor::create(layout, noon)).find("exists already") != std::string::npos);
  CHECK(why(store_editor::open(layout, store_use::change)) == "");
}

TEST_CASE_FIXTURE(workshop, "accounts are found by name and by key, and the others are named") {
  auto store = create();
  auto account = new_account(store, "acme");
  CHECK(why(store.find_account("acme")) == "");
  auto by_key = store.find_account(account.standard.subject);
  REQUIRE(why(by_key) == "");
  CHECK(std::get<named_account>(by_key).name == "acme");
  auto missing = why(store.find_account("acne"));
  CHECK(missing.find("\"acne\"; there are: acme") != std::string::npos);
}

TEST_CASE_FIXTURE(workshop, "a missing key is named with the file where it should be") {
  auto store = create();
  auto account = new_account(store, "acme");
  fs::remove(layout.seed_file(store.owner().signing_keys.front()));
  // not strict: the identity takes over
  CHECK(store.save_account("acme", account, noon) == "");
  CHECK(account.standard.issuer == store.owner().standard.subject);
  fs::remove(layout.seed_file(store.owner().standard.subject));
  auto wrong = store.save_account("acme", account, noon);
  CHECK(wrong.find(layout.seed_file(store.owner().standard.subject)) != std::string::npos);
  CHECK(wrong.find(store.owner().signing_keys.front()) != std::string::npos);
}

TEST_CASE_FIXTURE(workshop, "a seed under another key's name signs nothing") {
  auto store = create();
  auto one = std::get<key_pair>(store.new_key(nkey_kind::account)).public_text();
  auto other = std::get<key_pair>(store.new_key(nkey_kind::account)).public_text();
  fs::copy_file(layout.seed_file(other), layout.seed_file(one),
                fs::copy_options::overwrite_existing);
  CHECK(why(store.find_key(one)).find("holds the seed of " + other) != std::string::npos);
}

TEST_CASE_FIXTURE(workshop, "claims that no broker would take are not written") {
  auto store = create();
  auto account = new_account(store, "acme");
  std::string unread;
  auto before = read_store_file(layout.account_file("acme"), unread);
  account.exports.push_back({});
  account.exports.back().subject = "a..b";
  auto wrong = store.save_account("acme", account, noon);
  CHECK(wrong.find("acme.jwt is not written") != std::string::npos);
  CHECK(wrong.find("a..b") != std::string::npos);
  CHECK(read_store_file(layout.account_file("acme"), unread) == before);
}

TEST_CASE_FIXTURE(workshop, "users of a role are signed by its key, and by no other") {
  auto store = create();
  auto account = new_account(store, "acme");
  auto scoped = std::get<key_pair>(store.new_key(nkey_kind::account)).public_text();
  account.signing_keys = {{scoped, user_scope{"reader", {}, user_limits::unlimited(), {}, {}}}};
  REQUIRE(store.save_account("acme", account, noon) == "");
  auto signer = store.key_for_users(account, "reader");
  REQUIRE(why(signer) == "");
  CHECK(std::get<key_pair>(signer).public_text() == scoped);
  CHECK(std::get<key_pair>(store.key_for_users(account, {})).public_text()
        == account.standard.subject);
  CHECK(why(store.key_for_users(account, "writer")).find("it has: \"reader\"")
        != std::string::npos);
}
