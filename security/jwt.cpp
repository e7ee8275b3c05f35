// security/jwt.cpp: three chunks, a header, a signature.
#include "security/jwt.hpp"

#include "security/claims_json.hpp"
#include "security/strict_json.hpp"
#include "security/text_encoding.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <initializer_list>

namespace troupe::security {
namespace {

using json = nlohmann::json;

constexpr std::string_view header_of_ours = R"({"typ":"JWT","alg":"ed25519-nkey"})";
constexpr size_t max_header = 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  auto begin = text.find_first_not_of(blanks);
  return begin == text.npos ? std::string_view{}
                            : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string lower(std::string text) {
  for (auto& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

struct chunks {
  std::string_view header, payload, signature;
  std::string_view signed_by_v2; ///< header and payload with the dot between
};

std::optional<chunks> cut(std::string_view token) {
  auto first = token.find('.'), last = token.rfind('.');
  if (first == token.npos || first == last || token.find('.', first + 1) != last)
    return std::nullopt;
  return chunks{token.substr(0, first), token.substr(first + 1, last - first - 1),
                token.substr(last + 1), token.substr(0, last)};
}

/// What is wrong with the header; else whether its algorithm is that of version 1 in `old`.
std::string fault_of_header(std::string_view encoded, bool& old) {
  if (encoded.size() > max_header)
    return "the header is longer than 1024 letters";
  auto text = from_base64url(encoded);
  if (!text)
    return "the header is not base64url without padding";
  auto parsed = parse_strictly(*text, 2);
  if (auto* problem = std::get_if<std::string>(&parsed))
    return "the header " + *problem;
  const auto& header = std::get<json>(parsed);
  if (!header.is_object())
    return "the header is no JSON object";
  auto text_of = [&](const char* key) {
    auto at = header.find(key);
    return at != header.end() && at->is_string() ? lower(at->get<std::string>()) : std::string{};
  };
  if (text_of("typ") != "jwt")
    return "the header's typ must be JWT";
  auto algorithm = text_of("alg");
  if (algorithm != "ed25519-nkey" && algorithm != "ed25519")
    return "the header's alg must be ed25519-nkey or ed25519; nothing else is verified";
  if (header.contains("crit"))
    return "the header has crit: extensions that must be understood and are not";
  old = algorithm == "ed25519";
  return {};
}

std::initializer_list<nkey_kind> issuers_of(const claims& any) {
  static constexpr std::initializer_list<nkey_kind> operators{nkey_kind::operator_key};
  static constexpr std::initializer_list<nkey_kind> accounts{nkey_kind::account};
  static constexpr std::initializer_list<nkey_kind> both{nkey_kind::account,
                                                         nkey_kind::operator_key};
  static constexpr std::initializer_list<nkey_kind> servers{nkey_kind::server};
  static constexpr std::initializer_list<nkey_kind> everybody{
      nkey_kind::operator_key, nkey_kind::account, nkey_kind::user, nkey_kind::server,
      nkey_kind::cluster};
  if (std::holds_alternative<operator_claims>(any))
    return operators;
  if (std::holds_alternative<user_claims>(any)
      || std::holds_alternative<authorization_response_claims>(any))
    return accounts;
  if (std::holds_alternative<account_claims>(any) || std::holds_alternative<activation_claims>(any))
    return both;
  if (std::holds_alternative<authorization_request_claims>(any))
    return servers;
  return everybody;
}

bool may_issue(const claims& any, nkey_kind kind) {
  auto list = issuers_of(any);
  return std::find(list.begin(), list.end(), kind) != list.end();
}

std::string a_kind(std::string_view kind) {
  bool vowel = std::string_view{"aeio"}.find(kind.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string{kind};
}

/// What `encode_jwt` demands of the subject; nothing for "anything but empty".
std::optional<nkey_kind> subject_of(const claims& any) {
  if (std::holds_alternative<operator_claims>(any))
    return nkey_kind::operator_key;
  if (std::holds_alternative<account_claims>(any) || std::holds_alternative<activation_claims>(any))
    return nkey_kind::account;
  if (std::holds_alternative<user_claims>(any))
    return nkey_kind::user;
  return std::nullopt;
}

jwt_result<claims> decode(std::string_view token, bool as_generic) {
  token = trimmed(token);
  if (token.size() > max_jwt_size)
    return jwt_error{"it is longer than 1 MiB"};
  auto parts = cut(token);
  if (!parts)
    return jwt_error{"it does not have three parts with a dot between them"};
  bool old_algorithm = false;
  if (auto fault = fault_of_header(parts->header, old_algorithm); !fault.empty())
    return jwt_error{fault};
  auto payload = from_base64url(parts->payload);
  if (!payload)
    return jwt_error{"the payload is not base64url without padding"};
  raw_signature signature{};
  auto raw = from_base64url(parts->signature);
  if (!raw || raw->size() != signature.size())
    return jwt_error{"the signature is not 64 bytes of base64url without padding"};
  std::copy(raw->begin(), raw->end(), signature.begin());
  auto read = read_claims(*payload, as_generic);
  if (auto* problem = std::get_if<std::string>(&read))
    return jwt_error{std::move(*problem)};
  auto& out = std::get<claims>(read);
  const auto& standard = standard_of(out);
  auto issuer = decode_public_nkey(standard.issuer);
  if (!issuer || !may_issue(out, issuer->kind))
    return jwt_error{"the issuer is no key that may sign " + a_kind(kind_of(out)) + " JWT"};
  // Version 1 signed the payload alone. Types that are not known say nothing of their version.
  bool generic = std::holds_alternative<generic_claims>(out);
  bool payload_only = generic ? old_algorithm : standard.version == 1;
  if (!verify(*issuer, payload_only ? parts->payload : parts->signed_by_v2, signature))
    return jwt_error{"the signature is not that of the issuer it names"};
  return std::move(out);
}

template <class T>
jwt_result<T> decode_as(std::string_view token) {
  auto any = decode(token, std::is_same_v<T, generic_claims>);
  if (auto* error = std::get_if<jwt_error>(&any))
    return std::move(*error);
  auto& read = std::get<claims>(any);
  if (auto* wanted = std::get_if<T>(&read))
    return std::move(*wanted);
  return jwt_error{"it is " + a_kind(kind_of(read)) + " JWT and not "
                   + a_kind(kind_of(claims{std::in_place_type<T>})) + " JWT"};
}

} // namespace

jwt_result<claims> decode_jwt(std::string_view token) {
  return decode(token, false);
}
jwt_result<operator_claims> decode_operator_jwt(std::string_view token) {
  return decode_as<operator_claims>(token);
}
jwt_result<account_claims> decode_account_jwt(std::string_view token) {
  return decode_as<account_claims>(token);
}
jwt_result<user_claims> decode_user_jwt(std::string_view token) {
  return decode_as<user_claims>(token);
}
jwt_result<activation_claims> decode_activation_jwt(std::string_view token) {
  return decode_as<activation_claims>(token);
}
jwt_result<authorization_request_claims> decode_authorization_request(std::string_view token) {
  return decode_as<authorization_request_claims>(token);
}
jwt_result<authorization_response_claims> decode_authorization_response(std::string_view token) {
  return decode_as<authorization_response_claims>(token);
}
jwt_result<generic_claims> decode_generic_jwt(std::string_view token) {
  return decode_as<generic_claims>(token);
}

jwt_result<std::string> encode_jwt(claims& what, const key_pair& signer, int64_t now) {
  auto& standard = *std::visit([](auto& kind) { return &kind.standard; }, what);
  if (auto kind = subject_of(what); kind && !is_public_nkey(standard.subject, *kind))
    return jwt_error{"the subject of " + a_kind(kind_of(what)) + " JWT must be "
                     + a_kind(to_string(*kind)) + " key"};
  if (standard.subject.empty())
    return jwt_error{"a JWT must have a subject"};
  if (!may_issue(what, signer.kind()))
    return jwt_error{a_kind(to_string(signer.kind())) + " key may not sign " + a_kind(kind_of(what))
                     + " JWT"};
  standard.issuer = signer.public_text();
  standard.issued_at = now;
  standard.version = 2;
  standard.id = jwt_id(standard);
  std::string payload;
  if (!write_claims(what, payload))
    return jwt_error{payload};
  auto out = to_base64url(header_of_ours) + '.' + to_base64url(payload);
  auto signature = signer.sign(out);
  out += '.';
  out += to_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
  if (out.size() > max_jwt_size)
    return jwt_error{"it would be longer than 1 MiB"};
  return out;
}

std::string jwt_id(const standard_claims& standard) {
  std::string text;
  if (!write_for_id(standard, text))
    return {};
  std::array<uint8_t, 32> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha512_256(), nullptr);
  return to_base32(digest);
}

std::optional<std::string> describe_jwt(std::string_view token) {
  token = trimmed(token);
  auto parts = cut(token);
  if (token.size() > max_jwt_size || !parts)
    return std::nullopt;
  auto payload = from_base64url(parts->payload);
  if (!payload)
    return std::nullopt;
  auto parsed = parse_strictly(*payload, max_jwt_depth);
  if (std::holds_alternative<std::string>(parsed))
    return std::nullopt;
  return std::get<json>(parsed).dump(2);
}

} // namespace troupe::security
