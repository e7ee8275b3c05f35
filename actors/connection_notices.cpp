// actors/connection_notices.cpp: what the broker's observer hears of one connection.
#include "actors/connection.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/observer.hpp"

#include <fmt/format.h>

namespace troupe::actors {

/// The name it came by, whether it was let in or not; never a secret.
std::string connection::claimed_user() const {
  if (jwt_)
    return jwt_->shown;
  if (!login_)
    return {};
  if (login_->identity.who && !login_->identity.who->name.empty())
    return login_->identity.who->name;
  const auto& c = login_->connect;
  if (!c.nkey.empty())
    return c.nkey;
  if (!c.user.empty())
    return c.user;
  return c.auth_token.empty() ? "" : "[REDACTED]";
}

void connection::tell(happening what) {
  auto* whom = home_.shared.watcher.get();
  const auto& where =
      what == happening::refused && login_ && login_->judged_in ? login_->judged_in : account_;
  if (!whom || !where || !whom->wants(what, *where))
    return;
  auto now = std::chrono::system_clock::now();
  notice out{what, where, snapshot(false), now, {}};
  if (what == happening::refused) {
    out.who.stop = now;
    out.who.reason = to_string(protocol::close_reason::authentication_violation);
    if (login_)
      out.detail = login_->judged_why;
  }
  whom->note(std::move(out));
}

void connection::tell_denied(std::string_view verb, std::string_view subject,
                             std::string_view queue) {
  auto* whom = home_.shared.watcher.get();
  if (!whom || !account_ || !whom->wants(happening::denied, *account_))
    return;
  auto what = fmt::format("{} {}", verb, log::printable(subject, 4096));
  if (!queue.empty())
    what += fmt::format(" queue {}", log::printable(queue, 4096));
  whom->note({happening::denied, account_, snapshot(false), std::chrono::system_clock::now(),
              std::move(what)});
}

/// It has left `where` already.
void connection::tell_end(const account_ptr& where, connection_snapshot& last) {
  auto* whom = home_.shared.watcher.get();
  if (!whom || !where || !whom->wants(happening::disconnected, *where))
    return;
  auto subscriptions = std::move(last.subscription_list);
  last.subscription_list.clear();
  whom->note({happening::disconnected, where, last, last.stop, {}});
  last.subscription_list = std::move(subscriptions);
}

void connection::tell_count(const account_ptr& where, int64_t connections) {
  if (auto* whom = home_.shared.watcher.get())
    whom->counted(where, connections);
}

} // namespace troupe::actors
