// config/peer_options.hpp: what the blocks cluster, gateway and leafnodes have in common.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// Why nothing can be dialled by its scheme, in front ends that are not nats-server's, which takes
/// any; empty: it can, or there is none. Only a hub may be reached by a websocket.
std::string fault_of_scheme(const peer_url& url, bool of_hub);

/// Whether a host is the name of an SRV record, "_mcollective-broker._tcp.example.net": it stands
/// for the hosts and ports that DNS says.
bool is_service_name(std::string_view host) noexcept;

/// Reads the members of one block for the two formats that have blocks.
class link_block {
public:
  /// `section` is Troupe's name of the block, "cluster".
  link_block(std::string_view section, dialect from, reading& to)
      : section_{section}, from_{from}, to_{to} {}

  /// False, with an error, unless `one` is a map.
  bool is_map(const member& one);

  /// Puts `one` into its field if the registry has a row for it. Two names of one option are an
  /// error.
  bool read_scalar(const member& one);

  /// `listen`: a port, or host and port.
  void read_listen(const member& one);

  /// `authorization` for a single user; what else may stand there `read_more` takes, which answers
  /// whether it did.
  template <class F>
  void read_authorization(const member& one, F&& read_more) {
    if (!is_map(one))
      return;
    for (auto& each : one.val.members)
      if (!read_more(each) && !read_user_key(each))
        unknown(each, {"user", "password", "timeout"});
  }

  /// `compression`: a word, true or false, or a map with a mode.
  void read_compression(const member& one, std::string& target, std::string_view when_on);

  /// `mutual`: both ends verify each other, whatever the block says.
  std::optional<security::tls_settings> read_tls_block(const member& one, bool mutual);

  /// A list of URLs; `what` is nats-server's word for them ("route"). A missing scheme is an error
  /// in its format; a port missing is one unless there is a `usual_port`.
  std::vector<peer_url> read_urls(const member& one, std::string_view what, int usual_port = 0);
  /// The same, or one URL, put behind those in `urls`.
  void add_urls(const member& one, std::string_view what, int usual_port,
                std::vector<peer_url>& urls);

  /// What is no row of the registry: entries of lists. `names` are all that one option has,
  /// separated by blanks; two of them in one block are an error.
  void assign_field(field target, unit kind, std::string_view names, const member& one);
  void assign_text(const member& one, std::string& target, unit kind = unit::text) {
    assign_field(&target, kind, {}, one);
  }
  static bool has_name(std::string_view names, std::string_view name);

  /// The member is none that this block knows.
  void unknown(const member& one, std::vector<std::string_view> known);

  /// `option` was set by `one`.
  void note(std::string_view option, const member& one) {
    to_.found.note_origin(option, from_ == dialect::yaml ? option : std::string_view{one.key},
                          to_string(one.where));
  }

  void error(const member& one, const std::string& text) { to_.found.error(one.where, text); }

private:
  bool read_user_key(const member& one);
  void read_timeout_warning(const member& one);
  void add_url(const value& item, const place& where, std::string_view what, int usual_port,
               std::vector<peer_url>& urls);

  std::string_view section_;
  dialect from_;
  reading& to_;
  std::map<std::string_view, std::string> seen_;
};

} // namespace troupe::config
