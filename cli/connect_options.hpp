// cli/connect_options.hpp: how a client tool reaches its server and who it says it is.
#pragma once

#include "cli/address.hpp"
#include "cli/credentials.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace troupe::cli {

struct connect_options {
  std::vector<server_address> servers; ///< tried in order
  std::string user;                    ///< beats the URL's
  std::string password;
  std::string token;
  credentials_ptr identity;    ///< of --creds or --nkey; null: none. Beats the URL's user
  std::string name = "troupe"; ///< shown in the server's monitoring
  std::string tls_ca;          ///< PEM file; empty: the system's authorities
  std::string tls_cert;        ///< our certificate, PEM
  std::string tls_key;         ///< its key, PEM
  bool tls = false;            ///< insist on TLS even if the URL says nats://
  bool tls_first = false;      ///< shake hands before the server's INFO
  bool tls_insecure = false;   ///< do not check the server's certificate
  bool echo = true;            ///< also receive what this connection publishes
  std::chrono::nanoseconds timeout = std::chrono::seconds{5}; ///< for one connect with log-in
};

} // namespace troupe::cli
