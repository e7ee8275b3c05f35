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

  std::vector<std::string> check() {
    const auto& opts = loaded_.opts;
    check_listener("listen.tls", opts.client.tls);
    check_listener("cluster.tls", opts.cluster.tls);
    check_listener("gateway.tls", opts.gateway.tls);
    check_listener("leafnodes.tls", opts.leafnodes.tls);
    check_listener("websocket.tls", opts.websocket.tls);
    for (const auto& remote : opts.gateway.remotes)
      check_tls("gateway.gateways", "gateway.gateways (" + remote.name + ").tls", remote.tls,
                tls_role::client);
    for (const auto& remote : opts.leafnodes.remotes) {
      if (remote.disabled)
        continue;
      auto where = "leafnodes.remotes (" + to_string(remote.urls) + ")";
      check_tls("leafnodes.remotes", where + ".tls", remote.tls, tls_role::client);
      check_creds(where, remote.credentials);
    }
    return std::move(faults_);
  }

private:
  void check_listener(const std::string& path,
                      const std::optional<security::tls_settings>& settings) {
    if (settings && !settings->cert_file.empty()) // else a rule says so
      check_tls(path + ".cert_file", path, settings, tls_role::server);
  }

  /// `option` has the place. Files that several blocks share are told of once.
  void check_tls(std::string_view option, const std::string& where,
                 const std::optional<security::tls_settings>& settings, tls_role role) {
    if (!settings
        || !known_.emplace(settings->cert_file, settings->key_file, settings->ca_file).second)
      return;
    for (auto& fault :
         security::tls_context::build(*settings, role, placed(option, where)).problems)
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
  std::set<std::tuple<std::string, std::string, std::string>> known_;
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
