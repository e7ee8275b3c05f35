// test/federation/mesh_judge.hpp: the model: who should get what, once.
#pragma once

#include "test/federation/mesh_plan.hpp"
#include "test/federation/mesh_world.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::test {

/// Knows nothing of links: a message goes to each plain subscription of its account that matches,
/// and to one member of each queue group; to those of accounts that take it as a stream as well, as
/// if they were there; as a request to the account whose service it is, and so do the answers come
/// back. While interest or links change it may miss somebody, but
/// nobody gets it twice, and nobody who should not.
class mesh_judge {
public:
  /// `uplinks`: so many members of one leaf site may have a hub each. `trees`: by broker, of
  /// tree_of(); empty: none is in one. `pool`: as the plan's; 0 as well if no site has two members.
  explicit mesh_judge(std::vector<mesh_share> shares = {}, size_t uplinks = 1,
                      std::vector<uint32_t> trees = {}, uint32_t pool = 0);

  /// Before the world is told of the step. `idle`: nothing is on its way there.
  void expect(const mesh_step& step, bool idle);
  /// After a step that settled: what is wrong with what was heard since the last one; empty:
  /// nothing.
  std::string judge(const std::vector<mesh_delivery>& heard);

private:
  struct message {
    mesh_step said;
    bool exact = false; ///< all who matched then must get it
    /// Who matched then, and how often he is to get it: each share that leads to him counts.
    std::map<uint32_t, size_t> plain;
    std::map<std::string, std::set<uint32_t>> groups;
  };
  /// How a message comes to an account: its subject there, and whose queue groups have it.
  struct way {
    std::string subject;
    std::string groups;
    const mesh_share* by = nullptr; ///< null: it was published there
  };

  void publish(const mesh_step& step);
  /// `shares`: by number, those that count.
  std::vector<way> ways_to(const mesh_step& what, const mesh_step& sub,
                           const std::set<size_t>& shares) const;
  bool are_in_one_tree(const mesh_step& one, const mesh_step& other) const;
  bool shared_with(const mesh_delivery& one) const;
  size_t possible_hops(const message& what) const;
  uint32_t lane_of(uint32_t account) const;
  std::string judge_message(const message& what, const std::map<uint32_t, size_t>& by) const;
  std::string judge_order(const std::vector<mesh_delivery>& heard) const;
  std::string judge_answers(const message& what,
                            const std::map<std::string, std::map<uint32_t, size_t>>& all) const;

  std::vector<mesh_share> shares_;
  size_t uplinks_;
  std::vector<uint32_t> trees_;
  uint32_t pool_;
  std::set<size_t> on_;      ///< shares in force
  std::set<size_t> ever_on_; ///< since the last judgement, or still in force
  bool calm_ = false;
  std::map<uint32_t, mesh_step> subscriptions_; ///< in force
  std::map<uint32_t, mesh_step> ever_;          ///< since the last judgement, or still in force
  std::map<uint32_t, message> messages_;        ///< since the last judgement
};

/// Plays a plan; empty, or what went wrong.
std::string play(const mesh_plan& plan, actor_world& stage);

/// A plan that fails, with as few steps as it takes to fail.
mesh_plan shrink(mesh_plan plan, actor_world& stage);

} // namespace troupe::test
