// config/flags.hpp: nats-server's command line.
#pragma once

#include "config/findings.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// One flag as it was given, in order; a later one wins.
struct flag_setting {
  std::string name; ///< without dashes, as typed: "p", "port"
  std::string text; ///< "true" or "false" for a switch
};

/// What a command line asks for.
struct command_line {
  enum class action : uint8_t {
    run,
    check,         ///< -t: read the configuration and say whether it is valid
    show_version,  ///< print `nats-server: v…`, exit 0
    show_help,     ///< print nats_usage(), exit 0
    show_help_tls, ///< print nats_tls_usage(), exit 0
    send_signal,   ///< --signal
    refuse         ///< print `error` on stderr (and the usage on stdout if asked), exit with code
  };
  action what = action::run;
  std::string error;       ///< without "nats-server: "; see `bare_error`
  bool bare_error = false; ///< the original prints it without its name in front
  bool usage = false;
  int exit_code = 0;
  std::string config_file;
  std::string signal; ///< one of stop quit term reload reopen ldm
  std::string
      signal_target; ///< pid, pid with a trailing *, or pid file; empty: look the process up
  std::vector<flag_setting> settings;
};

/// Reads the arguments after the program's name (server-config.md sections 1 and 2).
command_line parse_flags(std::span<const std::string> arguments);

/// Lets the flags win over what a file said; call it after each (re)load. Flags that contradict
/// each other or the options become errors.
void apply_flags(const std::vector<flag_setting>& settings, reading& to);

/// The texts of --help and --help_tls.
std::string_view nats_usage();
std::string_view nats_tls_usage();

} // namespace troupe::config
