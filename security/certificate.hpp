// security/certificate.hpp: what a certificate says about its owner.
#pragma once

#include "security/distinguished_name.hpp"

#include <chrono>
#include <string>
#include <vector>

struct x509_st;
using X509 = x509_st;

namespace troupe::security {

/// Under which names a configured user may be found for a client certificate. In order of
/// precedence (accounts-and-auth.md section 4.7): `names`, `subject` compared as a distinguished
/// name, `subject_texts` compared as text.
struct certificate_identity {
  std::vector<std::string> names; ///< e-mail, then DNS, then URI alternative names
  distinguished_name subject;
  /// The attributes in a fixed order (CN first, C last) with the DC parts appended, then without.
  std::vector<std::string> subject_texts;
};

certificate_identity certificate_names(X509* certificate);

/// RFC 2253 form in UTF-8, most specific part first: "CN=bob,OU=Eng,O=Acme,C=US".
std::string subject_dn(X509* certificate);

/// SHA-256 in 64 lower-case hex digits: of the public key with its type (what `pinned_certs`
/// names), and of the whole certificate.
std::string spki_sha256(X509* certificate);
std::string cert_sha256(X509* certificate);

/// The whole certificate, base64 between BEGIN and END lines.
std::string pem_text(X509* certificate);

/// The last moment at which the certificate is valid.
std::chrono::system_clock::time_point not_after(X509* certificate);

} // namespace troupe::security
