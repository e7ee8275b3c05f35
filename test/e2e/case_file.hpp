// test/e2e/case_file.hpp: what a .case file says; README.md beside it describes the format.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe::e2e {
enum class action {
  connect,         // client a, b: words
  refuse,          // refused a: nothing listens any more
  send,            // a> text: escapes are resolved and CRLF is added
  send_raw,        // a>raw "text"
  send_bytewise,   // a>split "text": a write for every byte
  send_cut,        // a>cut "text": the case is played once for every way to cut it in two writes
  expect,          // a< text
  expect_regex,    // a<~ regex: one line
  expect_any,      // a<? text || text
  expect_set,      // a<{ ... }: the items in any order
  expect_info,     // a< INFO {subset}
  expect_closed,   // a< closed
  expect_cut_off,  // a< cut off: the stream ends, whatever came before, without an -ERR
  expect_count,    // N of a, b< text: N copies, shared somehow
  check_info,      // a info {subset}: the INFO that came last
  fence,           // sync a, b: PING, and the next thing is its PONG
  half_close,      // a fin
  close,           // a close
  start_tls,       // a tls
  refuse_tls,      // a tls fails, a tls1.2 fails
  stay_busy,       // a busy 1500ms "text": over and over with a fence
  wait_for_signal, // signal NAME
  reconfigure,     // reconfigure + indented lines: new file, then SIGHUP
  rewrite,         // rewrite + indented lines: new file, without a signal
  wait_for_exit,   // server exits N
};

struct step {
  action what;
  int line;                     // in the file, for messages
  std::vector<std::string> who; // client names
  std::string text;             // as written, escapes not resolved
  std::vector<std::string> items;
  unsigned count = 0;
};

struct case_file {
  std::string name;  // area/name
  std::string title; // a sentence that can be false
  std::string config;
  std::chrono::milliseconds deadline{5000}; // for each wait
  std::vector<step> steps;
};

/// Throws std::runtime_error naming file and line for what it cannot read.
case_file read_case(const std::filesystem::path& file, const std::string& name);

/// All *.case files under `folder`, by name.
std::vector<case_file> read_cases(const std::filesystem::path& folder);
} // namespace troupe::e2e
