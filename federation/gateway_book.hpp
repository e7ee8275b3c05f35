// federation/gateway_book.hpp: which other clusters there are, and where each is reached.
//
// Source: gateways.md sections 10 and 11.
#pragma once

#include "config/link_options.hpp"
#include "federation/gateway_terms.hpp"
#include "security/tls_context.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace troupe::federation {

/// One cluster that the configuration names, other than our own.
struct remote_plan {
  config::remote_gateway from;   ///< by which a reload knows it again
  security::tls_context_ptr tls; ///< null: in the clear
  std::chrono::nanoseconds tls_timeout{0};
};

/// What gateways go by; changed by a reload, or by members of our cluster, as a whole.
struct gateways_plan {
  gateway_terms_ptr mine;
  std::vector<remote_plan> remotes;
  std::vector<std::string> member_names;   ///< of the other servers of our cluster
  std::chrono::milliseconds first_dial{0}; ///< until our own cluster can have formed
  bool reject_unknown = false;
  int64_t retries = 0; ///< of clusters that were learned of
  bool backoff = false;
};
using gateways_plan_ptr = std::shared_ptr<const gateways_plan>;

/// Plain data: no actor, no socket, no clock. Its caller has one dialer for each address, by its
/// number, and one link for each cluster, by its gid.
class gateway_book {
public:
  struct address {
    config::peer_url url;
    bool discovered = false; ///< by gossip; else it stands in the configuration
    uint64_t number = 0;
  };
  struct cluster {
    std::string name;
    bool configured = false;
    remote_plan plan; ///< of a configured one
    std::vector<address> addresses;
    uint64_t gid = 0;      ///< the link that was dialled; 0: none
    size_t next = 0;       ///< whose turn it is
    size_t tried = 0;      ///< addresses of this round that did not answer
    uint64_t failures = 0; ///< rounds in a row
  };
  /// What a call has changed.
  struct changes {
    std::vector<address> come;               ///< each needs a dialer
    std::vector<uint64_t> gone;              ///< their dialers end
    std::vector<uint64_t> links;             ///< of clusters that are no longer wanted
    std::vector<std::string> dropped, added; ///< clusters; those that are new have to be dialled
  };
  enum class next_step : uint8_t { dial, pause, forget };

  /// Takes the configured clusters; what was learned of others stays.
  changes follow(const std::vector<remote_plan>& remotes);
  /// Somebody has said that there is such a cluster: adds what is new. A cluster that is unknown is
  /// added only if `may_add`.
  changes learn(const std::string& name, const std::vector<std::string>& urls, bool may_add);
  /// The same, of a known cluster by one of its own members: what was discovered before, and is not
  /// in this list, is gone.
  changes replace(const std::string& name, const std::vector<std::string>& urls);
  changes forget(const std::string& name);
  /// Nobody answered at one of its addresses. All in turn, then a pause; a cluster that was only
  /// learned of is given up in the end, unless it is in touch with us itself.
  next_step missed(cluster& which, int64_t retries, bool in_touch);

  cluster* find(const std::string& name);
  const cluster* find(const std::string& name) const;
  bool is_configured(const std::string& name) const;
  /// With that address; null: none.
  cluster* with_address(uint64_t number);
  const std::map<std::string, cluster>& all() const noexcept { return clusters_; }
  size_t addresses() const noexcept;

  /// Whom a link goes to. Certificates name hosts, so that an address stands for the first name
  /// that the cluster has.
  static dialled_gateway target(const cluster& which, uint64_t number, const gateway_terms& mine);
  /// INFO that tells others of it; empty: nobody knows where it is.
  static std::string gossip(const std::string& server_id, const cluster& of);

private:
  void discover(cluster& whom, const std::vector<std::string>& urls, bool all, changes& out);

  std::map<std::string, cluster> clusters_; // by name
  uint64_t last_number_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

/// May that peer take part? An accepted one has shown its password already.
gateway_admission judge(const gateway_introduction& who, const gateways_plan& plan,
                        bool configured);

} // namespace troupe::federation
