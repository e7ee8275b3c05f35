// security/claims_validation.hpp: what is wrong with claims that can be read.
#pragma once

#include "security/claims.hpp"

#include <string>
#include <vector>

namespace troupe::security {

/// One thing that does not fit (accounts-and-auth.md section 3.5).
struct claim_problem {
  enum class weight : uint8_t {
    warning,  ///< works, but is not what tools should write
    time,     ///< expired, or not yet valid: it may have been right, or become so
    blocking, ///< the JWT must not be used
  };
  weight how_bad = weight::blocking;
  std::string text;
};

/// All problems at once. `now`: Unix seconds.
std::vector<claim_problem> validate(const operator_claims& what, int64_t now);
std::vector<claim_problem> validate(const account_claims& what, int64_t now);
std::vector<claim_problem> validate(const user_claims& what, int64_t now);
std::vector<claim_problem> validate(const activation_claims& what, int64_t now);
std::vector<claim_problem> validate(const authorization_request_claims& what, int64_t now);
std::vector<claim_problem> validate(const authorization_response_claims& what, int64_t now);
std::vector<claim_problem> validate(const generic_claims& what, int64_t now);
std::vector<claim_problem> validate(const claims& what, int64_t now);

/// The texts of those problems that forbid use now: blocking ones and those of time.
std::vector<std::string> blocking(const std::vector<claim_problem>& problems);

} // namespace troupe::security
