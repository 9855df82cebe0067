// Ownership that says what it is: Owned<T> has one owner, Shared<T> several (the count lives in the object).
// Allocation can fail: both are made by a function that returns a Result.
#pragma once

#include <atomic>
#include <new>
#include <type_traits>
#include <utility>

#include "base/result.hpp"

namespace spore {

/// The one owner of an object on the heap, or of none.
template <typename T>
class Owned {
public:
    constexpr Owned() = default;
    constexpr Owned(std::nullptr_t) {}
    explicit constexpr Owned(T* object) : object_(object) {}
    template <typename U>
        requires std::is_convertible_v<U*, T*>
    Owned(Owned<U>&& other) : object_(other.release()) {}
    Owned(Owned&& other) noexcept : object_(other.release()) {}
    Owned& operator=(Owned&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~Owned() { delete object_; }

    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }
    void reset(T* object = nullptr) { delete std::exchange(object_, object); }

private:
    T* object_ = nullptr;
};

/// Makes a T on the heap; no_memory when there is none.
template <typename T, typename... Args>
Result<Owned<T>> make_owned(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (!object) return fail(Error::no_memory);
    return Owned<T>(object);
}

/// The count inside an object that Shared<T> points to. The last owner's release deletes it.
class Counted {
public:
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
    /// True when the caller was the last owner and must delete the object.
    [[nodiscard]] bool release() const {
        if (count_.fetch_sub(1, std::memory_order_release) != 1) return false;
        std::atomic_thread_fence(std::memory_order_acquire);  // pairs with the other owners' releases above
        return true;
    }
    /// One more owner, unless the last has already gone: for look-ups in tables that do not own.
    [[nodiscard]] bool try_retain() const {
        u32 count = count_.load(std::memory_order_relaxed);
        while (count != 0)
            if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
        return false;
    }
    u32 owners() const { return count_.load(std::memory_order_relaxed); }

protected:
    constexpr Counted() = default;
    ~Counted() = default;

private:
    mutable std::atomic<u32> count_ = 1;
};

/// One of several owners of a Counted object, or of none. T's destructor must be virtual when T is a base class.
template <typename T>
class Shared {
public:
    constexpr Shared() = default;
    constexpr Shared(std::nullptr_t) {}
    /// One more owner of an object that has owners already.
    explicit Shared(T& object) : object_(&object) { object.retain(); }
    Shared(const Shared& other) : object_(other.object_) {
        if (object_) object_->retain();
    }
    Shared(Shared&& other) noexcept : object_(other.leak()) {}
    template <typename U>
        requires std::is_convertible_v<U*, T*>
    Shared(const Shared<U>& other) : object_(other.get()) {
        if (object_) object_->retain();
    }
    template <typename U>
        requires std::is_convertible_v<U*, T*>
    Shared(Shared<U>&& other) : object_(other.leak()) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Shared() { drop(); }

    /// Takes over a count that the caller holds (a new object's first, or one that was leaked).
    [[nodiscard]] static Shared adopt(T* object) {
        Shared shared;
        shared.object_ = object;
        return shared;
    }
    /// Gives the count away: the caller must adopt it again.
    [[nodiscard]] T* leak() { return std::exchange(object_, nullptr); }

    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    friend bool operator==(const Shared& a, const Shared& b) { return a.object_ == b.object_; }
    void reset() { drop(); object_ = nullptr; }

private:
    void drop() {
        if (object_ && object_->release()) delete object_;
    }
    T* object_ = nullptr;
};

/// Makes a T on the heap with its first owner; no_memory when there is none.
template <typename T, typename... Args>
Result<Shared<T>> make_shared(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (!object) return fail(Error::no_memory);
    return Shared<T>::adopt(object);
}

}  // namespace spore
