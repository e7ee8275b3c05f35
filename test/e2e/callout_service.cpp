// test/e2e/callout_service.cpp: an auth callout that a test plays step by step, right or wrong.
#include "callout_service.hpp"

#include "security/jwt.hpp"

namespace troupe::e2e {
using namespace security;

callout_service::callout_service(std::unique_ptr<site_client> client,
                                 std::optional<curve_key_pair> xkey)
    : client_{std::move(client)}, xkey_{std::move(xkey)} {
  client_->send("SUB $SYS.REQ.USER.AUTH auth");
  if (auto words = client_->until_pong(); !words.empty())
    throw case_failure("the service may not listen: " + words);
}

callout_request callout_service::next() {
  callout_request out;
  auto msg = client_->message();
  out.reply = msg.reply;
  constexpr std::string_view header = "Nats-Server-Xkey:";
  if (auto at = msg.headers.find(header); at != std::string::npos) {
    auto begin = msg.headers.find_first_not_of(' ', at + header.size());
    out.xkey = msg.headers.substr(begin, msg.headers.find('\r', begin) - begin);
  }
  auto text = msg.payload;
  if (xkey_) {
    auto opened = xkey_->open(text, out.xkey);
    if (!opened)
      throw case_failure("the request is not sealed for the service");
    text = *opened;
  }
  auto read = decode_authorization_request(text);
  if (const auto* error = std::get_if<jwt_error>(&read))
    throw case_failure("the request cannot be read: " + error->reason);
  out.said = std::get<authorization_request_claims>(read);
  if (out.said.server.id != out.said.standard.issuer || out.said.server.xkey != out.xkey)
    throw case_failure("the request is not signed by the server that it names");
  return out;
}

void callout_service::answer(const callout_request& to, std::string_view payload) {
  client_->send("PUB " + to.reply + " " + std::to_string(payload.size()) + "\r\n"
                + std::string{payload});
}

std::string user_for(const callout_request& asked, const key_pair& by, const user_edit& edit) {
  user_claims out;
  out.standard.subject = asked.user();
  out.limits = user_limits::unlimited();
  if (edit)
    edit(out);
  return signed_by(out, by);
}

std::string response_with(const callout_request& asked, const std::string& user_jwt,
                          const key_pair& by, const response_edit& edit) {
  authorization_response_claims out;
  out.standard.subject = asked.user();
  out.standard.audience = asked.server();
  out.jwt = user_jwt;
  if (edit)
    edit(out);
  return signed_by(out, by);
}

std::string response_error(const callout_request& asked, const std::string& error,
                           const key_pair& by) {
  return response_with(asked, {}, by, [&](auto& said) { said.error = error; });
}

} // namespace troupe::e2e
