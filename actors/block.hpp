// actors/block.hpp: counted memory that bytes are read into and formatted in.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace troupe::actors {

class block_pool;

/// Memory with a count of its users. Any thread may hold and drop one; the last user gives it back
/// to the pool it came from, or frees it.
class block {
public:
  char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  size_t capacity() const noexcept { return capacity_; }
  bool unique() const noexcept { return refs_.load(std::memory_order_acquire) == 1; }
  void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;

private:
  friend class block_pool;
  friend class block_ref;
  block(size_t capacity, block_pool* home) noexcept : capacity_{capacity}, home_{home} {}
  static block* make(size_t capacity, block_pool* home);
  static void destroy(block* dead) noexcept;

  std::atomic<uint32_t> refs_{1};
  size_t capacity_;
  block_pool* home_;
  block* next_ = nullptr; // while it lies in a pool
};

/// One user of a block.
class block_ref {
public:
  constexpr block_ref() noexcept = default;
  /// A block that belongs to no pool.
  static block_ref allocate(size_t capacity) { return adopt(block::make(capacity, nullptr)); }
  /// Takes over a count that the caller held.
  static block_ref adopt(block* raw) noexcept {
    block_ref out;
    out.raw_ = raw;
    return out;
  }
  static block_ref share(block* raw) noexcept {
    if (raw)
      raw->retain();
    return adopt(raw);
  }
  block_ref(const block_ref& other) noexcept : block_ref{share(other.raw_)} {}
  block_ref(block_ref&& other) noexcept : raw_{std::exchange(other.raw_, nullptr)} {}
  ~block_ref() {
    if (raw_)
      raw_->release();
  }
  block_ref& operator=(block_ref other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  block* get() const noexcept { return raw_; }
  block* operator->() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ != nullptr; }

private:
  block* raw_ = nullptr;
};

/// Keeps blocks of one size for one thread, so that no batch asks the allocator for 64 KiB. take()
/// and trim() belong to that thread; blocks come home from everywhere. Must outlive its blocks.
class block_pool {
public:
  explicit block_pool(size_t block_size) noexcept : block_size_{block_size} {}
  block_pool(const block_pool&) = delete;
  block_pool& operator=(const block_pool&) = delete;
  ~block_pool();

  size_t block_size() const noexcept { return block_size_; }
  /// Blocks that it has made and not freed, wherever they are.
  size_t made() const noexcept { return made_; }
  block_ref take();
  /// Frees what lies unused beyond `keep` blocks.
  void trim(size_t keep) noexcept;

private:
  friend class block;
  void come_home(block* idle) noexcept;
  void collect() noexcept;

  size_t block_size_;
  block* idle_ = nullptr; // the owner's
  size_t idle_count_ = 0;
  size_t made_ = 0;
  std::atomic<block*> returned_{nullptr}; // everybody pushes, the owner takes all
};

} // namespace troupe::actors
