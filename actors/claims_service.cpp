// actors/claims_service.cpp: requests on $SYS.REQ.CLAIMS and its like, and what we ask of others.
#include "actors/claims_service.hpp"

#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "protocol/one_line.hpp"
#include "security/jwt.hpp"
#include "security/nkey.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace troupe::actors {
namespace {

using nlohmann::ordered_json;
using result = account_book::entry::result;

/// The token behind "$SYS.ACCOUNT." or "$SYS.REQ.ACCOUNT.".
std::string_view account_in(std::string_view subject) {
  auto begin = subject.find("ACCOUNT.");
  if (begin == subject.npos)
    return {};
  subject.remove_prefix(begin + 8);
  return subject.substr(0, subject.find('.'));
}

std::string time_text(std::chrono::system_clock::time_point when) {
  auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch());
  return fmt::format("{:%FT%T}.{:09}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(when)),
                     nanoseconds.count() % 1'000'000'000);
}

std::string_view raw(const security::sha256_digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

} // namespace

claims_service::claims_service(account_keeper& keeper, internal_client& client, claims_server self)
    : keeper_{keeper}, client_{client}, self_{std::move(self)}, inbox_{"_INBOX."
                                                                       + security::make_nonce()
                                                                       + security::make_nonce()} {}

void claims_service::begin() {
  auto on = [this](std::string_view subject,
                   void (claims_service::*handler)(const internal_message&),
                   std::string_view queue = {}) {
    client_.subscribe(
        keeper_.system(), subject, [this, handler](const auto& msg) { (this->*handler)(msg); },
        queue);
  };
  for (const auto* subject : {"$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE", "$SYS.ACCOUNT.*.CLAIMS.UPDATE"})
    client_.subscribe(keeper_.system(), subject, [this](const auto& msg) { update(msg, false); });
  if (!keeper_.source().is_folder())
    return;
  client_.subscribe(keeper_.system(), "$SYS.REQ.CLAIMS.UPDATE",
                    [this](const auto& msg) { update(msg, true); });
  on("$SYS.REQ.CLAIMS.LIST", &claims_service::list);
  on("$SYS.REQ.CLAIMS.DELETE", &claims_service::remove);
  on(inbox_ + ".look.*", &claims_service::looked_up);
  if (keeper_.source().kind() != source_kind::full)
    return;
  on("$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP", &claims_service::answer_look_up);
  on("$SYS.REQ.CLAIMS.PACK", &claims_service::pack, "responder");
  on(inbox_ + ".pack", &claims_service::unpack);
}

void claims_service::tick(int64_t now) {
  std::vector<std::string> late;
  for (const auto& [account, one] : looks_)
    if (one.deadline <= now)
      late.push_back(account);
  for (const auto& account : late)
    end_look(account, false);
  if (keeper_.source().kind() != source_kind::full || now < next_pack_)
    return;
  auto pause = std::chrono::duration_cast<std::chrono::seconds>(keeper_.resolver().interval);
  next_pack_ = now + std::max<int64_t>(1, pause.count());
  client_.publish(keeper_.system(), "$SYS.REQ.CLAIMS.PACK", raw(keeper_.book().raw_digest()),
                  inbox_ + ".pack");
}

// -- answers
// -----------------------------------------------------------------------------------------

ordered_json claims_service::introduction() {
  return {{"name", self_.name},
          {"host", self_.host},
          {"id", self_.id},
          {"ver", self_.version},
          {"jetstream", false},
          {"seq", ++sequence_},
          {"time", time_text(std::chrono::system_clock::now())}};
}

void claims_service::reply(const internal_message& msg, const ordered_json& body) {
  if (!msg.reply.empty())
    client_.publish(msg.where, msg.reply,
                    body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

void claims_service::succeed(const internal_message& msg, std::string_view account,
                             std::string_view text) {
  ordered_json data;
  if (!account.empty())
    data["account"] = account;
  data["code"] = 200;
  data["message"] = text;
  reply(msg, {{"server", introduction()}, {"data", data}});
}

void claims_service::refuse(const internal_message& msg, std::string_view account,
                            std::string_view text) {
  log::warn("A request on {} is refused: {}", log::printable(msg.subject, 256),
            protocol::on_one_line(text));
  ordered_json error;
  if (!account.empty())
    error["account"] = account;
  error["code"] = 500;
  error["description"] = text;
  reply(msg, {{"server", introduction()}, {"error", error}});
}

// -- pushed
// ------------------------------------------------------------------------------------------

/// Nothing is stored or used that a trusted operator did not sign.
void claims_service::update(const internal_message& msg, bool of_any_account) {
  auto account = of_any_account ? std::string_view{} : account_in(msg.subject);
  auto kind = keeper_.source().kind();
  auto whom = std::string{account};
  if (of_any_account && kind == source_kind::cache)
    if (auto read = security::decode_account_jwt(msg.payload);
        auto* said = std::get_if<security::account_claims>(&read))
      whom = said->standard.subject;
  if (kind != source_kind::full && !whom.empty() && !keeper_.book().has(whom)) {
    succeed(msg, whom,
            kind == source_kind::cache ? "jwt update cache skipped" : "jwt update skipped");
    return;
  }
  auto entry = keeper_.accept(msg.payload, account, std::string{msg.subject}, unix_now());
  switch (entry.what) {
  case result::taken:
  case result::known:
    succeed(msg, entry.account, kind == source_kind::cache ? "jwt updated cache" : "jwt updated");
    return;
  case result::older:
    refuse(msg, entry.account,
           "jwt update resulted in error - it was issued before the one in force");
    return;
  case result::not_right:
    refuse(msg, entry.account.empty() ? "n/a" : entry.account,
           "jwt update resulted in error - " + entry.reason);
    return;
  }
}

void claims_service::list(const internal_message& msg) {
  reply(msg, {{"data", keeper_.book().accounts()}, {"server", introduction()}});
}

void claims_service::remove(const internal_message& msg) {
  std::string by = "unknown";
  size_t count = 0;
  if (auto why = remove_all(msg.payload, by, count); !why.empty()) {
    refuse(msg, {}, "delete accounts request by " + by + " failed - " + why);
    return;
  }
  succeed(msg, {}, fmt::format("deleted {} accounts", count));
}

/// Empty, or why nothing is removed.
std::string claims_service::remove_all(std::string_view request, std::string& by, size_t& count) {
  if (!keeper_.resolver().allow_delete)
    return "delete must be enabled in server config";
  auto read = security::decode_generic_jwt(request);
  if (auto* wrong = std::get_if<security::jwt_error>(&read))
    return "malformed request: " + wrong->reason;
  const auto& said = std::get<security::generic_claims>(read);
  by = said.standard.subject;
  auto now = unix_now();
  if (said.standard.subject != said.standard.issuer)
    return "not self signed";
  if (!keeper_.operators()->is_trusted_issuer(said.standard.issuer))
    return "not trusted";
  if ((said.standard.expires != 0 && said.standard.expires < now) || said.standard.not_before > now)
    return "it has expired, or is not yet valid";
  auto data = nlohmann::json::parse(said.data, nullptr, false);
  auto named = data.is_object() ? data.find("accounts") : data.end();
  if (!data.is_object() || named == data.end() || !named->is_array())
    return "malformed request";
  std::vector<std::string> accounts;
  for (const auto& one : *named) {
    if (!one.is_string())
      return "malformed request";
    accounts.push_back(one.get<std::string>());
    if (accounts.back() == keeper_.system()->name)
      return "not allowed to delete system account";
  }
  for (const auto& account : accounts)
    count += keeper_.remove(account) ? 1U : 0U;
  return {};
}

// -- between brokers
// ---------------------------------------------------------------------------------

void claims_service::answer_look_up(const internal_message& msg) {
  if (!msg.reply.empty())
    client_.publish(msg.where, msg.reply, keeper_.stored(account_in(msg.subject)).value_or(""));
}

/// All accounts, unless the other one has the same.
void claims_service::pack(const internal_message& msg) {
  if (msg.reply.empty())
    return;
  std::vector<broker_message> out;
  if (msg.payload != raw(keeper_.book().raw_digest()))
    for (const auto& account : keeper_.book().accounts())
      if (auto jwt = keeper_.stored(account))
        out.emplace_back(msg.where, msg.reply, account + "|" + *jwt);
  out.emplace_back(msg.where, msg.reply, "");
  client_.publisher().publish(std::move(out));
}

void claims_service::unpack(const internal_message& msg) {
  auto rest = msg.payload;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto bar = line.find('|');
    if (bar == line.npos)
      continue;
    auto entry =
        keeper_.accept(line.substr(bar + 1), line.substr(0, bar), "another broker", unix_now());
    if (entry.what == result::not_right)
      log::warn("Another broker has an account that is of no use here: {}",
                protocol::on_one_line(entry.reason));
  }
}

void claims_service::look_up(const std::string& account, std::function<void(bool)> done,
                             int64_t deadline) {
  looks_.insert_or_assign(account, look{std::move(done), deadline});
  client_.publish(keeper_.system(), "$SYS.REQ.ACCOUNT." + account + ".CLAIMS.LOOKUP", "",
                  inbox_ + ".look." + account);
}

/// An empty answer: that broker does not have it; another one may. With headers: nobody listens.
void claims_service::looked_up(const internal_message& msg) {
  std::string account{msg.subject.substr(msg.subject.rfind('.') + 1)};
  if (!looks_.contains(account))
    return;
  if (!msg.headers.empty()) {
    end_look(account, false);
    return;
  }
  if (msg.payload.empty())
    return;
  auto entry = keeper_.accept(msg.payload, account, "another broker", unix_now());
  if (entry.what == result::not_right)
    log::warn("Another broker's JWT of account {} is of no use here: {}", account,
              protocol::on_one_line(entry.reason));
  else
    end_look(account, true);
}

void claims_service::end_look(const std::string& account, bool found) {
  auto done = std::move(looks_.extract(account).mapped().done);
  done(found);
}

} // namespace troupe::actors
