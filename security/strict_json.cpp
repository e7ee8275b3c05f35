// security/strict_json.cpp: a document built from nlohmann's events, under our own rules.
#include "security/strict_json.hpp"

#include <vector>

namespace troupe::security {
namespace {

using json = nlohmann::json;

/// nlohmann's SAX interface; every `false` ends the parse.
class builder : public nlohmann::json_sax<json> {
public:
  explicit builder(int max_depth) : max_depth_{max_depth} {}

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override {
    return put(value) != nullptr;
  }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return refuse("has binary data"); }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->contains(name))
      return refuse("has a key twice in one object");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(size_t position, const std::string&, const json::exception&) override {
    return refuse("is no JSON, see byte " + std::to_string(position));
  }

  json document;
  std::string problem;

private:
  json* put(json value) {
    if (open_.empty()) {
      document = std::move(value);
      return &document;
    }
    auto& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }
  bool open(json value) {
    if (static_cast<int>(open_.size()) == max_depth_)
      return refuse("nests deeper than " + std::to_string(max_depth_) + " levels");
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }

  int max_depth_;
  std::string key_;
  std::vector<json*> open_;
};

} // namespace

std::variant<json, std::string> parse_strictly(std::string_view text, int max_depth) {
  builder events{max_depth};
  if (!json::sax_parse(text.begin(), text.end(), &events))
    return std::move(events.problem);
  return std::move(events.document);
}

std::string dump_like_go(const json& document) {
  std::string out;
  auto text = document.dump();
  for (size_t i = 0; i < text.size(); ++i) {
    auto rest = std::string_view{text}.substr(i);
    if (rest[0] == '<')
      out += "\\u003c";
    else if (rest[0] == '>')
      out += "\\u003e";
    else if (rest[0] == '&')
      out += "\\u0026";
    else if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
      out += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else
      out += rest[0];
  }
  return out;
}

} // namespace troupe::security
