// actors/response_table.hpp: which responses are awaited from other accounts, and by whom.
#pragma once

#include "actors/account.hpp"
#include "actors/timer_wheel.hpp"
#include "security/account_rules.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
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

/// The last token of a response's subject: the reactor, the place in its table, and what nobody can
/// guess.
struct response_token {
  static constexpr size_t reactor_digits = 2;
  static constexpr size_t place_digits = 4;
  static constexpr size_t secret_digits = 13; // 77 bits
  static constexpr size_t length = reactor_digits + place_digits + secret_digits;

  std::array<char, length> digits{};
  std::string_view text() const noexcept { return {digits.data(), length}; }
};

/// The requests of one reactor's clients. Its reactor adds and sweeps; a response may come in on
/// any other. Bounded: an account has at most `most_of_an_account` entries, so that nobody can push
/// out the requests of others.
class response_table {
public:
  static constexpr size_t most_of_an_account = 64 * 1024;
  static constexpr auto sweep_every = std::chrono::milliseconds{100};

  /// The token by which a response is found. None: the importer has too many requests under way.
  /// `was_empty`: sweeping has to begin.
  std::optional<response_token> add(size_t reactor, awaited_response what, bool& was_empty);
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
  using place = uint32_t;
  static constexpr place nowhere = static_cast<place>(-1);

  struct entry {
    response_token token; // only while it is in use
    bool used = false;
    place previous = nowhere;
    place next = nowhere; // of a free one: the next free one
    awaited_response what;
  };

  place find(std::string_view token) const noexcept;
  place take_place();
  void append(place which) noexcept;
  void unlink(place which) noexcept;
  awaited_response erase(place which);
  response_token make_token(size_t reactor, place where);

  mutable std::mutex mutex_;
  std::deque<entry> entries_; // they stay where they are while it grows
  // A list through those in use: the one that was swept last is at the end.
  place first_ = nowhere;
  place last_ = nowhere;
  place free_ = nowhere;
  size_t used_ = 0;
  std::unordered_map<const account*, size_t> of_account_; // some have none any more
  std::array<unsigned char, 4096> random_{};
  size_t random_used_ = sizeof random_;
};

/// So many characters that nobody can guess.
std::string random_token(size_t length);

} // namespace troupe::actors
