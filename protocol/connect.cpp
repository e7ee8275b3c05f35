// protocol/connect.cpp: CONNECT's JSON into plain fields.
#include "protocol/connect.hpp"

#include "protocol/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
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

bool equal_fold(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

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

/// The JSON of clients that write what is no UTF-8, or half a surrogate pair: Go's reader, which
/// they were tested with, puts U+FFFD there instead of refusing it.
std::string readable(std::string_view text) {
  std::string out;
  auto escape_at = [&](size_t at) -> unsigned {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u')
      return 0;
    unsigned code = 0;
    auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, code, 16);
    return error == std::errc{} && end == text.data() + at + 6 ? code : 0;
  };
  for (size_t at = 0; at < text.size();) {
    unsigned code = escape_at(at);
    if (code >= 0xd800 && code <= 0xdbff && escape_at(at + 6) >= 0xdc00
        && escape_at(at + 6) <= 0xdfff) {
      out += text.substr(at, 12);
      at += 12;
    } else if (code >= 0xd800 && code <= 0xdfff) {
      out += "\\ufffd";
      at += 6;
    } else if (text[at] == '\\' && at + 1 < text.size()) {
      out += text.substr(at, 2);
      at += 2;
    } else if (auto length = utf8_length(text.substr(at)); length > 0) {
      out += text.substr(at, length);
      at += length;
    } else {
      out += "\xef\xbf\xbd";
      ++at;
    }
  }
  return out;
}

} // namespace

errc parse_connect(std::string_view text, connect_options& into) {
  auto doc = json::parse(text.begin(), text.end(), nullptr, false);
  if (doc.is_discarded())
    doc = json::parse(readable(text), nullptr, false);
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
