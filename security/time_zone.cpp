// security/time_zone.cpp: TZif files and the POSIX rule at their end.
#include "security/time_zone.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

namespace troupe::security {
namespace {

constexpr size_t header_size = 44;
constexpr size_t max_file = 1 << 20;

int64_t big_endian(std::string_view bytes) {
  uint64_t out = static_cast<unsigned char>(bytes[0]) >= 0x80 ? ~uint64_t{0} : 0;
  for (char c : bytes)
    out = out << 8 | static_cast<unsigned char>(c);
  return static_cast<int64_t>(out);
}

struct counts {
  size_t utc, standard, leaps, changes, types, letters;
  size_t size(size_t width) const {
    return changes * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard + utc;
  }
};

std::optional<counts> read_header(std::string_view file) {
  if (file.size() < header_size || !file.starts_with("TZif"))
    return std::nullopt;
  auto at = [&](size_t i) { return static_cast<size_t>(big_endian(file.substr(20 + 4 * i, 4))); };
  counts out{at(0), at(1), at(2), at(3), at(4), at(5)};
  for (auto one : {out.utc, out.standard, out.leaps, out.changes, out.types, out.letters})
    if (one > max_file)
      return std::nullopt;
  return out;
}

/// The parts of a POSIX TZ text, each cut off the front.
struct rule_text {
  std::string_view rest;

  bool eat(char c) {
    if (!rest.starts_with(c))
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool name() {
    size_t end = 0;
    if (rest.starts_with('<'))
      end = rest.find('>') == rest.npos ? 0 : rest.find('>') + 1;
    else
      while (end < rest.size() && std::isalpha(static_cast<unsigned char>(rest[end])) != 0)
        ++end;
    rest.remove_prefix(end);
    return end >= 3;
  }
  bool number(int& out) {
    size_t digits = 0;
    for (out = 0; digits < rest.size() && digits < 4 && rest[digits] >= '0' && rest[digits] <= '9';)
      out = out * 10 + (rest[digits++] - '0');
    rest.remove_prefix(digits);
    return digits > 0;
  }
  /// [+-]hh[:mm[:ss]]
  bool time(int64_t& out) {
    bool minus = eat('-');
    if (!minus)
      eat('+');
    int part = 0;
    if (!number(part))
      return false;
    out = part * 3600;
    for (int unit : {60, 1}) {
      if (!eat(':'))
        break;
      if (!number(part))
        return false;
      out += part * unit;
    }
    if (minus)
      out = -out;
    return true;
  }
};

} // namespace

std::optional<time_zone> time_zone::parse(std::string_view file) {
  auto old = read_header(file);
  if (!old || file.size() < header_size * 2 + old->size(4) || file[4] < '2')
    return std::nullopt;
  file.remove_prefix(header_size + old->size(4));
  auto now = read_header(file);
  if (!now || now->types == 0 || file.size() < header_size + now->size(8))
    return std::nullopt;
  auto times = file.substr(header_size, now->changes * 8);
  auto kinds = file.substr(header_size + now->changes * 8, now->changes);
  auto types = file.substr(header_size + now->changes * 9, now->types * 6);
  auto offset = [&](size_t type) { return big_endian(types.substr(type * 6, 4)); };
  time_zone out;
  out.first_offset_ = offset(0);
  for (size_t i = 0; i < now->changes; ++i) {
    auto type = static_cast<unsigned char>(kinds[i]);
    if (type >= now->types)
      return std::nullopt;
    out.changes_.push_back(big_endian(times.substr(i * 8, 8)));
    out.offsets_.push_back(static_cast<int32_t>(offset(type)));
  }
  if (!std::is_sorted(out.changes_.begin(), out.changes_.end()))
    return std::nullopt;
  auto footer = file.substr(header_size + now->size(8));
  if (footer.size() > 2 && footer.front() == '\n') {
    rule last;
    if (!parse_rule(footer.substr(1, footer.find('\n', 1) - 1), last))
      return std::nullopt;
    out.rule_ = last;
  }
  return out;
}

bool time_zone::parse_rule(std::string_view text, rule& out) {
  rule_text in{text};
  if (!in.name() || !in.time(out.standard))
    return false;
  out.standard = -out.standard; // POSIX counts to the west
  if (in.rest.empty())
    return true;
  out.changes = true;
  out.summer = out.standard + 3600;
  if (!in.name())
    return false;
  if (!in.rest.starts_with(',')) {
    if (!in.time(out.summer))
      return false;
    out.summer = -out.summer;
  }
  for (auto* change : {&out.begin, &out.end}) {
    if (!in.eat(','))
      return false;
    if (in.eat('M')) {
      if (!in.number(change->month) || !in.eat('.') || !in.number(change->week) || !in.eat('.')
          || !in.number(change->day) || change->month < 1 || change->month > 12 || change->week < 1
          || change->week > 5 || change->day > 6)
        return false;
    } else {
      change->what = in.eat('J') ? yearly::kind::julian : yearly::kind::zero_based;
      if (!in.number(change->day) || change->day > 366)
        return false;
    }
    if (in.eat('/') && !in.time(change->second))
      return false;
  }
  return in.rest.empty();
}

/// As a clock on a wall counts it, before the change.
int64_t time_zone::second_of(const yearly& change, int year) noexcept {
  using namespace std::chrono;
  auto first = sys_days{std::chrono::year{year} / January / 1};
  auto day = first;
  switch (change.what) {
  case yearly::kind::weekday: {
    auto month = std::chrono::year{year} / std::chrono::month(static_cast<unsigned>(change.month));
    auto wanted = std::chrono::weekday(static_cast<unsigned>(change.day));
    day = change.week == 5 ? sys_days{month / wanted[last]}
                           : sys_days{month / wanted[static_cast<unsigned>(change.week)]};
    break;
  }
  case yearly::kind::julian: { // 1 to 365: February 29 has no number
    bool leap = std::chrono::year{year}.is_leap();
    day = first + days{change.day - 1 + (leap && change.day > 59 ? 1 : 0)};
    break;
  }
  case yearly::kind::zero_based: day = first + days{change.day}; break;
  }
  return duration_cast<seconds>(day.time_since_epoch()).count() + change.second;
}

int64_t time_zone::offset_by_rule(int64_t when) const noexcept {
  if (!rule_->changes)
    return rule_->standard;
  using namespace std::chrono;
  auto day = floor<days>(sys_seconds{seconds{when + rule_->standard}});
  auto year = static_cast<int>(year_month_day{day}.year());
  auto begin = second_of(rule_->begin, year) - rule_->standard;
  auto end = second_of(rule_->end, year) - rule_->summer;
  bool summer = begin < end ? when >= begin && when < end : when >= begin || when < end;
  return summer ? rule_->summer : rule_->standard;
}

int64_t time_zone::offset_at(int64_t when) const noexcept {
  auto next = std::upper_bound(changes_.begin(), changes_.end(), when);
  if (next == changes_.end() && rule_)
    return offset_by_rule(when);
  if (next == changes_.begin())
    return first_offset_;
  return offsets_[static_cast<size_t>(next - changes_.begin()) - 1];
}

int64_t time_zone::to_unix(int64_t local) const noexcept {
  auto guess = local - offset_at(local);
  return local - offset_at(guess);
}

std::shared_ptr<const time_zone> time_zone::find(std::string_view name) {
  static std::mutex lock;
  static std::map<std::string, std::shared_ptr<const time_zone>, std::less<>> known;
  std::lock_guard guard{lock};
  if (auto at = known.find(name); at != known.end())
    return at->second;
  // A name may not leave the folder: it comes from strangers' JWTs.
  auto fine = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' || c == '-'
           || c == '+';
  };
  std::string wanted{name};
  if (wanted.empty())
    if (const char* set = std::getenv("TZ"))
      wanted = *set == ':' ? set + 1 : set;
  std::string path = "/etc/localtime";
  if (!wanted.empty()) {
    if (wanted.size() > 64 || wanted.front() == '/'
        || !std::all_of(wanted.begin(), wanted.end(), fine))
      return nullptr;
    path = "/usr/share/zoneinfo/" + wanted;
  }
  std::error_code code; // reading a folder ("America") throws
  if (!std::filesystem::is_regular_file(path, code))
    path = "/dev/null";
  std::ifstream file{path, std::ios::binary};
  std::string content{std::istreambuf_iterator<char>{file}, {}};
  auto zone = parse(content);
  if (!zone && (wanted == "UTC" || (name.empty() && wanted.empty())))
    zone.emplace();
  if (!zone)
    return nullptr;
  return known[std::string{name}] = std::make_shared<const time_zone>(std::move(*zone));
}

} // namespace troupe::security
