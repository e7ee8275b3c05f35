// test/e2e/callout_service.hpp: an auth callout that a test plays step by step, right or wrong.
#pragma once
#include "operator_site.hpp"

#include "security/claims.hpp"
#include "security/key_pair.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::e2e {

/// One request, with its signature and its xkey header checked.
struct callout_request {
  security::authorization_request_claims said;
  std::string reply;
  std::string xkey; ///< of the server; empty: the request came in clear

  const std::string& user() const { return said.user_nkey; }
  const std::string& server() const { return said.server.id; }
};

class callout_service {
public:
  /// `client` is logged in as one of the callout's users. With `xkey`, requests must be sealed.
  callout_service(std::unique_ptr<site_client> client,
                  std::optional<security::curve_key_pair> xkey = {});

  /// The next request. Throws case_failure if it is not what a server would send.
  callout_request next();
  void answer(const callout_request& to, std::string_view payload);
  /// A fence: the server has taken everything that was answered so far.
  void settle() { client_->until_pong(); }
  site_client& client() { return *client_; }

private:
  std::unique_ptr<site_client> client_;
  std::optional<security::curve_key_pair> xkey_;
};

using user_edit = std::function<void(security::user_claims&)>;
using response_edit = std::function<void(security::authorization_response_claims&)>;

/// A JWT for the user of the request, with everything allowed until `edit` says otherwise.
std::string user_for(const callout_request& asked, const security::key_pair& by,
                     const user_edit& edit = {});
/// An answer that lets in whom `user_jwt` says.
std::string response_with(const callout_request& asked, const std::string& user_jwt,
                          const security::key_pair& by, const response_edit& edit = {});
std::string response_error(const callout_request& asked, const std::string& error,
                           const security::key_pair& by);

} // namespace troupe::e2e
