// security/claims.cpp: what can be said of claims of any kind.
#include "security/claims.hpp"

#include <array>

namespace troupe::security {
namespace {

bool is_empty(const permission_list& list) noexcept {
  return list.allow.empty() && list.deny.empty();
}

} // namespace

account_limit_claims account_limit_claims::unlimited() {
  account_limit_claims out;
  out.subscriptions = out.data = out.payload = -1;
  out.imports = out.exports = out.connections = out.leafnodes = -1;
  out.wildcard_exports = true;
  return out;
}

bool user_limits::is_empty() const noexcept {
  return security::is_empty(permissions.publish) && security::is_empty(permissions.subscribe)
         && !permissions.responses && sources.empty() && times.empty() && times_location.empty()
         && subscriptions == 0 && data == 0 && payload == 0 && !bearer && !proxy_required
         && connection_types.empty();
}

user_limits user_limits::unlimited() {
  user_limits out;
  out.subscriptions = out.data = out.payload = -1;
  return out;
}

std::string_view kind_of(const claims& any) noexcept {
  static constexpr std::array<std::string_view, std::variant_size_v<claims>> names{
      "operator",
      "account",
      "user",
      "activation",
      "authorization_request",
      "authorization_response",
      "generic"};
  return names[any.index()];
}

const standard_claims& standard_of(const claims& any) noexcept {
  return *std::visit([](const auto& kind) { return &kind.standard; }, any);
}

} // namespace troupe::security
