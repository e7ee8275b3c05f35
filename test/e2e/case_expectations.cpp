// test/e2e/case_expectations.cpp: what a case player waits for, and how it says what came instead.
#include "case_player.hpp"
#include "escapes.hpp"
#include "info_subset.hpp"

#include <algorithm>
#include <regex>

namespace troupe::e2e {
namespace {
constexpr std::string_view ping = "PING\r\n";
constexpr std::string_view pong = "PONG\r\n";
} // namespace

void case_player::fail_instead(const std::string& name, std::string_view wanted) {
  throw case_failure(name + " should get \"" + printable(wanted) + "\", got \""
                     + printable(find(name).socket->unread()) + "\"");
}

bool case_player::answered_ping(const std::string& name) {
  auto& socket = *find(name).socket;
  if (!answers_pings_ || !socket.unread().starts_with(ping))
    return false;
  socket.consume(ping.size());
  socket.send(pong);
  return true;
}

/// Reads until `want` is there (true) or cannot come any more (false).
bool case_player::starts_with(const std::string& name, std::string_view want) {
  auto& socket = *find(name).socket;
  for (;;) {
    if (answered_ping(name))
      continue;
    auto have = socket.unread();
    bool half_a_ping = answers_pings_ && ping.starts_with(have); // or half of something else
    if (!half_a_ping && !have.starts_with(want.substr(0, have.size())))
      return false;
    if (have.size() >= want.size())
      return true;
    if (!socket.read_more())
      return false;
  }
}

void case_player::expect(const std::string& name, std::string_view want) {
  if (!starts_with(name, want))
    fail_instead(name, want);
  note(name, '<', want);
  find(name).socket->consume(want.size());
}

void case_player::expect_any(const std::string& name, std::vector<std::string> wanted) {
  for (auto& want : wanted)
    if (starts_with(name, want))
      return expect(name, want);
  fail_instead(name, "any of " + std::to_string(wanted.size()));
}

void case_player::expect_set(const std::string& name, std::vector<std::string> wanted) {
  std::sort(wanted.begin(), wanted.end(), [](auto& a, auto& b) { return a.size() > b.size(); });
  while (!wanted.empty()) {
    auto next = std::find_if(wanted.begin(), wanted.end(),
                             [&](auto& want) { return starts_with(name, want); });
    if (next == wanted.end())
      fail_instead(name, "one of " + std::to_string(wanted.size()) + ", such as " + wanted[0]);
    expect(name, *next);
    wanted.erase(next);
  }
}

std::string case_player::next_line(const std::string& name) {
  auto& socket = *find(name).socket;
  size_t end;
  for (;;) {
    end = socket.unread().find("\r\n");
    if (answered_ping(name))
      continue;
    if (end != std::string_view::npos)
      break;
    if (!socket.read_more())
      fail_instead(name, "a line");
  }
  auto line = std::string{socket.unread().substr(0, end)};
  note(name, '<', line.starts_with("INFO {") ? line.substr(0, 120) + " ..." : line);
  socket.consume(end + 2);
  return line;
}

void case_player::expect_regex(const std::string& name, const std::string& pattern) {
  auto line = next_line(name);
  std::smatch found;
  if (std::regex_match(line, found, std::regex{pattern})) {
    if (found.size() > 1)
      captured_ = found[1];
  } else
    throw case_failure("\"" + printable(line) + "\" does not match " + pattern);
}

void case_player::expect_info(const std::string& name, const std::string& subset) {
  if (!starts_with(name, "INFO "))
    fail_instead(name, "INFO {...}");
  find(name).info = next_line(name).substr(5);
  check_info(name, subset);
}

void case_player::check_info(const std::string& name, const std::string& subset) {
  if (auto wrong = differs_from(find(name).info, subset); !wrong.empty())
    throw case_failure(wrong);
}

void case_player::expect_closed(const std::string& name) {
  auto& socket = *find(name).socket;
  for (;;) {
    if (answered_ping(name))
      continue;
    if (!socket.unread().empty())
      break;
    if (!socket.read_more()) {
      transcript_.push_back(name + " closed");
      clients_.erase(name);
      return;
    }
  }
  fail_instead(name, "the end of the stream");
}

void case_player::fence(const std::string& name) {
  note(name, '>', "PING\r\n");
  find(name).socket->send("PING\r\n");
  expect(name, pong);
}

void case_player::expect_cut_off(const std::string& name) {
  auto& socket = *find(name).socket;
  size_t before = 0;
  while (socket.read_more()) {
    auto all_but_the_end = std::max<size_t>(socket.unread().size(), 200) - 200;
    before += all_but_the_end;
    socket.consume(all_but_the_end);
  }
  if (socket.unread().find("-ERR") != std::string_view::npos)
    fail_instead(name, "the end of the stream without an -ERR");
  transcript_.push_back(name + " cut off after " + std::to_string(before) + " bytes and more");
  clients_.erase(name);
}

void case_player::expect_count(const step& now) {
  auto want = unescape(now.text) + "\r\n";
  unsigned copies = 0;
  for (auto& name : now.who) {
    unsigned mine = 0;
    find(name).socket->send("PING\r\n");
    for (; !starts_with(name, pong); ++mine) {
      if (!starts_with(name, want))
        fail_instead(name, want);
      find(name).socket->consume(want.size());
    }
    find(name).socket->consume(pong.size());
    transcript_.push_back(name + "< " + std::to_string(mine) + " times " + printable(want));
    copies += mine;
  }
  if (copies != now.count)
    throw case_failure(std::to_string(copies) + " copies instead of " + std::to_string(now.count));
}

void case_player::check_leftovers() {
  for (auto& [name, one] : clients_)
    if (!one.socket->unread().empty())
      fail_instead(name, "");
}
} // namespace troupe::e2e
