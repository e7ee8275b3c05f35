// cli/login.cpp: what is said when a connection opens, and what a refusal means.
#include "cli/login.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::cli {
namespace {

using nlohmann::json;

template <class T>
void take(const json& from, const char* key, T& to) {
  auto at = from.find(key);
  if (at == from.end())
    return;
  if constexpr (std::is_same_v<T, bool>) {
    if (at->is_boolean())
      to = at->template get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (at->is_string())
      to = at->template get<std::string>();
  } else if (at->is_number_integer()) {
    to = at->template get<T>();
  }
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// What stands between the first pair of double quotes after `mark`.
std::string_view quoted_after(std::string_view text, std::string_view mark) {
  auto at = text.find(mark);
  auto open = at == text.npos ? text.npos : text.find('"', at);
  auto end = open == text.npos ? text.npos : text.find('"', open + 1);
  return end == text.npos ? std::string_view{} : text.substr(open + 1, end - open - 1);
}

std::string who(const connect_options& options, const server_address& where) {
  if (options.identity)
    return options.identity->shown;
  const auto& user = options.user.empty() ? where.user : options.user;
  if (!user.empty())
    return fmt::format("user \"{}\"", user);
  if (!options.token.empty() || !where.token.empty())
    return "a token";
  return options.tls_cert.empty() ? "no credentials" : "a client certificate only";
}

problem explain_permission(std::string_view text) {
  if (auto reply = quoted_after(text, "Reply of"); !reply.empty())
    return {fmt::format("permission denied: \"{}\" may not be used as a reply subject", reply),
            "choose another --reply subject"};
  if (auto subject = quoted_after(text, "Publish to"); !subject.empty())
    return {fmt::format("permission denied: this user may not publish to \"{}\"", subject),
            "the user's permissions need this subject under publish"};
  auto subject = quoted_after(text, "Subscription to");
  auto queue = quoted_after(text, "using queue");
  auto in_group = queue.empty() ? "" : fmt::format(" in the queue group \"{}\"", queue);
  return {
      fmt::format("permission denied: this user may not subscribe to \"{}\"{}", subject, in_group),
      "the user's permissions need this subject under subscribe"};
}

} // namespace

bool read_info(std::string_view text, server_info& out) {
  auto info = json::parse(text, nullptr, false);
  if (!info.is_object())
    return false;
  take(info, "server_id", out.id);
  take(info, "server_name", out.name);
  take(info, "version", out.version);
  take(info, "nonce", out.nonce);
  take(info, "max_payload", out.max_payload);
  take(info, "headers", out.headers);
  take(info, "auth_required", out.auth_required);
  take(info, "tls_required", out.tls_required);
  take(info, "tls_available", out.tls_available);
  return true;
}

std::string write_connect(const connect_options& options, const server_address& where,
                          const server_info& info) {
  json connect{{"verbose", false},        {"pedantic", false},
               {"lang", "troupe"},        {"protocol", 1},
               {"version", "0.1.0"},      {"name", options.name},
               {"headers", info.headers}, {"no_responders", info.headers},
               {"echo", options.echo}};
  if (options.identity) {
    const auto& who_we_are = *options.identity;
    if (who_we_are.jwt.empty())
      connect["nkey"] = who_we_are.pair.public_text();
    else
      connect["jwt"] = who_we_are.jwt;
    if (!info.nonce.empty())
      connect["sig"] = who_we_are.sign(info.nonce);
  } else if (!options.user.empty()) {
    connect["user"] = options.user;
    connect["pass"] = options.password;
  } else if (!options.token.empty()) {
    connect["auth_token"] = options.token;
  } else if (!where.user.empty()) {
    connect["user"] = where.user;
    connect["pass"] = where.password;
  } else if (!where.token.empty()) {
    connect["auth_token"] = where.token;
  }
  // A name that is not UTF-8 must not end the program.
  return "CONNECT " + connect.dump(-1, ' ', false, json::error_handler_t::replace) + "\r\n";
}

problem explain_server_error(std::string_view text, const connect_options& options,
                             const server_address& where) {
  auto low = lower(text);
  auto says = [&](std::string_view part) { return low.find(part) != low.npos; };
  if (says("permissions violation"))
    return explain_permission(text);
  if (says("authorization violation") || says("authentication"))
    return {
        fmt::format("{} refuses us: {} (we came with {})", where.show(), text, who(options, where)),
        options.identity ? "does the server know the account and trust its operator? is the user "
                           "revoked, expired or bound to other addresses?"
                         : "check --creds, --user and --password, --token or the URL's "
                           "user:password@"};
  if (says("maximum payload"))
    return {fmt::format("the message is larger than {} allows", where.show()),
            "the server's max_payload is the limit"};
  if (says("maximum connections") || says("maximum account"))
    return {fmt::format("{} has no room: {}", where.show(), text),
            "raise max_connections there or close connections"};
  if (says("invalid subject"))
    return {"the server says that this is not a subject to subscribe to",
            "tokens are separated by single dots; `>` stands last"};
  return {fmt::format("{} says: {}", where.show(), text), ""};
}

problem explain_no_connection(const std::string& why, bool refused, const server_address& where) {
  problem out{fmt::format("cannot connect to {}: {}", where.show(), why), ""};
  if (refused)
    out.hint = fmt::format("is the broker running at {}:{}?", where.host, where.port);
  return out;
}

} // namespace troupe::cli
