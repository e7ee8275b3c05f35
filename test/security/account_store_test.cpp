// test/security/account_store_test.cpp: what a store notices, and what a broken file cannot do.
#include "security/account_store.hpp"

#include "security/jwt.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace troupe::security;
namespace fs = std::filesystem;

namespace {

/// An operator in a folder of its own, and its key.
struct store_world {
  store_world() : owner{key_pair::create(nkey_kind::operator_key)} {
    auto pattern = (fs::temp_directory_path() / "store-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    layout.store = root + "/OPS";
    operator_claims what;
    what.standard.name = "OPS";
    what.standard.subject = owner.public_text();
    write(layout.operator_file(), signed_jwt(what));
  }
  ~store_world() {
    std::error_code code;
    fs::remove_all(root, code);
  }

  std::string signed_jwt(claims what, int64_t now = 1000) const {
    return std::get<std::string>(encode_jwt(what, owner, now));
  }
  static void write(const std::string& path, const std::string& text) {
    REQUIRE(write_store_file(path, text) == "");
  }
  std::string put(const std::string& folder, const std::string& key, int64_t connections,
                  int64_t now = 1000) const {
    account_claims what;
    what.standard.name = folder;
    what.standard.subject = key;
    what.limits.connections = connections;
    auto token = signed_jwt(what, now);
    write(layout.account_file(folder), token);
    return token;
  }
  account_store open() const {
    auto opened = account_store::open(layout.store);
    REQUIRE(std::holds_alternative<account_store>(opened));
    return std::get<account_store>(std::move(opened));
  }

  key_pair owner;
  std::string root;
  store_layout layout;
  std::string a = key_pair::create(nkey_kind::account).public_text();
  std::string b = key_pair::create(nkey_kind::account).public_text();
};

using keys = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(store_world, "a refresh tells exactly the accounts that changed, came or went") {
  put("A", a, 1);
  auto store = open();
  CHECK(store.refresh().changed.empty());
  put("A", a, 2);
  put("B", b, 1);
  auto both = a < b ? keys{a, b} : keys{b, a};
  CHECK(store.refresh().changed == both);
  fs::remove_all(layout.accounts_folder() + "/A");
  auto gone = store.refresh();
  CHECK(gone.changed.empty());
  CHECK(gone.removed == keys{a});
  CHECK(store.find(a) == nullptr);
  CHECK(store.find(b) != nullptr);
}

TEST_CASE_FIXTURE(store_world,
                  "a broken file is one problem, keeps the old version and leaves the rest") {
  auto good = put("A", a, 1);
  auto store = open();
  write(layout.account_file("A"), good.substr(0, good.size() / 2));
  put("B", b, 1);
  auto now = store.refresh();
  REQUIRE(now.problems.size() == 1);
  CHECK(now.problems[0].path == layout.account_file("A"));
  CHECK(now.changed == keys{b});
  REQUIRE(store.find(a) != nullptr);
  CHECK(store.find(a)->jwt == good);
  CHECK(store.refresh().problems.size() == 1); // told until it is mended
  write(layout.account_file("A"), good);
  CHECK(store.refresh().problems.empty());
}

TEST_CASE_FIXTURE(store_world, "of two files of one account the later one counts") {
  put("A", a, 1, 1000);
  auto later = put("Z", a, 2, 2000);
  auto store = open();
  auto now = store.refresh();
  REQUIRE(now.problems.size() == 1);
  CHECK(now.problems[0].path == layout.account_file("A"));
  CHECK(store.find(a)->jwt == later);
}

TEST_CASE_FIXTURE(store_world, "equal stores have equal digests, and others have not") {
  put("A", a, 1);
  auto one = open().digest();
  CHECK(one.size() == 64);
  CHECK(open().digest() == one);
  put("A", a, 2);
  CHECK(open().digest() != one);
}

TEST_CASE_FIXTURE(store_world,
                  "without a readable operator there is no store, and the path is named") {
  write(layout.operator_file(), "nothing");
  auto opened = account_store::open(layout.store);
  REQUIRE(std::holds_alternative<std::string>(opened));
  CHECK(std::get<std::string>(opened).find(layout.operator_file()) == 0);
}

TEST_CASE("names that would leave their folder are none") {
  for (auto name : {"", "..", ".x", "a/b", "a\\b", "-a", "a\nb", " a", "a "})
    CHECK_MESSAGE(!why_no_store_name(name).empty(), name);
  CHECK(why_no_store_name("Acme 2 ü").empty());
}

TEST_CASE_FIXTURE(store_world, "a file that cannot be written leaves the old one and no rubbish") {
  auto path = root + "/deep/er/file";
  write(path, "one");
  write(path, "two");
  std::string why;
  CHECK(read_store_file(path, why) == "two");
  size_t entries = 0;
  for ([[maybe_unused]] const auto& one : fs::directory_iterator(root + "/deep/er"))
    ++entries;
  CHECK(entries == 1);
  CHECK(!write_store_file(path + "/below", "x").empty()); // a file is no folder
}
