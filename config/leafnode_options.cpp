// config/leafnode_options.cpp: reads hubs that are dialled and leaf nodes that may come.
#include "config/leafnode_options.hpp"
#include "config/peer_options.hpp"
#include "config/words.hpp"
#include "protocol/subject.hpp"
#include "security/key_pair.hpp"

#include <algorithm>
#include <array>

namespace troupe::config {

namespace {

constexpr int usual_port = 7422;

/// A scalar of one remote: its names in nats-server's format and its field.
struct remote_entry {
  std::string_view names;
  unit kind;
  field (*at)(leaf_remote&);
};

using r = leaf_remote&;
constexpr auto remote_entries = std::to_array<remote_entry>({
    {"account local", unit::text, [](r x) -> field { return &x.account; }},
    {"credentials creds", unit::text, [](r x) -> field { return &x.credentials; }},
    {"nkey seed", unit::secret, [](r x) -> field { return &x.nkey; }},
    {"hub", unit::flag, [](r x) -> field { return &x.hub; }},
    {"deny_imports deny_import", unit::list, [](r x) -> field { return &x.deny_imports; }},
    {"deny_exports deny_export", unit::list, [](r x) -> field { return &x.deny_exports; }},
    {"no_randomize dont_randomize", unit::flag, [](r x) -> field { return &x.no_randomize; }},
    {"ws_compression ws_compress websocket_compression websocket_compress", unit::flag,
     [](r x) -> field { return &x.ws_compression; }},
    {"ws_no_masking websocket_no_masking", unit::flag,
     [](r x) -> field { return &x.ws_no_masking; }},
    {"first_info_timeout", unit::duration, [](r x) -> field { return &x.first_info_timeout; }},
    {"dial_timeout", unit::duration, [](r x) -> field { return &x.dial_timeout; }},
    {"disabled", unit::flag, [](r x) -> field { return &x.disabled; }},
    {"isolate_leafnode_interest isolate", unit::flag, [](r x) -> field { return &x.isolate; }},
    {"request_isolation", unit::flag, [](r x) -> field { return &x.request_isolation; }},
    {"ignore_discovered_servers", unit::flag,
     [](r x) -> field { return &x.ignore_discovered_servers; }},
});

constexpr std::array<std::string_view, 4> proxy_keys{"url", "username", "password", "timeout"};

bool is_user_seed(std::string_view text) {
  auto seed = security::nkey_seed::parse(text);
  return seed && seed->kind() == security::nkey_kind::user;
}

/// Reads one entry of `remotes`.
class remote_reader {
public:
  remote_reader(dialect from, reading& to) : to_{to}, block_{"leafnodes.remotes", from, to} {}

  leaf_remote read(const value& item) {
    for (auto& one : item.members)
      read_key(one, lower(one.key));
    if (!remote_.credentials.empty() && !remote_.nkey.empty())
      to_.found.error(item.where, "Remote leafnode can not have both creds and nkey defined");
    return std::move(remote_);
  }

private:
  void read_key(const member& one, const std::string& key) {
    if (key == "url" || key == "urls")
      block_.add_urls(one, "leafnode", usual_port, remote_.urls);
    else if (key == "tls")
      remote_.tls = block_.read_tls_block(one, false);
    else if (key == "compression")
      block_.read_compression(one, remote_.compression, "s2_auto");
    else if (key == "proxy")
      read_proxy(one);
    else if (any_of(key, {"jetstream_cluster_migrate", "js_cluster_migrate"}))
      to_.found.note_inactive("leafnodes.remotes." + one.key, to_string(one.where));
    else if (!read_entry(one, key))
      block_.unknown(one, known());
  }

  bool read_entry(const member& one, const std::string& key) {
    auto entry = std::find_if(remote_entries.begin(), remote_entries.end(),
                              [&](auto& row) { return block_.has_name(row.names, key); });
    if (entry == remote_entries.end())
      return false;
    block_.assign_field(entry->at(remote_), entry->kind, entry->names, one);
    if (entry->kind == unit::list)
      for (auto& subject :
           entry->names.starts_with("deny_imports") ? remote_.deny_imports : remote_.deny_exports)
        if (!protocol::is_valid_subscription(subject))
          block_.error(one, "subject \"" + subject + "\" is not a valid subject");
    if (entry->names.starts_with("nkey") && !remote_.nkey.empty() && !is_user_seed(remote_.nkey)) {
      block_.error(one, "Remote leafnode nkey is not a valid seed; it begins with SU");
      remote_.nkey.clear();
    }
    return true;
  }

  void read_proxy(const member& one) {
    if (!block_.is_map(one))
      return;
    for (auto& each : one.val.members) {
      auto key = lower(each.key);
      if (key == "url")
        block_.assign_text(each, remote_.proxy.url);
      else if (key == "username")
        block_.assign_text(each, remote_.proxy.user);
      else if (key == "password")
        block_.assign_text(each, remote_.proxy.password, unit::secret);
      else if (key == "timeout")
        block_.assign_field(&remote_.proxy.timeout, unit::duration, "proxy.timeout", each);
      else
        block_.unknown(each, {proxy_keys.begin(), proxy_keys.end()});
    }
    auto& url = remote_.proxy.url;
    if (auto problem = url.empty() ? std::string{} : problem_of_proxy(url); !problem.empty())
      block_.error(one, problem);
    if (remote_.proxy.user.empty() != remote_.proxy.password.empty())
      block_.error(one, "proxy username and password must both be specified or both be empty");
    if (url.empty() && remote_.proxy != leaf_proxy{})
      block_.error(one, "proxy URL must be specified when other proxy options are set");
  }

  /// A sentence without the URL, which may hold a password.
  static std::string problem_of_proxy(std::string_view url) {
    auto [read, wrong] = parse_peer_url(url);
    if (read.scheme != "http" && read.scheme != "https")
      return "proxy URL scheme must be http or https";
    if (!wrong.empty())
      return "proxy URL cannot be read: " + wrong;
    if (!read.user.empty())
      return "the proxy's user and password stand beside its url, as username and password";
    return {};
  }

  static std::vector<std::string_view> known() {
    std::vector<std::string_view> keys{"url", "urls", "tls", "compression", "proxy"};
    for (auto& row : remote_entries)
      keys.push_back(row.names.substr(0, row.names.find(' ')));
    return keys;
  }

  reading& to_;
  link_block block_;
  leaf_remote remote_;
};

void read_remotes(const member& one, link_block& block, dialect from, reading& to) {
  if (one.val.kind != value::type::list) {
    block.error(one, "Expected remotes field to be an array, got " + describe(one.val));
    return;
  }
  block.note("leafnodes.remotes", one);
  for (auto& item : one.val.items)
    if (item.kind == value::type::map)
      to.out.leafnodes.remotes.push_back(remote_reader{from, to}.read(item));
    else
      to.found.error(item.where,
                     "Expected remote leafnode entry to be a map/struct, got " + describe(item));
}

void read_users(const member& one, link_block& block, dialect from, reading& to) {
  if (one.val.kind != value::type::list) {
    block.error(one, "Expected users field to be an array, got " + describe(one.val));
    return;
  }
  block.note("leafnodes.authorization.users", one);
  link_block inside{"leafnodes.authorization.users", from, to};
  for (auto& item : one.val.items) {
    if (item.kind != value::type::map) {
      to.found.error(item.where, "Expected user entry to be a map/struct, got " + describe(item));
      continue;
    }
    leaf_user who;
    for (auto& each : item.members) {
      auto key = lower(each.key);
      if (any_of(key, {"user", "username"}))
        inside.assign_text(each, who.name);
      else if (any_of(key, {"pass", "password"}))
        inside.assign_text(each, who.password, unit::secret);
      else if (key == "account")
        inside.assign_text(each, who.account);
      else if (key == "proxy_required")
        to.found.note_inactive("leafnodes.authorization.users." + each.key, to_string(each.where),
                               true);
      else
        inside.unknown(each, {"user", "password", "account"});
    }
    to.out.leafnodes.users.push_back(std::move(who));
  }
}

/// What a leaf node's authorization has besides user, password and timeout.
bool read_leaf_authorization(const member& one, link_block& block, dialect from, reading& to) {
  auto key = lower(one.key);
  auto& leafs = to.out.leafnodes;
  if (key == "users") {
    read_users(one, block, from, to);
  } else if (key == "account") {
    block.assign_text(one, leafs.account);
    block.note("leafnodes.authorization.account", one);
  } else if (key == "nkey") {
    block.assign_text(one, leafs.nkey);
    if (!security::is_public_nkey(leafs.nkey, security::nkey_kind::user))
      block.error(one, "Not a valid public nkey for leafnode authorization");
  } else if (key == "proxy_required") {
    to.found.note_inactive("leafnodes.authorization." + one.key, to_string(one.where), true);
  } else {
    return false;
  }
  return true;
}

void check_authorization(const member& one, const leafnode_options& leafs, link_block& block) {
  if (leafs.users.empty())
    return;
  if (!leafs.authorization.user.empty())
    block.error(one, "can not have a single user/pass and a users array");
  if (!leafs.nkey.empty())
    block.error(one, "can not have a single nkey and a users array");
  for (size_t i = 0; i < leafs.users.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (leafs.users[i].name == leafs.users[j].name) {
        block.error(one, "duplicate user \"" + leafs.users[i].name
                             + "\" detected in leafnode authorization");
        return;
      }
}

} // namespace

void read_leafnodes(const member& one, dialect from, reading& to) {
  link_block block{"leafnodes", from, to};
  if (!block.is_map(one))
    return;
  auto& leafs = to.out.leafnodes;
  for (auto& each : one.val.members) {
    auto key = lower(each.key);
    if (key == "listen") {
      block.read_listen(each);
    } else if (key == "authorization") {
      block.read_authorization(each, [&](const member& inside) {
        return read_leaf_authorization(inside, block, from, to);
      });
      check_authorization(each, leafs, block);
    } else if (key == "tls") {
      leafs.tls = block.read_tls_block(each, false);
    } else if (key == "compression") {
      block.read_compression(each, leafs.compression, "s2_auto");
    } else if (key == "remotes") {
      read_remotes(each, block, from, to);
    } else if (!block.read_scalar(each)) {
      block.unknown(each, {"listen", "authorization", "tls", "compression", "remotes"});
    }
  }
}

} // namespace troupe::config
