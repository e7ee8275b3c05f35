// test/stress/hub.hpp: the loop that all clients of a scenario share.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace troupe::stress {

class client;

class hub {
public:
  /// `patience`: how long nothing at all may happen before a wait is given up.
  explicit hub(std::chrono::seconds patience);
  ~hub();
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;

  /// Serves all clients until `done`; `each_turn` (if any) is called before every wait and may
  /// send. False: for as long as our patience lasts nothing was read or written.
  bool run(const std::function<bool()>& done, const std::function<void()>& each_turn = {});
  /// Serves whoever is ready, waiting at most so long. True: somebody was.
  bool turn(std::chrono::milliseconds longest);

private:
  friend class client;
  void add(client& who);
  void change(client& who, uint32_t events);
  void remove(client& who);

  std::chrono::seconds patience_;
  int epoll_ = -1;
  /// Who has a descriptor now; the number tells a reused descriptor from its last owner.
  struct owner {
    client* who = nullptr;
    uint32_t number = 0;
  };
  std::vector<owner> owners_; // by descriptor
};

} // namespace troupe::stress
