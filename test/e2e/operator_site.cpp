// test/e2e/operator_site.cpp: an operator whose accounts change while a broker serves them.
#include "operator_site.hpp"

#include "security/jwt.hpp"
#include "security/text_encoding.hpp"

#include <atomic>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace troupe::e2e {
using namespace security;
using namespace std::chrono_literals;

int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string signed_by(claims what, const key_pair& by) {
  static std::atomic<int64_t> issued{seconds_now() - 10'000};
  auto out = encode_jwt(what, by, issued.fetch_add(1));
  if (auto* wrong = std::get_if<jwt_error>(&out))
    throw std::invalid_argument(wrong->reason);
  return std::get<std::string>(out);
}

tenant::tenant(std::string name) {
  claims.standard.subject = key.public_text();
  claims.standard.name = std::move(name);
  claims.limits = account_limit_claims::unlimited();
  claims.signing_keys = {{signing.public_text(), {}}};
}

std::string tenant::user_jwt(bool by_signing_key,
                             const std::function<void(user_claims&)>& edit) const {
  user_claims out;
  out.standard.subject = user.public_text();
  out.standard.name = "somebody";
  out.limits = user_limits::unlimited();
  if (by_signing_key)
    out.issuer_account = id();
  if (edit)
    edit(out);
  return signed_by(out, by_signing_key ? signing : key);
}

operator_site::operator_site() {
  claims.standard.subject = op.public_text();
  claims.standard.name = "OPS";
  claims.signing_keys = {second.public_text()};
  claims.system_account = system.id();
}

std::string site_client::take_info() {
  while (socket_.unread().find("\r\n") == std::string_view::npos)
    if (!socket_.read_more())
      throw case_failure("closed without an INFO");
  auto end = socket_.unread().find("\r\n");
  auto info = nlohmann::json::parse(socket_.unread().substr(5, end - 5));
  socket_.consume(end + 2);
  return info.value("nonce", "");
}

site_client::site_client(const server_process& server, const std::string& members,
                         const std::optional<tls_options>& over)
    : socket_{server.port(), 20s} {
  take_info();
  if (over)
    if (auto wrong = socket_.start_tls(*over); !wrong.empty())
      throw case_failure("no TLS handshake: " + wrong);
  connect(members);
}

void site_client::connect(const std::string& members) {
  send("CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true"
       + (members.empty() ? members : "," + members) + "}");
}

site_client::site_client(const server_process& server, const std::string& jwt, const key_pair& user)
    : socket_{server.port(), 20s} {
  auto raw = user.sign(take_info());
  nlohmann::json connect{
      {"jwt", jwt},
      {"sig", to_base64url({reinterpret_cast<const char*>(raw.data()), raw.size()})},
      {"verbose", false},
      {"pedantic", false}};
  send("CONNECT " + connect.dump());
}

std::string site_client::line() {
  for (;;) {
    auto end = socket_.unread().find("\r\n");
    if (end == std::string_view::npos) {
      if (!socket_.read_more())
        return "(closed)";
      continue;
    }
    std::string out{socket_.unread().substr(0, end)};
    socket_.consume(end + 2);
    if (out == "PING")
      send("PONG");
    else if (!out.starts_with("INFO "))
      return out;
  }
}

std::string site_client::until_pong() {
  send("PING");
  std::string out;
  for (auto one = line();; one = line()) {
    if (one == "PONG")
      return out;
    out += (out.empty() ? "" : "\n") + one;
    if (one == "(closed)")
      return out;
  }
}

std::string site_client::exactly(size_t bytes) {
  while (socket_.unread().size() < bytes)
    if (!socket_.read_more())
      throw case_failure("closed within a message");
  std::string out{socket_.unread().substr(0, bytes)};
  socket_.consume(bytes);
  return out;
}

std::string site_client::request(const std::string& subject, std::string_view payload) {
  static std::atomic<int> inboxes{0}; // clients of one account do not share them
  auto inbox = "_INBOX.test." + std::to_string(++inboxes);
  send("SUB " + inbox + " r" + std::to_string(inboxes));
  send("PUB " + subject + " " + inbox + " " + std::to_string(payload.size()) + "\r\n"
       + std::string{payload});
  for (auto one = line(); one != "(closed)"; one = line())
    if (one.starts_with("MSG " + inbox)) {
      auto size = std::stoul(one.substr(one.rfind(' ') + 1));
      return exactly(size + 2).substr(0, size);
    } else if (one.starts_with("-ERR")) {
      return one;
    }
  return "(closed)";
}

site_message site_client::message() {
  for (auto one = line();; one = line()) {
    if (one == "(closed)")
      throw case_failure("closed instead of a message");
    bool headers = one.starts_with("HMSG ");
    if (!headers && !one.starts_with("MSG "))
      continue;
    std::vector<std::string> words;
    for (size_t at = 0, end = 0; at < one.size(); at = end + 1) {
      end = std::min(one.find(' ', at), one.size());
      words.push_back(one.substr(at, end - at));
    }
    site_message out;
    auto sizes = headers ? 2U : 1U; // behind MSG, subject, sid and perhaps a reply
    out.subject = words.at(1);
    if (words.size() == 4 + sizes)
      out.reply = words[3];
    auto total = std::stoul(words.back());
    auto head = headers ? std::stoul(words[words.size() - 2]) : 0;
    auto all = exactly(total + 2);
    out.headers = all.substr(0, head);
    out.payload = all.substr(head, total - head);
    return out;
  }
}

std::string login(const server_process& server, const std::string& jwt, const key_pair& user) {
  return site_client{server, jwt, user}.until_pong();
}

} // namespace troupe::e2e
