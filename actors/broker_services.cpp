// actors/broker_services.cpp: the four requests that every account may make.
#include "actors/broker_services.hpp"

#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::actors {
namespace {

struct service {
  std::string_view local;
  std::string_view before, after; ///< of the account's name
  security::response_kind response;
  bool share;
};

constexpr service services[] = {
    {"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.ACCOUNT.", ".CONNZ", security::response_kind::stream,
     false},
    {"$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.", ".CONNZ", security::response_kind::stream,
     false},
    {"$SYS.REQ.ACCOUNT.PING.STATZ", "$SYS.REQ.ACCOUNT.", ".STATZ", security::response_kind::stream,
     false},
    {"$SYS.REQ.USER.INFO", "$SYS.REQ.USER.", ".INFO", security::response_kind::singleton, true},
};

/// One for each service, so that a request that meets itself is known by it.
const std::shared_ptr<const security::export_rule>& offer_of(const service& which) {
  static const auto all = [] {
    std::vector<std::shared_ptr<const security::export_rule>> out;
    for (const auto& each : services) {
      auto rule = std::make_shared<security::export_rule>();
      rule->kind = security::share_kind::service;
      rule->subject = std::string{each.before} + '*' + std::string{each.after};
      rule->response = each.response;
      out.push_back(std::move(rule));
    }
    return out;
  }();
  return all[static_cast<size_t>(&which - services)];
}

/// The local subject, in one text for all accounts.
const protocol::ref_ptr<const protocol::subject_text>& text_of(const service& which) {
  static const auto all = [] {
    std::vector<protocol::ref_ptr<const protocol::subject_text>> out;
    for (const auto& each : services)
      out.push_back(protocol::subject_text::make(each.local));
    return out;
  }();
  return all[static_cast<size_t>(&which - services)];
}

/// Answered in the system account; an account has to import it if it wants it.
constexpr const char* subscribers = "$SYS.DEBUG.SUBSCRIBERS";

} // namespace

std::vector<security::export_rule> broker_exports() {
  std::vector<security::export_rule> out;
  for (const auto& each : services) {
    const auto& offer = *offer_of(each);
    if (std::none_of(out.begin(), out.end(),
                     [&](const auto& before) { return before.subject == offer.subject; }))
      out.push_back(offer);
  }
  auto& last = out.emplace_back();
  last.kind = security::share_kind::service;
  last.subject = subscribers;
  return out;
}

std::vector<service_import_ptr> broker_services(account& importer, const account_ptr& system,
                                                const destination_ptr& nobody) {
  std::vector<service_import_ptr> out;
  if (importer.is_system || importer.name == "PING") // that word asks for all accounts
    return out;
  for (const auto& each : services) {
    auto there = std::string{each.before} + importer.name + std::string{each.after};
    if (!protocol::is_valid_publish(there))
      return {}; // no subject can name such an account
    auto made = protocol::subject_transform::make(each.local, there,
                                                  protocol::subject_transform::dialect::import);
    auto* transform = std::get_if<protocol::subject_transform>(&made);
    if (!transform)
      return {};
    out.push_back(protocol::make_ref<service_import>(
        text_of(each), nobody, system, std::move(*transform), offer_of(each), each.share));
  }
  return out;
}

} // namespace troupe::actors
