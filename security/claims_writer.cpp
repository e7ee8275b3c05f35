// security/claims_writer.cpp: claims into JSON, with what older readers would not have understood.
#include "security/claims_fields.hpp"
#include "security/claims_json.hpp"
#include "security/strict_json.hpp"

#include <type_traits>

namespace troupe::security {
namespace {

using json = nlohmann::json;

template <class T>
concept scalar = std::is_arithmetic_v<T> || std::is_same_v<T, std::string>;

class writer {
public:
  json object = json::object();

  template <class T>
  void operator()(const char* key, T& value) {
    if (auto out = write(value); !is_empty(out))
      object[key] = std::move(out);
  }
  template <class T>
  void always(const char* key, T& value) {
    object[key] = write(value);
  }
  template <class Write>
  void nested(const char* key, Write&& write_fields) {
    writer inner;
    write_fields(inner);
    if (!inner.object.empty())
      object[key] = std::move(inner.object);
  }
  void extra(const extra_fields& more) {
    if (more.empty())
      return;
    auto rest = json::parse(more, nullptr, false);
    if (rest.is_object())
      for (const auto& [key, value] : rest.items())
        object.emplace(key, value); // what is known wins
  }
  void sources(const char* key, std::vector<std::string>& value) { (*this)(key, value); }
  void sampling(const char* key, int64_t value) {
    if (value == 0)
      object[key] = "headers";
    else
      object[key] = value;
  }
  void signing_keys(const char* key, std::vector<signing_key>& value) {
    auto out = json::array();
    for (auto& one : value)
      out.push_back(one.scope ? write_scope(one) : json(one.key));
    if (!out.empty())
      object[key] = std::move(out);
  }

private:
  static bool is_empty(const json& value) {
    return value.is_null() || value == 0 || value == false || value == ""
           || (value.is_structured() && value.empty());
  }
  template <scalar T>
  static json write(T& value) {
    return value;
  }
  static json write(std::optional<share_kind>& value) {
    if (!value)
      return nullptr;
    return *value == share_kind::stream ? "stream" : "service";
  }
  template <class T>
  static json write(std::vector<T>& value) {
    auto out = json::array();
    for (auto& one : value)
      out.push_back(write(one));
    return out;
  }
  template <class T>
  static json write(std::map<std::string, T>& value) {
    auto out = json::object();
    for (auto& [key, one] : value)
      out[key] = write(one);
    return out;
  }
  template <class T>
  static json write(std::optional<T>& value) {
    return value ? write(*value) : json(nullptr);
  }
  template <class T>
  static json write(T& value) {
    writer inner;
    fields(inner, value);
    return std::move(inner.object);
  }
  static json write_scope(signing_key& one) {
    writer out;
    out.object["kind"] = "user_scope";
    out.always("key", one.key);
    out.always("role", one.scope->role);
    out.always("description", one.scope->description);
    writer limits;
    fields(limits, one.scope->limits);
    // What is missing in a template has no limit, so that 0 has to be said.
    limits.always("subs", one.scope->limits.subscriptions);
    limits.always("data", one.scope->limits.data);
    limits.always("payload", one.scope->limits.payload);
    limits.extra(one.scope->template_extra);
    out.object["template"] = std::move(limits.object);
    out.extra(one.scope->extra);
    return std::move(out.object);
  }
};

bool dump(const json& document, std::string& out) {
  try {
    out = dump_like_go(document);
    return true;
  } catch (const json::exception&) {
    out = "some text in the claims is not UTF-8";
    return false;
  }
}

void write_nats(writer& nats, generic_claims& what) {
  nats.extra(what.data);
  nats("type", what.type);
}

template <class T>
void write_nats(writer& nats, T& what) {
  fields(nats, what);
  nats.object["type"] = kind_of(claims{std::in_place_type<T>});
}

} // namespace

bool write_claims(claims& what, std::string& out) {
  writer top;
  std::visit(
      [&](auto& kind) {
        standard_fields(top, kind.standard);
        writer nats;
        write_nats(nats, kind);
        nats("tags", kind.standard.tags);
        nats.object["version"] = 2;
        top.object["nats"] = std::move(nats.object);
        top.extra(kind.standard.extra);
      },
      what);
  return dump(top.object, out);
}

bool write_for_id(const standard_claims& what, std::string& out) {
  auto copy = what;
  copy.id.clear();
  writer top;
  standard_fields(top, copy);
  return dump(top.object, out);
}

} // namespace troupe::security
