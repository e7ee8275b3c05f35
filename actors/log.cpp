// actors/log.cpp: spdlog with the layouts that operators and harnesses expect.
#include "actors/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <stdexcept>
#include <unistd.h>

namespace troupe::actors::log {

std::atomic<config::log_level> threshold{config::log_level::info};

namespace {

using level_t = config::log_level;

std::mutex current_mutex;
std::shared_ptr<spdlog::logger> current = spdlog::default_logger();
config::logging current_options;
bool colours = false;

spdlog::level::level_enum to_spdlog(level_t level) {
  switch (level) {
  case level_t::trace: return spdlog::level::trace;
  case level_t::debug: return spdlog::level::debug;
  case level_t::info: return spdlog::level::info;
  case level_t::warn: return spdlog::level::warn;
  case level_t::error: return spdlog::level::err;
  case level_t::fatal: return spdlog::level::critical;
  }
  return spdlog::level::info;
}

/// `%*`: INF, DBG, … with nats-server's colours when a person reads it.
class letters_flag final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    std::string_view letters = "INF";
    std::string_view colour = "\033[32m";
    switch (msg.level) {
    case spdlog::level::trace: letters = "TRC", colour = "\033[33m"; break;
    case spdlog::level::debug: letters = "DBG", colour = "\033[36m"; break;
    case spdlog::level::warn: letters = "WRN", colour = "\033[33m"; break;
    case spdlog::level::err: letters = "ERR", colour = "\033[31m"; break;
    case spdlog::level::critical: letters = "FTL", colour = "\033[31m"; break;
    default: break;
    }
    if (colours)
      append(dest, colour);
    append(dest, letters);
    if (colours)
      append(dest, "\033[0m");
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<letters_flag>();
  }

private:
  static void append(spdlog::memory_buf_t& dest, std::string_view text) {
    dest.append(text.data(), text.data() + text.size());
  }
};

/// `%J`: the text as a JSON string.
class json_text_flag final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    auto text = nlohmann::json(std::string{msg.payload.data(), msg.payload.size()})
                    .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    dest.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_text_flag>();
  }
};

std::unique_ptr<spdlog::formatter> layout(const config::logging& options) {
  auto zone = options.utc ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local;
  auto out = std::make_unique<spdlog::pattern_formatter>(zone);
  out->add_flag<letters_flag>('*').add_flag<json_text_flag>('J');
  switch (options.format) {
  case config::log_format::nats:
    out->set_pattern(options.time ? "[%P] %Y/%m/%d %H:%M:%S.%f [%*] %v" : "[%P] [%*] %v");
    break;
  case config::log_format::text:
    out->set_pattern(options.time ? "%Y-%m-%d %H:%M:%S.%e %* %v" : "%* %v");
    break;
  case config::log_format::json:
    out->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%f%z","level":"%l","pid":%P,"msg":%J})");
    break;
  }
  return out;
}

spdlog::sink_ptr make_sink(const config::logging& options) {
  if (options.syslog || !options.remote_syslog.empty())
    return std::make_shared<spdlog::sinks::syslog_sink_mt>("troupe", LOG_PID, LOG_DAEMON, false);
  if (options.file.empty() || options.file == "stderr")
    return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (options.file == "stdout")
    return std::make_shared<spdlog::sinks::stdout_sink_mt>();
  if (options.file == "discard")
    return std::make_shared<spdlog::sinks::null_sink_mt>();
  if (options.size_limit > 0)
    return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.file, static_cast<size_t>(options.size_limit),
        static_cast<size_t>(std::max<int64_t>(options.max_files, 1)));
  return std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
}

bool is_file(const config::logging& options) {
  return !options.syslog && options.remote_syslog.empty() && !options.file.empty()
         && options.file != "stderr" && options.file != "stdout" && options.file != "discard";
}

} // namespace

void open(const config::logging& options) {
  std::shared_ptr<spdlog::logger> next;
  try {
    next = std::make_shared<spdlog::logger>("troupe", make_sink(options));
  } catch (const spdlog::spdlog_ex& e) {
    throw std::runtime_error(fmt::format("error opening file: {}", e.what()));
  }
  next->set_formatter(layout(options));
  next->set_level(spdlog::level::trace); // `threshold` decides, before a line is formatted
  next->flush_on(spdlog::level::trace);
  std::lock_guard guard{current_mutex};
  colours = (options.file.empty() || options.file == "stderr") && ::isatty(STDERR_FILENO) != 0;
  current = std::move(next);
  current_options = options;
  threshold = options.level;
}

bool reopen() {
  config::logging options;
  {
    std::lock_guard guard{current_mutex};
    options = current_options;
  }
  if (!is_file(options))
    return false;
  open(options);
  return true;
}

void write(config::log_level level, std::string_view text) {
  std::shared_ptr<spdlog::logger> out;
  {
    std::lock_guard guard{current_mutex};
    out = current;
  }
  out->log(to_spdlog(level), spdlog::string_view_t{text.data(), text.size()});
}

} // namespace troupe::actors::log
