// A reactor's own thread, and the order in which its connections end.
#include "actor_world.hpp"

#include "actors/broker_message.hpp"
#include "actors/core.hpp"
#include "actors/pinned.hpp"
#include "actors/reactor.hpp"
#include "actors/supervisor.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace atom = troupe::atom;
namespace actors = troupe::actors;

namespace {

using prompter_actor = caf::typed_actor<troupe::accepts<atom::announce>>;

/// Lives on the reactor's loop: while it speaks, the reactor's own actor cannot run.
class prompter final : public actors::pinned<prompter_actor::base> {
public:
  prompter(caf::actor_config& cfg, actors::reactor_actor whom, actors::broker_messages_ptr what)
      : actors::pinned<prompter_actor::base>(cfg), whom_{std::move(whom)}, what_{std::move(what)} {}

  behavior_type make_behavior() override {
    return {[this](atom::announce) {
      send(whom_, atom::publish_v, what_);
      send(whom_, atom::shut_down_v);
      quit();
    }};
  }

private:
  actors::reactor_actor whom_;
  actors::broker_messages_ptr what_;
};

/// A broker of one reactor and a client that is connected to it.
struct one_reactor : troupe::test::actor_world {
  explicit one_reactor(const troupe::config::options& options = {})
      : all{1, actors::make_settings(options).ready} {
    auto& home = *all.reactors.emplace_back(std::make_unique<actors::reactor>(sys, all, 0));
    home.actor = actors::spawn_reactor_actor(sys, home);
    all.supervisor = actors::spawn_supervisor(sys, all.accounts, {home.actor});
    home.start();
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    client = ends[0];
    auto socket = std::make_shared<actors::accepted_socket>();
    socket->fd = ends[1];
    socket->ip = "127.0.0.1";
    caf::anon_send(home.actor, atom::adopt_v, actors::accepted_ptr{std::move(socket)});
  }

  ~one_reactor() {
    ::close(client);
    caf::anon_send(all.supervisor, atom::shut_down_v);
    sched.run();
    all.reactors.front()->loop.stop();
    all.reactors.front()->join();
    all.reactors.front()->actor = nullptr;
    all.supervisor = nullptr;
  }

  /// What the client gets until `last` has come; with none, until its connection ends.
  std::string read_until(std::string_view last) {
    std::string out;
    while (last.empty() || out.find(last) == std::string::npos) {
      pollfd ready{client, POLLIN, 0};
      REQUIRE(::poll(&ready, 1, 10'000) == 1);
      std::array<char, 4096> some{};
      auto n = ::read(client, some.data(), some.size());
      if (n <= 0)
        break;
      out.append(some.data(), static_cast<size_t>(n));
    }
    return out;
  }

  void write(std::string_view text) {
    REQUIRE(::write(client, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }

  /// In pieces, as the socket takes them.
  void write_pieces(std::string_view text, size_t piece) {
    while (!text.empty()) {
      pollfd ready{client, POLLOUT, 0};
      REQUIRE(::poll(&ready, 1, 10'000) == 1);
      auto n = ::write(client, text.data(), std::min(piece, text.size()));
      REQUIRE(n > 0);
      text.remove_prefix(static_cast<size_t>(n));
    }
  }

  actors::core all;
  int client = -1;
};

struct long_lines : one_reactor {
  long_lines() : one_reactor{allowing(1 << 20)} {}
  static troupe::config::options allowing(int64_t bytes) {
    troupe::config::options out;
    out.limits.max_control_line = bytes;
    return out;
  }
};

} // namespace

TEST_CASE_FIXTURE(one_reactor, "a reactor that ends delivers what was published before") {
  write("CONNECT {\"verbose\":false}\r\nSUB news 1\r\nPING\r\n");
  read_until("PONG\r\n");
  std::vector<actors::broker_message> last;
  last.emplace_back(all.accounts.global, "news", "the end");
  auto& home = *all.reactors.front();
  caf::actor_config where{&home.loop};
  auto speaker = sys.spawn_class<prompter, caf::no_spawn_options>(
      where, home.actor,
      actors::broker_messages_ptr{
          std::make_shared<const std::vector<actors::broker_message>>(std::move(last))});
  caf::anon_send(speaker, atom::announce_v);
  CHECK(read_until({}) == "MSG news 1 7\r\nthe end\r\n");
}

TEST_CASE_FIXTURE(long_lines,
                  "a line of any length arrives as it was sent, in however many pieces") {
  std::string subject; // of which no two parts are the same
  for (int i = 0; subject.size() < 300'000; ++i)
    subject += std::to_string(i) + '.';
  subject += "end";
  write("CONNECT {\"verbose\":false}\r\nSUB > 1\r\nPING\r\n");
  read_until("PONG\r\n");
  std::string_view line = subject;
  write("PUB ");
  // Small ones at all sizes at which what is kept goes elsewhere, or has to grow.
  for (size_t size : {100'000U, 130'000U, 132'000U, 261'000U, 263'000U}) {
    auto left = line.size() - (subject.size() - size);
    write_pieces(line.substr(0, left), left > 10'000 ? left : 7);
    line.remove_prefix(left);
  }
  write_pieces(line, line.size());
  write_pieces(" 200000\r\n" + std::string(200'000, 'x') + "\r\nPUB next 2\r\nok\r\n", 1000);
  auto heard = read_until("ok\r\n");
  CHECK(heard
        == "MSG " + subject + " 1 200000\r\n" + std::string(200'000, 'x')
               + "\r\nMSG next 1 2\r\nok\r\n");
  caf::anon_send(all.reactors.front()->actor, atom::shut_down_v);
  read_until({});
}
