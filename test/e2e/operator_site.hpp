// test/e2e/operator_site.hpp: an operator whose accounts change while a broker serves them.
#pragma once
#include "peer_socket.hpp"
#include "security/claims.hpp"
#include "security/key_pair.hpp"
#include "server_process.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::e2e {

int64_t seconds_now();

/// Signs; throws std::invalid_argument if that is refused. Each JWT is a second newer than the one
/// before, so that it counts as newer.
std::string signed_by(security::claims what, const security::key_pair& by);

/// A tenant and one user of it, both with everything allowed.
struct tenant {
  explicit tenant(std::string name);
  security::account_claims claims;
  security::key_pair key = security::key_pair::create(security::nkey_kind::account);
  security::key_pair signing = security::key_pair::create(security::nkey_kind::account);
  security::key_pair user = security::key_pair::create(security::nkey_kind::user);

  const std::string& id() const { return key.public_text(); }
  /// The user's JWT, by the account's own key or by its signing key.
  std::string user_jwt(bool by_signing_key = false,
                       const std::function<void(security::user_claims&)>& edit = {}) const;
};

/// An operator with a system account and two tenants.
struct operator_site {
  operator_site();
  security::key_pair op = security::key_pair::create(security::nkey_kind::operator_key);
  security::key_pair second = security::key_pair::create(security::nkey_kind::operator_key);
  security::key_pair foreign = security::key_pair::create(security::nkey_kind::operator_key);
  security::operator_claims claims;
  tenant system{"SYS"}, acme{"Acme"}, beta{"Beta"};

  std::string operator_jwt() const { return signed_by(claims, op); }
  std::string jwt(const tenant& of) const { return signed_by(of.claims, op); }
};

struct site_message {
  std::string subject, reply, headers, payload;
};

/// A client that speaks the protocol by hand; every wait ends after twenty seconds.
class site_client {
public:
  /// Logs in with the JWT, signing the nonce for `user`.
  site_client(const server_process& server, const std::string& jwt, const security::key_pair& user);
  /// Sends a CONNECT with these members of its JSON object, `"user":"u","pass":"p"`; over TLS if it
  /// is said how. Throws case_failure if there is no handshake.
  site_client(const server_process& server, const std::string& members,
              const std::optional<tls_options>& over = {});
  /// Another one; what it does not mention stays.
  void connect(const std::string& members);
  void send(const std::string& line) { socket_.send(line + "\r\n"); }
  /// The next line without its end, no INFO, PINGs answered; "(closed)" at the end of the stream.
  std::string line();
  /// Sends a PING and answers whatever comes until the PONG, one line each.
  std::string until_pong();
  /// Publishes a request and answers the payload of the response.
  std::string request(const std::string& subject, std::string_view payload);
  /// The next message, with or without headers; whatever else comes first is passed over. Throws
  /// case_failure at the end of the stream.
  site_message message();

private:
  /// Answers the nonce of the INFO.
  std::string take_info();
  std::string exactly(size_t bytes);
  peer_socket socket_;
};

/// Logs in and says what came of it: "+OK", an -ERR line, …
std::string login(const server_process& server, const std::string& jwt,
                  const security::key_pair& user);

} // namespace troupe::e2e
