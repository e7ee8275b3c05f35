// test/actors/crossing_world.hpp: accounts that share, peers in them, requests and their answers.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/account_registry.hpp"
#include "actors/response_table.hpp"
#include "test/actors/router_world.hpp"

#include <regex>

namespace troupe::test {

using actors::account_ptr;
using security::account_rules;
using security::export_rule;
using security::import_rule;
using security::share_kind;

inline export_rule offers(share_kind kind, std::string subject) {
  export_rule out;
  out.kind = kind;
  out.subject = std::move(subject);
  return out;
}

inline import_rule takes(share_kind kind, std::string from, std::string subject,
                         std::string local = {}) {
  import_rule out;
  out.kind = kind;
  out.account = std::move(from);
  out.local_subject = local.empty() ? subject : std::move(local);
  out.subject = std::move(subject);
  return out;
}

inline account_rules rules_of(std::string name, std::vector<export_rule> exports,
                              std::vector<import_rule> imports = {}) {
  account_rules out;
  out.name = std::move(name);
  out.exports = std::move(exports);
  out.imports = std::move(imports);
  return out;
}

struct asker final : actors::publisher {
  std::string out;
  std::string_view introduce(const actors::description_scope& scope) override {
    out = scope.detailed ? R"({"user":"u","acc":"B")" : R"({"acc":"B")";
    if (!scope.service.empty())
      out.append(R"(,"svc":")").append(scope.service).append("\"");
    return out += "}";
  }
};

/// Peers of several accounts, with shadows made as a connection makes them.
struct crossing_world : router_world {
  crossing_world() {
    routes.serve(
        tables, 0, [this] { return now; }, [this] { ++sweeps_begun; });
    other.serve(tables, 1, [this] { return now; });
  }

  /// As a connection does when it ends: a shadow in an exporter's sublist holds the exporter.
  ~crossing_world() {
    for (const auto& shadow : shadows)
      shadow->by->from->interests.remove(*shadow);
  }

  account_ptr at(std::string_view name) { return registry.named(name); }

  actors::subscription_ptr listen(peer& who, std::string_view where, std::string_view subject,
                                  std::string_view sid, std::string_view queue = {}) {
    account = at(where);
    auto sub = subscribe(who, subject, sid, queue);
    for (const auto& import : account->policy()->streams)
      if (auto pattern = import->transform.pull_back(subject)) {
        auto& there = import->from->interests;
        shadows.push_back(protocol::make_ref<actors::shadow_subscription>(
            there.share_text(*pattern, queue), sub, import));
        REQUIRE(there.insert(shadows.back()));
      }
    return sub;
  }

  size_t tell(std::string_view where, const sent& what, peer* from = nullptr) {
    return tell_by(routes, where, what, from);
  }
  size_t tell_by(actors::router& by, std::string_view where, const sent& what,
                 peer* from = nullptr) {
    account = at(where);
    read = pool.take();
    auto size = what.header.size() + what.body.size();
    auto* to = read->data();
    for (auto part : {what.header, what.body, std::string_view{"\r\n"}}) {
      part.copy(to, part.size());
      to += part.size();
    }
    protocol::publication pub;
    pub.subject = what.subject;
    pub.reply = what.reply;
    pub.data = {read->data(), size};
    pub.header_size = what.header.size();
    pub.has_header = !what.header.empty();
    auto known = by.memory_of(*account).find(what.subject, *account);
    auto& target = by.mapped(*known);
    pub.subject = target.subject;
    auto count = by.deliver(*account, target,
                            {pub, read.get(), from ? from->dest.get() : nullptr, own, &requester});
    by.flush();
    flush();
    return count;
  }

  /// The reply subject of a request that a peer has heard; empties what it heard.
  std::string reply_in(peer& whom) {
    std::smatch found;
    auto text = whom.take();
    REQUIRE_MESSAGE(std::regex_search(text, found, std::regex{R"(_R_\.\w{6}\.\w+)"}), text);
    return found.str();
  }

  std::vector<actors::response_table> tables{2};
  actors::account_registry registry{1, "$SYS"};
  actors::router other{pool, 11};
  actors::loop_clock::time_point now{std::chrono::hours{1}};
  size_t sweeps_begun = 0;
  asker requester;
  std::vector<actors::shadow_ptr> shadows;
};

} // namespace troupe::test
