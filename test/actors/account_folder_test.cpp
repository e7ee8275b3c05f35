// test/actors/account_folder_test.cpp: the folder of a full or a cache resolver.
#include "actors/account_source.hpp"
#include "actors/folder_watch.hpp"
#include "security/key_pair.hpp"
#include "security/store_layout.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace troupe;
using namespace troupe::actors;
namespace fs = std::filesystem;

namespace {

struct folder_world {
  folder_world() {
    auto pattern = (fs::temp_directory_path() / "troupe-folder-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    dir = pattern;
  }
  ~folder_world() {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }

  std::unique_ptr<account_source> open(folder_settings settings = {}) const {
    settings.dir = dir.string();
    auto opened = open_folder(std::move(settings));
    REQUIRE(std::holds_alternative<std::unique_ptr<account_source>>(opened));
    return std::move(std::get<std::unique_ptr<account_source>>(opened));
  }
  void write(const std::string& key, std::string_view text) const {
    std::ofstream{dir / (key + ".jwt")} << text;
  }
  static std::string make_key() {
    return security::key_pair::create(security::nkey_kind::account).public_text();
  }

  fs::path dir;
  const std::string a = make_key(), b = make_key();
};

} // namespace

TEST_CASE_FIXTURE(folder_world, "each look tells what is new, changed or gone since the last") {
  write(a, "one");
  auto source = open();
  auto news = source->look(0);
  REQUIRE(news.changed.size() == 1);
  CHECK(news.changed[0].account == a);
  CHECK(news.changed[0].jwt == "one");
  CHECK(source->look(0).changed.empty());
  write(a, "three");
  write(b, "two");
  CHECK(source->look(0).changed.size() == 2);
  fs::remove(dir / (a + ".jwt"));
  CHECK(source->look(1).removed == std::vector<std::string>{a});
}

TEST_CASE_FIXTURE(folder_world, "a folder that has gone for a moment takes no account with it") {
  write(a, "one");
  auto source = open();
  source->look(0);
  fs::rename(dir, dir.string() + ".away");
  auto news = source->look(0);
  CHECK(news.removed.empty());
  CHECK(news.problems.size() == 1);
  CHECK(source->look(0).problems.empty()); // said once
  fs::rename(dir.string() + ".away", dir);
  CHECK(source->look(0).removed.empty());
}

TEST_CASE_FIXTURE(folder_world, "a file that is not named after an account is named once") {
  write("README", "hello");
  auto source = open();
  CHECK(source->look(0).problems.size() == 1);
  CHECK(source->look(0).problems.empty());
}

TEST_CASE_FIXTURE(folder_world, "what is kept is no news, and can be read back") {
  auto source = open();
  source->look(0);
  CHECK(source->keep(a, "one") == "");
  CHECK(source->look(0).changed.empty());
  CHECK(source->read(a) == "one");
  CHECK(!source->read(b));
}

TEST_CASE_FIXTURE(folder_world, "a key that names another place is no key") {
  std::ofstream{dir / "secret.jwt"} << "x";
  auto source = open();
  for (auto key : {"secret", "../secret", "", "."})
    CHECK(!source->read(key));
  source->drop("secret");
  CHECK(fs::exists(dir / "secret.jwt"));
}

TEST_CASE_FIXTURE(folder_world, "a full folder takes changes, but no further account") {
  folder_settings one;
  one.limit = 1;
  auto source = open(one);
  CHECK(source->keep(a, "one") == "");
  CHECK(source->keep(b, "two") == "jwt store is full");
  CHECK(source->keep(a, "three") == "");
}

TEST_CASE_FIXTURE(folder_world,
                  "a dropped account's file is put aside, or removed if that is asked") {
  auto source = open();
  source->keep(a, "one");
  source->drop(a);
  CHECK(!fs::exists(dir / (a + ".jwt")));
  CHECK(fs::exists(dir / (a + ".jwt.deleted")));
  folder_settings hard;
  hard.hard_delete = true;
  auto other = open(hard);
  other->keep(b, "two");
  other->drop(b);
  CHECK(!fs::exists(dir / (b + ".jwt.deleted")));
}

TEST_CASE_FIXTURE(folder_world, "a watched folder has changed when a file came, changed or went") {
  folder_watch watch;
  watch.follow({dir.string()});
  CHECK(!watch.changed());
  write(a, "one");
  CHECK(watch.changed());
  CHECK(!watch.changed());
  fs::remove(dir / (a + ".jwt"));
  CHECK(watch.changed());
  watch.follow({});
  watch.changed();
  write(b, "two");
  CHECK(!watch.changed());
}
