// security/certificate.cpp: reads names, digests and dates out of X.509.
#include "security/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <string_view>

namespace troupe::security {
namespace {

std::string hex(const unsigned char* bytes, size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(size * 2);
  for (size_t i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

std::string text_of(const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0)
    return {};
  std::string out{reinterpret_cast<const char*>(utf8), static_cast<size_t>(size)};
  OPENSSL_free(utf8);
  return out;
}

std::string type_of(const ASN1_OBJECT* object) {
  std::string out;
  if (int nid = OBJ_obj2nid(object); nid != NID_undef) {
    out = OBJ_nid2sn(nid);
  } else {
    std::array<char, 128> dotted{};
    OBJ_obj2txt(dotted.data(), static_cast<int>(dotted.size()), object, 1);
    out = dotted.data();
  }
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

distinguished_name name_of(const X509_NAME* name) {
  distinguished_name out;
  int last_set = -1;
  for (int i = X509_NAME_entry_count(name) - 1; i >= 0; --i) {
    const auto* entry = X509_NAME_get_entry(name, i);
    if (X509_NAME_ENTRY_set(entry) != last_set)
      out.parts.emplace_back();
    last_set = X509_NAME_ENTRY_set(entry);
    out.parts.back().push_back(
        {type_of(X509_NAME_ENTRY_get_object(entry)), text_of(X509_NAME_ENTRY_get_data(entry))});
  }
  for (auto& part : out.parts)
    std::sort(part.begin(), part.end());
  return out;
}

struct fixed_place {
  std::string_view type;
  std::string_view written;
};

/// All values of one type, in the order of the encoding, joined as one part.
std::string joined(const X509_NAME* name, const fixed_place& place) {
  std::string out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const auto* entry = X509_NAME_get_entry(name, i);
    if (type_of(X509_NAME_ENTRY_get_object(entry)) != place.type)
      continue;
    out += out.empty() ? "" : "+";
    out += place.written;
    out += '=';
    out += escape_name_value(text_of(X509_NAME_ENTRY_get_data(entry)));
  }
  return out;
}

std::vector<std::string> fixed_order_texts(const X509_NAME* name) {
  constexpr std::array<fixed_place, 9> places{{{"serialnumber", "SERIALNUMBER"},
                                               {"cn", "CN"},
                                               {"postalcode", "POSTALCODE"},
                                               {"street", "STREET"},
                                               {"st", "ST"},
                                               {"l", "L"},
                                               {"ou", "OU"},
                                               {"o", "O"},
                                               {"c", "C"}}};
  std::string plain;
  for (const auto& place : places)
    if (auto part = joined(name, place); !part.empty())
      plain += (plain.empty() ? "" : ",") + part;
  std::string domains;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const auto* entry = X509_NAME_get_entry(name, i);
    if (type_of(X509_NAME_ENTRY_get_object(entry)) == "dc")
      domains += ",DC=" + escape_name_value(text_of(X509_NAME_ENTRY_get_data(entry)));
  }
  std::vector<std::string> out;
  if (!domains.empty())
    out.push_back(plain.empty() ? domains.substr(1) : plain + domains);
  if (!plain.empty())
    out.push_back(plain);
  return out;
}

} // namespace

certificate_identity certificate_names(X509* certificate) {
  certificate_identity out;
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int wanted : {GEN_EMAIL, GEN_DNS, GEN_URI})
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i)
      if (const auto* name = sk_GENERAL_NAME_value(alternatives, i); name->type == wanted) {
        const auto* text = name->d.ia5;
        out.names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<size_t>(ASN1_STRING_length(text)));
      }
  GENERAL_NAMES_free(alternatives);
  const auto* subject = X509_get_subject_name(certificate);
  out.subject = name_of(subject);
  out.subject_texts = fixed_order_texts(subject);
  return out;
}

std::string subject_dn(X509* certificate) {
  std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  auto size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string{text, static_cast<size_t>(size)} : std::string{};
}

std::string spki_sha256(X509* certificate) {
  unsigned char* der = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size < 0)
    return {};
  std::array<unsigned char, 32> digest{};
  EVP_Digest(der, static_cast<size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return hex(digest.data(), digest.size());
}

std::string cert_sha256(X509* certificate) {
  std::array<unsigned char, 32> digest{};
  X509_digest(certificate, EVP_sha256(), digest.data(), nullptr);
  return hex(digest.data(), digest.size());
}

std::string pem_text(X509* certificate) {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory{BIO_new(BIO_s_mem()), &BIO_free};
  char* text = nullptr;
  if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1)
    return {};
  auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::chrono::system_clock::time_point not_after(X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1)
    return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

} // namespace troupe::security
