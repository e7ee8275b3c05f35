// monitor/service_options.cpp: typed options out of a JSON body.
#include "monitor/service_options.hpp"

#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::monitor {
namespace {

using nlohmann::json;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// In the words of the clients that read it.
std::string kind_of(const json& value) {
  switch (value.type()) {
  case json::value_t::boolean: return "bool";
  case json::value_t::number_integer:
  case json::value_t::number_unsigned:
  case json::value_t::number_float: return "number";
  default: return value.type_name();
  }
}

} // namespace

service_options::service_options(std::string_view body) {
  if (body.empty())
    return;
  auto read = json::parse(body, nullptr, false);
  if (read.is_discarded()) {
    fail("the request is not JSON");
  } else if (read.is_object()) {
    for (auto& [key, value] : read.items())
      values_[lower(key)] = std::move(value);
  } else if (!read.is_null()) {
    fail("the request is a JSON " + kind_of(read) + ", not an object of options");
  }
}

const json* service_options::find(const char* key) const {
  if (!values_.is_object())
    return nullptr;
  auto it = values_.find(key);
  return it == values_.end() || it->is_null() ? nullptr : &*it;
}

void service_options::wrong_type(const char* key, const json& value, std::string_view wanted) {
  fail("option " + std::string{key} + " is a " + kind_of(value) + ", not a " + std::string{wanted});
}

std::string service_options::text(const char* key) {
  const auto* value = find(key);
  if (value && value->is_string())
    return value->get<std::string>();
  if (value)
    wrong_type(key, *value, "string");
  return {};
}

bool service_options::flag(const char* key) {
  const auto* value = find(key);
  if (value && value->is_boolean())
    return value->get<bool>();
  if (value)
    wrong_type(key, *value, "bool");
  return false;
}

uint64_t service_options::number(const char* key) {
  const auto* value = find(key);
  if (value && value->is_number_unsigned())
    return value->get<uint64_t>();
  if (value && !value->is_number_integer()) // negative ones count as absent
    wrong_type(key, *value, "whole number");
  return 0;
}

std::vector<std::string> service_options::texts(const char* key) {
  std::vector<std::string> out;
  const auto* value = find(key);
  if (!value)
    return out;
  bool good = value->is_array() && std::all_of(value->begin(), value->end(), [](const auto& each) {
                return each.is_string();
              });
  if (good)
    out = value->get<std::vector<std::string>>();
  else
    wrong_type(key, *value, "list of strings");
  return out;
}

server_filter read_filter(service_options& from) {
  server_filter out;
  out.name = from.text("server_name");
  out.cluster = from.text("cluster");
  out.host = from.text("host");
  out.exact = from.flag("exact_match");
  out.tags = from.texts("tags");
  out.domain = from.text("domain");
  return out;
}

connz_request read_connz_options(service_options& from) {
  connz_request out;
  out.sort = from.text("sort");
  out.auth = from.flag("auth");
  if (from.flag("subscriptions_detail"))
    out.subscriptions = subscription_detail::full;
  else if (from.flag("subscriptions"))
    out.subscriptions = subscription_detail::subjects;
  out.offset = from.number("offset");
  if (auto limit = from.number("limit"); limit > 0)
    out.limit = limit;
  out.cid = from.number("cid");
  if (out.cid != 0)
    out.limit = 1;
  switch (from.number("state")) {
  case 0: out.state = connection_state::open; break;
  case 1: out.state = connection_state::closed; break;
  default: out.state = connection_state::any; break;
  }
  out.user = from.text("user");
  out.account = from.text("acc");
  out.subject = from.text("filter_subject");
  if (out.subject == ">") // everybody does
    out.subject.clear();
  return out;
}

subsz_request read_subsz_options(service_options& from) {
  subsz_request out;
  out.subscriptions = from.flag("subscriptions");
  out.offset = from.number("offset");
  if (auto limit = from.number("limit"); limit > 0)
    out.limit = limit;
  out.account = from.text("account");
  out.test = from.text("test");
  if (!out.test.empty() && !protocol::is_valid_publish(out.test))
    from.fail("invalid test subject, must be valid publish subject: " + out.test);
  return out;
}

healthz_request read_healthz_options(service_options& from) {
  healthz_request out;
  for (const auto* key : {"js-enabled", "js-enabled-only", "js-server-only", "js-meta-only"})
    from.flag(key); // only their types can be wrong
  out.details = from.flag("details");
  out.account = from.text("account");
  out.stream = from.text("stream");
  out.consumer = from.text("consumer");
  return out;
}

} // namespace troupe::monitor
