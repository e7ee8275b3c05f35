// test/e2e/case_player.hpp: plays one case against one running server.
#pragma once
#include "case_file.hpp"
#include "operator_world.hpp"
#include "peer_socket.hpp"
#include "server_process.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::e2e {
struct play_options {
  std::filesystem::path certificates;        // the folder that write_certificates() filled
  bool bytewise = false;                     // every short send goes out byte by byte
  size_t cut = 0;                            // where the case's `>cut` text is cut; 0: not at all
  const operator_world* operators = nullptr; // who is meant by @JWT:name@ and its like
};

/// `text` with @CERTS@ replaced by the folder of certificates, and the marks of operator_world.
std::string with_paths(std::string text, const play_options& options);

class case_player {
public:
  case_player(const case_file& script, server_process& server, const play_options& options);

  /// Throws case_failure, its text starting with the line in the case file.
  void play();
  const std::vector<std::string>& transcript() const { return transcript_; }

private:
  struct client {
    std::unique_ptr<peer_socket> socket;
    std::string info; // the JSON of the INFO that came last
  };

  void take(const step& now);
  void take_for(const step& now, const std::string& name);
  void connect(const step& now, const std::string& name);
  void send(const step& now, const std::string& name);
  void send_bytewise(const std::string& name, std::string_view bytes);
  void start_tls(const std::string& name, const std::string& certificate);
  void refuse_tls(const std::string& name, bool at_most_1_2);
  void expect(const std::string& name, std::string_view want);
  void expect_any(const std::string& name, std::vector<std::string> wanted);
  void expect_set(const std::string& name, std::vector<std::string> wanted);
  void expect_regex(const std::string& name, const std::string& pattern);
  void expect_info(const std::string& name, const std::string& subset);
  void check_info(const std::string& name, const std::string& subset);
  void expect_closed(const std::string& name);
  void expect_cut_off(const std::string& name);
  void expect_count(const step& now);
  void fence(const std::string& name);
  void stay_busy(const step& now, const std::string& name);
  void expect_exit(const step& now);
  void check_leftovers();

  tls_options tls_with(const std::string& certificate) const;
  client& find(const std::string& name);
  /// What the client's last INFO says under that key; as JSON, if it is no string.
  std::string from_info(const std::string& name, const char* key);
  std::string filled(const std::string& name, std::string text);
  /// The next line without its CRLF.
  std::string next_line(const std::string& name);
  /// True if a PING of the server's was unread; it has been answered.
  bool answered_ping(const std::string& name);
  bool starts_with(const std::string& name, std::string_view want);
  [[noreturn]] void fail_instead(const std::string& name, std::string_view wanted);
  void note(const std::string& name, char direction, std::string_view bytes);

  const case_file& script_;
  server_process& server_;
  const play_options& options_;
  bool answers_pings_; // a case that speaks of PINGs itself sees them all
  std::map<std::string, client> clients_;
  std::vector<std::string> transcript_;
  std::string captured_; // by the last regular expression with a group
};
} // namespace troupe::e2e
