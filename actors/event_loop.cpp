// actors/event_loop.cpp: one turn after the other.
#include "actors/event_loop.hpp"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <system_error>

namespace troupe::actors {
namespace {

thread_local const event_loop* this_loop = nullptr;

constexpr uint64_t wake_mark = ~uint64_t{0};
constexpr size_t events_per_turn = 256;
constexpr size_t messages_per_resume = 256;

uint64_t pack(io_token token) {
  return (uint64_t{token.generation} << 32) | token.slot;
}

io_token unpack(uint64_t data) {
  return {static_cast<uint32_t>(data), static_cast<uint32_t>(data >> 32)};
}

} // namespace

event_loop::event_loop(caf::actor_system& sys)
    : caf::execution_unit{&sys}, epoll_fd_{::epoll_create1(EPOLL_CLOEXEC)},
      wake_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
      events_(events_per_turn), now_{loop_clock::now()}, timers_{now_} {
  if (epoll_fd_ < 0 || wake_fd_ < 0)
    throw std::system_error(errno, std::generic_category(), "cannot make an event loop");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET; // each write is an edge: nobody has to read it back
  event.data.u64 = wake_mark;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event);
}

event_loop::~event_loop() {
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

bool event_loop::in_loop() const noexcept {
  return this_loop == this;
}

void event_loop::exec_later(caf::resumable* job) {
  if (in_loop()) {
    jobs_.push_back(job);
    return;
  }
  {
    std::lock_guard guard{inbox_mutex_};
    inbox_.push_back(job);
  }
  // Pairs with wait(): either it sees our job or we see it asleep. One wake-up a batch is enough.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_relaxed) && asleep_.exchange(false)) {
    uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(wake_fd_, &one, sizeof one);
  }
}

void event_loop::stop() noexcept {
  stopping_ = true;
  uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(wake_fd_, &one, sizeof one);
}

void event_loop::run() {
  this_loop = this;
  while (!stopping_.load(std::memory_order_relaxed))
    turn();
  for (int i = 0; i < 16; ++i) // what the last actors still had to say
    run_jobs();
  this_loop = nullptr;
}

void event_loop::turn() {
  wait();
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // First of all: a timer that a job starts must count from now, not from when we fell asleep.
  timers_.advance(now_);
  run_jobs();
  flush(); // what came from other reactors need not wait for our sockets
  run_io();
  run_jobs();
  flush();
}

void event_loop::wait() {
  if (!idle() || look_around()) {
    if (ready_ == 0)
      poll(0);
  } else {
    sleep();
  }
  now_ = loop_clock::now();
}

bool event_loop::idle() {
  if (!jobs_.empty() || !flushing_.empty())
    return false;
  std::lock_guard guard{inbox_mutex_};
  return inbox_.empty();
}

/// True: there is something to do.
bool event_loop::look_around() {
  if (lookout_.looks_for() == lookout::duration::zero())
    return false;
  auto began = loop_clock::now();
  if (began - now_ > lookout::longest_turn)
    return false;
  auto until = began + lookout_.looks_for();
  looking_.store(true, std::memory_order_relaxed);
  bool found = false;
  do {
    poll(0);
    found = ready_ > 0 || !idle();
    if (!found)
      ::sched_yield(); // whoever we wait for may need this core
  } while (!found && loop_clock::now() < until);
  looking_.store(false, std::memory_order_relaxed);
  return found;
}

void event_loop::sleep() {
  asleep_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst); // pairs with exec_later()
  auto began = loop_clock::now();
  if (idle()) {
    poll(static_cast<int>(timers_.idle_for(now_).count()));
    lookout_.slept(loop_clock::now() - began);
  } else {
    poll(0);
  }
  asleep_.store(false, std::memory_order_relaxed);
}

void event_loop::poll(int timeout_ms) noexcept {
  int n = ::epoll_wait(epoll_fd_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
  ready_ = n > 0 ? static_cast<size_t>(n) : 0;
  busy_ = static_cast<size_t>(
      std::count_if(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(ready_),
                    [](const epoll_event& each) { return each.data.u64 != wake_mark; }));
}

void event_loop::run_jobs() {
  {
    std::lock_guard guard{inbox_mutex_};
    jobs_.insert(jobs_.end(), inbox_.begin(), inbox_.end());
    inbox_.clear();
  }
  // What these jobs cause waits for the next round: nobody starves the sockets.
  running_.swap(jobs_);
  for (auto* job : running_) {
    switch (job->resume(this, messages_per_resume)) {
    case caf::resumable::resume_later: jobs_.push_back(job); break;
    case caf::resumable::awaiting_message:
    case caf::resumable::done:
    case caf::resumable::shutdown_execution_unit: job->intrusive_ptr_release_impl(); break;
    }
  }
  running_.clear();
}

void event_loop::run_io() {
  for (size_t i = 0; i < ready_; ++i) {
    if (events_[i].data.u64 == wake_mark)
      continue; // it has done its work: we are awake
    auto token = unpack(events_[i].data.u64);
    guarded(token, [events = events_[i].events](io_handler& h) { h.on_io(events); });
  }
  ready_ = 0;
}

void event_loop::flush() {
  if (before_flush)
    before_flush();
  flushing_now_.swap(flushing_);
  for (auto token : flushing_now_) {
    if (find(token))
      watched_[token.slot].flushing = false;
    guarded(token, [](io_handler& h) { h.on_flush(); });
  }
  flushing_now_.clear();
}

template <class F>
void event_loop::guarded(io_token token, F&& call) {
  auto* handler = find(token);
  if (!handler)
    return; // closed earlier in this turn
  try {
    call(*handler);
  } catch (const std::exception& e) {
    if ((handler = find(token)))
      handler->on_fault(e.what());
  }
}

io_handler* event_loop::find(io_token token) noexcept {
  if (!token || token.slot >= watched_.size())
    return nullptr;
  auto& entry = watched_[token.slot];
  return entry.generation == token.generation ? entry.handler : nullptr;
}

io_token event_loop::watch(int fd, uint32_t events, io_handler& handler) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(watched_.size()));
    watched_.emplace_back();
  }
  auto slot = free_slots_.back();
  io_token token{slot, watched_[slot].generation};
  epoll_event event{};
  event.events = events;
  event.data.u64 = pack(token);
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot watch a socket");
  free_slots_.pop_back();
  watched_[slot].handler = &handler;
  watched_[slot].flushing = false;
  return token;
}

void event_loop::rewatch(io_token token, int fd, uint32_t events) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = pack(token);
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void event_loop::unwatch(io_token token, int fd) noexcept {
  if (!find(token))
    return;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  auto& entry = watched_[token.slot];
  entry.handler = nullptr;
  if (++entry.generation == 0)
    entry.generation = 1;
  free_slots_.push_back(token.slot);
}

void event_loop::flush_later(io_token token) {
  if (!find(token) || watched_[token.slot].flushing)
    return;
  watched_[token.slot].flushing = true;
  flushing_.push_back(token);
}

} // namespace troupe::actors
