// test/stress/attack_strings.cpp: byte strings that no honest client sends.
#include "attack_strings.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace troupe::stress {
namespace {

using generator = std::mt19937_64;

template <size_t N>
std::string_view one_of(generator& random, const std::array<std::string_view, N>& choice) {
  return choice[random() % N];
}

std::string garbage(generator& random, size_t longest) {
  std::string out(random() % longest, '\0');
  for (auto& c : out)
    c = static_cast<char>(random());
  return out;
}

std::string a_subject(generator& random) {
  static constexpr std::array<std::string_view, 20> odd{
      "a",    "a.b",    ">",     "*",      "a.>",
      "*.*",  "a..b",   ".a",    "a.",     "a.>.b",
      "a*",   "$SYS.>", "$JS.>", "_GR_.x", "_R_.x.y",
      "\xff", "a\tb",   "a\0b",  "$NRG.x", "$SYS.REQ.SERVER.PING"};
  switch (random() % 8) {
  case 0: return std::string(random() % 5000, 'a');
  case 1: { // very many tokens
    std::string out = "a";
    for (auto n = random() % 2000; n > 0; --n)
      out += random() % 8 == 0 ? ".*" : ".a";
    return out;
  }
  case 2: return garbage(random, 12);
  default: return std::string{one_of(random, odd)};
  }
}

std::string a_number(generator& random) {
  static constexpr std::array<std::string_view, 16> odd{"0",
                                                        "1",
                                                        "2",
                                                        "10",
                                                        "-1",
                                                        "-9223372036854775808",
                                                        "1048576",
                                                        "1048577",
                                                        "2147483647",
                                                        "2147483648",
                                                        "4294967296",
                                                        "9223372036854775807",
                                                        "18446744073709551616",
                                                        "99999999999999999999999999",
                                                        "1e3",
                                                        "0x10"};
  return std::string{one_of(random, odd)};
}

std::string an_operation(generator& random) {
  auto body = std::string(random() % 40, 'b');
  auto size = random() % 4 == 0 ? a_number(random) : std::to_string(body.size());
  switch (random() % 15) {
  case 0:
  case 1: return fmt::format("PUB {} {}\r\n{}\r\n", a_subject(random), size, body);
  case 2:
    return fmt::format("PUB {} {} {}\r\n{}\r\n", a_subject(random), a_subject(random), size, body);
  case 3: return fmt::format("SUB {} {}\r\n", a_subject(random), a_number(random));
  case 4:
    return fmt::format("SUB {} {} {}\r\n", a_subject(random), a_subject(random), a_number(random));
  case 5: return fmt::format("UNSUB {} {}\r\n", a_number(random), a_number(random));
  case 6: return fmt::format("UNSUB {}\r\n", a_number(random));
  case 7: return "PING\r\n";
  case 8: return "PONG\r\n";
  case 9:
    return fmt::format("HPUB {} {} {}\r\nNATS/1.0\r\nA: b\r\n\r\n{}\r\n", a_subject(random),
                       random() % 3 == 0 ? a_number(random) : "18",
                       random() % 3 == 0 ? a_number(random) : std::to_string(18 + body.size()),
                       body);
  case 10: return "+OK\r\n";
  case 11: return "-ERR 'you first'\r\n";
  case 12: return fmt::format("INFO {{\"max_payload\":{}}}\r\n", a_number(random));
  case 13: return "SUB a 1\r\nUNSUB 1 1\r\nPUB a 0\r\n\r\n"; // it ends while its limit is reached
  default: return fmt::format("MSG {} 1 {}\r\n{}\r\n", a_subject(random), size, body);
  }
}

std::string a_connect(generator& random) {
  static constexpr std::array<std::string_view, 12> odd{"{}",
                                                        "{\"verbose\":true,\"pedantic\":true}",
                                                        "{\"echo\":false,\"headers\":true}",
                                                        "{\"no_responders\":true}",
                                                        "{\"user\":\"a\",\"pass\":\"b\"}",
                                                        "{\"protocol\":99999999999}",
                                                        "{\"verbose\":\"no\"}",
                                                        "[",
                                                        "null",
                                                        "{\"a\":{\"a\":{\"a\":[[[[]]]]}}}",
                                                        "{\"jwt\":\"eyJ.eyJ.x\",\"sig\":\"////\"}",
                                                        "{\"nkey\":\"U\",\"sig\":\"\"}"};
  return fmt::format("CONNECT {}\r\n", one_of(random, odd));
}

std::string a_dialogue(generator& random) {
  std::string out = random() % 4 == 0 ? "" : a_connect(random);
  for (auto n = 1 + random() % 12; n > 0; --n)
    out += an_operation(random);
  return out;
}

std::string mutated(generator& random, std::string text) {
  for (auto n = 1 + random() % 4; n > 0 && !text.empty(); --n) {
    auto at = random() % text.size();
    auto length = std::min<size_t>(random() % 16, text.size() - at);
    switch (random() % 6) {
    case 0: text[at] = static_cast<char>(random()); break;
    case 1: text.erase(at, length); break;
    case 2: text.insert(at, garbage(random, 16)); break;
    case 3: text.insert(at, text.substr(at, length)); break;
    case 4: text.resize(at); break;
    default:
      text.insert(at, one_of(random, std::array<std::string_view, 6>{"\r\n", "\n", " ", "\t", "\r",
                                                                     "PING\r\n"}));
    }
  }
  return text;
}

/// Long things are rare: they cost the attacker as much as the broker.
std::string something_large(generator& random) {
  switch (random() % 6) {
  case 0: return fmt::format("CONNECT {{\"name\":\"{}\"}}\r\n", std::string(1 << 20, 'n'));
  case 1: return fmt::format("CONNECT {}", std::string(1 << 20, '['));
  case 2: return std::string(random() % (1 << 20), 'P');
  case 3: return fmt::format("PUB a {}\r\n{}", 1 << 20, std::string(random() % (1 << 20), 'x'));
  case 4: return std::string(4000 + random() % 200, ' ') + "PING\r\n";
  default: return "SUB " + std::string(4000 + random() % 200, 's') + " 1\r\n";
  }
}

std::string another_protocol(generator& random) {
  static constexpr std::array<std::string_view, 5> spoken{
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "POST /varz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "EHLO a\r\nQUIT\r\n",
      "SSH-2.0-OpenSSH_9.0\r\n", "*1\r\n$4\r\nPING\r\n"};
  if (random() % 2 == 0)
    return std::string{one_of(random, spoken)};
  std::string hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}; // TLS, for a while
  return hello + garbage(random, 600);
}

} // namespace

std::string attack_string(generator& random) {
  auto dice = random() % 1000;
  if (dice < 4)
    return something_large(random);
  if (dice < 60)
    return another_protocol(random);
  if (dice < 160)
    return garbage(random, 300);
  if (dice < 200)
    return {};
  auto text = a_dialogue(random);
  return dice < 400 ? text : mutated(random, std::move(text));
}

} // namespace troupe::stress
