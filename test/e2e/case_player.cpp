// test/e2e/case_player.cpp: plays one case against one running server.
#include "case_player.hpp"

#include "escapes.hpp"
#include "info_subset.hpp"
#include "nonce_signature.hpp"

#include <algorithm>
#include <csignal>
#include <regex>
#include <sstream>

#include <nlohmann/json.hpp>

namespace troupe::e2e {
namespace {
constexpr size_t bytewise_at_most = 80; // longer ones only cost time
/// After this the rest goes out at once: a slow machine must not run into the server's time limits.
constexpr auto bytewise_for = std::chrono::milliseconds{500};

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

int signal_number(const std::string& name) {
  static const std::map<std::string, int> numbers{
      {"HUP", SIGHUP}, {"INT", SIGINT}, {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
  auto found = numbers.find(name);
  if (found == numbers.end())
    throw case_failure("no such signal: " + name);
  return found->second;
}

bool expects_ping(const case_file& script) {
  return std::any_of(script.steps.begin(), script.steps.end(),
                     [](auto& step) { return step.what == action::expect && step.text == "PING"; });
}

std::vector<std::string> with_crlf(const std::vector<std::string>& items) {
  std::vector<std::string> out;
  for (auto& item : items)
    out.push_back(unescape(item) + "\r\n");
  return out;
}
} // namespace

std::string with_paths(std::string text, const play_options& options) {
  replace_all(text, "@CERTS@", options.certificates.string());
  return options.operators ? options.operators->filled(std::move(text)) : text;
}

case_player::case_player(const case_file& script, server_process& server,
                         const play_options& options)
    : script_{script}, server_{server}, options_{options}, answers_pings_{!expects_ping(script)} {}

void case_player::play() {
  for (auto& now : script_.steps) {
    try {
      take(now);
    } catch (const std::exception& wrong) {
      throw case_failure("line " + std::to_string(now.line) + ": " + wrong.what());
    }
  }
  check_leftovers();
}

void case_player::take(const step& now) {
  switch (now.what) {
  case action::expect_count: return expect_count(now);
  case action::wait_for_signal: return server_.signal(signal_number(now.text));
  case action::wait_for_exit: return expect_exit(now);
  case action::rewrite: return server_.write_config(with_paths(now.text, options_));
  case action::reconfigure:
    server_.write_config(with_paths(now.text, options_));
    return server_.reload(std::chrono::seconds{10});
  default:
    for (auto& name : now.who)
      take_for(now, name);
  }
}

void case_player::take_for(const step& now, const std::string& name) {
  switch (now.what) {
  case action::connect: return connect(now, name);
  case action::refuse:
    if (peer_socket::can_connect(server_.port()))
      throw case_failure("the server still accepts connections");
    return;
  case action::send:
  case action::send_raw:
  case action::send_cut: return send(now, name);
  case action::send_bytewise: return send_bytewise(name, unescape(filled(name, now.text)));
  case action::expect: return expect(name, unescape(now.text) + "\r\n");
  case action::expect_regex: return expect_regex(name, now.text);
  case action::expect_any: return expect_any(name, with_crlf(now.items));
  case action::expect_set: return expect_set(name, with_crlf(now.items));
  case action::expect_info: return expect_info(name, now.text);
  case action::expect_closed: return expect_closed(name);
  case action::expect_cut_off: return expect_cut_off(name);
  case action::check_info: return check_info(name, now.text);
  case action::fence: return fence(name);
  case action::half_close: return find(name).socket->half_close();
  case action::close:
    find(name).socket->close();
    clients_.erase(name);
    return;
  case action::start_tls: return start_tls(name, "");
  case action::refuse_tls: return refuse_tls(name, !now.text.empty());
  case action::stay_busy: return stay_busy(now, name);
  case action::expect_count:
  case action::wait_for_signal:
  case action::reconfigure:
  case action::rewrite:
  case action::wait_for_exit: return; // concern no single client
  }
}

void case_player::connect(const step& now, const std::string& name) {
  std::istringstream words{now.text};
  nlohmann::json fields;
  bool raw = false, tls = false, tls_first = false;
  std::string certificate;
  for (std::string word; words >> word;) {
    auto equals = word.find('=');
    if (word == "raw")
      raw = true;
    else if (word == "tls")
      tls = true;
    else if (word == "tls-first")
      tls_first = true;
    else if (word == "quiet")
      fields.update({{"verbose", false}, {"pedantic", false}});
    else if (word == "headers" || word == "requester")
      fields.update({{"verbose", false},
                     {"pedantic", false},
                     {"headers", true},
                     {"no_responders", word[0] == 'r'}});
    else if (word == "no-echo")
      fields["echo"] = false;
    else if (word.starts_with("cert="))
      certificate = word.substr(equals + 1);
    else if (equals != word.npos)
      fields[word.substr(0, equals)] = word.substr(equals + 1);
    else
      throw case_failure("cannot read what the client is: " + word);
  }
  clients_[name].socket = std::make_unique<peer_socket>(server_.port(), script_.deadline);
  if (tls_first)
    start_tls(name, certificate);
  if (!raw)
    expect_info(name, "{}");
  if (tls)
    start_tls(name, certificate);
  if (!fields.is_null()) {
    auto connect = filled(name, "CONNECT " + fields.dump()) + "\r\n";
    note(name, '>', connect);
    find(name).socket->send(connect);
    fence(name);
  }
}

tls_options case_player::tls_with(const std::string& certificate) const {
  tls_options tls;
  tls.ca_file = options_.certificates / "ca.pem";
  if (!certificate.empty()) {
    tls.certificate = options_.certificates / (certificate + ".pem");
    tls.key = options_.certificates / (certificate + "-key.pem");
  }
  return tls;
}

void case_player::start_tls(const std::string& name, const std::string& certificate) {
  transcript_.push_back(name + " tls");
  if (auto wrong = find(name).socket->start_tls(tls_with(certificate)); !wrong.empty())
    throw case_failure("TLS handshake: " + wrong);
}

void case_player::refuse_tls(const std::string& name, bool at_most_1_2) {
  auto tls = tls_with("");
  tls.at_most_1_2 = at_most_1_2;
  auto wrong = find(name).socket->start_tls(tls);
  transcript_.push_back(name + " tls fails: " + wrong);
  if (wrong.empty())
    throw case_failure("the TLS handshake succeeded");
}

std::string case_player::from_info(const std::string& name, const char* key) {
  auto info = nlohmann::json::parse(find(name).info, nullptr, false);
  auto found = info.find(key);
  if (found == info.end())
    return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string case_player::filled(const std::string& name, std::string text) {
  text = with_paths(std::move(text), options_);
  constexpr std::string_view captured = "@GROUP@";
  for (auto at = text.find(captured); at != text.npos; at = text.find(captured))
    text.replace(at, captured.size(), captured_);
  auto each = [&](std::string_view mark, auto&& make) {
    auto at = text.find(mark);
    if (at == text.npos)
      return;
    auto end = text.find('@', at + mark.size());
    auto by = make(text.substr(at + mark.size(), end - at - mark.size()), from_info(name, "nonce"));
    text.replace(at, end + 1 - at, by);
  };
  each("@SERVER", [&](const auto&, const auto&) { return from_info(name, "server_id"); });
  each("@CID:", [&](const auto& whose, const auto&) { // three wide, so that lengths are known
    auto id = from_info(whose, "client_id");
    return std::string(3 - std::min<size_t>(3, id.size()), ' ') + id;
  });
  each("@SIGNED:", sign_nonce);
  each("@NONCE:", [&](const std::string& user, const std::string& nonce) {
    return options_.operators->signature(user, nonce);
  });
  each("@REPLAYED:", [&](const std::string& user, const std::string&) {
    return options_.operators->signature(user, "T3ds2PrZrVUEqhw"); // of another connection
  });
  return text;
}

void case_player::send(const step& now, const std::string& name) {
  auto bytes = unescape(filled(name, now.text));
  if (now.what == action::send)
    bytes += "\r\n";
  auto& socket = *find(name).socket;
  if (now.what == action::send_cut && options_.cut > 0) {
    auto cut = std::min(options_.cut, bytes.size());
    note(name, '>', bytes.substr(0, cut));
    socket.send(bytes.substr(0, cut));
    socket.wait_until_read();
    bytes.erase(0, cut);
  } else if (options_.bytewise && bytes.size() <= bytewise_at_most && !socket.uses_tls()) {
    return send_bytewise(name, bytes);
  }
  note(name, '>', bytes);
  socket.send(bytes);
}

void case_player::send_bytewise(const std::string& name, std::string_view bytes) {
  note(name, '>', bytes);
  auto& socket = *find(name).socket;
  auto until = peer_socket::clock::now() + bytewise_for;
  while (!bytes.empty() && peer_socket::clock::now() < until) {
    socket.send(bytes.substr(0, 1));
    bytes.remove_prefix(1);
    socket.wait_until_read();
  }
  if (!bytes.empty())
    socket.send(bytes);
}

void case_player::stay_busy(const step& now, const std::string& name) {
  auto bytes = unescape(now.text);
  auto until = peer_socket::clock::now() + std::chrono::milliseconds{now.count};
  auto noted = transcript_.size();
  while (peer_socket::clock::now() < until) {
    transcript_.resize(noted); // the last round tells it all
    note(name, '>', bytes);
    find(name).socket->send(bytes);
    fence(name);
  }
}

void case_player::expect_exit(const step& now) {
  auto code = server_.wait_for_exit(script_.deadline);
  if (!code)
    throw case_failure("the server still runs");
  if (std::to_string(*code) != now.text)
    throw case_failure("the server exits " + std::to_string(*code));
}

case_player::client& case_player::find(const std::string& name) {
  auto found = clients_.find(name);
  if (found == clients_.end())
    throw case_failure("there is no client " + name);
  return found->second;
}

void case_player::note(const std::string& name, char direction, std::string_view bytes) {
  transcript_.push_back(name + direction + ' ' + printable(bytes));
}
} // namespace troupe::e2e
