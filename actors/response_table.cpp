// actors/response_table.cpp: random names for responses, and their end.
#include "actors/response_table.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace troupe::actors {
namespace {

constexpr std::string_view digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t base = digits.size();
constexpr size_t most_places = base * base * base * base; // as many as the digits can name
constexpr size_t kept_places = 4096;
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

response_token response_table::make_token(size_t reactor, place where) {
  response_token out;
  auto* at = out.digits.data();
  *at++ = digits[reactor / base % base];
  *at++ = digits[reactor % base];
  size_t rest = where;
  for (size_t i = 0; i < response_token::place_digits; ++i, rest /= base)
    *at++ = digits[rest % base];
  while (at < out.digits.data() + out.digits.size()) {
    if (random_used_ == random_.size()) {
      fill_randomly(random_.data(), random_.size());
      random_used_ = 0;
    }
    auto byte = random_[random_used_++];
    if (byte < base * 4)
      *at++ = digits[byte % base];
  }
  return out;
}

size_t response_table::reactor_of(std::string_view token) noexcept {
  if (token.size() < 2)
    return base * base;
  return value_of(token[0]) * base + value_of(token[1]);
}

response_table::place response_table::find(std::string_view token) const noexcept {
  if (token.size() != response_token::length)
    return nowhere;
  size_t where = 0;
  for (size_t i = response_token::place_digits; i > 0; --i) {
    auto value = value_of(token[response_token::reactor_digits + i - 1]);
    if (value == base)
      return nowhere;
    where = where * base + value;
  }
  if (where >= entries_.size() || !entries_[where].used || entries_[where].token.text() != token)
    return nowhere;
  return static_cast<place>(where);
}

response_table::place response_table::take_place() {
  if (free_ != nowhere)
    return std::exchange(free_, entries_[free_].next);
  if (entries_.size() >= most_places)
    return nowhere;
  entries_.emplace_back();
  return static_cast<place>(entries_.size() - 1);
}

void response_table::append(place which) noexcept {
  entries_[which].previous = last_;
  entries_[which].next = nowhere;
  (last_ == nowhere ? first_ : entries_[last_].next) = which;
  last_ = which;
}

void response_table::unlink(place which) noexcept {
  const auto& gone = entries_[which];
  (gone.previous == nowhere ? first_ : entries_[gone.previous].next) = gone.next;
  (gone.next == nowhere ? last_ : entries_[gone.next].previous) = gone.previous;
}

std::optional<response_token> response_table::add(size_t reactor, awaited_response what,
                                                  bool& was_empty) {
  std::lock_guard guard{mutex_};
  auto& count = of_account_[what.importer.get()];
  if (count >= most_of_an_account)
    return {};
  auto where = take_place();
  if (where == nowhere)
    return {};
  ++count;
  was_empty = used_++ == 0;
  auto& made = entries_[where];
  made.token = make_token(reactor, where);
  made.used = true;
  made.what = std::move(what);
  append(where);
  return made.token;
}

awaited_response response_table::erase(place which) {
  unlink(which);
  auto& gone = entries_[which];
  auto out = std::move(gone.what);
  gone.used = false;
  gone.next = std::exchange(free_, which);
  --of_account_.find(out.importer.get())->second;      // a sweep takes it away
  if (--used_ == 0 && entries_.size() > kept_places) { // what a flood took is given back
    entries_ = {};
    free_ = nowhere;
  }
  return out;
}

std::optional<awaited_response> response_table::use(std::string_view token, const account& exporter,
                                                    bool ends, loop_clock::time_point now) {
  std::lock_guard guard{mutex_};
  auto found = find(token);
  if (found == nowhere || entries_[found].what.exporter.get() != &exporter)
    return {};
  auto& what = entries_[found].what;
  if (ends || what.offer->response == security::response_kind::singleton)
    return erase(found);
  what.deadline = now + what.offer->response_threshold;
  return what;
}

std::optional<awaited_response> response_table::remove(std::string_view token) {
  std::lock_guard guard{mutex_};
  auto found = find(token);
  if (found == nowhere)
    return {};
  return erase(found);
}

response_table::swept response_table::sweep(loop_clock::time_point now) {
  swept out;
  std::lock_guard guard{mutex_};
  for (auto left = std::min(used_, swept_at_once); left > 0; --left) {
    auto first = first_;
    const auto& what = entries_[first].what;
    if (now >= what.deadline)
      out.expired.push_back(erase(first));
    else if (now - what.asked > grace && !what.importer->interests.has_interest(what.reply))
      out.abandoned.push_back(erase(first));
    else {
      unlink(first);
      append(first);
    }
  }
  std::erase_if(of_account_, [](const auto& each) { return each.second == 0; });
  out.empty = used_ == 0;
  return out;
}

size_t response_table::size() const {
  std::lock_guard guard{mutex_};
  return used_;
}

} // namespace troupe::actors
