// config/nats_parser.hpp: the state of one pass over a text in nats-server's language.
#pragma once

#include "config/nats_format.hpp"

#include <unordered_map>
#include <vector>

namespace troupe::config {

/// What all files and variables of one document share.
struct nats_pass {
  const nats_sources* sources = nullptr;
  size_t values = 0;
  int includes = 0;
  std::vector<std::string> variables_in_progress; // a cycle between environment variables
};

/// Reads one text. Each step returns false once `error` is set; the first error ends the pass.
class nats_parser {
public:
  nats_parser(std::string_view text, std::string name, nats_pass& pass);

  bool read_document(value& root);

  const std::string& error() const { return error_; }

private:
  struct scope {
    value* map;
    std::unordered_map<std::string, size_t> index; // key to position in map->members
  };

  static constexpr int end_of_text = -1;

  int peek(size_t ahead = 0) const;
  void advance();
  place here() const;
  bool fail(std::string text);
  bool fail_at_line(std::string text);
  std::string shown(int c) const;
  bool skip_comment();
  bool at_comment() const;

  bool read_key(bool inside_map, std::string& key);
  bool read_quoted_key(char quote, std::string& key);
  bool read_pair(bool inside_map, int depth);
  bool end_top_pair(bool& inside);
  bool read_map(value& out, int depth);
  bool end_map_pair(bool& closed);
  bool read_list(value& out, int depth);
  bool end_list_item(bool& closed);
  bool read_value(value& out, int depth);
  bool read_single_quoted(value& out);
  bool read_double_quoted(value& out);
  bool read_block(value& out);
  bool read_escape(std::string& text);
  bool read_bare(value& out, std::string text);
  bool finish_bare(value& out, std::string text, bool escaped);
  bool read_number(value& out);
  bool read_suffix(value& out, size_t start);
  bool read_fraction(value& out, size_t start);
  bool read_date(value& out, size_t start);
  bool finish_integer(value& out, std::string_view digits, std::string_view suffix);
  bool ends_number(int c) const;

  bool read_include();
  bool merge_include(const std::string& file);
  bool look_up(value& out, const std::string& name);
  bool look_up_environment(value& out, const std::string& name);
  void put(std::string key, place where, value val, bool used);
  bool count(const value& val);

  std::string_view in_;
  std::shared_ptr<const std::string> name_;
  nats_pass& pass_;
  size_t at_ = 0;
  size_t line_base_ = 0;
  int line_ = 1;
  std::vector<scope> scopes_; // maps being filled, outermost first
  std::string error_;
};

} // namespace troupe::config
