// actors/crossing.hpp: interest that leads elsewhere: into another account, or to another server.
#pragma once

#include "actors/account.hpp"
#include "actors/subscription.hpp"
#include "protocol/subject_transform.hpp"
#include "security/account_rules.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::actors {

/// A stream that an account takes from another one. Immutable.
struct stream_import : protocol::ref_counted<stream_import> {
  stream_import(account_ptr exporter, protocol::subject_transform renames)
      : from{std::move(exporter)}, transform{std::move(renames)} {}

  const account_ptr from;
  const protocol::subject_transform transform; ///< from the exporter's subject to the local one
};
using stream_import_ptr = protocol::ref_ptr<const stream_import>;

/// Carries quirk_crossing: the router does something else with it than to deliver.
class crossing : public subscription {
public:
  enum class kind : uint8_t { shadow, service, responses, remote, stream, mapped };

  const kind what;

protected:
  crossing(kind which, protocol::ref_ptr<const protocol::subject_text> text, std::string_view id,
           destination_ptr whom)
      : subscription{std::move(text), id, std::move(whom)}, what{which} {
    quirks = quirk_crossing;
  }
  /// For what links put there: remote_interest.hpp, gateway_reply.hpp.
  crossing(kind which, protocol::ref_ptr<const protocol::subject_text> text, destination_ptr whom,
           protocol::peer_kind of, uint32_t weight)
      : subscription{std::move(text), std::move(whom), of, weight}, what{which} {
    quirks = quirk_crossing;
  }
};

/// Stands in an exporter's sublist for a subscription of an importer's client: what it matches is
/// delivered to that client, under the importer's name of the subject.
class shadow_subscription final : public crossing {
public:
  shadow_subscription(protocol::ref_ptr<const protocol::subject_text> text, subscription_ptr whose,
                      stream_import_ptr through)
      : crossing{kind::shadow, std::move(text), whose->sid, whose->to}, origin{std::move(whose)},
        by{std::move(through)} {}

  const subscription_ptr origin;
  const stream_import_ptr by;
};
using shadow_ptr = protocol::ref_ptr<shadow_subscription>;

/// Stands in an importer's sublist: what is published to it is a request to the exporter.
class service_import : public crossing {
public:
  /// Appends what the exporter calls this local subject, which matches.
  virtual void append_target(std::string_view subject, std::string& out) const = 0;

  const account_ptr exporter;
  const std::shared_ptr<const security::export_rule> offer;
  const bool share; ///< the exporter may know who asks

protected:
  service_import(protocol::ref_ptr<const protocol::subject_text> text, destination_ptr nobody,
                 account_ptr from, std::shared_ptr<const security::export_rule> terms, bool sharing)
      : crossing{kind::service, std::move(text), {}, std::move(nobody)}, exporter{std::move(from)},
        offer{std::move(terms)}, share{sharing} {}
};
using service_import_ptr = protocol::ref_ptr<service_import>;

/// One that the importer's rules declare.
class declared_service final : public service_import {
public:
  declared_service(protocol::ref_ptr<const protocol::subject_text> text, destination_ptr nobody,
                   account_ptr from, protocol::subject_transform renames,
                   std::shared_ptr<const security::export_rule> terms, bool sharing)
      : service_import{std::move(text), std::move(nobody), std::move(from), std::move(terms),
                       sharing},
        transform{std::move(renames)} {}

  void append_target(std::string_view subject, std::string& out) const override {
    transform.apply_to(subject, out);
  }

  const protocol::subject_transform transform; ///< from the local subject to the exporter's
};
using declared_service_ptr = protocol::ref_ptr<declared_service>;

/// Stands in the sublist of whoever answers: takes responses back to those who asked.
class response_interest final : public crossing {
public:
  response_interest(protocol::ref_ptr<const protocol::subject_text> text, destination_ptr nobody)
      : crossing{kind::responses, std::move(text), {}, std::move(nobody)} {}
};

} // namespace troupe::actors
