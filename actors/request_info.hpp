// actors/request_info.hpp: what the exporter of a service gets to know of who asks.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::actors {

inline constexpr std::string_view request_info_header = "Nats-Request-Info";

/// How much of a publisher may be told.
struct description_scope {
  bool detailed = false;         ///< user, name, address, client
  bool server = false;           ///< this server and its cluster
  std::string_view service = {}; ///< the account that a chain of imports has come through
};

/// Whoever publishes, as services may get to know it.
class publisher {
public:
  /// A JSON object; good until the next call.
  virtual std::string_view introduce(const description_scope& scope) = 0;
  /// To the broker and back.
  virtual std::chrono::nanoseconds round_trip() const { return {}; }

protected:
  ~publisher() = default;
};

/// What was said of a publisher lately: it seldom changes, and is asked for with every request.
class known_introductions {
public:
  /// Null: made for no such scope.
  const std::string* find(const description_scope& scope) const;
  const std::string& keep(const description_scope& scope, std::string text);
  void clear() { all_.clear(); }

private:
  struct entry {
    bool detailed, server;
    std::string service, text;
  };
  static constexpr size_t most = 8;
  std::vector<entry> all_;
};

/// Makes `out` the header block `old` (may be empty) with `info` in it, in place of any that was
/// there.
void write_request_info(std::string& out, std::string_view old, std::string_view info);
/// Does it say, truly or not, that what it belongs to has come by an import?
bool has_request_info(std::string_view block) noexcept;

} // namespace troupe::actors
