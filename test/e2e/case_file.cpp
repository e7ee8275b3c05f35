// test/e2e/case_file.cpp: reads the case format.
#include "case_file.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace troupe::e2e {
namespace {
std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> out;
  for (;;) {
    auto at = text.find(by);
    out.emplace_back(trimmed(text.substr(0, at)));
    if (at == text.npos)
      return out;
    text.remove_prefix(at + by.size());
  }
}

bool takes_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text = trimmed(text.substr(prefix.size()));
  return true;
}

std::chrono::milliseconds duration_of(std::string_view text) {
  auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  auto value = std::stol(std::string{digits});
  auto unit = text.substr(digits.size());
  if (unit == "ms")
    return std::chrono::milliseconds{value};
  if (unit == "s")
    return std::chrono::seconds{value};
  throw std::runtime_error("a duration needs ms or s: " + std::string{text});
}

class reader {
public:
  explicit reader(const std::filesystem::path& file) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);)
      lines_.push_back(line);
    if (lines_.empty() || !lines_[0].starts_with("# "))
      throw std::runtime_error("the first line must be '# ' and the title");
    out_.title = lines_[0].substr(2);
  }

  case_file read() {
    for (at_ = 1; at_ < lines_.size(); ++at_) {
      auto line = trimmed(lines_[at_]);
      if (!line.empty() && line[0] != '#')
        read_line(line);
    }
    refuse_an_end_untold();
    return std::move(out_);
  }

  size_t line_number() const { return at_ + 1; }

private:
  void add(action what, std::vector<std::string> who, std::string_view text = {},
           unsigned count = 0) {
    out_.steps.push_back(
        {what, static_cast<int>(at_ + 1), std::move(who), std::string{text}, {}, count});
  }

  /// Whether such a server has ended when the case has, only chance would tell. (A lame duck stays
  /// for as long as its configuration says.)
  void refuse_an_end_untold() {
    const step* ends = nullptr;
    for (auto& each : out_.steps)
      if (each.what == action::wait_for_exit)
        ends = nullptr;
      else if (each.what == action::wait_for_signal && (each.text == "TERM" || each.text == "INT"))
        ends = &each;
    if (!ends)
      return;
    at_ = static_cast<size_t>(ends->line - 1); // the complaint is about that line
    throw std::runtime_error("signal " + ends->text + " needs 'server exits N' after it");
  }

  std::string indented_block() {
    std::string block;
    for (; at_ + 1 < lines_.size() && lines_[at_ + 1].starts_with("  "); ++at_)
      block += lines_[at_ + 1] + '\n';
    return block;
  }

  /// What stands between the first and the last quote.
  static std::string_view quoted(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"')
      throw std::runtime_error("expected text in double quotes");
    return text.substr(1, text.size() - 2);
  }

  void read_line(std::string_view line) {
    if (line == "config")
      out_.config = indented_block();
    else if (line == "rewrite")
      add(action::rewrite, {}, indented_block());
    else if (line == "reconfigure")
      add(action::reconfigure, {}, indented_block());
    else if (takes_prefix(line, "deadline "))
      out_.deadline = duration_of(line);
    else if (takes_prefix(line, "client "))
      add(action::connect, split(line.substr(0, line.find(':')), ","),
          line.find(':') == line.npos ? "" : trimmed(line.substr(line.find(':') + 1)));
    else if (takes_prefix(line, "refused "))
      add(action::refuse, split(line, ","));
    else if (takes_prefix(line, "sync "))
      add(action::fence, split(line, ","));
    else if (takes_prefix(line, "signal "))
      add(action::wait_for_signal, {}, line);
    else if (takes_prefix(line, "server exits "))
      add(action::wait_for_exit, {}, line);
    else if (auto word = line.find(" of ");
             word != line.npos && line.find_first_not_of("0123456789") == word)
      read_count(line, word);
    else
      read_dialogue(line);
  }

  void read_count(std::string_view line, size_t word) {
    auto arrow = line.find("< ");
    if (arrow == line.npos)
      throw std::runtime_error("expected: N of a, b< text");
    add(action::expect_count, split(line.substr(word + 4, arrow - word - 4), ","),
        trimmed(line.substr(arrow + 2)), static_cast<unsigned>(std::stoul(std::string{line})));
  }

  void read_dialogue(std::string_view line) {
    auto end = std::find_if(line.begin(), line.end(),
                            [](char c) { return c == '>' || c == '<' || c == ' '; });
    std::vector<std::string> who{std::string{line.begin(), end}};
    auto rest = line.substr(who[0].size());
    if (takes_prefix(rest, ">raw "))
      add(action::send_raw, who, quoted(rest));
    else if (takes_prefix(rest, ">split "))
      add(action::send_bytewise, who, quoted(rest));
    else if (takes_prefix(rest, ">cut "))
      add(action::send_cut, who, quoted(rest));
    else if (takes_prefix(rest, ">"))
      add(action::send, who, rest);
    else if (takes_prefix(rest, "<"))
      read_expectation(std::move(who), rest);
    else if (takes_prefix(rest, " info "))
      add(action::check_info, who, rest);
    else if (takes_prefix(rest, " busy "))
      read_busy(std::move(who), rest);
    else if (auto what = word_alone(rest))
      add(*what, who, rest.find("1.2") == rest.npos ? "" : "1.2");
    else
      throw std::runtime_error("cannot read: " + std::string{line});
  }

  static std::optional<action> word_alone(std::string_view rest) {
    if (rest == " fin")
      return action::half_close;
    if (rest == " close")
      return action::close;
    if (rest == " tls")
      return action::start_tls;
    if (rest == " tls fails" || rest == " tls1.2 fails")
      return action::refuse_tls;
    return std::nullopt;
  }

  void read_busy(std::vector<std::string> who, std::string_view rest) {
    auto blank = rest.find(' ');
    auto span = duration_of(rest.substr(0, blank));
    add(action::stay_busy, std::move(who), quoted(trimmed(rest.substr(blank))),
        static_cast<unsigned>(span.count()));
  }

  void read_expectation(std::vector<std::string> who, std::string_view rest) {
    if (takes_prefix(rest, "~"))
      add(action::expect_regex, who, rest);
    else if (takes_prefix(rest, "?")) {
      add(action::expect_any, who);
      out_.steps.back().items = split(rest, "||");
    } else if (rest == "{") {
      add(action::expect_set, who);
      while (++at_ < lines_.size() && trimmed(lines_[at_]) != "}")
        out_.steps.back().items.emplace_back(trimmed(lines_[at_]));
    } else if (rest == "closed")
      add(action::expect_closed, who);
    else if (rest == "cut off")
      add(action::expect_cut_off, who);
    else if (rest == "nothing")
      add(action::fence, who);
    else if (takes_prefix(rest, "INFO "))
      add(action::expect_info, who, rest);
    else
      add(action::expect, who, rest);
  }

  std::vector<std::string> lines_;
  size_t at_ = 0;
  case_file out_;
};
} // namespace

case_file read_case(const std::filesystem::path& file, const std::string& name) {
  std::optional<reader> in;
  try {
    in.emplace(file);
    auto out = in->read();
    out.name = name;
    return out;
  } catch (const std::exception& wrong) {
    auto line = in ? in->line_number() : 1;
    throw std::runtime_error(file.string() + ":" + std::to_string(line) + ": " + wrong.what());
  }
}

std::vector<case_file> read_cases(const std::filesystem::path& folder) {
  std::vector<case_file> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    auto relative = std::filesystem::relative(entry.path(), folder);
    if (relative.extension() == ".case")
      out.push_back(read_case(entry.path(), relative.replace_extension().string()));
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return out;
}
} // namespace troupe::e2e
