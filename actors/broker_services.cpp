// actors/broker_services.cpp: the four requests that every account may make.
#include "actors/broker_services.hpp"

#include "protocol/subject.hpp"

#include <algorithm>
#include <array>

namespace troupe::actors {

struct broker_service::offered {
  offered(std::string_view local, std::string_view front, std::string_view back,
          security::response_kind response, bool sharing)
      : text{protocol::subject_text::make(local)}, before{front}, after{back}, share{sharing} {
    auto rule = std::make_shared<security::export_rule>();
    rule->kind = security::share_kind::service;
    rule->subject = std::string{before} + '*' + std::string{after};
    rule->response = response;
    offer = std::move(rule);
  }

  const protocol::ref_ptr<const protocol::subject_text> text; ///< the local subject
  const std::string_view before, after;                       ///< of the account's name
  /// By it a request that meets itself is known.
  std::shared_ptr<const security::export_rule> offer;
  const bool share;
};

namespace {

using protocol::subject_text;
using security::response_kind;

const std::array<broker_service::offered, 4>& services() {
  static const std::array<broker_service::offered, 4> all{{
      {"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.ACCOUNT.", ".CONNZ", response_kind::stream, false},
      {"$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.", ".CONNZ", response_kind::stream, false},
      {"$SYS.REQ.ACCOUNT.PING.STATZ", "$SYS.REQ.ACCOUNT.", ".STATZ", response_kind::stream, false},
      {"$SYS.REQ.USER.INFO", "$SYS.REQ.USER.", ".INFO", response_kind::singleton, true},
  }};
  return all;
}

/// Answered in the system account; an account has to import it if it wants it.
constexpr const char* subscribers = "$SYS.DEBUG.SUBSCRIBERS";

constexpr size_t user_info = 3; // where it stands among the services

} // namespace

bool is_answered_at_home(const security::export_rule& offer) noexcept {
  return &offer == services()[user_info].offer.get();
}

broker_service::broker_service(const offered& which, protocol::ref_ptr<const subject_text> importer,
                               const account_ptr& system, const destination_ptr& nobody)
    : service_import{which.text, nobody, system, which.offer, which.share}, which_{which},
      importer_{std::move(importer)} {}

void broker_service::append_target(std::string_view, std::string& out) const {
  out.append(which_.before).append(importer_->subject()).append(which_.after);
}

std::string broker_service::target() const {
  std::string out;
  append_target(subject(), out);
  return out;
}

std::vector<security::export_rule> broker_exports() {
  std::vector<security::export_rule> out;
  for (const auto& each : services()) {
    const auto& offer = *each.offer;
    if (std::none_of(out.begin(), out.end(),
                     [&](const auto& before) { return before.subject == offer.subject; }))
      out.push_back(offer);
  }
  auto& last = out.emplace_back();
  last.kind = security::share_kind::service;
  last.subject = subscribers;
  return out;
}

std::vector<broker_service_ptr> broker_services(const account& importer, const account_ptr& system,
                                                const destination_ptr& nobody) {
  std::vector<broker_service_ptr> out;
  if (importer.is_system || importer.name == "PING") // that word asks for all accounts
    return out;
  if (!protocol::is_valid_publish(importer.name))
    return out; // no subject can name such an account
  auto name = subject_text::make(importer.name);
  out.reserve(services().size());
  for (const auto& each : services())
    out.push_back(protocol::make_ref<broker_service>(each, name, system, nobody));
  return out;
}

} // namespace troupe::actors
