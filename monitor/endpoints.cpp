// monitor/endpoints.cpp: finds the answer to a path, counts the requests.
#include "monitor/endpoints.hpp"

#include "actors/broker.hpp"
#include "actors/log.hpp"
#include "monitor/json_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;

answer plain_text(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), false};
}

answer not_found() {
  return plain_text(404, "404 page not found\n");
}

answer json_answer(int status, const json& value, layout how = layout::indented) {
  return {status, "application/json", json_text(value, how), true};
}

/// An attribute's or an element's text.
std::string html_text(std::string_view text) {
  std::string out;
  for (char c : text)
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  return out;
}

constexpr auto page_head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Troupe</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem }
a { display: block; margin: .4rem 0 }
</style>
</head>
<body>
<h1>Troupe</h1>
)";

} // namespace

std::string clean_base_path(std::string_view configured) {
  std::vector<std::string_view> kept;
  while (!configured.empty()) {
    auto part = configured.substr(0, configured.find('/'));
    configured.remove_prefix(std::min(configured.size(), part.size() + 1));
    if (part == ".." && !kept.empty())
      kept.pop_back();
    else if (!part.empty() && part != "." && part != "..")
      kept.push_back(part);
  }
  std::string out;
  for (auto part : kept)
    out.append("/").append(part);
  return out;
}

endpoints::endpoints(const source& from, std::string_view base_path)
    : reports_{from}, base_path_{clean_base_path(base_path)} {}

void endpoints::count(const char* path) {
  std::lock_guard guard{mutex_};
  ++requests_[path];
}

answer endpoints::respond(std::string_view path, std::string_view query_text) {
  if (!path.starts_with(base_path_))
    return not_found();
  auto rest = path.substr(base_path_.size());
  if (rest == (base_path_.empty() ? "/" : ""))
    return root_page();
  if (rest == "/varz")
    return varz_answer();
  if (rest == "/connz")
    return connz_answer(query_text);
  if (rest == "/subsz" || rest == "/subscriptionsz")
    return subsz_answer(query_text);
  if (rest == "/healthz")
    return healthz_answer(query_text);
  if (rest == "/accountz")
    return accountz_answer(query_text);
  if (rest == "/accstatz")
    return accstatz_answer(query_text);
  if (rest == "/routez") {
    count("/routez");
    std::string fault;
    auto what = read_routez_request(query{query_text}, fault);
    return fault.empty() ? json_answer(200, reports_.routez(what)) : plain_text(400, fault);
  }
  if (rest == "/gatewayz") {
    count("/gatewayz");
    std::string fault;
    auto what = read_gatewayz_request(query{query_text}, fault);
    return fault.empty() ? json_answer(200, reports_.gatewayz(what)) : plain_text(400, fault);
  }
  if (rest == "/leafz") {
    count("/leafz");
    std::string fault;
    auto what = read_leafz_request(query{query_text}, fault);
    return fault.empty() ? json_answer(200, reports_.leafz(what)) : plain_text(400, fault);
  }
  return not_found();
}

answer endpoints::root_page() {
  count("/");
  struct link {
    std::string_view path, label;
  };
  constexpr link links[] = {
      {"/varz", "General"},      {"/connz", "Connections"},      {"/routez", "Routes"},
      {"/gatewayz", "Gateways"}, {"/leafz", "Leaf Nodes"},       {"/subsz", "Subscriptions"},
      {"/accountz", "Accounts"}, {"/accstatz", "Account Stats"}, {"/healthz", "Health Probe"}};
  std::string body = page_head;
  body += fmt::format("<p>Behaves as NATS v{}</p>\n", actors::nats_version);
  for (const auto& each : links)
    body += fmt::format("<a href=\".{}\">{}</a>\n", html_text(base_path_ + std::string{each.path}),
                        each.label);
  body += "</body>\n</html>\n";
  return {200, "text/html; charset=utf-8", std::move(body), false};
}

answer endpoints::varz_answer() {
  count("/varz");
  request_counts requests;
  {
    std::lock_guard guard{mutex_};
    requests = requests_;
  }
  return json_answer(200, reports_.varz(std::move(requests)));
}

answer endpoints::connz_answer(std::string_view query_text) {
  std::string fault;
  auto request = read_connz_request(query{query_text}, fault);
  if (!fault.empty())
    return plain_text(400, fault); // not counted, unlike all other faults
  count("/connz");
  auto body = reports_.connz(request, fault);
  return fault.empty() ? json_answer(200, body) : plain_text(400, fault);
}

answer endpoints::subsz_answer(std::string_view query_text) {
  count("/subsz");
  std::string fault;
  auto request = read_subsz_request(query{query_text}, fault);
  return fault.empty() ? json_answer(200, reports_.subsz(request)) : plain_text(400, fault);
}

answer endpoints::accountz_answer(std::string_view query_text) {
  count("/accountz");
  std::string fault;
  auto body = reports_.accountz(query{query_text}["acc"], fault);
  return fault.empty() ? json_answer(200, body) : plain_text(400, fault);
}

answer endpoints::accstatz_answer(std::string_view query_text) {
  count("/accstatz");
  query from{query_text};
  option_reader options{from};
  bool unused = options.boolean("unused");
  return options.fault().empty() ? json_answer(200, reports_.account_statz({}, unused))
                                 : plain_text(400, options.fault());
}

answer endpoints::healthz_answer(std::string_view query_text) {
  count("/healthz");
  query from{query_text};
  std::string fault;
  auto request = read_healthz_request(from, fault);
  if (!fault.empty())
    return plain_text(400, fault);
  if (!from["js-enabled"].empty())
    actors::log::warn("Healthcheck: js-enabled deprecated, use js-enabled-only instead");
  int status = 0;
  auto body = reports_.healthz(request, status);
  if (status != 200)
    actors::log::warn("Healthcheck failed: {}", json_text(body, layout::compact));
  return json_answer(status, body, layout::compact);
}

} // namespace troupe::monitor
