// cli/text_table.hpp: rows under headings, and lists, for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

/// Not fmt::join: GCC 12 sees an overflow in it at -O3.
std::string joined(const std::vector<std::string>& texts, std::string_view between = ", ");

class text_table {
public:
  explicit text_table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }
  /// As many cells as there are headings.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool has_rows() const noexcept { return rows_.size() > 1; }
  /// Columns two blanks apart, no blanks at the ends of lines. Cells of UTF-8 count characters.
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace troupe::cli
