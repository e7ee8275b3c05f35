// actors/accounts_actor.cpp: mail about accounts: who is asked for, what changed, what is pushed.
#include "actors/accounts_actor.hpp"

#include "actors/account_download.hpp"
#include "actors/core.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/reactor.hpp"
#include "protocol/one_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <vector>

namespace troupe::actors {
namespace {

/// A change in a folder is in force that soon, at the latest.
constexpr auto tick_every = std::chrono::milliseconds{200};
/// A download ends by itself at its timeout; this much later nobody waits for it any more.
constexpr auto last_patience = std::chrono::seconds{2};
/// Accounts that somebody is asked for at the same time, and those that are known to be missing.
constexpr size_t most_searches = 64, most_missing = 4096;
/// Of these, for accounts that nobody logs in to.
constexpr size_t most_for_imports = 32;
/// Whoever asked for an account waits so many ticks for those that it imports from.
constexpr int patience_with_exporters = 3;
/// Exporters that nobody had are searched for again, at first after so many seconds, then less
/// often.
constexpr int64_t first_pause = 10, longest_pause = 600;

class accounts final : public accounts_actor::base {
public:
  accounts(caf::actor_config& cfg, core& shared, std::unique_ptr<account_keeper> keeper,
           claims_server self)
      : accounts_actor::base(cfg), keeper_{std::move(keeper)},
        client_{std::make_unique<internal_client>(shared,
                                                  caf::actor_cast<caf::strong_actor_ptr>(this))},
        service_{std::make_unique<claims_service>(*keeper_, *client_, std::move(self))} {}

  const char* name() const override { return "accounts"; }

  behavior_type make_behavior() override {
    service_->begin();
    delayed_send(this, tick_every, atom::watch_v);
    return {
        [this](atom::deliver, const outgoing_ptr& batch) { client_->deliver(batch); },
        [](atom::await_drain, const caf::strong_actor_ptr&) {},
        [](atom::drained) {},
        [](atom::fenced) {},
        [this](atom::overrun) { client_->overrun(); },
        [](const login_result_ptr&) {},
        [this](atom::fetch, const std::string& account) { return fetch(account); },
        [this](atom::watch) { tick(); },
        [this](atom::apply, const settings_ptr& next) {
          carefully([&] { keeper_->reload(next->options, unix_now()); });
        },
        [this](atom::shut_down) { quit(); },
        [this](atom::tree) { return tree(); },
    };
  }

  void on_exit() override {
    for (auto& [account, running] : searches_)
      for (auto& one : running.who)
        one.deliver(false);
    searches_.clear();
    service_.reset();
    client_.reset();
    keeper_.reset();
  }

private:
  using promise = caf::typed_response_promise<bool>;
  struct search {
    std::vector<promise> who; ///< waits for it
    bool found = false;
    std::vector<std::string> exporters; ///< of what was found, whom to wait for
    int ticks = 0;                      ///< for so long
  };

  /// A full disk, say, is no reason to end.
  template <class F>
  void carefully(F&& work) noexcept {
    try {
      work();
    } catch (const std::exception& e) {
      log::error("Accounts: {}", e.what());
    }
  }

  void tick() {
    carefully([this] {
      auto now = unix_now();
      keeper_->tick(now);
      service_->tick(now);
      std::erase_if(missing_, [&](const auto& one) { return one.second < now; });
      stop_waiting();
      if (now >= next_completion_)
        complete(now);
    });
    delayed_send(this, tick_every, atom::watch_v);
  }

  promise fetch(const std::string& account) {
    auto out = make_response_promise<promise>();
    auto now = unix_now();
    bool found = false;
    carefully([&] { found = keeper_->serves(account, now) || keeper_->find_here(account, now); });
    auto running = searches_.find(account);
    if (running != searches_.end())
      running->second.who.push_back(out);
    else if (found || !search_for(account, most_searches))
      out.deliver(found);
    else
      searches_[account].who.push_back(out);
    return out;
  }

  /// Of folders that others share with us, and of URLs, each has only what was asked for here.
  bool is_somewhere_else() const {
    return keeper_->source().is_folder() || keeper_->source().kind() == source_kind::url;
  }

  /// False: nowhere, or not now. `most`: unless so many are searched for already.
  bool search_for(const std::string& account, size_t most) {
    if (searches_.contains(account))
      return true;
    if (!is_somewhere_else() || missing_.contains(account) || missing_.size() >= most_missing
        || searches_.size() >= most || *downloads_ >= most)
      return false;
    searches_.try_emplace(account);
    if (keeper_->source().kind() == source_kind::url)
      download_it(account);
    else
      service_->look_up(
          account, [this, account](bool) { found_or_not(account); }, unix_now() + longest_look());
    return true;
  }

  int64_t longest_look() const {
    auto whole = std::chrono::ceil<std::chrono::seconds>(keeper_->resolver().timeout);
    return std::max<int64_t>(1, whole.count());
  }

  /// In an actor of its own, which may take its time.
  void download_it(const std::string& account) {
    download_settings from{keeper_->resolver().url, keeper_->resolver().timeout,
                           keeper_->resolver_tls()};
    // The settings as an argument: CAF 0.17.6 takes those apart, also where there are none.
    auto worker = system().spawn<caf::detached>(
        [running = downloads_](caf::event_based_actor* self, const download_settings& how) {
          return caf::behavior{[self, how, running](const std::string& wanted) {
            std::shared_ptr<void> leaving{nullptr, [running](void*) { --*running; }};
            auto got = download_account(how, wanted);
            if (!got.problem.empty())
              log::warn("The resolver does not give account {}: {}", wanted, got.problem);
            self->quit();
            return got.body;
          }};
        },
        from);
    ++*downloads_;
    request(worker, from.timeout + last_patience, account)
        .then(
            [this, account](const std::string& jwt) {
              if (!jwt.empty())
                carefully([&] { downloaded(account, jwt); });
              found_or_not(account);
            },
            [this, account](const caf::error&) { found_or_not(account); });
  }

  void downloaded(const std::string& account, const std::string& jwt) {
    auto entry = keeper_->accept(jwt, account, "the resolver", unix_now());
    if (entry.what == account_book::entry::result::not_right)
      log::error("What the resolver gives for account {} is not served: {}", account,
                 protocol::on_one_line(entry.reason));
  }

  /// Who asked may want at once what the account imports: its exporters are searched for first.
  void found_or_not(const std::string& account) {
    auto now = unix_now();
    bool found = keeper_->serves(account, now);
    if (!found)
      missing_[account] = now;
    auto known = searches_.find(account);
    if (known == searches_.end())
      return;
    auto& one = known->second;
    one.found = found;
    one.ticks = patience_with_exporters;
    if (found)
      one.exporters = keeper_->missing_exporters(account);
    std::erase_if(one.exporters,
                  [this](const auto& each) { return !search_for(each, most_for_imports); });
    if (one.exporters.empty())
      end_search(account);
  }

  /// Whoever waits for it hears of it, and so do those who asked for an importer.
  void end_search(std::string account) {
    auto ended = searches_.extract(account);
    if (!ended)
      return;
    for (auto& each : ended.mapped().who)
      each.deliver(ended.mapped().found);
    std::vector<std::string> also;
    for (auto& [importer, other] : searches_)
      if (std::erase(other.exporters, account) > 0 && other.exporters.empty())
        also.push_back(importer);
    for (auto& each : also)
      end_search(std::move(each));
  }

  /// An exporter may take its time, a login may not.
  void stop_waiting() {
    std::vector<std::string> late;
    for (auto& [account, one] : searches_)
      if (!one.exporters.empty() && --one.ticks <= 0)
        late.push_back(account);
    for (auto& each : late)
      end_search(std::move(each));
  }

  /// Exporters that nobody had, or that have gone since.
  void complete(int64_t now) {
    next_completion_ = now + first_pause;
    if (!is_somewhere_else())
      return;
    auto missing = keeper_->missing_exporters();
    if (missing != still_missing_)
      completion_pause_ = 0;
    else if (now < pause_ends_)
      return;
    still_missing_ = std::move(missing);
    for (const auto& each : still_missing_)
      search_for(each, most_for_imports);
    completion_pause_ = std::clamp(2 * completion_pause_, first_pause, longest_pause);
    pause_ends_ = now + completion_pause_;
  }

  tree_ptr tree() {
    actor_snapshot mine;
    mine.path = "broker/accounts";
    mine.place = "thread";
    mine.state = fmt::format("{} accounts, digest {}", keeper_->book().size(),
                             keeper_->book().digest().substr(0, 16));
    mine.mailbox = mailbox().size();
    return std::make_shared<std::vector<actor_snapshot>>(1, std::move(mine));
  }

  std::unique_ptr<account_keeper> keeper_;
  std::unique_ptr<internal_client> client_;
  std::unique_ptr<claims_service> service_;
  std::map<std::string, search> searches_;
  std::map<std::string, int64_t> missing_; ///< nobody had it then
  std::vector<std::string> still_missing_; ///< exporters, at the last look
  int64_t next_completion_ = 0, completion_pause_ = 0, pause_ends_ = 0;
  /// Threads that still wait for a resolver, even if nobody waits for them.
  std::shared_ptr<std::atomic<size_t>> downloads_ = std::make_shared<std::atomic<size_t>>(0);
};

} // namespace

accounts_actor spawn_accounts(caf::actor_system& sys, core& shared,
                              std::unique_ptr<account_keeper> keeper, claims_server self) {
  return sys.spawn<accounts, caf::detached>(shared, std::move(keeper), std::move(self));
}

} // namespace troupe::actors
