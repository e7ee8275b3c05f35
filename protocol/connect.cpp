// protocol/connect.cpp: CONNECT's JSON into plain fields.
#include "protocol/connect.hpp"

#include "protocol/lenient_json.hpp"

#include <array>
#include <string>

namespace troupe::protocol {
namespace {

using json = nlohmann::json;

struct flag_field {
  std::string_view name;
  bool connect_options::*member;
};
struct text_field {
  std::string_view name;
  std::string connect_options::*member;
};

constexpr std::array<flag_field, 7> flags{{
    {"verbose", &connect_options::verbose},
    {"pedantic", &connect_options::pedantic},
    {"echo", &connect_options::echo},
    {"headers", &connect_options::headers},
    {"no_responders", &connect_options::no_responders},
    {"tls_required", &connect_options::tls_required},
    {"new_account", &connect_options::new_account},
}};

const std::array<text_field, 11> texts{{
    {"name", &connect_options::name},
    {"lang", &connect_options::lang},
    {"version", &connect_options::version},
    {"user", &connect_options::user},
    {"pass", &connect_options::pass},
    {"auth_token", &connect_options::auth_token},
    {"nkey", &connect_options::nkey},
    {"jwt", &connect_options::jwt},
    {"sig", &connect_options::sig},
    {"proxy_sig", &connect_options::proxy_sig},
    {"account", &connect_options::account},
}};

/// False if the field is known and has another type. JSON null leaves a field as it is.
bool take(std::string_view key, const json& value, connect_options& into) {
  if (value.is_null())
    return true;
  for (const auto& field : flags)
    if (equal_fold(key, field.name)) {
      if (!value.is_boolean())
        return false;
      into.*field.member = value.get<bool>();
      return true;
    }
  for (const auto& field : texts)
    if (equal_fold(key, field.name)) {
      if (!value.is_string())
        return false;
      into.*field.member = value.get<std::string>();
      return true;
    }
  if (equal_fold(key, "protocol")) {
    if (!value.is_number_integer())
      return false;
    into.protocol = value.get<int64_t>();
  }
  return true;
}

} // namespace

errc parse_connect(std::string_view text, connect_options& into) {
  auto doc = parse_lenient(text);
  if (doc.is_null())
    return errc::none; // every field keeps what it has
  if (!doc.is_object())
    return errc::malformed_connect;
  auto result = into;
  for (const auto& [key, value] : doc.items())
    if (!take(key, value, result))
      return errc::malformed_connect;
  into = std::move(result);
  return errc::none;
}

} // namespace troupe::protocol
