// test/actors/isolation_world.hpp: a model of accounts built of routers, and compared with them.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/account_registry.hpp"
#include "actors/response_table.hpp"
#include "test/actors/isolation_plan.hpp"
#include "test/actors/router_world.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::test {

/// What a peer has heard of one message.
struct heard_message {
  size_t client = 0;
  size_t interest = 0;
  std::string subject, reply, header, body;
};

struct isolation_world : router_world {
  isolation_world(uint64_t seed, size_t messages);
  ~isolation_world();

  /// Publishes, answers, subscribes and changes accounts; a sentence for the first difference from
  /// the model, or nothing.
  std::string play();

  /// So that a test can tell that something happened.
  struct figures {
    size_t played = 0;    ///< messages
    size_t delivered = 0; ///< to whomever
    size_t crossed = 0;   ///< of these, to another account than the publisher's
    size_t answered = 0;  ///< of these, responses
    size_t changes = 0;   ///< of accounts, while messages went on
  };
  const figures& sums() const { return sums_; }

private:
  struct speaker final : actors::publisher {
    std::string account;
    std::string said;
    std::string_view introduce(const actors::description_scope&) override {
      return said = R"({"acc":")" + account + "\"}";
    }
  };
  struct player {
    peer* ear = nullptr;
    actors::outgoing_ptr own;
    security::permissions_ptr may;
    speaker who;
  };
  struct shown_interest {
    actors::subscription_ptr sub;
    std::vector<actors::shadow_ptr> shadows;
  };
  struct said {
    size_t from = 0; ///< index of a client
    bool answer = false;
    std::string body;
    std::string described;
    std::vector<model::outcome> may_follow;
    bool delivered = false;
  };
  struct answerable {
    size_t promise = 0;
    std::string subject;
  };
  using bindings = std::map<size_t, std::string>;

  void apply_rules();
  void follow(const actors::account_ptr& which);
  void show(size_t interest);
  void hide(size_t interest);
  void shadow(size_t interest, const actors::stream_import_ptr& import);
  std::string say_some();
  void say(const model::message& what, const std::string& subject);
  std::string answer_something();
  std::string settle();
  std::vector<heard_message> listen();
  std::string judge(const said& what, const std::vector<heard_message>& heard);
  bool fits(const model::outcome& expected, const std::vector<heard_message>& heard,
            bindings& bound) const;
  bool place(const model::outcome& expected, size_t at, const std::vector<heard_message>& heard,
             std::vector<bool>& taken, bindings& bound) const;
  bool is_same(const model::delivery& expected, const heard_message& heard, bindings& bound) const;
  void accept(const model::outcome& what);
  std::string describe(const said& what, const std::vector<heard_message>& heard) const;

  isolation_plan plan_;
  size_t to_play_;
  figures sums_;
  model::world model_;
  std::vector<actors::response_table> tables_{2};
  actors::account_registry registry_{1, "$SYS"};
  actors::router second_{pool, 11};
  std::array<actors::router*, 2> routers_{&routes, &second_};
  std::vector<player> players_;
  std::vector<shown_interest> shown_;
  std::vector<said> said_;
  bindings bound_; ///< the subjects of promises that somebody heard
  std::vector<answerable> answerable_;
};

} // namespace troupe::test
