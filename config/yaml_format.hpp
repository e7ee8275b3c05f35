// config/yaml_format.hpp: reads YAML into a tree of values.
#pragma once

#include "config/value.hpp"

#include <string>
#include <string_view>

namespace troupe::config {

struct yaml_document {
  value root;        ///< always a map
  std::string error; ///< "file:line:column: sentence", only the first; else empty
};

/// Reads one YAML document whose root is a map; lines and columns count from 1. A key given twice,
/// a second document, and nesting or aliases beyond the bounds of nats_format.hpp are errors.
/// Scalars stay text; `plain` tells whether they may be read as numbers and switches.
yaml_document parse_yaml(std::string_view text, const std::string& name);

} // namespace troupe::config
