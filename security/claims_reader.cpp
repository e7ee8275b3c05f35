// security/claims_reader.cpp: JSON into claims; every field of the wrong type is named.
#include "security/claims_fields.hpp"
#include "security/claims_json.hpp"
#include "security/jwt.hpp"
#include "security/strict_json.hpp"

#include <algorithm>
#include <limits>

namespace troupe::security {
namespace {

using json = nlohmann::json;
using problems = std::vector<std::string>;

/// Reads the fields of one object and remembers which it was asked for. JSON null is no field.
class reader {
public:
  reader(const json& object, std::string path, problems& found)
      : object_{object}, path_{std::move(path)}, problems_{found} {}

  template <class T>
  void operator()(const char* key, T& value) {
    asked_.emplace_back(key);
    if (auto at = object_.find(key); at != object_.end() && !at->is_null())
      read(*at, value, path_ + key);
  }
  template <class T>
  void always(const char* key, T& value) {
    (*this)(key, value);
  }
  template <class Read>
  void nested(const char* key, Read&& read_fields) {
    asked_.emplace_back(key);
    auto at = object_.find(key);
    if (at == object_.end() || at->is_null())
      return;
    if (!expect(at->is_object(), path_ + key, "an object"))
      return;
    reader inner{*at, path_ + key + ".", problems_};
    read_fields(inner);
  }
  void extra(extra_fields& into) {
    auto rest = json::object();
    for (const auto& [key, value] : object_.items())
      if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
        rest[key] = value;
    into = rest.empty() ? extra_fields{} : rest.dump();
  }
  /// A list, or one text with commas, as older tools wrote it.
  void sources(const char* key, std::vector<std::string>& value);
  /// A percentage, or "headers", which is 0.
  void sampling(const char* key, int64_t& value);
  void signing_keys(const char* key, std::vector<signing_key>& value);

private:
  bool expect(bool truth, const std::string& where, std::string_view what) {
    if (!truth)
      problems_.push_back(where + " must be " + std::string{what});
    return truth;
  }
  void read(const json& from, std::string& to, const std::string& where) {
    if (expect(from.is_string(), where, "text"))
      to = from.get<std::string>();
  }
  void read(const json& from, bool& to, const std::string& where) {
    if (expect(from.is_boolean(), where, "true or false"))
      to = from.get<bool>();
  }
  void read(const json& from, int64_t& to, const std::string& where) {
    bool fits = from.is_number_integer()
                && (!from.is_number_unsigned()
                    || from.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()});
    if (expect(fits, where, "a whole number of 64 bits"))
      to = from.get<int64_t>();
  }
  void read(const json& from, uint64_t& to, const std::string& where) {
    if (expect(from.is_number_unsigned(), where, "a whole number, not negative"))
      to = from.get<uint64_t>();
  }
  void read(const json& from, std::optional<share_kind>& to, const std::string& where) {
    if (expect(from == "stream" || from == "service", where, "\"stream\" or \"service\""))
      to = from == "stream" ? share_kind::stream : share_kind::service;
  }
  template <class T>
  void read(const json& from, std::vector<T>& to, const std::string& where) {
    if (!expect(from.is_array(), where, "a list"))
      return;
    to.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i)
      read(from[i], to[i], where + "[" + std::to_string(i) + "]");
  }
  template <class T>
  void read(const json& from, std::map<std::string, T>& to, const std::string& where) {
    if (!expect(from.is_object(), where, "an object"))
      return;
    for (const auto& [key, value] : from.items())
      read(value, to[key], where + "." + key);
  }
  template <class T>
  void read(const json& from, std::optional<T>& to, const std::string& where) {
    read(from, to.emplace(), where);
  }
  template <class T>
  void read(const json& from, T& to, const std::string& where) {
    if (!expect(from.is_object(), where, "an object"))
      return;
    reader inner{from, where + ".", problems_};
    fields(inner, to);
  }
  void read_scope(const json& from, signing_key& to, const std::string& where);

  const json& object_;
  std::string path_;
  problems& problems_;
  std::vector<std::string> asked_;
};

void reader::sources(const char* key, std::vector<std::string>& value) {
  auto at = object_.find(key);
  if (at == object_.end() || !at->is_string()) {
    (*this)(key, value);
    return;
  }
  asked_.emplace_back(key);
  auto text = at->get<std::string>();
  for (size_t from = 0; from <= text.size();) {
    auto to = std::min(text.find(',', from), text.size());
    auto one = std::string_view{text}.substr(from, to - from);
    from = to + 1;
    auto begin = one.find_first_not_of(" \t");
    if (begin != one.npos)
      value.emplace_back(one.substr(begin, one.find_last_not_of(" \t") - begin + 1));
  }
}

void reader::sampling(const char* key, int64_t& value) {
  asked_.emplace_back(key);
  auto at = object_.find(key);
  if (at == object_.end() || at->is_null())
    return;
  if (at->is_string())
    expect(*at == "headers" || *at == "Headers" || *at == "HEADERS", path_ + key,
           "a percentage or \"headers\"");
  else
    read(*at, value, path_ + key);
}

void reader::signing_keys(const char* key, std::vector<signing_key>& value) {
  asked_.emplace_back(key);
  auto at = object_.find(key);
  if (at == object_.end() || at->is_null() || !expect(at->is_array(), path_ + key, "a list"))
    return;
  for (size_t i = 0; i < at->size(); ++i) {
    const auto& one = (*at)[i];
    auto where = path_ + key + "[" + std::to_string(i) + "]";
    auto& to = value.emplace_back();
    if (one.is_object())
      read_scope(one, to, where);
    else
      read(one, to.key, where);
  }
}

/// A scope of a kind that is not known would restrict in ways that are not known either.
void reader::read_scope(const json& from, signing_key& to, const std::string& where) {
  reader inner{from, where + ".", problems_};
  std::string kind;
  inner("kind", kind);
  expect(kind == "user_scope", where + ".kind", "\"user_scope\"");
  auto& scope = to.scope.emplace();
  scope.limits = user_limits::unlimited();
  inner("key", to.key);
  inner("role", scope.role);
  inner("description", scope.description);
  inner.nested("template", [&](reader& limits) {
    fields(limits, scope.limits);
    limits.extra(scope.template_extra);
  });
  inner.extra(scope.extra);
}

/// Version 1 had type, tags and `issuer_account` beside the standard claims; version 2 has them in
/// `nats`, with the version.
struct envelope {
  const json& payload;
  json nats = json::object();
  standard_claims standard;
  std::string type;
  std::string issuer_account; ///< of version 1
};

void read_envelope(envelope& e, problems& found) {
  reader top{e.payload, "", found};
  standard_fields(top, e.standard);
  std::string old_type;
  top("type", old_type);
  if (!old_type.empty()) {
    e.standard.version = 1;
    e.type = old_type;
    top("tags", e.standard.tags);
    top("issuer_account", e.issuer_account);
  }
  auto at = e.payload.find("nats");
  if (at != e.payload.end() && at->is_object())
    e.nats = *at;
  else if (at != e.payload.end() && !at->is_null())
    found.emplace_back("nats must be an object");
  extra_fields ignored;
  top.nested("nats", [](reader&) {});
  top.extra(e.standard.extra);
  if (e.standard.version == 1)
    return;
  reader inner{e.nats, "nats.", found};
  int64_t version = 0;
  inner("type", e.type);
  inner("version", version);
  inner("tags", e.standard.tags);
  if (version > 2)
    found.push_back("nats.version is " + std::to_string(version) + ", newer than 2");
  e.standard.version = version < 0 || version > 2 ? 0 : static_cast<int>(version);
  for (const auto* key : {"type", "version", "tags"})
    e.nats.erase(key);
}

template <class T>
T read_kind(envelope& e, problems& found) {
  if (e.standard.version != 1 && e.standard.version != 2)
    found.emplace_back("nats.version must be 2, or the type must stand beside the issuer, as "
                       "version 1 had it");
  T out;
  if constexpr (std::is_same_v<T, user_claims>)
    if (e.standard.version == 1)
      out.limits = user_limits::unlimited();
  if (e.standard.version == 1 && std::is_same_v<T, activation_claims> && e.nats.contains("type"))
    e.nats["kind"] = e.nats["type"];
  reader inner{e.nats, "nats.", found};
  fields(inner, out);
  out.standard = std::move(e.standard);
  if (out.standard.version == 1) {
    out.extra.clear(); // what version 1 had besides has no meaning in version 2
    out.standard.extra.clear();
    if constexpr (requires { out.issuer_account; })
      out.issuer_account = std::move(e.issuer_account);
  }
  return out;
}

/// Version 1 knew none of these; whoever signed it did not mean them.
void forget_later_claims(account_claims& of, problems& found) {
  for (const auto& key : of.signing_keys)
    if (key.scope)
      found.emplace_back("nats.signing_keys of version 1 must be a list of keys");
  of.limits.jetstream = {};
  of.limits.tiers.clear();
  of.default_permissions = {};
  of.default_permissions_extra.clear();
  of.mappings.clear();
  of.callout = {};
  of.trace.reset();
  of.cluster_traffic.clear();
}

claims read_generic(envelope& e) {
  generic_claims out;
  out.type = e.type;
  out.data = e.nats.dump();
  out.standard = std::move(e.standard);
  return out;
}

claims read_by_type(envelope& e, problems& found) {
  if (e.type == "operator")
    return read_kind<operator_claims>(e, found);
  if (e.type == "account") {
    auto out = read_kind<account_claims>(e, found);
    if (out.standard.version == 1)
      forget_later_claims(out, found);
    return out;
  }
  if (e.type == "user")
    return read_kind<user_claims>(e, found);
  if (e.type == "activation")
    return read_kind<activation_claims>(e, found);
  if (e.type == "authorization_request")
    return read_kind<authorization_request_claims>(e, found);
  if (e.type == "authorization_response")
    return read_kind<authorization_response_claims>(e, found);
  if (e.type == "cluster" || e.type == "server")
    found.push_back("JWTs of type " + e.type + " are not supported any more");
  return read_generic(e);
}

std::string joined(const problems& all) {
  std::string out;
  for (const auto& one : all)
    out += (out.empty() ? "" : "; ") + one;
  return out;
}

} // namespace

std::variant<claims, std::string> read_claims(std::string_view payload, bool as_generic) {
  auto parsed = parse_strictly(payload, max_jwt_depth);
  if (auto* problem = std::get_if<std::string>(&parsed))
    return "the payload " + *problem;
  const auto& document = std::get<json>(parsed);
  if (!document.is_object())
    return "the payload is no JSON object";
  problems found;
  envelope e{document, json::object(), {}, {}, {}};
  read_envelope(e, found);
  auto out = as_generic ? read_generic(e) : read_by_type(e, found);
  if (!found.empty())
    return joined(found);
  return out;
}

} // namespace troupe::security
