// actors/log.hpp: the process's log: levels, layouts, one line a call.
#pragma once

#include "config/options.hpp"
#include "protocol/quote.hpp"

#include <atomic>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace troupe::actors::log {

/// (Re)opens the log as the options say; from the main thread. Throws std::runtime_error with the
/// path and the reason if a file cannot be opened.
void open(const config::logging& options);
/// Closes and reopens the log file (SIGUSR1); false if the log is no file.
bool reopen();

extern std::atomic<config::log_level> threshold;

inline bool enabled(config::log_level level) noexcept {
  return level >= threshold.load(std::memory_order_relaxed);
}
/// One line; secrets and payloads do not belong in it.
void write(config::log_level level, std::string_view text);

template <class... Args>
void line(config::log_level level, fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(level))
    write(level, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void trace(fmt::format_string<Args...> text, Args&&... args) {
  line(config::log_level::trace, text, std::forward<Args>(args)...);
}
template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
  line(config::log_level::debug, text, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
  line(config::log_level::info, text, std::forward<Args>(args)...);
}
template <class... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  line(config::log_level::warn, text, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
  line(config::log_level::error, text, std::forward<Args>(args)...);
}
template <class... Args>
void fatal(fmt::format_string<Args...> text, Args&&... args) {
  line(config::log_level::fatal, text, std::forward<Args>(args)...);
}

/// Bytes of a peer, fit for a line.
inline std::string printable(std::string_view bytes, size_t longest = 256) {
  return protocol::quotable(bytes, longest);
}

} // namespace troupe::actors::log
