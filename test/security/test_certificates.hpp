// test/security/test_certificates.hpp: a small PKI in a temporary directory, for tests that speak
// TLS.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace troupe::test {

/// Makes the files below when constructed (P-256 keys, a few milliseconds each) and removes them
/// when destroyed. All members are paths of PEM files.
class test_certificates {
public:
  test_certificates();
  ~test_certificates();
  test_certificates(const test_certificates&) = delete;
  test_certificates& operator=(const test_certificates&) = delete;

  /// `name` in the same directory, for files a test writes itself.
  std::string path(std::string_view name) const { return (directory_ / name).string(); }

  const std::string& ca() const { return ca_; }
  /// DNS localhost, IP 127.0.0.1 and ::1; for servers and clients.
  const std::string& server_cert() const { return server_cert_; }
  const std::string& server_key() const { return server_key_; }
  /// E-mail ann@example.com, DNS client.example.com, URI urn:client:7, subject `client_dn`.
  const std::string& client_cert() const { return client_cert_; }
  const std::string& client_key() const { return client_key_; }
  static constexpr std::string_view client_dn = "CN=client,OU=Eng,O=Acme,DC=example,DC=com,C=US";
  /// Like the server's, but ended yesterday.
  const std::string& expired_cert() const { return expired_cert_; }
  const std::string& expired_key() const { return expired_key_; }
  /// An authority nobody else knows, and a client certificate by it.
  const std::string& foreign_ca() const { return foreign_ca_; }
  const std::string& foreign_cert() const { return foreign_cert_; }
  const std::string& foreign_key() const { return foreign_key_; }

private:
  std::filesystem::path directory_;
  std::string ca_, server_cert_, server_key_, client_cert_, client_key_, expired_cert_,
      expired_key_, foreign_ca_, foreign_cert_, foreign_key_;
};

} // namespace troupe::test
