// protocol/info.cpp: INFO as JSON; fields without a value are left out.
#include "protocol/info.hpp"

#include <nlohmann/json.hpp>

namespace troupe::protocol {

std::string info_line(const server_info& server, const client_info& client) {
  nlohmann::ordered_json out;
  auto text = [&](const char* key, std::string_view value) {
    if (!value.empty())
      out[key] = value;
  };
  auto flag = [&](const char* key, bool value) {
    if (value)
      out[key] = true;
  };
  out["server_id"] = server.server_id;
  out["server_name"] = server.server_name;
  out["version"] = server.version;
  out["proto"] = 1;
  text("git_commit", server.git_commit);
  out["go"] = server.runtime;
  out["host"] = server.host;
  out["port"] = server.port;
  out["headers"] = server.headers;
  flag("auth_required", server.auth_required);
  flag("tls_required", server.tls_required);
  flag("tls_verify", server.tls_verify);
  flag("tls_available", server.tls_available);
  out["max_payload"] = server.max_payload;
  out["client_id"] = client.client_id;
  text("client_ip", client.client_ip);
  text("nonce", client.nonce);
  text("cluster", server.cluster);
  if (!server.connect_urls.empty())
    out["connect_urls"] = server.connect_urls;
  flag("ldm", server.lame_duck);
  if (client.after_connect) {
    out["connect_info"] = true;
    text("remote_account", client.account);
    flag("acc_is_sys", client.account_is_system);
  }
  text("xkey", server.xkey);
  text("troupe", server.troupe);
  // Names and addresses may hold any bytes: replace what is no UTF-8 rather than throw.
  return "INFO " + out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + " \r\n";
}

} // namespace troupe::protocol
