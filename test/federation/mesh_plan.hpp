// test/federation/mesh_plan.hpp: what happens in one simulated cluster, made from a seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// One event. Broker, account, subject and queue are indices; `id` names the subscription or the
/// message for good, so that a plan stays meaningful when steps are taken out of it.
struct mesh_step {
  enum class kind : uint8_t {
    connect,     ///< `broker` dials `other`
    cut,         ///< the link between them is lost, with all that is on its way; `count`: of a
                 ///< pool only that slot, counted from 1
    account,     ///< `broker` learns of `account`
    reload,      ///< the share of number `count` ends, or comes back, at every broker that has it
    subscribe,   ///< `id`
    unsubscribe, ///< `id`
    publish,     ///< `id`
    request,     ///< the same, with a fresh inbox to answer to
    progress,    ///< `count` small things happen: bytes move on a link, an actor reads its mail
    settle       ///< all links are up, and everything happens that can
  };
  kind what = kind::settle;
  uint32_t id = 0;
  uint32_t broker = 0, other = 0;
  uint32_t account = 0;
  uint32_t subject = 0;
  uint32_t queue = 0; ///< 0: none
  uint32_t count = 0; ///< of a message: bytes beyond the few that it always has
};

/// What an account takes of another one, at every broker that is no leaf node: those know one
/// account only by the other.
struct mesh_share {
  bool service = false;
  uint32_t from = 0, to = 0; ///< accounts: who offers, who takes
  uint32_t subject = 0;      ///< what `from` calls it
  bool many = false;         ///< of a service: any number of responses
};

struct mesh_plan {
  uint64_t seed = 0; ///< also of the order in which small things happen
  uint32_t brokers = 2;
  uint32_t accounts = 1;
  /// Brokers from each of these on are a site of their own, whose members are leaf nodes of the one
  /// before. Empty: all are one cluster.
  std::vector<uint32_t> sites = {};
  /// So many of the first sites are joined by gateways instead, each with all others.
  uint32_t clusters = 1;
  /// Routes between two members: so many slots, and one of the first account; 0: a single one.
  uint32_t pool = 0;
  std::vector<mesh_share> shares = {};
  std::vector<mesh_step> steps = {};
};

/// What joins the sites of a plan, if it has several.
enum class mesh_kind : uint8_t { routes, leafs, gateways, everything };
/// Same seed, same plan.
mesh_plan make_mesh_plan(uint64_t seed, mesh_kind by);
uint32_t site_of(const mesh_plan& plan, uint32_t broker);
/// Whom a broker of a leaf site dials: for each it is one and the same; itself if it is none.
uint32_t hub_of(const mesh_plan& plan, uint32_t broker);
/// The leaf site that it is in or behind, and whose hubs are no leaf nodes; 0: it is in none.
uint32_t tree_of(const mesh_plan& plan, uint32_t broker);

/// Whom in a cluster a broker of another one dials: one and the same.
uint32_t way_to(const mesh_plan& plan, uint32_t broker, uint32_t cluster);

/// One line a step, for people.
std::string to_string(const mesh_plan& plan);

std::string subscribed_subject(const mesh_step& step);
std::string published_subject(const mesh_step& step);
std::string shared_subject(const mesh_share& share);
/// What `to` calls the share of that number.
std::string local_subject(const mesh_share& share, size_t number);
std::string queue_name(const mesh_step& step); ///< empty: none
std::string account_name(uint32_t account);
/// What its message says: "7 ACC1 xxx".
std::string payload_of(const mesh_step& step);

/// Does a subject that was published match a subscription's? Written without the sublist.
bool plainly_matches(std::string_view pattern, std::string_view subject);

} // namespace troupe::test
