// config/peer_options.cpp: listeners, users and URLs of links.
#include "config/peer_options.hpp"
#include "config/address.hpp"
#include "config/closest.hpp"
#include "config/tls_options.hpp"
#include "config/words.hpp"

#include <algorithm>
#include <utility>

namespace troupe::config {

namespace {

/// "cluster" as nats-server's sentences begin with it.
std::string capitalized(std::string_view word) {
  std::string result{word};
  if (!result.empty() && result[0] >= 'a' && result[0] <= 'z')
    result[0] = static_cast<char>(result[0] - 'a' + 'A');
  return result;
}

} // namespace

bool link_block::is_map(const member& one) {
  if (one.val.kind == value::type::map)
    return true;
  error(one, one.key + " must be a map of settings, not " + describe(one.val));
  return false;
}

bool link_block::read_scalar(const member& one) {
  auto name = std::string{section_} + "." + lower(one.key);
  auto* entry = find_nats_option(name);
  if (entry == nullptr && from_ == dialect::yaml)
    entry = find_option(name); // ours alone
  if (entry == nullptr)
    return false;
  auto [known, fresh] = seen_.try_emplace(entry->key, one.key);
  if (!fresh) {
    error(one, "\"" + one.key + "\" and \"" + known->second
                   + "\" are names of one option; keep one of them");
    return true;
  }
  auto result = assign(entry->at(to_.out), entry->kind, lower(one.key), one.val, from_);
  if (!result.error.empty())
    error(one, result.error);
  if (!result.warning.empty())
    to_.found.warning(one.where, result.warning);
  note(entry->key, one);
  return true;
}

void link_block::read_listen(const member& one) {
  host_and_port address;
  bool is_port = one.val.kind == value::type::integer
                 || (one.val.plain && !one.val.text.empty()
                     && one.val.text.find_first_not_of("-0123456789") == std::string::npos);
  auto [parsed, wrong] = parse_address(is_port ? ":" + one.val.text : one.val.text);
  if (!one.val.is_scalar() || (!is_port && one.val.kind != value::type::text))
    wrong = "expected port or host:port, not " + describe(one.val);
  if (!wrong.empty()) {
    error(one, wrong);
    return;
  }
  auto set = [&](const char* part, const value& val) {
    auto* entry = find_option(std::string{section_} + part);
    assign(entry->at(to_.out), entry->kind, one.key, val, from_);
    note(entry->key, one);
  };
  value val;
  if (!parsed.host.empty()) {
    val.text = parsed.host;
    set(".host", val);
  }
  val.kind = value::type::integer;
  val.integer = parsed.port;
  set(".port", val);
}

bool link_block::read_user_key(const member& one) {
  auto key = lower(one.key);
  auto* entry = find_nats_option(std::string{section_} + ".authorization." + key);
  if (entry == nullptr) {
    auto refuse = [&](std::string_view what) {
      error(one, capitalized(section_) + " authorization does not " + std::string{what});
      return true;
    };
    if (key == "users")
      return refuse("allow multiple users");
    if (key == "token")
      return refuse("support tokens");
    if (any_of(key, {"auth_callout", "auth_hook"}))
      return refuse("support callouts");
    return false;
  }
  auto result = assign(entry->at(to_.out), entry->kind, key, one.val, from_);
  if (!result.error.empty())
    error(one, result.error);
  note(entry->key, one);
  return true;
}

void link_block::read_compression(const member& one, std::string& target,
                                  std::string_view when_on) {
  auto read_word = [&](const member& from) {
    bool on = false;
    if (from.val.kind == value::type::boolean
        || (from.val.plain && assign(&on, unit::flag, from.key, from.val, from_).error.empty())) {
      target = from.val.kind == value::type::boolean ? (from.val.boolean ? when_on : "off")
                                                     : (on ? when_on : "off");
      return;
    }
    auto result = assign(&target, unit::text, from.key, from.val, from_);
    if (!result.error.empty())
      error(from, result.error);
  };
  note(std::string{section_} + ".compression", one);
  if (one.val.kind != value::type::map) {
    read_word(one);
  } else {
    for (auto& each : one.val.members) {
      auto key = lower(each.key);
      if (key == "mode")
        read_word(each);
      else if (!any_of(key, {"rtt_thresholds", "thresholds", "rtts", "rtt"}))
        unknown(each, {"mode", "rtt_thresholds"});
    }
  }
  constexpr std::string_view known[] = {
      "",        "off",     "disabled",  "false",           "accept",
      "on",      "enabled", "true",      "s2_auto",         "s2_fast",
      "s2_best", "s2_off",  "s2_better", "s2_uncompressed", "not supported"};
  if (std::find(std::begin(known), std::end(known), lower(target)) == std::end(known)) {
    error(one, "unsupported compression mode \"" + target
                   + "\"; use off, accept, s2_auto, s2_fast, s2_better or s2_best");
    target.clear();
  }
}

std::optional<security::tls_settings> link_block::read_tls_block(const member& one, bool mutual) {
  auto path = std::string{section_} + ".tls";
  note(path, one);
  auto tls = read_tls(one.val, one.where, path, from_, to_.found);
  tls.verify = tls.verify || mutual;
  return tls;
}

std::string fault_of_scheme(const peer_url& url, bool of_hub) {
  auto& scheme = url.scheme;
  bool known =
      scheme.empty()
      || any_of(scheme, {"nats", "tls", "nats-route", "nats-gateway", "nats-leaf", "leafnode"})
      || (of_hub && is_websocket(url));
  return known ? std::string{}
               : "nothing here speaks " + scheme + "; write host:port, or nats:// before it";
}

bool is_service_name(std::string_view host) noexcept {
  return host.starts_with('_')
         && (host.find("._tcp.") != host.npos || host.find("._udp.") != host.npos);
}

void link_block::add_url(const value& item, const place& where, std::string_view what,
                         int usual_port, std::vector<peer_url>& urls) {
  if (item.kind != value::type::text) {
    to_.found.error(where, std::string{what} + " url must be text, not " + describe(item));
    return;
  }
  auto [url, wrong] = parse_peer_url(item.text);
  if (wrong.empty() && url.scheme.empty() && from_ == dialect::nats)
    wrong = "it has no scheme; write nats://" + to_string(url);
  if (wrong.empty() && from_ == dialect::yaml)
    wrong = fault_of_scheme(url, what == "leafnode");
  if (wrong.empty() && url.port == 0 && usual_port == 0 && !is_service_name(url.host))
    wrong = "it names no port";
  if (!wrong.empty()) {
    to_.found.error(where, "error parsing " + std::string{what} + " url [\""
                               + without_user(item.text) + "\"]: " + wrong);
    return;
  }
  if (url.port == 0)
    url.port = usual_port;
  if (std::find(urls.begin(), urls.end(), url) == urls.end())
    urls.push_back(std::move(url));
  else
    to_.found.warning(where, "invalid use of field \"" + without_user(item.text) + "\": Duplicate "
                                 + std::string{what} + " entry detected");
}

std::vector<peer_url> link_block::read_urls(const member& one, std::string_view what,
                                            int usual_port) {
  std::vector<peer_url> urls;
  if (one.val.kind != value::type::list) {
    error(one, one.key + " must be a list of URLs, not " + describe(one.val));
    return urls;
  }
  for (auto& item : one.val.items)
    add_url(item, item.where.line > 0 ? item.where : one.where, what, usual_port, urls);
  return urls;
}

void link_block::add_urls(const member& one, std::string_view what, int usual_port,
                          std::vector<peer_url>& urls) {
  if (one.val.kind == value::type::text)
    add_url(one.val, one.where, what, usual_port, urls);
  else
    for (auto& url : read_urls(one, what, usual_port))
      urls.push_back(std::move(url));
}

bool link_block::has_name(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    auto end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == name)
      return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

void link_block::assign_field(field target, unit kind, std::string_view names, const member& one) {
  if (!names.empty()) {
    auto [known, fresh] = seen_.try_emplace(names, one.key);
    if (!fresh) {
      error(one, "\"" + one.key + "\" and \"" + known->second
                     + "\" are names of one option; keep one of them");
      return;
    }
  }
  auto result = assign(target, kind, lower(one.key), one.val, from_);
  if (!result.error.empty())
    error(one, result.error);
  if (!result.warning.empty())
    to_.found.warning(one.where, result.warning);
}

void link_block::unknown(const member& one, std::vector<std::string_view> known) {
  if (one.used_as_variable)
    return;
  if (from_ == dialect::nats) {
    error(one, "unknown field \"" + one.key + "\"");
    return;
  }
  auto prefix = std::string{section_} + ".";
  for (auto& entry : registry())
    if (entry.key.starts_with(prefix) && entry.key.find('.', prefix.size()) == entry.key.npos)
      known.push_back(entry.key.substr(prefix.size()));
  error(one, "unknown key \"" + one.key + "\" in " + std::string{section_}
                 + did_you_mean(one.key, known));
}

} // namespace troupe::config
