// test/federation/session_noise_test.cpp: whatever a peer server sends, in whatever pieces it
// comes, a link's session says well-formed lines and leaves nothing behind.
#include "test/federation/played_link.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::test;

namespace {

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
  played_link<Host> link{dials};
  for (size_t at = 0; at < wire.size() && !link.host.over; at += step)
    link.hear(std::string_view{wire}.substr(at, step));
  auto said = link.host.said;
  for_each_line(said, [](std::string_view) {});
  said += std::to_string(link.session->in_messages) + " messages, "
          + std::to_string(link.session->interests()) + " interests\r\n";
  link.session->retire();
  link.place.check_nothing_is_left();
  return without_chance(said);
}

/// How much a session could tell of its own interest before the peer's mistake depends on the cut.
std::string_view as_compared(std::string_view heard) {
  auto end = heard.find("\nended ");
  return end == heard.npos ? heard : heard.substr(end);
}

template <class Host>
void play(uint64_t seed, bool dials) {
  noise source{seed};
  auto wire = source.stream(Host::hello(dials));
  INFO("seed ", seed, dials ? ", dialled: " : ", accepted: ", wire);
  auto whole = hear<Host>(wire, dials, wire.size() + 1);
  auto pieces = hear<Host>(wire, dials, 1 + source.below(40));
  CHECK(as_compared(pieces) == as_compared(whole));
}

uint64_t runs() {
  const auto* said = std::getenv("TROUPE_NOISE_RUNS");
  return said ? std::strtoull(said, nullptr, 10) : 150;
}

} // namespace

TEST_CASE("no noise of a peer leaves interest behind, or is heard otherwise in pieces") {
  for (uint64_t seed = 1; seed <= runs(); ++seed)
    for (bool dials : {false, true}) {
      play<route_player>(seed, dials);
      play<leaf_player>(seed, dials);
      play<gateway_player>(seed, dials);
    }
}

TEST_CASE("each kind of session takes part once its peer has introduced itself, or noise tells us "
          "nothing") {
  auto admits = []<class Host>(const Host&, bool dials) {
    played_link<Host> link{dials};
    link.hear(Host::hello(dials));
    CHECK(link.session->admitted());
  };
  for (bool dials : {false, true}) {
    admits(route_player{}, dials);
    admits(leaf_player{}, dials);
    admits(gateway_player{}, dials);
  }
}
