// config/yaml_options.hpp: what the keys of Troupe's own YAML mean for the options.
#pragma once

#include "config/findings.hpp"

namespace troupe::config {

/// Puts the root map of a parsed file into `to`; keys are those of registry(), "limits.max_payload"
/// being `max_payload` inside `limits`. All mistakes are collected.
void read_yaml_options(const value& root, reading& to);

} // namespace troupe::config
