// Data that lives inside its lock: reached only through with(), so it cannot be touched without it.
#pragma once

#include <utility>

namespace spore {

/// Holds `lock` for a scope. Lock has lock() and unlock().
template <typename Lock>
class [[nodiscard]] Guard {
public:
    explicit Guard(Lock& lock) : lock_(lock) { lock_.lock(); }
    Guard(const Guard&) = delete;
    ~Guard() { lock_.unlock(); }

private:
    Lock& lock_;
};

template <typename T, typename Lock>
class Locked {
public:
    constexpr Locked() = default;
    template <typename... Args>
    explicit constexpr Locked(std::in_place_t, Args&&... args) : data_(std::forward<Args>(args)...) {}

    template <typename F>
    decltype(auto) with(F&& f) {
        Guard guard(lock_);
        return std::forward<F>(f)(data_);
    }
    template <typename F>
    decltype(auto) with(F&& f) const {
        Guard guard(lock_);
        return std::forward<F>(f)(std::as_const(data_));
    }
    /// The lock itself, for a wait queue that must release it while waiting.
    Lock& lock() const { return lock_; }
    /// For the owner during construction and destruction, when nobody else can see the data.
    T& unguarded() { return data_; }

private:
    mutable Lock lock_;
    T data_;
};

}  // namespace spore
