// config/closest.cpp: edit distances, cut short for words nobody would type.
#include "config/closest.hpp"

#include <algorithm>

namespace troupe::config {

size_t edit_distance(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) { // long keys share their beginning
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({replaced, last[j] + 1, now[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

std::string_view closest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > 200)
    return {};
  size_t best = std::max<size_t>(2, word.size() / 3) + 1;
  std::string_view result;
  for (auto candidate : known) {
    size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) >= best)
      continue; // each character too many is an edit
    size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      result = candidate;
    }
  }
  if (result.empty() && word.size() >= 3) // "cert" was "cert_file"
    for (auto candidate : known)
      if (candidate.starts_with(word))
        return candidate;
  return result;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  auto guess = closest(word, known);
  return guess.empty() ? "" : "; did you mean \"" + std::string{guess} + "\"?";
}

} // namespace troupe::config
