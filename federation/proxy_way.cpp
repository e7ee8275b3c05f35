// federation/proxy_way.cpp: CONNECT and its answer.
#include "federation/proxy_way.hpp"

#include "config/peer_url.hpp"
#include "protocol/websocket_upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <openssl/evp.h>

namespace troupe::federation {

namespace {

constexpr size_t longest_reason = 200;
constexpr std::string_view refused_by = "it refused: ";

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0'); // with the zero that OpenSSL adds
  auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                              reinterpret_cast<const unsigned char*>(text.data()),
                              static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

} // namespace

proxy_way read_proxy(const config::leaf_proxy& from, std::string& problem) {
  auto read = config::parse_peer_url(from.url);
  proxy_way out;
  out.host = read.url.host;
  if (read.url.port != 0)
    out.port = static_cast<uint16_t>(read.url.port);
  if (!from.user.empty())
    out.login = from.user + ":" + from.password;
  if (!read.error.empty())
    problem = "the proxy's url cannot be read: " + read.error;
  else if (read.url.scheme != "http")
    problem = "a proxy is reached by http:// only; what goes through it may be encrypted all the "
              "same";
  else if (read.url.host.empty())
    problem = "proxy URL must specify a host";
  else if (!read.url.user.empty())
    problem = "the proxy's user and password stand beside its url, as username and password";
  return out;
}

std::string connect_request(const proxy_way& through, std::string_view place) {
  auto login = through.login.empty()
                   ? std::string{}
                   : "Proxy-Authorization: Basic " + base64(through.login) + "\r\n";
  return fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", place, place, login);
}

proxy_answer::verdict proxy_answer::read(std::string_view in, size_t& used) {
  auto before = head_.size();
  head_ += in;
  auto size = protocol::http_head_size(head_, before);
  used = size == 0 ? in.size() : size - before;
  if (size == 0 && head_.size() <= protocol::longest_http_head)
    return verdict::unfinished;
  auto line = std::string_view{head_}.substr(0, head_.find('\r'));
  auto space = line.find(' ');
  if (size == 0) {
    problem_ = "its answer has no end";
  } else if (!line.starts_with("HTTP/1.") || space == line.npos) {
    problem_ = "it is no HTTP proxy";
  } else if (auto status = line.substr(space + 1); status == "200" || status.starts_with("200 ")) {
    return verdict::open;
  } else {
    problem_ = fmt::format("{}{}", refused_by, status.substr(0, longest_reason));
  }
  return verdict::refused;
}

std::string proxy_answer::problem_without(const std::string& login) const {
  auto quotes = [&](std::string_view secret) {
    return !secret.empty() && head_.find(secret) != head_.npos;
  };
  auto password = std::string_view{login}.substr(login.find(':') + 1);
  if (!problem_.starts_with(refused_by) || (!quotes(base64(login)) && !quotes(password)))
    return problem_;
  auto end = problem_.find_first_not_of("0123456789", refused_by.size());
  return problem_.substr(0, end) + " [REDACTED]";
}

} // namespace troupe::federation
