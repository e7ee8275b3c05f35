// test/e2e/protocol_cases.cpp: plays every case against every server named on the command line.
#include "case_player.hpp"
#include "certificates.hpp"
#include "differences.hpp"
#include "escapes.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace {
using namespace troupe::e2e;

constexpr int skipped = 77; // what CTest takes for "skipped"

struct verdict {
  std::string why; // empty: passed
  std::vector<std::string> transcript;
};

/// How often a case is played: once for every way to cut its `>cut` text.
size_t plays_of(const case_file& script) {
  size_t plays = 1;
  for (auto& step : script.steps)
    if (step.what == action::send_cut)
      plays = std::max(plays, unescape(step.text).size() - 1);
  return plays;
}

void judge_end(const case_file& script, server_process& server) {
  bool told = std::any_of(script.steps.begin(), script.steps.end(),
                          [](auto& step) { return step.what == action::wait_for_exit; });
  if (told)
    return;
  if (!server.running())
    throw case_failure("the server ended during the case:\n" + server.log());
  if (auto code = server.stop(); code != 0)
    throw case_failure("SIGINT ends the server with " + std::to_string(code) + ":\n"
                       + server.log());
}

verdict judge(const case_file& script, const std::string& binary, play_options options) {
  verdict out;
  try {
    server_process server{binary, with_paths(script.config, options)};
    auto plays = plays_of(script);
    for (size_t cut = 1; cut <= plays; ++cut) {
      options.cut = plays > 1 ? cut : 0;
      case_player player{script, server, options};
      try {
        player.play();
      } catch (const case_failure& wrong) {
        out.transcript = player.transcript();
        if (!server.running())
          throw case_failure(std::string{wrong.what()} + "; the server has ended:\n"
                             + server.log());
        throw;
      }
    }
    judge_end(script, server);
  } catch (const std::exception& wrong) {
    out.why = wrong.what();
  }
  return out;
}

class run {
public:
  run(std::vector<case_file> cases, std::map<std::string, std::string> known, play_options options)
      : cases_{std::move(cases)}, known_{std::move(known)}, options_{std::move(options)} {}

  /// Returns how many cases did not end as expected.
  int against(const std::string& binary, unsigned jobs) {
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < jobs; ++i)
      workers.emplace_back([&] {
        for (size_t mine; (mine = next_++) < cases_.size();)
          count(cases_[mine], judge(cases_[mine], binary, options_));
      });
    for (auto& worker : workers)
      worker.join();
    if (different_ > 0)
      std::cout << different_ << " differ as known\n";
    std::cout << passed_ << " passed, " << failed_ << " failed" << std::endl;
    return failed_;
  }

private:
  void count(const case_file& script, const verdict& result) {
    std::lock_guard lock{counting_};
    auto known = known_.find(script.name);
    bool unsteady = known != known_.end() && known->second.starts_with("now and then ");
    if (result.why.empty() && (unsteady || known == known_.end())) {
      ++passed_;
    } else if (!result.why.empty() && known != known_.end()) {
      ++different_;
    } else if (result.why.empty()) {
      ++failed_;
      std::cout << "UNEXPECTED PASS " << script.name << ": " << script.title
                << "\n  known as a difference: " << known->second << '\n';
    } else {
      ++failed_;
      std::cout << "FAIL " << script.name << ": " << script.title << "\n  " << result.why << '\n';
      for (auto& line : result.transcript)
        std::cout << "    " << line << '\n';
    }
  }

  std::vector<case_file> cases_;
  std::map<std::string, std::string> known_;
  play_options options_;
  std::atomic<size_t> next_{0};
  std::mutex counting_;
  int passed_ = 0;
  int failed_ = 0;
  int different_ = 0;
};

struct arguments {
  std::vector<std::string> servers;
  std::vector<std::string> as;
  std::string cases;
  std::string differences;
  std::string only;
  unsigned jobs = 2;
  bool bytewise = false;
};

std::set<std::string> names_of(const std::vector<case_file>& cases) {
  std::set<std::string> out;
  for (auto& script : cases)
    out.insert(script.name);
  return out;
}

int play_all(const arguments& args) {
  auto cases = read_cases(args.cases);
  auto names = names_of(cases);
  std::erase_if(cases, [&](auto& script) { return !script.name.starts_with(args.only); });
  if (cases.empty())
    throw std::runtime_error("there is no such case");
  for (auto& server : args.servers)
    if (::access(server.c_str(), X_OK) != 0) {
      std::cout << "skipped: there is no server '" << server << "'\n";
      return skipped;
    }
  scratch_folder certificates;
  write_certificates(certificates.path());
  operator_world operators;
  int failed = 0;
  for (size_t i = 0; i < args.servers.size(); ++i) {
    std::map<std::string, std::string> known;
    if (i < args.as.size() && !args.differences.empty())
      known = read_differences(args.differences, args.as[i]);
    for (auto& [name, why] : known)
      if (!names.contains(name))
        throw std::runtime_error(args.differences + " names no case: " + name);
    std::cout << args.servers[i] << ":\n";
    failed += run{cases, known, {certificates.path(), args.bytewise, 0, &operators}}.against(
        args.servers[i], args.jobs);
  }
  return failed == 0 ? 0 : 1;
}
} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN); // a server may close while TLS writes
  arguments args;
  CLI::App app{"Plays protocol cases over raw sockets against real servers"};
  app.add_option("--server", args.servers, "a binary that takes nats-server's flags; repeatable")
      ->required();
  app.add_option("--as", args.as, "whose known differences hold for each --server, in order");
  app.add_option("--cases", args.cases, "folder of *.case files")->required();
  app.add_option("--differences", args.differences, "file of known differences");
  app.add_option("--only", args.only, "only cases whose name starts like this");
  app.add_option("--jobs", args.jobs, "cases played at the same time");
  app.add_flag("--bytewise", args.bytewise, "send everything byte by byte");
  CLI11_PARSE(app, argc, argv);
  try {
    return play_all(args);
  } catch (const std::exception& wrong) {
    std::cerr << "protocol_cases: " << wrong.what() << '\n';
    return 2;
  }
}
