// config/load.hpp: one door to all configuration: a file, flags or nothing become options.
#pragma once

#include "config/findings.hpp"
#include "config/flags.hpp"
#include "config/surroundings.hpp"

namespace troupe::config {

enum class front_end : uint8_t { automatic, choria, yaml, nats };

struct load_request {
  /// `automatic`: see front_end_of(). `nats` without a file means nats-server's own defaults.
  front_end front = front_end::automatic;
  std::string file;                ///< as the operator typed it; empty: none
  std::vector<flag_setting> flags; ///< win over the file
  surroundings around;             ///< this_machine(), unless a test brings another
};

struct load_result {
  options opts;
  front_end used = front_end::automatic;
  /// Every option, in the order of the registry, with the place it was set or "default".
  std::vector<origin> origins;
  std::vector<inactive_key> inactive; ///< accepted, "not active yet"
  std::vector<std::string> warnings;  ///< nats-server's -t makes errors of them
  std::vector<std::string> errors;    ///< "file:line:column: sentence", all of them
  std::vector<std::string> rules;     ///< broken rules (config/rules.hpp); -t does not show them
  /// Of nats-server's format what it takes without a word, though it cannot be meant: as warnings.
  std::vector<std::string> doubts;
  bool empty = false; ///< the file says nothing: nats-server's -t refuses that

  bool can_start() const { return errors.empty() && rules.empty(); }
};

/// Reads and checks everything; for a reload call it again with the same request.
load_result load(const load_request& request);

/// `.yaml` and `.yml` are YAML; else a text with a line that begins with "plugin." and has a "=" is
/// Choria's; else it is nats-server's format, which JSON is part of.
front_end front_end_of(std::string_view file, std::string_view text);

/// What nats-server -t prints for `result`, without "nats-server: "; each line is an error, none
/// means that the file is valid.
std::vector<std::string> check_lines(const load_result& result, std::string_view file);

} // namespace troupe::config
