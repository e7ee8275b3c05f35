// actors/claims_service.hpp: account JWTs over the system account: pushed, looked up, compared.
#pragma once

#include "actors/account_keeper.hpp"
#include "actors/internal_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe::actors {

/// What a broker says of itself in its answers (accounts-and-auth.md section 6.2).
struct claims_server {
  std::string name, host, id, version;
};

/// Belongs to the actor that owns the keeper and the client. Times are Unix seconds.
class claims_service {
public:
  claims_service(account_keeper& keeper, internal_client& client, claims_server self);

  /// Subscribes to all subjects that this kind of resolver answers.
  void begin();
  /// Asks the other brokers for an account; its JWT comes by itself, if it comes. `done` is called
  /// once: somebody had it, or nobody does.
  void look_up(const std::string& account, std::function<void(bool)> done, int64_t deadline);
  /// Lets look-ups end, and compares this folder with those of others when it is time.
  void tick(int64_t now);

private:
  struct look {
    std::function<void(bool)> done;
    int64_t deadline;
  };

  void update(const internal_message& msg, bool of_any_account);
  void answer_look_up(const internal_message& msg);
  void list(const internal_message& msg);
  void pack(const internal_message& msg);
  void unpack(const internal_message& msg);
  void remove(const internal_message& msg);
  std::string remove_all(std::string_view request, std::string& by, size_t& count);
  void looked_up(const internal_message& msg);
  void end_look(const std::string& account, bool found);
  void succeed(const internal_message& msg, std::string_view account, std::string_view text);
  void refuse(const internal_message& msg, std::string_view account, std::string_view text);
  void reply(const internal_message& msg, const nlohmann::ordered_json& body);
  nlohmann::ordered_json introduction();

  account_keeper& keeper_;
  internal_client& client_;
  const claims_server self_;
  const std::string inbox_;
  std::map<std::string, look> looks_;
  uint64_t sequence_ = 0;
  int64_t next_pack_ = 0;
};

} // namespace troupe::actors
