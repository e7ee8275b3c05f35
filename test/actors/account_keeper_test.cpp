// test/actors/account_keeper_test.cpp: how accounts follow their files, and their operator.
#include "actors/account_keeper.hpp"
#include "actors/account_policy.hpp"
#include "actors/destination.hpp"
#include "actors/log.hpp"
#include "actors/subscription.hpp"
#include "security/account_store.hpp"
#include "security/store_layout.hpp"
#include "test/security/trust_world.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

using namespace troupe;
using namespace troupe::security;
using namespace troupe::security::test;
namespace fs = std::filesystem;

namespace {

/// A folder, and the log in a file of it.
struct keeper_world : trust_world {
  keeper_world() {
    auto pattern = (fs::temp_directory_path() / "troupe-keeper-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    config::logging to;
    to.file = (folder / "log").string();
    actors::log::open(to);
  }
  ~keeper_world() {
    actors::log::open(config::logging{});
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  void open(const config::options& options) {
    auto made = actors::set_up_operators(options, noon);
    if (auto* problems = std::get_if<std::vector<std::string>>(&made))
      FAIL(problems->front());
    keeper = std::make_unique<actors::account_keeper>(
        registry, operators, std::move(std::get<actors::operator_setup>(made)), options);
    keeper->load(noon);
  }
  static void write(const fs::path& file, std::string_view text) {
    REQUIRE(write_store_file(file.string(), text) == "");
  }
  const std::string& id() const { return account.public_text(); }
  account_trust_ptr trust_of(const std::string& key) const {
    auto found = registry.find(key);
    return found ? found->policy()->trust : account_trust_ptr{};
  }
  /// How often the log says so.
  size_t said(std::string_view words) const {
    std::ifstream in{folder / "log"};
    std::string all{std::istreambuf_iterator<char>{in}, {}};
    size_t out = 0;
    for (auto at = all.find(words); at != all.npos; at = all.find(words, at + 1))
      ++out;
    return out;
  }

  fs::path folder;
  key_pair sys = key_pair::create(nkey_kind::account);
  actors::account_registry registry{1, sys.public_text()};
  actors::current_operators operators;
  std::unique_ptr<actors::account_keeper> keeper;
};

/// An operator's store, in which the account acme and the system account lie.
struct store_world : keeper_world {
  store_world() {
    op_claims.system_account = sys.public_text();
    layout.store = (folder / "OPS").string();
    write_operator(op);
    write(layout.account_file("acme"), signed_jwt(account_claims_, op_signing));
    auto said = account_claims_;
    said.standard.subject = sys.public_text();
    write(layout.account_file("SYS"), signed_jwt(said, op_signing));
  }
  void write_operator(const key_pair& by) {
    write(layout.operator_file(), signed_jwt(op_claims, by));
  }
  void open() {
    config::options options;
    options.operators.store = layout.store;
    keeper_world::open(options);
  }

  store_layout layout;
};

/// The folder of a cache for two accounts, which forgets who is not used for a minute.
struct cache_world : keeper_world {
  cache_world() {
    config::options options;
    options.system_account = sys.public_text();
    options.operators.operators = {signed_jwt(op_claims, op)};
    auto& resolver = options.operators.resolver;
    resolver.type = "cache";
    resolver.dir = (folder / "jwts").string();
    resolver.limit = 2;
    resolver.ttl = std::chrono::minutes{1};
    open(options);
  }
  /// Another broker has it.
  std::string add(const key_pair& key) {
    auto said = account_claims_;
    said.standard.subject = key.public_text();
    auto taken = keeper->accept(signed_jwt(said, op), key.public_text(), "a test", noon);
    CHECK(taken.what == actors::account_book::entry::result::taken);
    return key.public_text();
  }
  bool is_stored(const std::string& key) const {
    return fs::exists(folder / "jwts" / (key + ".jwt"));
  }
};

/// The folder of a full resolver.
struct full_world : keeper_world {
  full_world() {
    config::options options;
    options.system_account = sys.public_text();
    options.operators.operators = {signed_jwt(op_claims, op)};
    options.operators.resolver.type = "full";
    options.operators.resolver.dir = (folder / "jwts").string();
    open(options);
  }
  fs::path file() const { return folder / "jwts" / (id() + ".jwt"); }
};

} // namespace

TEST_CASE_FIXTURE(store_world, "an operator that becomes strict is so to accounts known already") {
  open();
  REQUIRE(trust_of(id()));
  CHECK(trust_of(id())->find_signer(id()) != nullptr);
  op_claims.strict_signing_keys = true;
  write_operator(op);
  keeper->tick(noon + 10);
  REQUIRE(trust_of(id()));
  CHECK(trust_of(id())->find_signer(id()) == nullptr);
  CHECK(trust_of(id())->find_signer(account_signing.public_text()) != nullptr);
  op_claims.strict_signing_keys = false;
  write_operator(op);
  keeper->tick(noon + 20);
  CHECK(trust_of(id())->find_signer(id()) != nullptr);
}

TEST_CASE_FIXTURE(store_world, "why an account is refused is one line, as it would be spoken") {
  for (auto* subject : {"orders.new", "orders.new", "a.\"b\nc\"", "a.\"b\nc\""}) {
    auto& one = account_claims_.exports.emplace_back();
    one.subject = subject;
    one.kind = share_kind::service;
  }
  write(layout.account_file("acme"), signed_jwt(account_claims_, op_signing));
  open();
  CHECK(said("account " + id() + " is not served: ") == 1);
  CHECK(said(R"(the subject "orders.new" is exported twice)") == 1);
  CHECK(said(R"(the subject "a.\"b\x0ac\"" is exported twice)") == 1);
  CHECK_MESSAGE(said("\nc") == 0, "nobody writes lines of his own into the log");
}

TEST_CASE_FIXTURE(store_world, "an account that was refused is served when the operator gets the "
                               "key that signed it") {
  auto second = key_pair::create(nkey_kind::operator_key);
  account_claims_.standard.subject = other.public_text();
  write(layout.account_file("late"), signed_jwt(account_claims_, second));
  open();
  CHECK(!trust_of(other.public_text()));
  CHECK(said("which no trusted operator vouches for") == 1);
  op_claims.signing_keys.push_back(second.public_text());
  write_operator(op);
  keeper->tick(noon + 10);
  CHECK(trust_of(other.public_text()));
  CHECK(trust_of(id()));
}

TEST_CASE_FIXTURE(store_world, "the system account stays without trust when its signer is dropped, "
                               "and gets it back") {
  std::vector<std::string> changed;
  registry.listen({}, [&](const auto& which) { changed.push_back(which->name); });
  open();
  REQUIRE(trust_of(sys.public_text()));
  changed.clear();
  auto all = op_claims.signing_keys;
  op_claims.signing_keys.clear();
  write_operator(op);
  keeper->tick(noon + 10);
  CHECK(registry.find(sys.public_text()) == registry.system);
  CHECK(!trust_of(sys.public_text()));
  CHECK(std::find(changed.begin(), changed.end(), sys.public_text()) != changed.end());
  CHECK(!keeper->serves(sys.public_text(), noon + 10));
  op_claims.signing_keys = all;
  write_operator(op);
  keeper->tick(noon + 20);
  CHECK(trust_of(sys.public_text()));
}

TEST_CASE_FIXTURE(store_world, "an operator's JWT makes way for another one of the same operator, "
                               "signed by a key in force, and for no other") {
  open();
  SUBCASE("a stranger's") {
    op_claims.standard.subject = foreign_op.public_text();
    write_operator(foreign_op);
  }
  SUBCASE("signed by a key that it brings along itself") {
    op_claims.signing_keys.push_back(foreign_op.public_text());
    write_operator(foreign_op);
  }
  keeper->tick(noon + 10);
  keeper->tick(noon + 20);
  CHECK(said("The operator's new JWT is not used") == 1);
  CHECK(!operators.now()->is_trusted_issuer(foreign_op.public_text()));
  CHECK(trust_of(id()));
  op_claims.standard.subject = op.public_text();
  write_operator(op_signing);
  keeper->tick(noon + 30);
  CHECK(said("The operator has a new JWT") == 1);
}

TEST_CASE_FIXTURE(store_world, "a store whose folder cannot be read for a moment loses nobody") {
  open();
  const auto folder_of_accounts = layout.accounts_folder();
  fs::rename(folder_of_accounts, layout.store + "/elsewhere");
  keeper->tick(noon + 10);
  keeper->tick(noon + 20);
  CHECK(trust_of(id()));
  CHECK(said("the accounts stay as they are") == 1);
  fs::rename(layout.store + "/elsewhere", folder_of_accounts);
  keeper->tick(noon + 30);
  CHECK(trust_of(id()));
  fs::rename(folder_of_accounts, layout.store + "/elsewhere"); // a new story, to be told again
  keeper->tick(noon + 40);
  CHECK(said("the accounts stay as they are") == 2);
}

TEST_CASE_FIXTURE(keeper_world, "a reload leaves the resolver that the operator named") {
  config::options options;
  options.operators.operators = {signed_jwt(op_claims, op)};
  auto started = options;
  started.operators.resolver.type = "url"; // as set_up_operators() takes it from the JWT
  started.operators.resolver.url = "http://127.0.0.1:1/accounts/";
  actors::operator_setup setup;
  setup.trust = std::make_shared<const operator_trust>(trust());
  setup.source = std::make_unique<actors::url_source>();
  actors::account_keeper one{registry, operators, std::move(setup), started};
  one.load(noon);
  one.reload(options, noon);
  CHECK(one.resolver().url == "http://127.0.0.1:1/accounts/");
}

TEST_CASE_FIXTURE(store_world, "the digest of a broker is that of its store, also after a change") {
  open();
  auto of_store = [&] {
    return std::get<account_store>(account_store::open(layout.store)).digest();
  };
  auto first = operators.digest();
  CHECK(first == of_store());
  account_claims_.limits.connections = 3;
  write(layout.account_file("acme"), signed_jwt(account_claims_, op, noon));
  keeper->tick(noon + 10);
  CHECK(operators.digest() != first);
  CHECK(operators.digest() == of_store());
}

TEST_CASE_FIXTURE(store_world, "an account removed before it was valid does not come to life") {
  account_claims_.standard.not_before = noon + 15;
  write(layout.account_file("acme"), signed_jwt(account_claims_, op));
  open();
  CHECK(!trust_of(id()));
  SUBCASE("") {
    fs::remove(layout.account_file("acme"));
    keeper->tick(noon + 10);
    keeper->tick(noon + 15);
    CHECK(!trust_of(id()));
  }
  SUBCASE("one that stays does") {
    keeper->tick(noon + 14);
    CHECK(!trust_of(id()));
    keeper->tick(noon + 15);
    CHECK(trust_of(id()));
  }
}

TEST_CASE_FIXTURE(full_world, "an account deleted before it was valid does not come to life") {
  account_claims_.standard.not_before = noon + 15;
  write(file(), signed_jwt(account_claims_, op));
  keeper->tick(noon + 10);
  CHECK(keeper->remove(id()));
  CHECK(!fs::exists(file()));
  keeper->tick(noon + 15);
  CHECK(!trust_of(id()));
  CHECK(!keeper->remove(id()));
}

TEST_CASE_FIXTURE(full_world,
                  "expiry takes the file of the JWT that expired, not its successor's") {
  account_claims_.standard.expires = noon + 15;
  write(file(), signed_jwt(account_claims_, op));
  keeper->tick(noon + 10);
  REQUIRE(trust_of(id()));
  SUBCASE("alone") {
    keeper->tick(noon + 15);
    CHECK(!fs::exists(file()));
  }
  SUBCASE("written after the last look") {
    account_claims_.standard.expires = noon + 1000;
    auto next = signed_jwt(account_claims_, op, noon);
    write(file(), next);
    keeper->let_expire(noon + 15);
    CHECK(fs::exists(file()));
    keeper->tick(noon + 20);
    CHECK(keeper->serves(id(), noon + 20));
  }
}

TEST_CASE_FIXTURE(cache_world,
                  "a full cache lets go of an account that nobody uses, not of others") {
  auto a = add(account), b = add(other);
  registry.find(a)->connections = 1;
  auto third = add(key_pair::create(nkey_kind::account));
  CHECK(is_stored(a));
  CHECK(!is_stored(b));
  CHECK(!trust_of(b));
  CHECK(is_stored(third));
  CHECK(trust_of(third));
  registry.find(third)->connections = 1; // now all are in use
  auto said = account_claims_;
  said.standard.subject = b;
  auto refused = keeper->accept(signed_jwt(said, op, noon), b, "a test", noon);
  CHECK(refused.reason == "jwt store is full");
  registry.find(a)->connections = registry.find(third)->connections = 0;
}

TEST_CASE_FIXTURE(cache_world, "a full cache lets go of an account that only other brokers need") {
  auto a = add(account), b = add(other);
  registry.find(a)->leafnodes = 1;
  auto nobody = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  auto gone = registry.find(b);
  auto wanted =
      protocol::make_ref<actors::subscription>(gone->interests.share_text("a", ""), "1", nobody);
  REQUIRE(gone->add_interest(wanted));
  auto third = add(key_pair::create(nkey_kind::account));
  CHECK(is_stored(a));
  CHECK(!is_stored(b));
  CHECK(is_stored(third));
  gone->drop_interest(*wanted);
  registry.find(a)->leafnodes = 0;
}

TEST_CASE_FIXTURE(cache_world, "a cache forgets who is not used for its time to live") {
  auto a = add(account), b = add(other);
  keeper->tick(noon + 60); // from here on the time counts
  registry.find(a)->connections = 1;
  keeper->tick(noon + 120);
  CHECK(is_stored(a));
  CHECK(!is_stored(b));
  registry.find(a)->connections = 0;
  keeper->tick(noon + 180);
  CHECK(!is_stored(a));
  CHECK(!trust_of(a));
}

TEST_CASE_FIXTURE(
    cache_world,
    "a cache keeps whom leaf nodes or other brokers need, and whom those import from") {
  auto a = add(account), b = add(other);
  keeper->tick(noon + 60);
  auto both_stay = [&](int64_t now) {
    keeper->tick(now);
    return is_stored(a) && is_stored(b) && trust_of(a) && trust_of(b);
  };
  registry.find(a)->leafnodes = 1;
  auto nobody = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  auto wanted = protocol::make_ref<actors::subscription>(
      registry.find(b)->interests.share_text("a", ""), "1", nobody);
  REQUIRE(registry.find(b)->add_interest(wanted)); // as a route's peer does
  CHECK(both_stay(noon + 180));
  registry.find(b)->drop_interest(*wanted);
  import_claim taken;
  taken.name = taken.subject = "str.>";
  taken.local_subject = "imp.>";
  taken.account = b;
  taken.kind = share_kind::stream;
  account_claims_.imports = {taken};
  CHECK(keeper->missing_exporters().empty());
  keeper->accept(signed_jwt(account_claims_, op, noon), a, "a test", noon);
  CHECK(both_stay(noon + 300));
  registry.find(a)->leafnodes = 0;
  keeper->tick(noon + 420);
  CHECK_FALSE(is_stored(a));
  CHECK_FALSE(is_stored(b));
}

TEST_CASE_FIXTURE(cache_world, "exporters that are not here are named until they come") {
  import_claim taken;
  taken.name = taken.subject = "str.>";
  taken.account = other.public_text();
  taken.kind = share_kind::stream;
  account_claims_.imports = {taken};
  auto a = add(account);
  CHECK(keeper->missing_exporters(a) == std::vector{other.public_text()});
  CHECK(keeper->missing_exporters() == std::vector{other.public_text()});
  account_claims_.imports.clear();
  add(other);
  CHECK(keeper->missing_exporters(a).empty());
  CHECK(keeper->missing_exporters("nobody").empty());
}

TEST_CASE_FIXTURE(keeper_world,
                  "leaf nodes beside gateways need a system account of the operator") {
  config::options options;
  options.leafnodes.port = 7422;
  options.gateway.name = "G1";
  options.gateway.port = 7222;
  options.operators.resolver.type = "memory";
  auto problems = [&] {
    options.operators.operators = {signed_jwt(op_claims, op)};
    auto made = actors::set_up_operators(options, noon);
    auto* said = std::get_if<std::vector<std::string>>(&made);
    return said ? *said : std::vector<std::string>{};
  };
  op_claims.system_account.clear();
  REQUIRE(problems().size() == 1);
  CHECK(problems().front().find("require a system account") != std::string::npos);
  op_claims.system_account = sys.public_text();
  CHECK(problems().empty());
}

TEST_CASE_FIXTURE(cache_world, "the system account stays in a cache, however long nobody uses it") {
  auto system = add(sys);
  keeper->tick(noon + 60);
  keeper->tick(noon + 600);
  CHECK(is_stored(system));
  CHECK(trust_of(system));
}
