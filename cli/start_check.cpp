// cli/start_check.cpp: builds what a start would build of TLS files and creds, and forgets it.
#include "cli/start_check.hpp"

#include "actors/operator_mode.hpp"
#include "cli/moment.hpp"
#include "security/creds_file.hpp"
#include "security/text_encoding.hpp"
#include "security/tls_context.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace troupe::cli {
namespace {

using security::tls_role;

class file_checker {
public:
  explicit file_checker(const config::load_result& loaded) : loaded_{loaded} {}

  /// Blocks that this start leaves alone are not looked at: a shared file may have them for others.
  std::vector<std::string> check() {
    const auto& opts = loaded_.opts;
    check_listener("listen.tls", opts.client.tls);
    if (opts.cluster.enabled())
      check_both_ways("cluster.tls", opts.cluster.tls);
    if (opts.gateway.enabled())
      check_gateways();
    check_leafnodes();
    if (opts.websocket.enabled())
      check_listener("websocket.tls", opts.websocket.tls);
    return std::move(faults_);
  }

private:
  using optional_tls = std::optional<security::tls_settings>;

  void check_gateways() {
    const auto& from = loaded_.opts.gateway;
    check_both_ways("gateway.tls", from.tls);
    for (const auto& remote : from.remotes)
      if (remote.name != from.name && !remote.plain) // without a block: that of the listener
        check_tls("gateway.gateways", "gateway.gateways (" + remote.name + ").tls", remote.tls,
                  tls_role::client);
  }

  void check_leafnodes() {
    const auto& opts = loaded_.opts;
    if (opts.leafnodes.port != 0)
      check_both_ways("leafnodes.tls", opts.leafnodes.tls);
    for (const auto& remote : opts.leafnodes.remotes) {
      if (remote.disabled)
        continue;
      auto where = "leafnodes.remotes (" + to_string(remote.urls) + ")";
      if (remote.tls)
        check_tls("leafnodes.remotes", where + ".tls", remote.tls, tls_role::client);
      else if (opts.leafnodes.tls)
        check_tls("leafnodes.tls.cert_file", "leafnodes.tls", opts.leafnodes.tls, tls_role::client);
      else
        check_tls("listen.tls.cert_file", "listen.tls", opts.client.tls, tls_role::client);
      check_creds(where, remote.credentials);
    }
  }

  void check_listener(const std::string& path, const optional_tls& settings) {
    if (settings && !settings->cert_file.empty()) // else a rule says so
      check_tls(path + ".cert_file", path, settings, tls_role::server);
  }

  /// Of links that are dialled from both ends.
  void check_both_ways(const std::string& path, const optional_tls& settings) {
    check_listener(path, settings);
    check_tls(path + ".cert_file", path, settings, tls_role::client);
  }

  /// `option` has the place. A fault of files that several blocks share is told once.
  void check_tls(std::string_view option, const std::string& where, const optional_tls& settings,
                 tls_role role) {
    if (!settings || std::ranges::find(built_, std::pair{*settings, role}) != built_.end())
      return;
    built_.emplace_back(*settings, role);
    auto place = placed(option, where);
    for (auto& fault : security::tls_context::build(*settings, role, place).problems)
      if (told_
              .emplace(settings->cert_file, settings->key_file, settings->ca_file,
                       fault.substr(place.size()))
              .second)
        faults_.push_back(std::move(fault));
  }

  void check_creds(const std::string& where, const std::string& path) {
    if (path.empty())
      return;
    auto text = config::this_machine().read_file(path);
    if (!text)
      return; // which has been told
    auto read = security::parse_creds(*text);
    security::wipe(*text);
    if (auto* fault = std::get_if<std::string>(&read))
      faults_.push_back(placed("leafnodes.remotes", where) + ": credentials " + path + ": "
                        + *fault);
  }

  /// "FILE:LINE: WHERE", if a file has set the option.
  std::string placed(std::string_view option, const std::string& where) const {
    auto from = std::find_if(loaded_.origins.begin(), loaded_.origins.end(),
                             [&](const auto& one) { return one.option == option; });
    bool said = from != loaded_.origins.end() && from->place != "default" && from->place != "flag";
    return said ? from->place + ": " + where : where;
  }

  const config::load_result& loaded_;
  std::vector<std::pair<security::tls_settings, tls_role>> built_;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> told_;
  std::vector<std::string> faults_;
};

} // namespace

std::vector<std::string> faults_of_files(const config::load_result& loaded) {
  return file_checker{loaded}.check();
}

std::vector<std::string> faults_of_operators(const config::load_result& loaded) {
  const auto& mode = loaded.opts.operators;
  if (mode.store.empty() && (!mode.enabled() || mode.resolver.type != "memory"))
    return {};
  auto made = actors::set_up_operators(loaded.opts, unix_now());
  auto* faults = std::get_if<std::vector<std::string>>(&made);
  return faults == nullptr ? std::vector<std::string>{} : std::move(*faults);
}

} // namespace troupe::cli
