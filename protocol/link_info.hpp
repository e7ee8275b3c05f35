// protocol/link_info.hpp: what servers say of themselves to each other, in INFO and CONNECT.
//
// Source: routes.md sections 3, 4 and 11, gateways.md sections 3, 4 and 10, leafnodes.md sections 3
// and 4. Which field means what on which kind of link stands there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::protocol {

/// Subjects that may pass one way. An empty `allow` allows all.
struct link_permissions {
  std::vector<std::string> allow, deny;
  bool operator==(const link_permissions&) const = default;
};

/// INFO of a route, gateway or leaf node.
struct link_info {
  std::string server_id, server_name, version;
  int64_t proto = 0;
  std::string git_commit, go;
  std::string troupe; ///< our own version, which only Troupe sends
  std::string host;
  int64_t port = 0;
  bool headers = false;
  bool auth_required = false, tls_required = false, tls_verify = false;
  int64_t max_payload = 0; ///< bytes
  std::string ip;          ///< routes: a URL; leaf nodes: host:port
  int64_t client_id = 0;   ///< leaf nodes: the number of the connection, never 0
  std::string nonce;
  std::string cluster;
  bool cluster_dynamic = false; ///< nobody chose `cluster`
  std::string domain;
  bool jetstream = false;
  std::vector<std::string> connect_urls, ws_connect_urls;
  bool connect_info = false; ///< leaf nodes: the answer to CONNECT
  std::string remote_account;
  bool acc_is_sys = false;
  bool ldm = false; ///< going into lame duck mode
  std::string compression;
  std::optional<link_permissions> import_, export_; ///< "import" and "export"
  bool lnoc = false, lnocu = false, ln = false;     ///< what of leaf nodes' origins is understood
  bool info_on_connect = false;
  int64_t route_pool_size = 0, route_pool_idx = 0;
  std::string route_account, route_acc_add_reqid;
  int64_t gossip_mode = 0;
  std::string gateway; ///< name of the cluster that this is about
  std::vector<std::string> gateway_urls;
  std::string gateway_url;
  int64_t gateway_cmd = 0;         ///< 1 gossip, 2 and 3 begin and end of an account's interest
  std::string gateway_cmd_payload; ///< base64 of an account's name
  bool gateway_nrp = false, gateway_iom = false;
  int64_t api_lvl = 0;
  /// Absent and empty differ: a leaf node takes a port without it for a wrong one.
  std::optional<std::vector<std::string>> leafnode_urls;
  bool operator==(const link_info&) const = default;
};

/// CONNECT of a route, gateway or leaf node.
struct link_connect {
  bool echo = false, verbose = false, pedantic = false;
  std::string version;
  std::string user, pass, auth_token;
  std::string jwt, nkey, sig;
  bool tls_required = false;
  std::string server_id;
  std::string name; ///< routes and gateways: the server's id; leaf nodes: its name
  std::string cluster;
  bool cluster_dynamic = false;
  bool headers = false;
  bool lnoc = false, lnocu = false, ln = false;
  std::string gateway;
  std::string lang; ///< clients say it, servers never
  bool is_hub = false;
  std::vector<std::string> deny_pub; ///< subjects that the acceptor must not send
  bool isolate = false;
  std::string compress_mode;
  std::string remote_account;
  int64_t protocol = 0;
  std::string domain;
  bool jetstream = false;
  bool operator==(const link_connect&) const = default;
};

/// The whole line, `INFO {…} \r\n`. Empty fields are left out, except those that servers always
/// send: identity, address, `headers`, `max_payload`.
std::string info_line(const link_info& info);

/// The whole line, `CONNECT {…}\r\n`. The same, with `echo`, `verbose`, `pedantic`, `tls_required`,
/// `headers`, `name` and `cluster` always there.
std::string connect_line(const link_connect& connect);

/// Read the JSON of INFO or CONNECT over `into`: fields that are not present keep their value,
/// unknown ones are ignored, names are matched without regard to case. The result is empty, or says
/// what is wrong, with the key but without its value; `into` is then unchanged.
std::string parse_link_info(std::string_view json, link_info& into);
std::string parse_link_connect(std::string_view json, link_connect& into);

} // namespace troupe::protocol
