// cli/message_printer.cpp: the looks of a message.
#include "cli/message_printer.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <cstdio>
#include <ctime>

namespace troupe::cli {
namespace {

std::string in_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0'); // EVP_EncodeBlock ends with a NUL
  auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                              reinterpret_cast<const unsigned char*>(bytes.data()),
                              static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

bool is_utf8(const std::string& text) {
  // The library's own strictness decides, so that dump() below cannot fail.
  auto quoted = nlohmann::json(text);
  auto kept = quoted.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
  return kept == quoted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

std::string message_as_json(const message& msg) {
  using nlohmann::json;
  json out{{"subject", msg.subject}, {"size", msg.payload.size()}};
  if (!msg.reply.empty())
    out["reply"] = msg.reply;
  if (!msg.header_block.empty()) {
    auto headers = read_header_block(msg.header_block);
    if (headers.status != 0)
      out["status"] = headers.status;
    auto& fields = out["headers"] = json::object();
    for (const auto& [key, value] : headers.fields)
      fields[key].push_back(value);
  }
  if (is_utf8(msg.payload))
    out["payload"] = msg.payload;
  else
    out["payload_base64"] = in_base64(msg.payload);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

void message_printer::print_for_people(const message& msg) const {
  fmt::print("{:%H:%M:%S} #{} {}", fmt::localtime(std::time(nullptr)), printed_, msg.subject);
  if (!msg.reply.empty())
    fmt::print("  reply to {}", msg.reply);
  fmt::print("  {} bytes\n", msg.payload.size());
  if (mode_ == print_mode::headers && !msg.header_block.empty()) {
    auto headers = read_header_block(msg.header_block);
    if (headers.status != 0)
      fmt::print("status: {} {}\n", headers.status, headers.description);
    for (const auto& [key, value] : headers.fields)
      fmt::print("{}: {}\n", key, value);
    fmt::print("\n");
  }
}

bool message_printer::print(const message& msg) {
  ++printed_;
  if (mode_ == print_mode::json) {
    fmt::print("{}\n", message_as_json(msg));
  } else {
    if (mode_ != print_mode::raw)
      print_for_people(msg);
    std::fwrite(msg.payload.data(), 1, msg.payload.size(), stdout);
    std::fputs(mode_ == print_mode::raw ? "\n" : "\n\n", stdout);
  }
  return std::fflush(stdout) == 0;
}

} // namespace troupe::cli
