// test/security/subject_tree_test.cpp: the tree must agree with the algebra of subjects.
#include "security/subject_tree.hpp"

#include "protocol/subject.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using troupe::security::subject_tree;
using relation = subject_tree::relation;
namespace protocol = troupe::protocol;

namespace {

/// Every valid subscription of up to `depth` tokens over {a, b, *, >}.
std::vector<std::string> all_patterns(int depth) {
  std::vector<std::string> out;
  std::vector<std::string> level{""};
  for (int i = 0; i < depth; ++i) {
    std::vector<std::string> next;
    for (const auto& head : level)
      for (std::string token : {"a", "b", "*", ">"})
        if (auto s = head.empty() ? token : head + "." + token; protocol::is_valid_subscription(s))
          next.push_back(s);
    out.insert(out.end(), next.begin(), next.end());
    level = next;
  }
  return out;
}

} // namespace

TEST_CASE("a tree of one pattern answers what the algebra of two subjects says") {
  auto patterns = all_patterns(4);
  for (const auto& entry : all_patterns(3)) {
    subject_tree tree;
    tree.add(entry, "");
    for (const auto& asked : patterns) {
      INFO("entry " << entry << ", asked " << asked);
      CHECK(tree.find(asked, relation::matches).plain == protocol::matches(asked, entry));
      CHECK(tree.find(asked, relation::contains).plain == protocol::is_subset(asked, entry));
      CHECK(tree.find(asked, relation::overlaps).plain == protocol::overlaps(asked, entry));
    }
  }
}

TEST_CASE("a tree of many patterns finds a match exactly if one of them matches") {
  auto patterns = all_patterns(3);
  for (size_t skip = 2; skip < 9; ++skip) {
    subject_tree tree;
    std::vector<std::string> chosen;
    for (size_t i = skip; i < patterns.size(); i += skip) {
      chosen.push_back(patterns[i]);
      tree.add(patterns[i], "");
    }
    for (const auto& asked : patterns) {
      bool match = false;
      bool inside = false;
      bool overlap = false;
      for (const auto& entry : chosen) {
        match = match || protocol::matches(asked, entry);
        inside = inside || protocol::is_subset(asked, entry);
        overlap = overlap || protocol::overlaps(asked, entry);
      }
      INFO("every " << skip << "th, asked " << asked);
      CHECK(tree.find(asked, relation::matches).plain == match);
      CHECK(tree.find(asked, relation::contains).plain == inside);
      CHECK(tree.find(asked, relation::overlaps).plain == overlap);
    }
  }
}

TEST_CASE("more open branches than fit inline are still all followed") {
  subject_tree tree;
  for (int i = 0; i < 500; ++i)
    tree.add("n" + std::to_string(i) + ".x" + std::to_string(i), "");
  CHECK(tree.find("*.x499", relation::overlaps).plain);
  CHECK_FALSE(tree.find("*.x500", relation::overlaps).plain);
  CHECK(tree.find(">", relation::overlaps).plain);
  CHECK(tree.find("n77.x77", relation::matches).plain);
  CHECK_FALSE(tree.find("n77.x78", relation::matches).plain);
}

TEST_CASE("a pattern of half a million tokens overflows no stack") {
  std::string deep = "a";
  for (int i = 0; i < 500000; ++i)
    deep += ".a";
  subject_tree tree;
  tree.add(deep, "");
  CHECK(tree.find(">", relation::overlaps).plain);
  CHECK(tree.find("a.>", relation::overlaps).plain);
  CHECK(tree.find(deep, relation::matches).plain);
}

TEST_CASE("a queue pattern covers the queues that its wildcards cover") {
  using troupe::security::queue_covers;
  CHECK(queue_covers("q", "q"));
  CHECK(queue_covers("v2.>", "v2.a.b"));
  CHECK(queue_covers("v2.*", "v2.a"));
  CHECK_FALSE(queue_covers("v2.*", "v2.a.b"));
  CHECK_FALSE(queue_covers("v2.>", "v2"));
  CHECK(queue_covers(">", "a..b"));
  CHECK(queue_covers("*", ">"));
  CHECK_FALSE(queue_covers("q", "*"));
}
