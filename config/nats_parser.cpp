// config/nats_parser.cpp: keys, maps, lists, includes and variables of nats-server's language.
#include "config/nats_parser.hpp"
#include "config/words.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

bool is_blank(int c) {
  return c == ' ' || c == '\t';
}
bool is_newline(int c) {
  return c == '\n' || c == '\r';
}
bool is_space(int c) {
  return is_blank(c) || is_newline(c) || c == '\v' || c == '\f';
}
bool is_separator(int c) {
  return c == ':' || c == '=';
}

size_t count_values(const value& val) {
  size_t result = 1;
  for (auto& item : val.items)
    result += count_values(item);
  for (auto& one : val.members)
    result += count_values(one.val);
  return result;
}

} // namespace

nats_parser::nats_parser(std::string_view text, std::string name, nats_pass& pass)
    : in_{text}, name_{std::make_shared<const std::string>(std::move(name))}, pass_{pass} {}

int nats_parser::peek(size_t ahead) const {
  return at_ + ahead < in_.size() ? static_cast<unsigned char>(in_[at_ + ahead]) : end_of_text;
}

void nats_parser::advance() {
  if (at_ >= in_.size())
    return;
  if (in_[at_] == '\n') {
    ++line_;
    line_base_ = at_;
  }
  ++at_;
}

place nats_parser::here() const {
  return {name_, line_, static_cast<int>(at_ - line_base_)};
}

bool nats_parser::fail(std::string text) {
  error_ = std::move(text);
  return false;
}

bool nats_parser::fail_at_line(std::string text) {
  return fail("Parse error on line " + std::to_string(line_) + ": '" + text + "'");
}

std::string nats_parser::shown(int c) const {
  if (c == end_of_text)
    return "";
  if (c == '\n')
    return "\\n";
  if (c == '\r')
    return "\\r";
  return c == '\t' ? "\\t" : std::string(1, static_cast<char>(c));
}

bool nats_parser::at_comment() const {
  return peek() == '#' || (peek() == '/' && peek(1) == '/');
}

bool nats_parser::skip_comment() {
  if (!at_comment())
    return false;
  while (peek() != end_of_text && !is_newline(peek()))
    advance();
  return true;
}

bool nats_parser::read_document(value& root) {
  root.kind = value::type::map;
  root.where = here();
  scopes_.push_back({&root, {}});
  bool inside = false; // one pair of braces may stand around everything, as in JSON
  for (bool first = true;;) {
    if (first && peek() == '{') {
      inside = true;
      first = false;
      advance();
    } else if (is_space(peek()) || peek() == '}') {
      inside = inside && peek() != '}';
      advance();
    } else if (peek() == end_of_text) {
      return !inside || fail_at_line("Unexpected EOF processing map.");
    } else if (!skip_comment()) {
      first = false;
      if (!read_pair(false, 0) || !end_top_pair(inside))
        return false;
    }
  }
}

bool nats_parser::read_quoted_key(char quote, std::string& key) {
  advance();
  while (peek() != quote) {
    if (peek() == end_of_text)
      return fail_at_line("Unexpected EOF processing quoted key.");
    key += static_cast<char>(peek());
    advance();
  }
  advance();
  return true;
}

bool nats_parser::read_key(bool inside_map, std::string& key) {
  if (is_separator(peek()))
    return fail_at_line("Unexpected key separator '" + shown(peek()) + "'.");
  if (peek() == '"' || peek() == '\'')
    return read_quoted_key(static_cast<char>(peek()), key);
  do {
    key += static_cast<char>(peek());
    advance();
  } while (peek() != end_of_text && !is_space(peek()) && !is_separator(peek()));
  if (peek() == end_of_text && inside_map)
    return fail_at_line("Unexpected EOF processing map key.");
  return true;
}

/// One `key: value` into the innermost map, or an `include`.
bool nats_parser::read_pair(bool inside_map, int depth) {
  auto where = here();
  bool bare = peek() != '"' && peek() != '\'';
  where.column += bare ? 0 : 1; // the original points behind the quote
  std::string key;
  if (!read_key(inside_map, key))
    return false;
  if (bare && is_space(peek()) && lower(key) == "include")
    return read_include();
  while (is_space(peek()))
    advance();
  if (is_separator(peek())) {
    advance();
  } else if (peek() == end_of_text) {
    auto end = here();
    return fail("config is invalid (" + to_string(end) + ")");
  }
  while (inside_map ? is_space(peek()) : is_blank(peek()))
    advance();
  if (inside_map && (peek() == ',' || peek() == '}'))
    return fail_at_line("Unexpected map value terminator '" + shown(peek()) + "'.");
  value val;
  if (!read_value(val, depth))
    return false;
  put(std::move(key), where, std::move(val), false);
  return true;
}

bool nats_parser::end_top_pair(bool& inside) {
  while (is_blank(peek()))
    advance();
  if (at_comment() || peek() == end_of_text)
    return true;
  if (!is_newline(peek()) && peek() != ',' && peek() != ';' && peek() != '}')
    return fail_at_line(
        "Expected a top-level value to end with a new line, comment or EOF, but got '"
        + shown(peek()) + "' instead.");
  inside = inside && peek() != '}';
  advance();
  return true;
}

bool nats_parser::read_map(value& out, int depth) {
  if (depth > max_nesting)
    return fail_at_line("Maps and arrays nest deeper than " + std::to_string(max_nesting)
                        + " levels.");
  out.kind = value::type::map;
  advance();
  scopes_.push_back({&out, {}});
  for (bool closed = false; !closed;) {
    if (is_space(peek())) {
      advance();
    } else if (peek() == '}') {
      advance();
      closed = true;
    } else if (peek() == end_of_text) {
      return fail_at_line("Unexpected EOF processing map.");
    } else if (peek() == ']') {
      return fail_at_line("Unexpected array end ']' processing map.");
    } else if (!skip_comment() && !(read_pair(true, depth) && end_map_pair(closed))) {
      return false;
    }
  }
  scopes_.pop_back();
  return true;
}

bool nats_parser::end_map_pair(bool& closed) {
  while (is_blank(peek()))
    advance();
  if (at_comment())
    return true;
  if (peek() != ',' && peek() != ';' && peek() != '}' && !is_newline(peek()))
    return fail_at_line("Expected a map value terminator \",\" or a map terminator \"}\", but got '"
                        + shown(peek()) + "' instead.");
  closed = peek() == '}';
  advance();
  return true;
}

bool nats_parser::read_list(value& out, int depth) {
  if (depth > max_nesting)
    return fail_at_line("Maps and arrays nest deeper than " + std::to_string(max_nesting)
                        + " levels.");
  out.kind = value::type::list;
  advance();
  for (bool closed = false; !closed;) {
    if (is_space(peek())) {
      advance();
    } else if (peek() == ']') {
      advance();
      closed = true;
    } else if (peek() == ',' || (peek() == '/' && peek(1) != '/')) {
      return fail_at_line("Unexpected array value terminator ','.");
    } else if (!skip_comment()) {
      value item;
      if (!read_value(item, depth) || !end_list_item(closed))
        return false;
      out.items.push_back(std::move(item));
    }
  }
  return true;
}

bool nats_parser::end_list_item(bool& closed) {
  while (is_blank(peek()))
    advance();
  if (at_comment())
    return true;
  if (peek() != ',' && peek() != ']' && !is_newline(peek()))
    return fail_at_line(
        "Expected an array value terminator \",\" or an array terminator \"]\", but "
        "got '"
        + shown(peek()) + "' instead.");
  closed = peek() == ']';
  advance();
  return true;
}

void nats_parser::put(std::string key, place where, value val, bool used) {
  auto& [map, index] = scopes_.back();
  auto [known, fresh] = index.try_emplace(key, map->members.size());
  if (fresh)
    map->members.push_back({std::move(key), std::move(where), std::move(val), used});
  else
    map->members[known->second] = {std::move(key), std::move(where), std::move(val),
                                   map->members[known->second].used_as_variable || used};
}

bool nats_parser::count(const value& val) {
  pass_.values += count_values(val);
  return pass_.values <= max_values
         || fail_at_line("More than " + std::to_string(max_values) + " values.");
}

bool nats_parser::look_up(value& out, const std::string& name) {
  if (name.starts_with("2a$") || name.starts_with("2b$")) { // a bcrypt hash, not a variable
    out.text = "$" + name;
    return true;
  }
  for (auto level = scopes_.rbegin(); level != scopes_.rend(); ++level) {
    auto found = level->index.find(name);
    if (found == level->index.end())
      continue;
    auto& source = level->map->members[found->second];
    source.used_as_variable = true;
    if (!count(source.val))
      return false;
    auto where = out.where;
    out = value{source.val};
    out.where = where;
    return true;
  }
  return look_up_environment(out, name);
}

bool nats_parser::look_up_environment(value& out, const std::string& name) {
  auto& busy = pass_.variables_in_progress;
  if (std::find(busy.begin(), busy.end(), name) != busy.end())
    return fail("variable reference cycle for '" + name + "'");
  std::optional<std::string> text;
  if (pass_.sources->environment && name.find('\0') == name.npos)
    text = pass_.sources->environment(name);
  if (!text)
    return fail("variable reference for '" + name + "' on line " + std::to_string(line_)
                + " can not be found");
  if (busy.size() > static_cast<size_t>(max_nesting))
    return fail("environment variables refer to each other too deeply at '" + name + "'");
  busy.push_back(name);
  std::string pair = "pk=" + *text;
  nats_parser inner{pair, "environment " + name, pass_};
  value root;
  bool good = inner.read_document(root);
  busy.pop_back();
  if (!good || root.members.empty())
    return fail("environment variable '" + name
                + "' is no configuration value: " + (good ? "it is empty" : inner.error()));
  auto where = out.where;
  out = std::move(root.members.front().val);
  out.where = where;
  return true;
}

bool nats_parser::read_include() {
  while (is_blank(peek()))
    advance();
  std::string file;
  if (peek() == '"' || peek() == '\'') {
    if (!read_quoted_key(static_cast<char>(peek()), file))
      return false;
    return merge_include(file);
  }
  if (is_newline(peek()) || peek() == end_of_text)
    return fail_at_line("Expected include value but found new line");
  if (peek() == '[' || peek() == '{' || peek() == '(')
    return fail_at_line("Expected include value but found '" + shown(peek()) + "'");
  while (peek() != end_of_text && !is_space(peek()) && peek() != ';' && peek() != '}') {
    file += static_cast<char>(peek());
    advance();
  }
  return merge_include(file);
}

bool nats_parser::merge_include(const std::string& file) {
  auto slash = name_->rfind('/');
  std::string path = slash == name_->npos ? file : name_->substr(0, slash + 1) + file;
  if (pass_.includes >= max_include_depth)
    return fail("error parsing include file '" + file + "', includes nest deeper than "
                + std::to_string(max_include_depth) + " files");
  std::optional<std::string> text;
  if (pass_.sources->include && path.find('\0') == path.npos)
    text = pass_.sources->include(path);
  if (!text)
    return fail("error parsing include file '" + file + "', open " + path
                + ": no such file or directory");
  ++pass_.includes;
  nats_parser inner{*text, path, pass_};
  value root;
  bool good = inner.read_document(root);
  --pass_.includes;
  if (!good)
    return fail("error parsing include file '" + file + "', " + inner.error());
  for (auto& one : root.members)
    put(std::move(one.key), std::move(one.where), std::move(one.val), one.used_as_variable);
  return true;
}

nats_document parse_nats(std::string_view text, const std::string& name,
                         const nats_sources& sources) {
  nats_pass pass;
  pass.sources = &sources;
  nats_parser parser{text, name, pass};
  nats_document result;
  if (!parser.read_document(result.root))
    result.error = parser.error();
  return result;
}

} // namespace troupe::config
