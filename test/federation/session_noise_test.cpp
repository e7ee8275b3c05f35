// test/federation/session_noise_test.cpp: whatever a peer server sends, in whatever pieces it
// comes, a link's session says well-formed lines and leaves nothing behind.
#include "actors/link_registry.hpp"
#include "federation/gateway_session.hpp"
#include "federation/leaf_session.hpp"
#include "federation/route_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace troupe::federation;
using protocol::close_reason;
using protocol::peer_role;

namespace {

/// Where a session lives: an account with a client in it, and what the session did.
struct noise_place {
  explicit noise_place(peer_role role)
      : links{role}, dest{protocol::make_ref<actors::link_destination>(uint64_t{7}, uint32_t{1},
                                                                       role, int64_t{1} << 20)} {
    for (const auto* subject : {"a", "a.*", "b.>", "c"}) {
      mine.push_back(protocol::make_ref<actors::subscription>(
          accounts.global->interests.share_text(subject, {}), "1", client));
      REQUIRE(accounts.global->add_interest(mine.back()));
    }
    before = accounts.global->interests.size();
    counted = accounts.global->ledger->size();
  }

  actors::block_pool pool{64 * 1024};
  actors::link_registry links;
  actors::account_registry accounts{1, "$SYS", {}, {}, &links};
  actors::router routes{pool, 0};
  actors::destination_ptr client = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  actors::link_destination_ptr dest;
  std::vector<actors::subscription_ptr> mine;
  size_t before = 0, counted = 0;
};

/// What all hosts have: what was said and asked. Answers come when the session has returned.
struct noise_journal {
  void finish(close_reason why, std::string_view error) {
    CHECK_FALSE(over); // its last word
    over = true;
    said.append("ended ").append(std::to_string(static_cast<int>(why))).append(" ");
    said.append(error).append("\r\n");
  }
  std::string said;
  bool over = false, more = false, introduced = false;
};

struct route_noise final : route_host, noise_journal {
  static constexpr peer_role accepted = peer_role::route, dialled = peer_role::route;
  using session_type = route_session;

  void say(std::string_view line) override { said += line; }
  void introduce(introduction) override { introduced = true; }
  void pass_on(peer_news) override {}
  void miss(const std::string&) override {}
  void ponged() override {}
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view, bool) override {
    finish(why, error);
  }
  std::unique_ptr<route_session> open(noise_place& place, bool dials) {
    auto mine = std::make_shared<terms>();
    mine->info.server_id = "US";
    mine->info.cluster = "C1";
    mine->parsing = {512, 64};
    return std::make_unique<route_session>(
        *this, route_place{place.accounts, place.links, place.routes, place.dest}, std::move(mine),
        uint64_t{7}, dials, "", "");
  }
  void answer(route_session& session, noise_place&) {
    if (!std::exchange(introduced, false))
      return;
    admission yes;
    yes.admitted = true;
    yes.place.pooled = session.peer().route_pool_size > 0;
    yes.place.account = session.peer().route_account;
    session.settle(yes);
  }
};

struct leaf_noise final : leaf_host, noise_journal {
  static constexpr peer_role accepted = peer_role::leaf_down, dialled = peer_role::leaf_up;
  using session_type = leaf_session;

  void say(std::string_view line) override { said += line; }
  void secure() override { secures = true; }
  void authenticate(const protocol::link_connect&) override { asked = true; }
  void introduce(leaf_introduction) override { introduced = true; }
  void hear_urls(const std::vector<std::string>&) override {}
  void ponged() override {}
  std::chrono::steady_clock::time_point now() const override { return {}; }
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view) override {
    finish(why, error);
  }
  void complained(std::string_view) override {}
  std::unique_ptr<leaf_session> open(noise_place& place, bool dials) {
    auto mine = std::make_shared<leaf_terms>();
    mine->info.server_id = "US";
    mine->info.server_name = mine->own_cluster = "us";
    mine->info.leafnode_urls.emplace();
    mine->parsing = {512, 64};
    std::optional<dialled_hub> hub;
    if (dials) {
      auto of_hub = std::make_shared<hub_terms>();
      of_hub->account = "$G";
      hub.emplace();
      hub->terms = std::move(of_hub);
    }
    return std::make_unique<leaf_session>(
        *this, leaf_place{place.accounts, place.links, place.routes, place.dest}, std::move(mine),
        std::move(hub), "N0NCE");
  }
  void answer(leaf_session& session, noise_place& place) {
    if (std::exchange(secures, false))
      session.secured();
    if (std::exchange(asked, false)) {
      security::permission_rules rules; // the peer may not hear or say everything
      rules.publish.deny = {"no.>"};
      rules.subscribe.deny = {"no.>", "a.secret"};
      session.log_in(place.accounts.global,
                     protocol::make_ref<const security::permissions>(std::move(rules)));
    }
    if (!std::exchange(introduced, false))
      return;
    leaf_admission yes;
    yes.admitted = true;
    yes.loop_subject = "$LDS.OURS";
    session.settle(yes);
  }
  bool secures = false, asked = false;
};

struct gateway_noise final : gateway_host, noise_journal {
  static constexpr peer_role accepted = peer_role::gateway_in, dialled = peer_role::gateway_out;
  using session_type = gateway_session;

  void say(std::string_view line) override { said += line; }
  void introduce(gateway_introduction) override { introduced = true; }
  void pass_on(gateway_news) override {}
  void ponged() override {}
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view) override {
    finish(why, error);
  }
  std::unique_ptr<gateway_session> open(noise_place& place, bool dials) {
    auto mine = std::make_shared<gateway_terms>();
    mine->info.server_id = "US";
    mine->info.gateway = "G1";
    mine->info.gateway_urls = {"127.0.0.1:7222"};
    mine->parsing = {512, 64};
    std::optional<dialled_gateway> remote;
    if (dials) {
      remote.emplace();
      remote->name = "G2";
    }
    return std::make_unique<gateway_session>(
        *this, gateway_place{place.accounts, place.links, place.routes, place.dest},
        std::move(mine), std::move(remote));
  }
  void answer(gateway_session& session, noise_place&) {
    if (!std::exchange(introduced, false))
      return;
    gateway_admission yes;
    yes.admitted = true;
    yes.gossip = {"INFO {\"gateway\":\"G3\"}\r\n"};
    session.settle(yes);
  }
};

class noise {
public:
  explicit noise(uint64_t seed) : random_{seed} {}

  size_t below(size_t end) { return static_cast<size_t>(random_() % end); }
  template <size_t N>
  std::string any(const std::array<const char*, N>& words) {
    return words[below(N)];
  }

  /// A peer's whole stream: mostly a handshake that is right, and then anything.
  std::string stream(std::string_view hello) {
    std::string out{below(8) == 0 ? std::string_view{} : hello};
    for (size_t count = 1 + below(24); count > 0; --count)
      out += operation();
    for (size_t hits = below(4) == 0 ? 1 + below(3) : 0; hits > 0 && !out.empty(); --hits)
      spoil(out);
    return out;
  }

private:
  std::string account() { return any<6>({"$G", "$G", "$G", "$SYS", "NOBODY", ""}); }
  std::string subject() {
    return any<18>({"a", "a.b", "a.*", "b.>", "c", "no.x", "a.secret", ">", "*", "a..b", ".a", "a.",
                    "$LDS.OURS", "$LDS.x", "$SYS.x", "$GR.abc.x", "_GR_.x.y.z", "_R_.abc.d"});
  }
  std::string number() {
    return any<9>({"0", "1", "2", "5", "12", "65", "-1", "4294967296", "99999999999999999999"});
  }
  std::string info() {
    std::string out = "INFO {\"server_id\":\"P\",\"cluster\":\"C1\"";
    for (size_t count = below(4); count > 0; --count)
      out += ","
             + any<24>({"\"gateway\":\"G2\"",
                        "\"gateway_cmd\":1",
                        "\"gateway_cmd\":2",
                        "\"gateway_cmd\":3",
                        "\"gateway_cmd\":77",
                        "\"gateway_cmd_payload\":\"JEc=\"",
                        "\"gateway_cmd_payload\":\"%%\"",
                        "\"gateway_urls\":[\"h:1\",\"h:99999\",\"\",\"[::1]:5\"]",
                        "\"connect_urls\":[\"h:4222\"]",
                        "\"ldm\":true",
                        "\"headers\":true",
                        "\"lnoc\":true,\"lnocu\":true",
                        "\"route_pool_size\":3",
                        "\"route_pool_idx\":9",
                        "\"route_account\":\"$G\"",
                        "\"route_acc_add_reqid\":\"r\"",
                        "\"leafnode_urls\":[\"h:7422\"]",
                        "\"connect_info\":true",
                        "\"tls_required\":true",
                        "\"max_payload\":-7",
                        "\"import\":{\"deny\":[\"a\"]}",
                        "\"export\":{\"allow\":[\"..\"]}",
                        "\"server_id\":5",
                        "\"nonce\":\"\""});
    return out + "}\r\n";
  }
  std::string interest() {
    auto out = any<6>({"RS+ ", "RS- ", "LS+ ", "LS- ", "A+ ", "A- "});
    if (below(4) != 0)
      out += account() + " ";
    if (below(4) == 0)
      out += any<3>({"us ", "L1 ", "_ "});
    if (below(8) != 0)
      out += subject();
    if (below(3) == 0)
      out += " q " + number();
    return out + "\r\n";
  }
  std::string message() {
    auto out = any<3>({"RMSG ", "LMSG ", "HMSG "});
    if (below(4) != 0)
      out += account() + " ";
    out += subject() + " ";
    out += any<8>({"", "", "", "r ", "| q ", "+ r q ", "| ", "$JS.ACK.x "});
    if (below(3) == 0)
      out += any<3>({"12 ", "0 ", "99 "});
    auto size = number();
    auto body = below(3) == 0 ? std::string{"NATS/1.0\r\n\r\n"} : std::string{};
    body.resize(below(6) == 0 ? below(70) : static_cast<size_t>(std::atoi(size.c_str())) % 70, 'x');
    return out + size + "\r\n" + body + "\r\n";
  }
  std::string operation() {
    switch (below(12)) {
    case 0: return info();
    case 1: return "PING\r\n";
    case 2: return "PONG\r\n";
    case 3: return any<3>({"+OK\r\n", "-ERR 'Loop'\r\n", "-ERR 'Permissions Violation'\r\n"});
    case 4: return "CONNECT {\"name\":\"P\",\"cluster\":\"C1\",\"gateway\":\"G2\"}\r\n";
    case 5:
    case 6:
    case 7: return message();
    default: return interest();
    }
  }
  void spoil(std::string& out) {
    auto at = below(out.size());
    switch (below(4)) {
    case 0: out[at] = static_cast<char>(below(256)); break;
    case 1: out.erase(at, 1 + below(6)); break;
    case 2: out.insert(at, any<5>({"\r\n", " ", "\t", "{", "\\u0000"})); break;
    default: out.insert(at, std::string(below(700), 'y')); break;
    }
  }

  std::mt19937_64 random_;
};

/// A line that a session may say.
bool well_formed(std::string_view line) {
  constexpr std::array<std::string_view, 12> verbs{"-ERR '", "INFO {", "CONNECT {", "PING",
                                                   "PONG",   "RS+ ",   "RS- ",      "LS+ ",
                                                   "LS- ",   "A+ ",    "A- ",       "ended "};
  return std::any_of(verbs.begin(), verbs.end(),
                     [&](std::string_view each) { return line.starts_with(each); })
         && line.find('\n') == line.npos;
}

void check_lines(const std::string& said) {
  for (size_t at = 0; at < said.size();) {
    auto end = said.find("\r\n", at);
    REQUIRE_MESSAGE(end != said.npos, "an unfinished line: " << said.substr(at));
    auto line = said.substr(at, end - at);
    CHECK_MESSAGE(well_formed(line), line);
    at = end + 2;
  }
}

/// The account's own part of the subjects of responses is chance.
std::string without_chance(std::string said) {
  constexpr std::string_view before = "_R_.";
  for (size_t at = 0; (at = said.find(before, at)) != said.npos; at += before.size())
    if (auto end = said.find(".>", at); end != said.npos)
      said.replace(at + before.size(), end - at - before.size(), "@");
  return said;
}

/// What a session makes of `wire`, when at most `step` bytes come at a time.
template <class Host>
std::string hear(const std::string& wire, bool dials, size_t step) {
  noise_place place{dials ? Host::dialled : Host::accepted};
  Host host;
  auto session = host.open(place, dials);
  session->begin();
  std::string kept;
  for (size_t at = 0; at < wire.size() && !host.over; at += step) {
    kept += wire.substr(at, step);
    for (bool again = true; again && !host.over;) { // as often as it waits for an answer
      auto block = place.pool.take();
      REQUIRE(kept.size() <= block->capacity());
      std::memcpy(block->data(), kept.data(), kept.size());
      auto progress = session->parse({block->data(), kept.size()}, block.get());
      REQUIRE(progress.used <= kept.size());
      kept.erase(0, progress.used);
      auto words = host.said.size();
      if (!host.over)
        host.answer(*session, place);
      while (!host.over && std::exchange(host.more, false))
        session->tell_more();
      again = host.said.size() != words || (progress.used > 0 && !kept.empty());
    }
    place.routes.flush();
  }
  host.said += std::to_string(session->in_messages) + " messages, "
               + std::to_string(session->interests()) + " interests\r\n";
  session->retire();
  CHECK(place.accounts.global->interests.size() == place.before);
  CHECK(place.accounts.global->ledger->size() == place.counted);
  return without_chance(host.said);
}

/// How much a session could tell of its own interest before the peer's mistake depends on the cut.
std::string_view as_compared(std::string_view heard) {
  auto end = heard.find("\nended ");
  return end == heard.npos ? heard : heard.substr(end);
}

template <class Host>
void play(uint64_t seed, bool dials, std::string_view hello) {
  noise source{seed};
  auto wire = source.stream(hello);
  INFO("seed ", seed, dials ? ", dialled: " : ", accepted: ", wire);
  auto whole = hear<Host>(wire, dials, wire.size() + 1);
  auto figures = whole.rfind("\r\n", whole.size() - 3);
  check_lines(figures == whole.npos ? std::string{} : whole.substr(0, figures + 2));
  auto pieces = hear<Host>(wire, dials, 1 + source.below(40));
  CHECK(as_compared(pieces) == as_compared(whole));
}

uint64_t runs() {
  const auto* said = std::getenv("TROUPE_NOISE_RUNS");
  return said ? std::strtoull(said, nullptr, 10) : 150;
}

} // namespace

TEST_CASE("no noise of a peer leaves interest behind, or is heard otherwise in pieces") {
  constexpr auto route_says = "INFO {\"server_id\":\"P\",\"cluster\":\"C1\",\"headers\":true,"
                              "\"lnoc\":true,\"lnocu\":true}\r\n";
  constexpr auto hub_says = "INFO {\"server_id\":\"H\",\"cluster\":\"HC\",\"headers\":true,"
                            "\"client_id\":5,\"nonce\":\"abc\",\"info_on_connect\":true}\r\n"
                            "INFO {\"server_id\":\"H\",\"cluster\":\"HC\",\"headers\":true,"
                            "\"client_id\":5,\"connect_info\":true,\"remote_account\":\"A\"}\r\n";
  constexpr auto site_says = "INFO {\"server_id\":\"T\",\"headers\":true,\"gateway\":\"G2\","
                             "\"gateway_urls\":[\"h:7222\"],\"gateway_nrp\":true,"
                             "\"gateway_iom\":true}\r\n";
  for (uint64_t seed = 1; seed <= runs(); ++seed) {
    play<route_noise>(seed, false, std::string{"CONNECT {\"cluster\":\"C1\"}\r\n"} + route_says);
    play<route_noise>(seed, true, route_says);
    play<leaf_noise>(seed, false,
                     "CONNECT {\"name\":\"L1\",\"cluster\":\"L1\",\"headers\":true}\r\n");
    play<leaf_noise>(seed, true, hub_says);
    play<gateway_noise>(seed, false,
                        std::string{"CONNECT {\"name\":\"T\",\"gateway\":\"G2\"}\r\n"} + site_says);
    play<gateway_noise>(seed, true, site_says);
  }
}
