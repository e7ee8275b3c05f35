// security/problem_list.hpp: what the two halves of claims' validation share.
#pragma once

#include "security/claims_validation.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

struct problem_list {
  std::vector<claim_problem> all;
  void add(claim_problem::weight how_bad, std::string text) {
    all.push_back({how_bad, std::move(text)});
  }
  void block(std::string text) { add(claim_problem::weight::blocking, std::move(text)); }
};

/// `what`: who has the subject, at the head of the sentence.
void check_subject(std::string_view subject, std::string_view what, problem_list& found);
void check_permissions(const permission_claims& permissions, problem_list& found);
void check_info(std::string_view description, std::string_view url, problem_list& found);
/// Exports, imports, limits, mappings and the rest that only accounts have.
void check_account(const account_claims& account, problem_list& found);

} // namespace troupe::security
