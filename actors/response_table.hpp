// actors/response_table.hpp: which responses are awaited from other accounts, and by whom.
#pragma once

#include "actors/account.hpp"
#include "actors/timer_wheel.hpp"
#include "security/account_rules.hpp"

#include <array>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

/// What a service's export wants to know about one request.
struct latency_record {
  std::string requestor; ///< JSON
  std::string header;    ///< JSON of the headers that asked for it, or empty
  std::chrono::nanoseconds requestor_rtt{0};
  std::chrono::system_clock::time_point start; ///< when the request came in
  loop_clock::time_point sent;                 ///< the same, for the time it takes
};

/// One request on its way to an exporter.
struct awaited_response {
  account_ptr exporter; ///< only from there
  account_ptr importer;
  std::string reply; ///< where the importer's client waits
  std::shared_ptr<const security::export_rule> offer;
  std::shared_ptr<const latency_record> latency; ///< null: not measured
  loop_clock::time_point deadline;
  loop_clock::time_point asked;
};

/// The requests of one reactor's clients. Its reactor adds and sweeps; a response may come in on
/// any other. Bounded: an account has at most `most_of_an_account` entries, so that nobody can push
/// out the requests of others.
class response_table {
public:
  static constexpr size_t most_of_an_account = 64 * 1024;
  static constexpr auto sweep_every = std::chrono::milliseconds{100};

  /// The token by which a response is found: nobody can guess it. Empty: the importer has too many
  /// requests under way. `was_empty`: sweeping has to begin.
  std::string add(size_t reactor, awaited_response what, bool& was_empty);
  /// Which reactor's table a token belongs to.
  static size_t reactor_of(std::string_view token) noexcept;

  /// A response of `exporter`. A single response, or one that `ends` it, removes the entry; any
  /// other gives it more time.
  std::optional<awaited_response> use(std::string_view token, const account& exporter, bool ends,
                                      loop_clock::time_point now);
  /// Nobody was there to serve it.
  std::optional<awaited_response> remove(std::string_view token);

  struct swept {
    std::vector<awaited_response> expired;   ///< nobody answered in time
    std::vector<awaited_response> abandoned; ///< nobody waits any more
    bool empty = false;
  };
  /// Looks at the entries that were not looked at for the longest time; not at all of them.
  swept sweep(loop_clock::time_point now);
  size_t size() const;

private:
  struct entry {
    std::string token;
    awaited_response what;
  };
  using entries = std::list<entry>;

  awaited_response erase(entries::iterator which);
  std::string make_token(size_t reactor);

  mutable std::mutex mutex_;
  entries all_; // the one that was swept last is at the end
  std::unordered_map<std::string_view, entries::iterator> by_token_;
  std::unordered_map<const account*, size_t> of_account_;
  std::array<unsigned char, 4096> random_{};
  size_t random_used_ = sizeof random_;
};

/// So many characters that nobody can guess.
std::string random_token(size_t length);

} // namespace troupe::actors
