// test/fuzz/link_session_fuzz.cpp: a peer server's whole session with us, while clients, accounts
// and settings change: however TCP cuts it, we answer and tell the same, and nothing stays behind.
#include "actors/log.hpp"
#include "test/federation/played_link.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::test;

namespace {

/// In the input it begins what happens at our end; the next byte says what.
constexpr char event = '\xff';

/// What comes of a session, in an order that does not depend on when interest is told.
struct outcome {
  std::vector<std::string> answers; ///< what was said besides interest
  std::string end;                  ///< how it has ended; empty: not by itself
  std::set<std::string> told;       ///< interest of ours that the peer knows of
  uint64_t messages = 0;
  size_t interests = 0;
  bool operator==(const outcome&) const = default;
};

template <class Host>
class play {
public:
  play(bool dials, size_t step, bool lazy) : link_{dials}, step_{step} { link_.lazy = lazy; }

  /// `free`: the end of the script, before which stands a proper greeting.
  outcome run(std::string_view script, std::string_view free) {
    free_ = free;
    while (!script.empty() && !link_.host.over) {
      auto next = std::min(script.find(event), script.size());
      for (size_t at = 0; at < next && !link_.host.over; at += step_)
        link_.hear(script.substr(at, std::min(step_, next - at)));
      script.remove_prefix(next);
      if (script.size() < 2)
        break;
      if (!link_.host.over)
        happen(script[1]);
      script.remove_prefix(2);
    }
    link_.tell_all();
    auto out = read();
    if (out.end.empty() && link_.session->admitted())
      check(out);
    link_.session->retire();
    link_.place.check_nothing_is_left();
    return out;
  }

private:
  void happen(char what) {
    auto& place = link_.place;
    auto& session = *link_.session;
    switch (what) {
    case 's': link_.tell(place.toggle("$G", "e.new")); break;
    case 'q': link_.tell(place.toggle("$G", "e.q", "w")); break;
    case 'Q': link_.tell(place.toggle("$G", "e.q", "v")); break;
    case 'a': link_.tell(place.toggle("A", "in.a")); break;
    case 'n': link_.tell(place.toggle("NOBODY", "in.n")); break;
    case 'A': come_or_go("A"); break;
    case 'N': come_or_go("NOBODY"); break;
    case 'p':
      if constexpr (std::is_same_v<Host, leaf_player>)
        session.await_answers({"re.ply"});
      place.publish("e.pub", "re.ply");
      break;
    case 'r':
      narrow_ = !narrow_;
      session.apply(Host::terms_of(narrow_));
      break;
    case 'P':
      if constexpr (std::is_same_v<Host, route_player>)
        session.pin("A", pinned_ = !pinned_);
      break;
    case 't':
      if (std::exchange(link_.host.more, false))
        session.tell_more();
      break;
    default: break;
    }
    if (!link_.lazy)
      link_.tell_all();
  }

  /// As the registry does: who is linked hears of the account first, then its clients go.
  void come_or_go(const std::string& name) {
    auto& place = link_.place;
    auto gone = place.remove(name);
    auto which = gone ? gone : place.accounts.named(name);
    if constexpr (std::is_same_v<Host, leaf_player>)
      link_.session->follow_account();
    else
      link_.session->account_changed(which);
    if (gone)
      link_.tell(place.forget(gone));
  }

  outcome read() {
    outcome out;
    for_each_line(link_.host.said, [&](std::string_view line) {
      if (line.starts_with("ended "))
        out.end = line;
      else if (line.find("_R_.") != line.npos || line.find("gateway_cmd") != line.npos)
        return; // part of the account's name for responses is chance
      else if (line.starts_with("RS") || line.starts_with("LS"))
        learn(line, out.told);
      else if (!line.starts_with("A+ ") && !line.starts_with("A- "))
        out.answers.emplace_back(line.substr(0, line.find("route_acc_add_reqid")));
    });
    out.messages = link_.session->in_messages;
    out.interests = link_.session->interests();
    if (!out.end.empty()) { // how much could be told before depends on the cut
      out.answers.clear();
      out.told.clear();
      out.interests = 0; // of some links it is what was told
    }
    return out;
  }

  /// "RS+ $G a q 3" makes it know "RS $G a q".
  static void learn(std::string_view line, std::set<std::string>& told) {
    std::istringstream words{std::string{line.substr(4)}};
    std::vector<std::string> all;
    for (std::string word; words >> word;)
      all.push_back(word);
    if (line[2] == '+' && all.size() > 2) // the weight of a group
      all.pop_back();
    auto name = std::string{line.substr(0, 2)};
    for (const auto& word : all)
      name += " " + word;
    if (line[2] == '+')
      told.insert(name);
    else
      told.erase(name);
  }

  /// The peer knows of what our clients want, and of nothing else in their subjects.
  void check(const outcome& out) const {
    constexpr bool leaf = std::is_same_v<Host, leaf_player>;
    constexpr bool gateway = std::is_same_v<Host, gateway_player>;
    if constexpr (gateway)
      if (link_.session->solicited())
        return; // interest is told the other way
    bool route = !leaf && !gateway;
    if ((route && (narrow_ || pinned_)) || peer_may_choose())
      return;
    auto wanted = link_.place.wanted();
    std::set<std::string> right;
    for (const auto& [account, subject, queue] : wanted)
      if (!leaf || account == "$G")
        right.insert(std::string{leaf ? "LS " : "RS "} + (leaf ? "" : account + " ") + subject
                     + (queue.empty() ? "" : " " + queue));
    std::set<std::string> known;
    for (const auto& each : out.told) {
      auto last = each.find_first_of('$');
      bool own = last == each.npos || each.substr(last, 3) == "$G ";
      if (own && each.find(" _GR_.") == each.npos)
        known.insert(each);
    }
    for (const auto& each : right)
      demand(known.contains(each), "the peer was not told of ", each);
    for (const auto& each : known)
      demand(right.contains(each), "the peer still knows of ", each);
  }

  /// Did it say something that decides what it is told?
  bool peer_may_choose() const {
    std::string low{free_};
    for (auto& c : low)
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    for (const auto* word : {"\\", "deny", "allow", "import", "export", "route_"})
      if (low.find(word) != low.npos)
        return true;
    return false;
  }

  played_link<Host> link_;
  const size_t step_;
  std::string_view free_;
  bool narrow_ = false, pinned_ = false;
};

template <class Host>
void play_all(const std::string& free, bool greets, bool dials, size_t step) {
  auto script = (greets ? Host::hello(dials) : std::string{}) + free;
  auto whole = play<Host>{dials, script.size() + 1, false}.run(script, free);
  auto pieces = play<Host>{dials, step, false}.run(script, free);
  auto late = play<Host>{dials, step, true}.run(script, free);
  demand(pieces == whole, "in pieces it is heard otherwise");
  demand(late == whole, "what is told late is told otherwise");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 2048)
    return 0;
  actors::log::threshold = config::log_level::fatal;
  // The first byte says which kind of link this is, who begins, and how it is cut.
  bool dials = (data[0] & 4) != 0;
  bool greets = (data[0] & 8) == 0;
  size_t step = 1 + data[0] / 16;
  std::string free{reinterpret_cast<const char*>(data + 1), size - 1};
  switch (data[0] & 3) {
  case 0: play_all<leaf_player>(free, greets, dials, step); break;
  case 1: play_all<gateway_player>(free, greets, dials, step); break;
  default: play_all<route_player>(free, greets, dials, step);
  }
  return 0;
}
