// config/yaml_format.cpp: builds values from yaml-cpp's events.
#include "config/yaml_format.hpp"
#include "config/nats_format.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace troupe::config {

namespace {

size_t count_values(const value& val) {
  size_t result = 1;
  for (auto& item : val.items)
    result += count_values(item);
  for (auto& one : val.members)
    result += count_values(one.val);
  return result;
}

/// Keeps the first mistake and ignores every event after it. Events instead of yaml-cpp's nodes:
/// they cost a tenth of the memory, and its LoadAll never returns from some broken texts.
class value_builder : public YAML::EventHandler {
public:
  explicit value_builder(const std::string& name)
      : file_{std::make_shared<const std::string>(name)} {}

  void fail(const YAML::Mark& mark, const std::string& text) {
    if (error_.empty())
      error_ = to_string(at(mark)) + ": " + text;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      fail(mark, "only one YAML document is read; remove what begins here");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    value val;
    val.plain = true;
    add_scalar(mark, std::move(val), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    value val;
    val.plain = tag != "!";
    val.text = text;
    add_scalar(mark, std::move(val), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto known = anchors_.find(anchor);
    if (!error_.empty())
      return;
    if (known == anchors_.end())
      fail(mark, "an alias may not stand inside of what it means");
    else if (count(mark, count_values(known->second)))
      add(mark, value{known->second});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, value::type::list, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, value::type::map, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  value take_root() { return std::move(root_); }
  const std::string& error() const { return error_; }
  bool has_document() const { return documents_ > 0; }

private:
  struct frame {
    value val;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    member pending;
    std::set<std::string> keys;
  };

  place at(const YAML::Mark& mark) const {
    return {file_, mark.is_null() ? 1 : mark.line + 1, mark.is_null() ? 1 : mark.column + 1};
  }

  bool count(const YAML::Mark& mark, size_t more) {
    values_ += more;
    if (values_ > max_values)
      fail(mark, "more than " + std::to_string(max_values) + " values");
    return error_.empty();
  }

  void add_scalar(const YAML::Mark& mark, value val, YAML::anchor_t anchor) {
    if (!error_.empty() || !count(mark, 1))
      return;
    val.where = at(mark);
    if (anchor != 0)
      anchors_[anchor] = val;
    add(mark, std::move(val));
  }

  void open(const YAML::Mark& mark, value::type kind, YAML::anchor_t anchor) {
    if (stack_.size() > static_cast<size_t>(max_nesting))
      fail(mark, "maps and lists nest deeper than " + std::to_string(max_nesting) + " levels");
    if (!error_.empty() || !count(mark, 1))
      return;
    stack_.emplace_back();
    stack_.back().val.kind = kind;
    stack_.back().val.where = at(mark);
    stack_.back().mark = mark;
    stack_.back().anchor = anchor;
  }

  void close() {
    if (!error_.empty() || stack_.empty())
      return;
    auto done = std::move(stack_.back());
    stack_.pop_back();
    if (done.anchor != 0)
      anchors_[done.anchor] = done.val;
    add(done.mark, std::move(done.val));
  }

  /// A finished value becomes the root, an item, a key or a key's value.
  void add(const YAML::Mark& mark, value val) {
    if (stack_.empty()) {
      root_ = std::move(val);
      return;
    }
    auto& top = stack_.back();
    if (top.val.kind == value::type::list) {
      top.val.items.push_back(std::move(val));
    } else if (top.has_key) {
      top.pending.val = std::move(val);
      top.val.members.push_back(std::exchange(top.pending, {}));
      top.has_key = false;
    } else if (!val.is_scalar()) {
      fail(mark, "a key must be a word");
    } else if (!top.keys.insert(val.text).second) {
      fail(mark, "\"" + val.text + "\" is given twice");
    } else {
      top.pending.key = val.text;
      top.pending.where = at(mark);
      top.has_key = true;
    }
  }

  std::shared_ptr<const std::string> file_;
  std::vector<frame> stack_;
  std::map<YAML::anchor_t, value> anchors_;
  value root_;
  size_t values_ = 0;
  int documents_ = 0;
  std::string error_;
};

} // namespace

yaml_document parse_yaml(std::string_view text, const std::string& name) {
  yaml_document result;
  value_builder builder{name};
  try { // the library reports mistakes by exceptions; here they become values again
    std::istringstream in{std::string{text}};
    YAML::Parser parser{in};
    if (parser.HandleNextDocument(builder))
      parser.HandleNextDocument(builder); // there must be no second
  } catch (const YAML::Exception& problem) {
    builder.fail(problem.mark, problem.msg);
  } catch (const std::exception& problem) {
    builder.fail(YAML::Mark::null_mark(), problem.what());
  }
  result.root = builder.take_root();
  bool nothing = result.root.plain && result.root.text.empty();
  if (result.root.kind != value::type::map && builder.has_document() && !nothing)
    builder.fail({}, "the file must be a map of keys and values");
  if (result.root.kind != value::type::map)
    result.root = {};
  result.root.kind = value::type::map;
  result.error = builder.error();
  return result;
}

} // namespace troupe::config
