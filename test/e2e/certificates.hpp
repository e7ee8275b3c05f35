// test/e2e/certificates.hpp: a certificate authority for the life of one test run.
#pragma once
#include <filesystem>

namespace troupe::e2e {
/// Writes ca.pem; server.pem and server-key.pem for 127.0.0.1 and localhost; client.pem and
/// client-key.pem with the e-mail alice@example.com and the subject CN=bob,O=Acme; other.pem and
/// other-key.pem, which nobody signed but themselves; expired.pem and expired-key.pem, as the
/// server's, but only good until a minute ago; fleet.pem and fleet-key.pem for all hosts of
/// ny., tyo., ops. and ldn.example.net. The others are valid from an hour ago for a day.
/// Throws std::runtime_error when OpenSSL refuses.
void write_certificates(const std::filesystem::path& folder);
} // namespace troupe::e2e
