// actors/account_source.cpp: JWTs from the configuration, and from a store on disk.
#include "actors/account_source.hpp"

#include "security/account_store.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace troupe::actors {
namespace {

class store_source final : public account_source {
public:
  explicit store_source(security::account_store store) : store_{std::move(store)} {}

  source_kind kind() const noexcept override { return source_kind::store; }

  source_news look(int64_t read_since) override {
    source_news out;
    std::error_code code;
    if (!std::filesystem::is_directory(store_.layout().accounts_folder(), code)) {
      if (!std::exchange(lost_, true)) // not the end of all accounts
        out.problems.push_back(store_.layout().accounts_folder()
                               + ": cannot be read; the accounts stay as they are");
      return out;
    }
    lost_ = false;
    auto found = store_.refresh(read_since);
    if (found.operator_changed)
      out.operator_jwt = store_.operator_jwt();
    out.removed = std::move(found.removed);
    if (std::exchange(told_, true))
      for (const auto& key : found.changed)
        add(key, out);
    else // opening it was the first look; or all is asked for
      for (const auto& [key, account] : store_.accounts())
        add(key, out);
    for (const auto& each : found.problems)
      if (std::find(problems_.begin(), problems_.end(), each) == problems_.end())
        out.problems.push_back(each.path + ": " + each.reason);
    problems_ = std::move(found.problems);
    return out;
  }

  void tell_all_again() override { told_ = false; }

  std::vector<std::string> folders() const override {
    const auto& layout = store_.layout();
    std::vector<std::string> out{layout.store, layout.accounts_folder()};
    for (const auto& name : security::folders_in(layout.accounts_folder()))
      out.push_back(layout.accounts_folder() + "/" + name);
    return out;
  }

private:
  void add(const std::string& key, source_news& out) const {
    const auto& account = *store_.find(key);
    out.changed.push_back({key, account.jwt, account.path});
  }

  security::account_store store_;
  std::vector<security::store_problem> problems_;
  bool told_ = false, lost_ = false;
};

} // namespace

source_news memory_source::look(int64_t) {
  source_news out;
  for (const auto& [key, jwt] : wanted_)
    if (auto before = told_.find(key); before == told_.end() || before->second != jwt)
      out.changed.push_back({key, jwt, "resolver_preload"});
  for (const auto& [key, jwt] : told_)
    if (!wanted_.contains(key))
      out.removed.push_back(key);
  told_ = wanted_;
  return out;
}

std::variant<opened_store, std::string> open_store(const std::string& folder) {
  auto opened = security::account_store::open(folder);
  if (auto* wrong = std::get_if<std::string>(&opened))
    return std::move(*wrong);
  auto& store = std::get<security::account_store>(opened);
  opened_store out;
  out.operator_jwt = store.operator_jwt();
  out.has_marker = store.has_marker();
  out.source = std::make_unique<store_source>(std::move(store));
  return out;
}

} // namespace troupe::actors
