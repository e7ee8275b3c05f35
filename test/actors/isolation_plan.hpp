// test/actors/isolation_plan.hpp: random accounts that share, clients, and what they say.
#pragma once

#include "test/actors/isolation_model.hpp"

#include <random>
#include <string>

namespace troupe::test {

/// Few tokens and short subjects, so that nearly everything collides with everything.
class isolation_plan {
public:
  explicit isolation_plan(uint64_t seed) : random_{seed} {}

  model::world make_world();
  /// Other exports, imports or mappings for one account.
  void change(model::world& in, size_t account);
  /// With a subscription more, if the client may have it.
  bool add_interest(model::world& in, size_t client);
  model::message make_message(const model::world& in);
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>{0, n - 1}(random_); }
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }

private:
  std::string token();
  std::string literal();
  std::string pattern();
  std::string narrowed(const std::string& wide, const std::string& name, size_t keep);
  std::string literal_of(const std::string& pattern);
  std::string local_for(const std::string& subject);
  model::offer make_offer(const model::world& in);
  void make_imports(model::world& in, size_t account);
  void make_mappings(model::account& of);
  model::rights make_rights();
  std::vector<std::string> patterns(size_t most);

  std::mt19937_64 random_;
  bool upwards_ = true; ///< streams come from accounts before, services from those behind
};

} // namespace troupe::test
