// protocol/websocket_upgrade.cpp: strict heads: one line end, no folding, no field twice that
// decides something.
#include "protocol/websocket_upgrade.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace troupe::protocol {

namespace {

constexpr std::string_view line_end = "\r\n", head_end = "\r\n\r\n";
constexpr size_t most_fields = 100;

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = lower(c);
  return out;
}

bool same_word(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || others.find(c) != others.npos;
  });
}

/// Anything but control characters; a tab is one that is allowed.
bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || c == '\t';
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

std::string_view next_line(std::string_view& rest) {
  auto end = rest.find(line_end);
  auto out = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + line_end.size());
  return out;
}

/// Is `word` one of those in a list with commas?
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    auto comma = std::min(list.find(','), list.size());
    if (same_word(trimmed(list.substr(0, comma)), word))
      return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// The fields that matter here; of the lists it is only known whether the word is in one of them.
struct fields {
  std::optional<std::string_view> host, key, version, origin, accept, forwarded_for;
  bool upgrades = false, connection_upgrades = false, has_body = false, no_masking = false;
  std::vector<std::string_view> extensions;
  std::vector<std::string_view> cookies;
  std::string_view problem;
};

void note(std::optional<std::string_view>& place, std::string_view value, fields& out) {
  if (place)
    out.problem = "a header that may be there once is there twice";
  place = value;
}

void read_field(std::string_view name, std::string_view value, fields& out) {
  if (same_word(name, "Host"))
    note(out.host, value, out);
  else if (same_word(name, "Upgrade"))
    out.upgrades = out.upgrades || lists(value, "websocket");
  else if (same_word(name, "Connection"))
    out.connection_upgrades = out.connection_upgrades || lists(value, "upgrade");
  else if (same_word(name, "Sec-WebSocket-Key"))
    note(out.key, value, out);
  else if (same_word(name, "Sec-WebSocket-Version"))
    note(out.version, value, out);
  else if (same_word(name, "Sec-WebSocket-Accept"))
    note(out.accept, value, out);
  else if (same_word(name, "Sec-WebSocket-Extensions"))
    out.extensions.push_back(value);
  else if (same_word(name, "Origin"))
    note(out.origin, value, out);
  else if (same_word(name, "Cookie"))
    out.cookies.push_back(value);
  else if (same_word(name, "X-Forwarded-For")) // each proxy may add its own; the first was first
    out.forwarded_for = out.forwarded_for.value_or(value);
  else if (same_word(name, "Nats-No-Masking"))
    out.no_masking = value == "true";
  else if (same_word(name, "Transfer-Encoding"))
    out.has_body = true;
  else if (same_word(name, "Content-Length"))
    out.has_body = out.has_body || value != "0";
}

fields read_fields(std::string_view rest) {
  fields out;
  for (size_t count = 0; out.problem.empty(); ++count) {
    auto line = next_line(rest);
    if (line.empty())
      break;
    auto colon = line.find(':');
    if (count == most_fields)
      out.problem = "there are more than 100 headers";
    else if (colon == line.npos || !is_token(line.substr(0, colon)))
      out.problem = "a header has no name, or a blank in it";
    else if (!is_value(line.substr(colon + 1)))
      out.problem = "a header holds a control character";
    else
      read_field(line.substr(0, colon), trimmed(line.substr(colon + 1)), out);
  }
  return out;
}

/// One of the extensions that an end names, "permessage-deflate; client_max_window_bits".
struct extension {
  std::string_view name;
  std::vector<std::string_view> parameters; ///< without their values

  bool has(std::string_view word) const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [&](auto each) { return same_word(each, word); });
  }
};

std::vector<extension> extensions_in(const std::vector<std::string_view>& values) {
  std::vector<extension> out;
  for (auto list : values)
    while (!list.empty()) {
      auto comma = std::min(list.find(','), list.size());
      auto one = list.substr(0, comma);
      list.remove_prefix(std::min(comma + 1, list.size()));
      auto& each = out.emplace_back();
      for (bool first = true; first || !one.empty(); first = false) {
        auto end = std::min(one.find(';'), one.size());
        auto word = trimmed(one.substr(0, std::min(end, one.find('='))));
        one.remove_prefix(std::min(end + 1, one.size()));
        if (first)
          each.name = word;
        else
          each.parameters.push_back(word);
      }
    }
  return out;
}

constexpr std::string_view deflate_name = "permessage-deflate";

/// An offer that we can take as it is. A window that is not the usual one would have to be named in
/// the answer.
bool offers_deflate(const std::vector<std::string_view>& values) {
  auto all = extensions_in(values);
  return std::any_of(all.begin(), all.end(), [](const extension& each) {
    return same_word(each.name, deflate_name) && !each.has("server_max_window_bits");
  });
}

bool is_key(std::string_view text) {
  constexpr size_t digits = 22, whole = 24; // of 16 bytes
  return text.size() == whole && text.ends_with("==")
         && std::all_of(text.begin(), text.begin() + digits,
                        [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/'; });
}

std::string_view usual_port(std::string_view scheme) {
  return scheme == "https" ? "443" : "80";
}

/// "host", "host:port", "[::1]:port"; `scheme` is set, and taken away if it cannot be read.
void read_address(std::string_view text, web_origin& out) {
  auto bracket = text.starts_with('[') ? text.find(']') : 0;
  auto colon = bracket == text.npos ? text.npos : text.find(':', bracket);
  auto host = text.substr(0, colon);
  auto port = colon == text.npos ? usual_port(out.scheme) : text.substr(colon + 1);
  if (host.empty() || bracket == text.npos || port.empty()
      || !std::all_of(port.begin(), port.end(), is_digit)
      || host.find_first_of("/?#@ ") != host.npos) {
    out = {};
    return;
  }
  out.host = lower(host);
  out.port = port;
}

} // namespace

size_t http_head_size(std::string_view in, size_t known) noexcept {
  auto end = in.find(head_end, known < head_end.size() ? 0 : known - head_end.size() + 1);
  return end == in.npos ? 0 : end + head_end.size();
}

std::string_view find_cookie(const std::vector<std::string_view>& in, std::string_view name) {
  std::string_view out;
  for (auto rest : in)
    while (!rest.empty()) {
      auto end = std::min(rest.find(';'), rest.size());
      auto pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      auto equals = pair.find('=');
      if (equals == pair.npos || trimmed(pair.substr(0, equals)) != name)
        continue;
      auto value = trimmed(pair.substr(equals + 1));
      if (value.size() > 1 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
      if (std::all_of(value.begin(), value.end(), [](char c) { // RFC 6265 section 4.1.1
            return c >= ' ' && c < '\x7f' && c != '"' && c != '\\';
          }))
        out = value;
    }
  return out;
}

std::string_view fault_of_answer_header(std::string_view name, std::string_view text) {
  constexpr std::array<std::string_view, 5> ours{"Host", "Content-Length", "Connection", "Upgrade",
                                                 "Nats-No-Masking"};
  if (!is_token(name))
    return "its name is none";
  if (!is_value(text))
    return "a control character";
  if (same_word(name.substr(0, 14), "Sec-WebSocket-"))
    return "\"Sec-WebSocket-\" prefix not allowed";
  if (std::any_of(ours.begin(), ours.end(), [&](auto each) { return same_word(name, each); }))
    return "not allowed";
  return {};
}

std::variant<websocket_request, http_refusal> parse_websocket_request(std::string_view head) {
  auto refuse = [](std::string_view why, int status = 400) { return http_refusal{status, why}; };
  auto line = next_line(head);
  auto first = line.find(' ');
  auto last = line.rfind(' ');
  if (first == line.npos || first == last || !is_token(line.substr(0, first)) || !is_value(line))
    return refuse("the request line is malformed");
  auto target = line.substr(first + 1, last - first - 1);
  if (line.substr(last + 1) != "HTTP/1.1")
    return refuse("only HTTP/1.1 is spoken here");
  if (line.substr(0, first) != "GET")
    return refuse("request method must be GET", 405);
  if (!target.starts_with('/') || target.find(' ') != target.npos)
    return refuse("the request's target must be a path");
  auto said = read_fields(head);
  if (!said.problem.empty())
    return refuse(said.problem);
  if (!said.host || said.host->empty())
    return refuse("'Host' missing in request");
  if (said.has_body)
    return refuse("an upgrade has no body");
  if (!said.upgrades)
    return refuse("invalid value for header 'Upgrade'");
  if (!said.connection_upgrades)
    return refuse("invalid value for header 'Connection'");
  if (!said.key)
    return refuse("key missing");
  if (!is_key(*said.key))
    return refuse("invalid websocket key");
  if (said.version != "13")
    return refuse("invalid version");
  websocket_request out;
  out.path = target.substr(0, target.find('?'));
  out.host = *said.host;
  out.key = *said.key;
  out.origin = said.origin.value_or("");
  out.forwarded_for = said.forwarded_for.value_or("");
  out.no_masking = said.no_masking;
  out.cookies = std::move(said.cookies);
  out.deflate = offers_deflate(said.extensions);
  return out;
}

websocket_answer parse_websocket_answer(std::string_view head, std::string_view accept,
                                        bool deflate) {
  auto line = next_line(head);
  if (!line.starts_with("HTTP/1.1 ") || !is_value(line))
    return {"it answers no HTTP/1.1"};
  auto status = line.substr(9, line.find(' ', 9) - 9);
  if (status.size() != 3 || !std::all_of(status.begin(), status.end(), is_digit))
    return {"it answers no HTTP/1.1"};
  if (status != "101")
    return {"it answers HTTP status " + std::string{status} + " rather than 101"};
  auto said = read_fields(head);
  if (!said.problem.empty())
    return {"of its answer " + std::string{said.problem}};
  if (!said.upgrades || !said.connection_upgrades)
    return {"its answer upgrades to no websocket"};
  if (said.accept != accept)
    return {"its answer does not belong to our key"};
  auto extensions = extensions_in(said.extensions);
  if (extensions.empty())
    return {{}, said.no_masking, false};
  const auto& one = extensions.front();
  if (!deflate || extensions.size() > 1 || !same_word(one.name, deflate_name))
    return {"its answer names an extension that we did not ask for"};
  if (!one.has("server_no_context_takeover") || !one.has("client_no_context_takeover")
      || one.has("client_max_window_bits"))
    return {"its answer wants messages compressed in another way than we asked for"};
  return {{}, said.no_masking, true};
}

std::string_view http_phrase(int status) noexcept {
  switch (status) {
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 431: return "Request Header Fields Too Large";
  default: return "Bad Request";
  }
}

web_origin parse_web_origin(std::string_view text) {
  web_origin out;
  auto mark = text.find("://");
  if (mark == text.npos)
    return out;
  out.scheme = lower(text.substr(0, mark));
  if (out.scheme != "http" && out.scheme != "https")
    return {};
  auto address = text.substr(mark + 3);
  if (auto slash = address.find('/'); slash != address.npos) // a configured one may end in one
    address = address.substr(0, slash);
  read_address(address, out);
  return out;
}

web_origin origin_of_host(std::string_view host, bool tls) {
  web_origin out;
  out.scheme = tls ? "https" : "http";
  read_address(host, out);
  return out;
}

} // namespace troupe::protocol
