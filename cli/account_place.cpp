// cli/account_place.cpp: finds the store, or says where it looked.
#include "cli/account_place.hpp"
#include "cli/text_table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace troupe::cli {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::string first_of(std::string one, std::string other) {
  return one.empty() ? std::move(other) : std::move(one);
}

/// $XDG_DATA_HOME/nats/nsc.
fs::path folder_of_nsc() {
  auto data = variable("XDG_DATA_HOME");
  auto base = data.empty() ? fs::path{variable("HOME")} / ".local/share" : fs::path{data};
  return base / "nats/nsc";
}

std::string full_path(const fs::path& path) {
  std::error_code code;
  auto out = fs::absolute(path, code).lexically_normal();
  return (code ? path : out).string();
}

} // namespace

void add_place_flags(CLI::App& command, account_place& place) {
  auto group = "Store";
  auto add = [&](const char* name, std::string& to, const char* help) {
    return command.add_option(name, to, help)->group(group);
  };
  add("--dir", place.dir,
      "folder of the broker's configuration; the store is accounts/nats below it (default: "
      "$TROUPE_DIR, or here)")
      ->type_name("DIR");
  add("--store", place.store, "folder of operators instead (default: $TROUPE_STORE)")
      ->type_name("DIR");
  add("--keys", place.keys, "folder of seeds and creds instead (default: $NKEYS_PATH)")
      ->type_name("DIR");
  command.add_flag("--nsc", place.nsc, "use the folders that nsc uses")->group(group);
  add("-o,--operator", place.owner, "its operator (default: $TROUPE_OPERATOR, or the only one)")
      ->type_name("NAME");
  command.add_flag("--json", place.json, "report in JSON");
}

store_roots roots_of(const account_place& place) {
  auto dir = fs::path{first_of(first_of(place.dir, variable("TROUPE_DIR")), ".")};
  auto operators = dir / "accounts/nats";
  auto keys = dir / "accounts";
  bool own = !place.dir.empty() || !place.store.empty();
  if (place.nsc) {
    operators = folder_of_nsc() / "stores";
    keys = folder_of_nsc() / "keys";
  } else if (auto store = first_of(place.store, place.dir.empty() ? variable("TROUPE_STORE") : "");
             !store.empty()) {
    operators = store;
    keys = store; // as nsc has it with --all-dirs
  }
  if (!place.keys.empty())
    keys = place.keys;
  else if (auto path = variable("NKEYS_PATH"); !path.empty() && !own)
    keys = path;
  return {full_path(operators), full_path(keys)};
}

outcome find_store(const account_place& place, security::store_layout& out) {
  auto roots = roots_of(place);
  auto wanted = first_of(place.owner, variable("TROUPE_OPERATOR"));
  std::vector<std::string> found;
  for (const auto& name : security::folders_in(roots.operators)) {
    security::store_layout one{roots.operators + "/" + name, roots.keys};
    if (std::error_code code; fs::exists(one.operator_file(), code))
      found.push_back(name);
  }
  if (found.empty())
    return problem{fmt::format("there is no operator in {}", roots.operators),
                   "`troupe account init` makes one; --dir, --store and --nsc name another place"};
  if (wanted.empty() && found.size() > 1)
    return problem{fmt::format("{} holds several operators: {}", roots.operators, joined(found)),
                   "name one with --operator", exit_code::usage};
  if (wanted.empty())
    wanted = found.front();
  if (std::find(found.begin(), found.end(), wanted) == found.end())
    return problem{fmt::format("there is no operator \"{}\" in {}; there are: {}", wanted,
                               roots.operators, joined(found))};
  out = {roots.operators + "/" + wanted, roots.keys};
  return std::nullopt;
}

outcome open_store(const account_place& place, security::store_use use,
                   std::optional<security::store_editor>& out) {
  security::store_layout where;
  if (auto wrong = find_store(place, where))
    return wrong;
  auto opened = security::store_editor::open(where, use);
  if (auto* wrong = std::get_if<std::string>(&opened))
    return problem{*wrong};
  out.emplace(std::move(std::get<security::store_editor>(opened)));
  return std::nullopt;
}

outcome all_of(const std::vector<std::string>& texts, std::string hint, exit_code code) {
  if (texts.empty())
    return std::nullopt;
  return problem{joined(texts, "\ntroupe: "), std::move(hint), code};
}

void run_step(CLI::App& command, int& status, std::function<outcome()> step) {
  command.callback([step = std::move(step), &status] {
    auto wrong = step();
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
