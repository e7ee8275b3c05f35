// actors/response_table.cpp: random names for responses, and their end.
#include "actors/response_table.hpp"

#include <sys/random.h>

#include <cstdlib>

namespace troupe::actors {
namespace {

constexpr std::string_view digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t base = digits.size();
constexpr size_t random_digits = 13; // 77 bits, and a token needs no allocation
constexpr size_t swept_at_once = 2048;
/// A client may ask first and subscribe to the answers then.
constexpr auto grace = std::chrono::milliseconds{250};

void fill_randomly(unsigned char* at, size_t size) {
  while (size > 0) {
    auto n = ::getrandom(at, size, 0);
    if (n <= 0)
      std::abort(); // names that can be guessed would let accounts speak for others
    at += n;
    size -= static_cast<size_t>(n);
  }
}

size_t value_of(char digit) noexcept {
  auto at = digits.find(digit);
  return at == digits.npos ? base : at;
}

} // namespace

std::string random_token(size_t length) {
  std::string out;
  std::array<unsigned char, 64> some{};
  while (out.size() < length) {
    fill_randomly(some.data(), some.size());
    for (size_t i = 0; i < some.size() && out.size() < length; ++i)
      if (some[i] < base * 4) // every digit as likely as the others
        out += digits[some[i] % base];
  }
  return out;
}

std::string response_table::make_token(size_t reactor) {
  std::string out;
  out.reserve(2 + random_digits);
  out += digits[reactor / base % base];
  out += digits[reactor % base];
  while (out.size() < 2 + random_digits) {
    if (random_used_ == random_.size()) {
      fill_randomly(random_.data(), random_.size());
      random_used_ = 0;
    }
    auto byte = random_[random_used_++];
    if (byte < base * 4)
      out += digits[byte % base];
  }
  return out;
}

size_t response_table::reactor_of(std::string_view token) noexcept {
  if (token.size() < 2)
    return base * base;
  return value_of(token[0]) * base + value_of(token[1]);
}

std::string response_table::add(size_t reactor, awaited_response what, bool& was_empty) {
  std::lock_guard guard{mutex_};
  auto& count = of_account_[what.importer.get()];
  if (count >= most_of_an_account)
    return {};
  ++count;
  was_empty = all_.empty();
  all_.push_back({make_token(reactor), std::move(what)});
  auto last = std::prev(all_.end());
  by_token_.emplace(last->token, last);
  return last->token;
}

awaited_response response_table::erase(entries::iterator which) {
  auto out = std::move(which->what);
  by_token_.erase(which->token);
  all_.erase(which);
  auto count = of_account_.find(out.importer.get());
  if (--count->second == 0)
    of_account_.erase(count);
  return out;
}

std::optional<awaited_response> response_table::use(std::string_view token, const account& exporter,
                                                    bool ends, loop_clock::time_point now) {
  std::lock_guard guard{mutex_};
  auto found = by_token_.find(token);
  if (found == by_token_.end() || found->second->what.exporter.get() != &exporter)
    return {};
  auto& what = found->second->what;
  if (ends || what.offer->response == security::response_kind::singleton)
    return erase(found->second);
  what.deadline = now + what.offer->response_threshold;
  return what;
}

std::optional<awaited_response> response_table::remove(std::string_view token) {
  std::lock_guard guard{mutex_};
  auto found = by_token_.find(token);
  if (found == by_token_.end())
    return {};
  return erase(found->second);
}

response_table::swept response_table::sweep(loop_clock::time_point now) {
  swept out;
  std::lock_guard guard{mutex_};
  for (auto left = std::min(all_.size(), swept_at_once); left > 0; --left) {
    auto first = all_.begin();
    const auto& what = first->what;
    if (now >= what.deadline)
      out.expired.push_back(erase(first));
    else if (now - what.asked > grace && !what.importer->interests.has_interest(what.reply))
      out.abandoned.push_back(erase(first));
    else
      all_.splice(all_.end(), all_, first);
  }
  out.empty = all_.empty();
  return out;
}

size_t response_table::size() const {
  std::lock_guard guard{mutex_};
  return all_.size();
}

} // namespace troupe::actors
