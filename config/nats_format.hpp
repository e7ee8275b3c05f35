// config/nats_format.hpp: reads nats-server's configuration language into a tree of values.
#pragma once

#include "config/value.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

/// What a text may refer to outside of itself; an empty function finds nothing.
struct nats_sources {
  /// The text of an included file; `path` is already joined to the including file's directory.
  std::function<std::optional<std::string>(const std::string& path)> include;
  /// A variable of the environment.
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

struct nats_document {
  value root;        ///< always a map; what was read before an error
  std::string error; ///< a syntax error as nats-server words it, only the first; else empty
};

/// Bounds that keep a hostile file from using up stack or memory.
constexpr int max_nesting = 100;
constexpr int max_include_depth = 10;
constexpr size_t max_values = 1'000'000; ///< counted after variables are put in

/// Reads `text` (server-config.md sections 7 and 8). `name` is the file as the operator typed it;
/// includes are relative to its directory. Never throws on what the text says.
nats_document parse_nats(std::string_view text, const std::string& name,
                         const nats_sources& sources = {});

} // namespace troupe::config
