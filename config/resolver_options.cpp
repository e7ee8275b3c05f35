// config/resolver_options.cpp: reads the key `resolver` of nats-server's format.
#include "config/resolver_options.hpp"
#include "config/registry.hpp"
#include "config/words.hpp"

namespace troupe::config {

namespace {

/// nats-server's words for the types, as we call them; empty: no such type.
std::string type_of(std::string_view word) {
  auto name = lower(word);
  if (any_of(name, {"mem", "memory"}))
    return "memory";
  return any_of(name, {"full", "cache"}) ? name : "";
}

void read_text(const member& one, reading& to) {
  auto& resolver = to.out.operators.resolver;
  const auto& text = one.val.text;
  resolver.type = type_of(text);
  if (resolver.type == "memory")
    return;
  resolver.type.clear();
  if (lower(text).starts_with("url(") && text.ends_with(')')) {
    resolver.type = "url";
    resolver.url = text.substr(4, text.size() - 5);
    if (resolver.url.size() > 1 && (resolver.url.front() == '"' || resolver.url.front() == '\''))
      resolver.url = resolver.url.substr(1, resolver.url.size() - 2);
    to.found.note_origin("resolver.url", one.key, to_string(one.where));
    return;
  }
  to.found.error(one.where, one.key
                                + " must be MEMORY, URL(http://host/path/) or a map with a "
                                  "type, not \""
                                + text + "\"");
}

void read_map(const member& one, reading& to) {
  for (const auto& part : one.val.members) {
    auto key = lower(part.key);
    auto* entry = find_option("resolver." + key);
    if (entry == nullptr || key == "url") {
      if (!part.used_as_variable)
        to.found.error(part.where, "unknown field \"" + part.key + "\"");
      continue;
    }
    auto result = assign(entry->at(to.out), entry->kind, key, part.val, dialect::nats);
    if (!result.error.empty())
      to.found.error(part.where, result.error);
    if (!result.warning.empty())
      to.found.warning(part.where, result.warning);
    to.found.note_origin(entry->key, part.key, to_string(part.where));
  }
  auto& type = to.out.operators.resolver.type;
  auto known = type_of(type);
  if (known.empty())
    to.found.error(one.where, one.key + " needs a type: full, cache or mem"
                                  + (type.empty() ? std::string{} : ", not \"" + type + "\""));
  type = known;
}

} // namespace

void read_resolver(const member& one, reading& to) {
  to.found.note_origin("resolver.type", one.key, to_string(one.where));
  if (one.val.kind == value::type::map)
    read_map(one, to);
  else if (one.val.kind == value::type::text)
    read_text(one, to);
  else
    to.found.error(one.where, one.key
                                  + " must be MEMORY, URL(http://host/path/) or a map with a "
                                    "type, not "
                                  + describe(one.val));
}

} // namespace troupe::config
