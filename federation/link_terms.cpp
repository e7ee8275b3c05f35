// federation/link_terms.cpp: the options that all kinds of links share.
#include "federation/link_terms.hpp"

#include "security/password.hpp"

#include <algorithm>

namespace troupe::federation {

namespace {

constexpr auto longest_ping_interval = std::chrono::seconds{30};
constexpr auto usual_auth_timeout = std::chrono::seconds{2};

} // namespace

std::vector<std::string> read_certificates(const std::optional<security::tls_settings>& from,
                                           std::string_view where, link_certificates& out) {
  out = {};
  if (!from)
    return {};
  auto accepting = security::tls_context::build(*from, security::tls_role::server, where);
  auto dialling = security::tls_context::build(*from, security::tls_role::client, where);
  auto problems = std::move(accepting.problems);
  for (auto& each : dialling.problems)
    if (std::find(problems.begin(), problems.end(), each) == problems.end())
      problems.push_back(std::move(each));
  out = {std::move(accepting.context), std::move(dialling.context)};
  return problems;
}

bool is_login(const std::string& user, const std::string& password, const std::string& said_user,
              const std::string& said_password) {
  if (user.empty() && password.empty())
    return true;
  bool right_user = security::matches(user, said_user);
  return security::matches(password, said_password) && right_user;
}

void take_general(const config::options& general, const std::optional<security::tls_settings>& tls,
                  const config::peer_authorization& authorization, link_terms& out) {
  if (tls)
    out.tls_timeout = tls->timeout;
  out.auth_timeout = authorization.timeout.value_or(tls ? tls->timeout + std::chrono::seconds{1}
                                                        : config::nanoseconds{usual_auth_timeout});
  out.ping_interval =
      std::min<config::nanoseconds>(general.timing.ping_interval, longest_ping_interval);
  out.ping_max = general.timing.ping_max;
  out.write_deadline = general.timing.write_deadline;
  out.max_pending = general.limits.max_pending;
  out.parsing.max_control_line = 16 * static_cast<size_t>(general.limits.max_control_line);
  out.parsing.max_payload = -1; // the peer has checked it, and may allow more than we do
}

} // namespace troupe::federation
