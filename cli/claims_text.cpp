// cli/claims_text.cpp: claims in words.
#include "cli/claims_text.hpp"

#include "cli/duration.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"

#include <fmt/format.h>

#include <chrono>

namespace troupe::cli {
namespace {

std::string limit(int64_t value) {
  return value < 0 ? "no limit" : value == 0 ? "none at all" : std::to_string(value);
}

std::string named(const std::string& key, const account_namer& name_of) {
  auto name = name_of(key);
  return name.empty() ? key + " (not in this store)" : fmt::format("{} ({})", name, key);
}

class lines {
public:
  void add(std::string what, std::string value) {
    if (!value.empty())
      table_.add({std::move(what), std::move(value)});
  }
  std::string text() const {
    auto out = table_.text();
    return out.substr(out.find('\n') + 1); // without the empty headings
  }

private:
  text_table table_{{"", ""}};
};

void add_standard(lines& to, const security::standard_claims& said) {
  to.add("key", said.subject);
  to.add("issued by", said.issuer);
  to.add("issued at", show_moment(said.issued_at));
  to.add("expires", show_moment(said.expires));
  if (said.not_before != 0)
    to.add("not before", show_moment(said.not_before));
  to.add("tags", joined(said.tags));
}

/// `whose`: "" or "users ", in front of what they may do.
void add_permissions(lines& to, const security::permission_claims& said, std::string whose = {}) {
  bool answers = said.responses.has_value();
  auto publish = in_words(said.publish);
  if (answers && said.publish.allow.empty())
    publish = "nothing but answers";
  to.add(whose + "may publish", publish);
  to.add(whose + "may subscribe", in_words(said.subscribe));
  if (!answers)
    return;
  auto ttl = said.responses->ttl;
  to.add(whose + "may answer",
         fmt::format(
             "{} to each request, within {}",
             said.responses->max_messages < 0
                 ? std::string{"any number of messages"}
                 : fmt::format("{} messages", std::max<int64_t>(1, said.responses->max_messages)),
             ttl < 0    ? std::string{"any time"}
             : ttl == 0 ? std::string{"2m"}
                        : show_duration(nanoseconds{ttl})));
}

void add_limits(lines& to, const security::user_limits& said) {
  add_permissions(to, said.permissions);
  to.add("subscriptions", limit(said.subscriptions));
  to.add("payload", limit(said.payload));
  to.add("data", limit(said.data));
  if (said.bearer)
    to.add("bearer", "its JWT alone lets in");
  if (said.proxy_required)
    to.add("proxy", "only through a trusted one");
  to.add("comes from", joined(said.sources));
  for (const auto& one : said.times)
    to.add("time of day", fmt::format("{} to {}", one.start, one.end));
  if (!said.times.empty())
    to.add("time zone", said.times_location.empty() ? "the broker's" : said.times_location);
  to.add("connects by", joined(said.connection_types));
}

std::string kind_of(const std::optional<security::share_kind>& kind) {
  if (!kind)
    return "share";
  return *kind == security::share_kind::stream ? "stream" : "service";
}

} // namespace

std::string in_words(const security::permission_list& list) {
  bool nothing = std::find(list.deny.begin(), list.deny.end(), ">") != list.deny.end();
  if (nothing)
    return "nothing";
  auto out =
      list.allow.empty() ? std::string{"everything"} : fmt::format("only {}", joined(list.allow));
  if (!list.deny.empty())
    out += fmt::format("; never {}", joined(list.deny));
  return out;
}

std::string short_list(const security::permission_list& list) {
  auto out = in_words(list);
  constexpr size_t widest = 40;
  return out.size() <= widest ? out : out.substr(0, widest - 1) + "…";
}

std::string role_of(const security::account_claims& account, const security::user_claims& user) {
  for (const auto& one : account.signing_keys)
    if (one.key == user.standard.issuer && one.scope)
      return one.scope->role;
  return {};
}

std::string text_of(const security::operator_claims& what, const account_namer& name_of) {
  lines out;
  out.add("operator", what.standard.name);
  add_standard(out, what.standard);
  for (const auto& key : what.signing_keys)
    out.add("signing key", key);
  if (!what.system_account.empty())
    out.add("system account", named(what.system_account, name_of));
  out.add("strict", what.strict_signing_keys ? "only signing keys may sign" : "");
  out.add("account server", what.account_server_url);
  out.add("brokers", joined(what.service_urls));
  return out.text();
}

std::string text_of(const security::account_claims& what, const account_namer& name_of) {
  lines out;
  out.add("account", what.standard.name);
  add_standard(out, what.standard);
  out.add("description", what.description);
  out.add("info", what.info_url);
  for (const auto& one : what.signing_keys)
    out.add("signing key", one.scope ? fmt::format(
                               "{} role \"{}\": publish {}; subscribe {}", one.key, one.scope->role,
                               in_words(one.scope->limits.permissions.publish),
                               in_words(one.scope->limits.permissions.subscribe))
                                     : one.key);
  out.add("connections", limit(what.limits.connections));
  out.add("leaf nodes", limit(what.limits.leafnodes));
  out.add("subscriptions", limit(what.limits.subscriptions) + ", of each connection");
  out.add("payload", limit(what.limits.payload));
  out.add("imports, exports",
          fmt::format("{}, {}", limit(what.limits.imports), limit(what.limits.exports)));
  if (what.limits.disallow_bearer)
    out.add("bearer", "none of its users may be one");
  add_permissions(out, what.default_permissions, "users ");
  for (const auto& one : what.exports)
    out.add("exports",
            fmt::format(
                "{} {}{}{}", kind_of(one.kind), one.subject, one.token_required ? ", private" : "",
                one.account_token_position > 0
                    ? fmt::format(", token {} is the importer's key", one.account_token_position)
                    : ""));
  for (const auto& one : what.imports)
    out.add("imports", fmt::format("{} {} from {}{}{}", kind_of(one.kind), one.subject,
                                   named(one.account, name_of),
                                   one.local_subject.empty() ? "" : " as " + one.local_subject,
                                   one.to.empty() ? "" : " to " + one.to));
  for (const auto& [user, until] : what.revocations)
    out.add("revoked", fmt::format("{} issued up to {}", user, show_moment(until)));
  return out.text();
}

std::string text_of(const security::user_claims& what, const security::account_claims& account) {
  lines out;
  out.add("user", what.standard.name);
  out.add("account", account.standard.name);
  add_standard(out, what.standard);
  auto role = role_of(account, what);
  out.add("role", role);
  if (role.empty())
    add_limits(out, what.limits);
  for (const auto& one : account.signing_keys)
    if (!role.empty() && one.key == what.standard.issuer && one.scope)
      add_limits(out, one.scope->limits);
  return out.text();
}

} // namespace troupe::cli
