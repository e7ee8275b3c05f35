// monitor/auditor.cpp: from notices to lines.
#include "monitor/auditor.hpp"

#include "actors/log.hpp"
#include "monitor/json_text.hpp"
#include "monitor/time_text.hpp"
#include "protocol/close_reason.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;
using actors::happening;

/// Null: not for the record.
const char* event_of(const actors::notice& what) {
  switch (what.what) {
  case happening::connected: return "connect";
  case happening::kept: return nullptr; // it is on record as "connect"
  case happening::commanded: return "command";
  case happening::refused: return "login_denied";
  case happening::denied: return "permission_denied";
  case happening::disconnected:
    return what.who.reason == to_string(protocol::close_reason::credentials_revoked) ? "revoked"
                                                                                     : nullptr;
  }
  return nullptr;
}

const char* event_of(actors::account_change what) {
  switch (what) {
  case actors::account_change::added: return "account_added";
  case actors::account_change::changed: return "account_changed";
  case actors::account_change::removed: return "account_removed";
  }
  return "";
}

void add_text(json& out, const char* key, const std::string& text) {
  if (!text.empty())
    out[key] = text;
}

struct auditor_state {
  static inline const char* name = "auditor";

  void put(const std::string& line) {
    queue->waiting.fetch_sub(1, std::memory_order_relaxed);
    if (auto missing = queue->lost.exchange(0, std::memory_order_relaxed); missing > 0) {
      json lost;
      lost["time"] = utc_text(std::chrono::system_clock::now());
      lost["event"] = "lost";
      lost["count"] = missing;
      write(json_text(lost, layout::compact));
    }
    if (!line.empty())
      write(line);
  }

  /// A full disk is told once, not with each line.
  void write(const std::string& line) {
    bool done = to->write(line);
    if (done)
      ++lines;
    else if (works && to->is_open())
      actors::log::error("The audit file takes no more lines; what happens now is not on record");
    works = done;
  }

  audit_log* to = nullptr;
  audit_queue* queue = nullptr;
  uint64_t lines = 0;
  bool works = true;
};

auditor_actor::behavior_type behave(auditor_actor::stateful_pointer<auditor_state> self,
                                    audit_log* to, audit_queue* queue) {
  auto& my = self->state;
  my.to = to;
  my.queue = queue;
  return {
      [&my](const notice_ptr& what) { my.put(audit_line(*what)); },
      [&my](atom::rules, const actors::account_ptr& which, uint8_t change) {
        my.put(audit_line(*which, static_cast<actors::account_change>(change),
                          std::chrono::system_clock::now()));
      },
      [self](atom::shut_down) { self->quit(); },
      [&my, self](atom::tree) {
        actors::actor_snapshot mine;
        mine.path = "broker/auditor";
        mine.place = "thread";
        mine.state = std::to_string(my.lines) + " lines";
        mine.mailbox = self->mailbox().size();
        return std::make_shared<std::vector<actors::actor_snapshot>>(1, std::move(mine));
      },
  };
}

} // namespace

std::string audit_line(const actors::notice& what) {
  const char* event = event_of(what);
  if (!event)
    return {};
  const auto& who = what.who;
  json out;
  out["time"] = utc_text(what.when);
  out["event"] = event;
  out["account"] = who.account;
  add_text(out, "user", who.user);
  add_text(out, "certificate", who.certificate_subject);
  out["address"] = who.ip.find(':') == who.ip.npos ? who.ip + ':' + std::to_string(who.port)
                                                   : '[' + who.ip + "]:" + std::to_string(who.port);
  out["cid"] = who.cid;
  add_text(out, "client", who.name);
  if (what.what == happening::commanded)
    out["command"] = what.detail;
  if (what.what == happening::denied)
    out["denied"] = what.detail;
  if (what.what != happening::connected)
    add_text(out, "reason", who.reason);
  return json_text(out, layout::compact);
}

std::string audit_line(const actors::account& which, actors::account_change what,
                       actors::wall_time when) {
  json out;
  out["time"] = utc_text(when);
  out["event"] = event_of(what);
  out["account"] = which.name;
  return json_text(out, layout::compact);
}

auditor_actor spawn_auditor(caf::actor_system& sys, audit_log& to, audit_queue& queue,
                            bool own_thread) {
  return own_thread ? sys.spawn<caf::detached>(behave, &to, &queue)
                    : sys.spawn(behave, &to, &queue);
}

} // namespace troupe::monitor
