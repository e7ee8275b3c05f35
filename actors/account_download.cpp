// actors/account_download.cpp: cpp-httplib as a client.
#include "actors/account_download.hpp"

#include "security/jwt.hpp"

#include <httplib.h>

#include <memory>

namespace troupe::actors {
namespace {

/// "http://host:port" and "/path".
std::pair<std::string, std::string> split(const std::string& url) {
  auto host = url.find("://");
  auto path = url.find('/', host == url.npos ? 0 : host + 3);
  return path == url.npos ? std::pair{url, std::string{"/"}}
                          : std::pair{url.substr(0, path), url.substr(path)};
}

std::unique_ptr<httplib::Client> connect(const download_settings& from, const std::string& server) {
  if (!from.tls)
    return std::make_unique<httplib::Client>(server);
  const auto& tls = *from.tls;
  auto out = tls.cert_file.empty()
                 ? std::make_unique<httplib::Client>(server)
                 : std::make_unique<httplib::Client>(server, tls.cert_file, tls.key_file);
  if (!tls.ca_file.empty())
    out->set_ca_cert_path(tls.ca_file.c_str());
  out->enable_server_certificate_verification(!tls.insecure);
  return out;
}

} // namespace

download download_account(const download_settings& from, const std::string& account) {
  download out;
  auto [server, path] = split(from.url);
  auto client = connect(from, server);
  if (!client->is_valid()) {
    out.problem = "the resolver's URL or its TLS files cannot be used";
    return out;
  }
  auto patience = std::chrono::duration_cast<std::chrono::microseconds>(from.timeout);
  client->set_connection_timeout(patience);
  client->set_read_timeout(patience);
  client->set_write_timeout(patience);
  client->set_follow_location(false);
  // A length that is announced is not to be believed, nor is an end to be waited for.
  auto deadline = std::chrono::steady_clock::now() + from.timeout;
  int status = 0;
  auto result = client->Get((path + account).c_str(),
                            [&](const httplib::Response& response) {
                              status = response.status;
                              return true;
                            },
                            [&](const char* data, size_t size) {
                              out.body.append(data, size);
                              return out.body.size() <= security::max_jwt_size
                                     && std::chrono::steady_clock::now() < deadline;
                            });
  out.answered = status != 0;
  if (status == 200 && result)
    return out;
  out.problem = status == 200  ? "the answer is too long or does not end"
                : out.answered ? "HTTP status " + std::to_string(status)
                               : httplib::to_string(result.error());
  out.body.clear();
  return out;
}

} // namespace troupe::actors
