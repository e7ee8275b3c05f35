// test/config/made_up_world.hpp: files and an environment that exist in a test only.
#pragma once

#include "config/difference.hpp"
#include "config/load.hpp"

#include <map>
#include <string>
#include <utility>

namespace troupe::config {

struct made_up_world {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  surroundings around() const {
    surroundings result;
    result.read_file = [all = files](const std::string& path) { return found(all, path); };
    result.variable = [all = variables](const std::string& name) { return found(all, name); };
    result.hostname = [] { return std::string{"box"}; };
    result.list_directory = [all = files](const std::string& path) {
      std::vector<std::string> names;
      for (auto& [name, text] : all)
        if (name.starts_with(path + "/"))
          names.push_back(name.substr(path.size() + 1));
      return names;
    };
    return result;
  }

  /// Loads `file`, with `flags` as on nats-server's command line.
  load_result read(const std::string& file, std::vector<std::string> flags = {},
                   front_end front = front_end::automatic) const {
    load_request request;
    request.front = front;
    request.file = file;
    request.flags = parse_flags(flags).settings;
    request.around = around();
    return load(request);
  }

private:
  static std::optional<std::string> found(const std::map<std::string, std::string>& all,
                                          const std::string& name) {
    auto one = all.find(name);
    return one == all.end() ? std::nullopt : std::optional{one->second};
  }
};

/// `text` as the only file, under `name`.
inline load_result read_text(const std::string& name, const std::string& text) {
  return made_up_world{{{name, text}, {"c.pem", "c"}, {"k.pem", "k"}, {"ca.pem", "a"}}, {}}.read(
      name);
}

/// Empty: the reload is not refused.
inline std::string first_refusal(const difference& found) {
  auto all = found.refusals();
  return all.empty() ? std::string{} : all.front();
}

/// All complaints, each on its line.
inline std::string complaints(const load_result& result) {
  std::string text;
  for (auto* list : {&result.errors, &result.warnings, &result.rules})
    for (auto& one : *list)
      text += (text.empty() ? "" : "\n") + one;
  return text;
}

} // namespace troupe::config
