// protocol/link_info.cpp: one table of fields per operation, for both ways.
#include "protocol/link_info.hpp"

#include "protocol/lenient_json.hpp"

#include <array>
#include <variant>

namespace troupe::protocol {
namespace {

using json = nlohmann::json;
using texts = std::vector<std::string>;

enum class written : uint8_t { always, if_set };

/// One key and the member that holds it.
template <class T>
struct field {
  std::string_view key;
  std::variant<bool T::*, std::string T::*, int64_t T::*, texts T::*, std::optional<texts> T::*,
               std::optional<link_permissions> T::*>
      member;
  written when = written::if_set;
};

// In the order in which they are sent.
const std::array<field<link_info>, 48> info_fields{{
    {"server_id", &link_info::server_id, written::always},
    {"server_name", &link_info::server_name, written::always},
    {"version", &link_info::version, written::always},
    {"proto", &link_info::proto, written::always},
    {"git_commit", &link_info::git_commit},
    {"go", &link_info::go, written::always},
    {"host", &link_info::host, written::always},
    {"port", &link_info::port, written::always},
    {"headers", &link_info::headers, written::always},
    {"auth_required", &link_info::auth_required},
    {"tls_required", &link_info::tls_required},
    {"tls_verify", &link_info::tls_verify},
    {"max_payload", &link_info::max_payload, written::always},
    {"ip", &link_info::ip},
    {"client_id", &link_info::client_id},
    {"nonce", &link_info::nonce},
    {"cluster", &link_info::cluster},
    {"cluster_dynamic", &link_info::cluster_dynamic},
    {"domain", &link_info::domain},
    {"jetstream", &link_info::jetstream},
    {"connect_urls", &link_info::connect_urls},
    {"ws_connect_urls", &link_info::ws_connect_urls},
    {"connect_info", &link_info::connect_info},
    {"remote_account", &link_info::remote_account},
    {"acc_is_sys", &link_info::acc_is_sys},
    {"ldm", &link_info::ldm},
    {"compression", &link_info::compression},
    {"import", &link_info::import_},
    {"export", &link_info::export_},
    {"lnoc", &link_info::lnoc},
    {"lnocu", &link_info::lnocu},
    {"ln", &link_info::ln},
    {"info_on_connect", &link_info::info_on_connect},
    {"route_pool_size", &link_info::route_pool_size},
    {"route_pool_idx", &link_info::route_pool_idx},
    {"route_account", &link_info::route_account},
    {"route_acc_add_reqid", &link_info::route_acc_add_reqid},
    {"gossip_mode", &link_info::gossip_mode},
    {"gateway", &link_info::gateway},
    {"gateway_urls", &link_info::gateway_urls},
    {"gateway_url", &link_info::gateway_url},
    {"gateway_cmd", &link_info::gateway_cmd},
    {"gateway_cmd_payload", &link_info::gateway_cmd_payload},
    {"gateway_nrp", &link_info::gateway_nrp},
    {"gateway_iom", &link_info::gateway_iom},
    {"api_lvl", &link_info::api_lvl},
    {"leafnode_urls", &link_info::leafnode_urls},
    {"troupe", &link_info::troupe},
}};

const std::array<field<link_connect>, 29> connect_fields{{
    {"echo", &link_connect::echo, written::always},
    {"verbose", &link_connect::verbose, written::always},
    {"pedantic", &link_connect::pedantic, written::always},
    {"version", &link_connect::version},
    {"user", &link_connect::user},
    {"pass", &link_connect::pass},
    {"auth_token", &link_connect::auth_token},
    {"jwt", &link_connect::jwt},
    {"nkey", &link_connect::nkey},
    {"sig", &link_connect::sig},
    {"tls_required", &link_connect::tls_required, written::always},
    {"server_id", &link_connect::server_id},
    {"name", &link_connect::name, written::always},
    {"cluster", &link_connect::cluster, written::always},
    {"cluster_dynamic", &link_connect::cluster_dynamic},
    {"headers", &link_connect::headers, written::always},
    {"lnoc", &link_connect::lnoc},
    {"lnocu", &link_connect::lnocu},
    {"ln", &link_connect::ln},
    {"gateway", &link_connect::gateway},
    {"lang", &link_connect::lang},
    {"is_hub", &link_connect::is_hub},
    {"deny_pub", &link_connect::deny_pub},
    {"isolate", &link_connect::isolate},
    {"compress_mode", &link_connect::compress_mode},
    {"remote_account", &link_connect::remote_account},
    {"protocol", &link_connect::protocol},
    {"domain", &link_connect::domain},
    {"jetstream", &link_connect::jetstream},
}};

// -- to JSON

template <class T>
bool is_set(const T& value) {
  if constexpr (requires { value.empty(); })
    return !value.empty();
  else if constexpr (requires { value.has_value(); })
    return value.has_value();
  else
    return value != T{};
}

void put(nlohmann::ordered_json& out, const auto& value) {
  out = value;
}
void put(nlohmann::ordered_json& out, const std::optional<texts>& value) {
  out = *value;
}
void put(nlohmann::ordered_json& out, const std::optional<link_permissions>& value) {
  out = nlohmann::ordered_json::object();
  if (!value->allow.empty())
    out["allow"] = value->allow;
  if (!value->deny.empty())
    out["deny"] = value->deny;
}

template <class T, size_t N>
std::string write(const T& of, const std::array<field<T>, N>& fields) {
  nlohmann::ordered_json out;
  for (const auto& each : fields)
    std::visit(
        [&](auto member) {
          if (each.when == written::always || is_set(of.*member))
            put(out[std::string{each.key}], of.*member);
        },
        each.member);
  // Names and addresses may hold any bytes: replace what is no UTF-8 rather than throw.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

// -- from JSON

// Each returns an empty text, or what the value should have been.

std::string_view take(const json& value, bool& into) {
  if (!value.is_boolean())
    return "true or false";
  into = value.get<bool>();
  return {};
}

std::string_view take(const json& value, std::string& into) {
  if (!value.is_string())
    return "a text";
  into = value.get<std::string>();
  return {};
}

std::string_view take(const json& value, int64_t& into) {
  if (!value.is_number_integer()
      || (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)))
    return "a whole number";
  into = value.get<int64_t>();
  return {};
}

std::string_view take(const json& value, texts& into) {
  texts read;
  if (!value.is_array())
    return "a list of texts";
  for (const auto& each : value)
    if (!each.is_string())
      return "a list of texts";
    else
      read.push_back(each.get<std::string>());
  into = std::move(read);
  return {};
}

std::string_view take(const json& value, std::optional<texts>& into) {
  texts read;
  auto wrong = take(value, read);
  if (wrong.empty())
    into = std::move(read);
  return wrong;
}

std::string_view take(const json& value, std::optional<link_permissions>& into) {
  constexpr std::string_view wanted = "an object with the lists \"allow\" and \"deny\"";
  if (!value.is_object())
    return wanted;
  link_permissions read;
  for (const auto& [key, list] : value.items()) {
    auto* side = equal_fold(key, "allow")  ? &read.allow
                 : equal_fold(key, "deny") ? &read.deny
                                           : nullptr;
    if (side != nullptr && !list.is_null() && !take(list, *side).empty())
      return wanted;
  }
  into = std::move(read);
  return {};
}

template <class T, size_t N>
std::string read(std::string_view text, const std::array<field<T>, N>& fields, T& into) {
  auto doc = parse_lenient(text);
  if (!doc.is_object())
    return "it is no JSON object";
  T result = into;
  for (const auto& item : doc.items()) { // clang captures no structured bindings
    const auto& key = item.key();
    const auto& value = item.value();
    if (value.is_null())
      continue;
    for (const auto& each : fields) {
      if (!equal_fold(key, each.key))
        continue;
      auto wanted =
          std::visit([&](auto member) { return take(value, result.*member); }, each.member);
      if (!wanted.empty())
        return "\"" + std::string{each.key} + "\" is not " + std::string{wanted};
    }
  }
  into = std::move(result);
  return {};
}

} // namespace

std::string info_line(const link_info& info) {
  return "INFO " + write(info, info_fields) + " \r\n";
}

std::string connect_line(const link_connect& connect) {
  return "CONNECT " + write(connect, connect_fields) + "\r\n";
}

std::string parse_link_info(std::string_view json, link_info& into) {
  return read(json, info_fields, into);
}

std::string parse_link_connect(std::string_view json, link_connect& into) {
  return read(json, connect_fields, into);
}

} // namespace troupe::protocol
