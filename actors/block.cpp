// actors/block.cpp: where blocks come from and go to.
#include "actors/block.hpp"

#include <sys/mman.h>

#include <new>

namespace troupe::actors {
namespace {

/// Of pools: so large ones come from the system and go back to it, for the allocator learns from
/// the first that is freed to keep all that come after it.
constexpr size_t mapped_from = 128 * 1024;

bool is_mapped(size_t capacity, const block_pool* home) noexcept {
  return home && capacity >= mapped_from;
}

void* map(size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc{};
  return memory;
}

} // namespace

block* block::make(size_t capacity, block_pool* home) {
  auto size = sizeof(block) + capacity;
  void* memory = is_mapped(capacity, home) ? map(size) : ::operator new(size);
  return new (memory) block(capacity, home);
}

void block::destroy(block* dead) noexcept {
  auto capacity = dead->capacity_;
  bool mapped = is_mapped(capacity, dead->home_);
  dead->~block();
  if (mapped)
    ::munmap(dead, sizeof(block) + capacity);
  else
    ::operator delete(dead);
}

void block::release() noexcept {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  if (home_)
    home_->come_home(this);
  else
    destroy(this);
}

block_pool::~block_pool() {
  trim(0);
}

block_ref block_pool::take() {
  if (!idle_)
    collect();
  if (!idle_) {
    ++made_;
    return block_ref::adopt(block::make(block_size_, this));
  }
  block* out = std::exchange(idle_, idle_->next_);
  --idle_count_;
  out->refs_.store(1, std::memory_order_relaxed);
  return block_ref::adopt(out);
}

void block_pool::trim(size_t keep) noexcept {
  collect();
  while (idle_count_ > keep) {
    block::destroy(std::exchange(idle_, idle_->next_));
    --idle_count_;
    --made_;
  }
}

void block_pool::come_home(block* idle) noexcept {
  auto* head = returned_.load(std::memory_order_relaxed);
  do
    idle->next_ = head;
  while (!returned_.compare_exchange_weak(head, idle, std::memory_order_release,
                                          std::memory_order_relaxed));
}

void block_pool::collect() noexcept {
  auto* list = returned_.exchange(nullptr, std::memory_order_acquire);
  while (list) {
    auto* next = list->next_;
    list->next_ = idle_;
    idle_ = list;
    ++idle_count_;
    list = next;
  }
}

} // namespace troupe::actors
