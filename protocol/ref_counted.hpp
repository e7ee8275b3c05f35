// protocol/ref_counted.hpp: shared ownership that costs one word in the object and one in the
// owner.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace troupe::protocol {

/// Base of objects that are shared between threads and owned by `ref_ptr`. `Derived` is what gets
/// deleted; give it a virtual destructor if it is itself derived from.
template <class Derived>
class ref_counted {
public:
  ref_counted() = default;
  ref_counted(const ref_counted&) = delete;
  ref_counted& operator=(const ref_counted&) = delete;

  void retain() const noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }

  void release() const noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete static_cast<const Derived*>(this);
  }

  /// True when the caller's reference is the only one; stays true as long as nobody copies it.
  bool unique() const noexcept { return refs_.load(std::memory_order_acquire) == 1; }

protected:
  ~ref_counted() = default;

private:
  mutable std::atomic<uint32_t> refs_{0};
};

/// One owner of a `ref_counted` object.
template <class T>
class ref_ptr {
public:
  constexpr ref_ptr() noexcept = default;
  constexpr ref_ptr(std::nullptr_t) noexcept {}
  explicit ref_ptr(T* raw) noexcept : raw_{raw} {
    if (raw_)
      raw_->retain();
  }
  ref_ptr(const ref_ptr& other) noexcept : ref_ptr{other.raw_} {}
  ref_ptr(ref_ptr&& other) noexcept : raw_{std::exchange(other.raw_, nullptr)} {}
  template <class U>
  requires(!std::is_same_v<T, U> && std::is_convertible_v<U*, T*>) ref_ptr(const ref_ptr<U>& other)
  noexcept : ref_ptr{static_cast<T*>(other.get())} {}
  ~ref_ptr() {
    if (raw_)
      raw_->release();
  }
  ref_ptr& operator=(ref_ptr other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }

  T* get() const noexcept { return raw_; }
  T& operator*() const noexcept { return *raw_; }
  T* operator->() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ != nullptr; }
  void reset() noexcept { *this = ref_ptr{}; }
  friend bool operator==(const ref_ptr& a, const ref_ptr& b) noexcept { return a.raw_ == b.raw_; }

private:
  T* raw_ = nullptr;
};

template <class T, class... Args>
ref_ptr<T> make_ref(Args&&... args) {
  return ref_ptr<T>{new T(std::forward<Args>(args)...)};
}

} // namespace troupe::protocol
