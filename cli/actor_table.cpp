// cli/actor_table.cpp: lays out the actor tree.
#include "cli/actor_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

namespace troupe::cli {
namespace {

constexpr size_t column_count = 8;
using line = std::array<std::string, column_count>;

/// Columns of figures stand right-aligned, texts left-aligned.
constexpr std::array<bool, column_count> is_figure{false, false, true, true,
                                                   true,  true,  true, false};

std::string shortened(uint64_t value, uint64_t exact, double step, std::string_view units) {
  if (value < exact)
    return std::to_string(value);
  auto scaled = static_cast<double>(value) / step;
  size_t unit = 0;
  while (scaled >= 999.5 && unit + 1 < units.size()) {
    scaled /= step;
    ++unit;
  }
  auto decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  auto text = fmt::format("{:.{}f}", scaled, decimals);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
      text.pop_back();
  }
  return text + units[unit];
}

/// Rows under their parents: the nearest other row whose path, with a slash, begins this one's.
class tree {
public:
  explicit tree(const std::vector<actor_row>& rows) : rows_{rows} {
    std::map<std::string_view, size_t> by_path;
    for (size_t i = 0; i < rows.size(); ++i)
      by_path.emplace(rows[i].path, i);
    children_.resize(rows.size() + 1);
    for (size_t i = 0; i < rows.size(); ++i)
      children_[parent_of(i, by_path)].push_back(i);
  }

  void lay_out(std::vector<line>& out) const { below(rows_.size(), 0, 0, out); }

private:
  size_t parent_of(size_t row, const std::map<std::string_view, size_t>& by_path) const {
    std::string_view path = rows_[row].path;
    for (auto slash = path.rfind('/'); slash != path.npos && slash > 0;
         slash = path.rfind('/', slash - 1))
      if (auto it = by_path.find(path.substr(0, slash)); it != by_path.end())
        return it->second;
    return rows_.size();
  }

  void below(size_t parent, size_t cut, size_t depth, std::vector<line>& out) const {
    for (auto child : children_[parent]) {
      const auto& row = rows_[child];
      out.push_back({std::string(2 * depth, ' ') + row.path.substr(cut), row.place,
                     short_count(row.mailbox), short_count(row.in_messages),
                     short_count(row.out_messages), short_size(row.in_bytes),
                     short_size(row.out_bytes), row.state});
      below(child, row.path.size() + 1, depth + 1, out);
    }
  }

  const std::vector<actor_row>& rows_;
  std::vector<std::vector<size_t>> children_; ///< the last one: those without a parent
};

} // namespace

std::string short_count(uint64_t value) {
  return shortened(value, 10000, 1000, "kMGTPE");
}
std::string short_size(uint64_t bytes) {
  return shortened(bytes, 1024, 1024, "KMGTPE");
}

std::string actor_table(const std::vector<actor_row>& rows) {
  std::vector<line> lines{
      {"ACTOR", "PLACE", "MAILBOX", "MSGS IN", "MSGS OUT", "BYTES IN", "BYTES OUT", "STATE"}};
  tree{rows}.lay_out(lines);
  std::array<size_t, column_count> widths{};
  for (const auto& each : lines)
    for (size_t i = 0; i < column_count; ++i)
      widths[i] = std::max(widths[i], each[i].size());
  std::string out;
  for (const auto& each : lines) {
    std::string text;
    for (size_t i = 0; i < column_count; ++i) {
      text += i == 0 ? "" : "  ";
      text += is_figure[i] ? fmt::format("{:>{}}", each[i], widths[i])
                           : fmt::format("{:<{}}", each[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

} // namespace troupe::cli
