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
/// and to one member of each queue group. While interest or links change it may miss somebody, but
/// nobody gets it twice, and nobody who should not.
class mesh_judge {
public:
  /// Before the world is told of the step. `idle`: nothing is on its way there.
  void expect(const mesh_step& step, bool idle);
  /// After a step that settled: what is wrong with what was heard since the last one; empty:
  /// nothing.
  std::string judge(const std::vector<mesh_delivery>& heard);

private:
  struct message {
    mesh_step said;
    bool exact = false;       ///< all who matched then must get it
    std::set<uint32_t> plain; ///< who matched then
    std::map<std::string, std::set<uint32_t>> groups;
  };

  void publish(const mesh_step& step);
  size_t possible_hops(const message& what) const;
  std::string judge_message(const message& what, const std::map<uint32_t, size_t>& by) const;
  std::string judge_order(const std::vector<mesh_delivery>& heard) const;
  std::string judge_answers(const message& what,
                            const std::map<std::string, std::map<uint32_t, size_t>>& all) const;

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
