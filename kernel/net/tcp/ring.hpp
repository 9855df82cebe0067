// A queue in a ring that grows, with room for a few items inside itself: most connections never need more.
#pragma once

#include <algorithm>
#include <memory>
#include <new>

#include "base/result.hpp"
#include "base/types.hpp"
#include "kernel/memory/heap.hpp"

namespace spore::net::tcp {

template <typename T, u32 inside>
class Ring {
    static_assert((inside & (inside - 1)) == 0);

public:
    Ring() : slots_(inside_slots()) {}
    Ring(const Ring&) = delete;
    ~Ring() { clear(); }

    u32 size() const { return count_; }
    bool empty() const { return count_ == 0; }
    T& operator[](u32 index) { return slots_[(first_ + index) & mask_]; }
    const T& operator[](u32 index) const { return slots_[(first_ + index) & mask_]; }
    T& front() { return slots_[first_]; }
    T& back() { return (*this)[count_ - 1]; }

    /// no_memory.
    Result<void> push_back(T item) { return insert(count_, std::move(item)); }
    /// Puts an item before `index`.
    Result<void> insert(u32 index, T item) {
        if (count_ > mask_) TRY(grow());
        new (&(*this)[count_]) T(std::move(item));
        for (u32 i = count_++; i > index; --i) std::swap((*this)[i], (*this)[i - 1]);
        return {};
    }
    void pop_front() {
        slots_[first_].~T();
        first_ = (first_ + 1) & mask_;
        if (--count_ == 0) release();
    }
    void pop_back() {
        back().~T();
        if (--count_ == 0) release();
    }
    void remove(u32 index) {
        for (; index + 1 < count_; ++index) (*this)[index] = std::move((*this)[index + 1]);
        pop_back();
    }
    void clear() {
        while (count_) pop_front();
        release();
    }

private:
    T* inside_slots() { return reinterpret_cast<T*>(inside_); }
    void release() {
        first_ = 0;
        if (slots_ == inside_slots()) return;
        memory::deallocate(slots_);
        slots_ = inside_slots();
        mask_ = inside - 1;
    }
    Result<void> grow() {
        u32 capacity = (mask_ + 1) * 2;
        auto* larger = static_cast<T*>(memory::allocate(capacity * sizeof(T)));
        if (!larger) return fail(Error::no_memory);
        for (u32 i = 0; i < count_; ++i) {
            new (larger + i) T(std::move((*this)[i]));
            (*this)[i].~T();
        }
        if (slots_ != inside_slots()) memory::deallocate(slots_);
        slots_ = larger;
        first_ = 0;
        mask_ = capacity - 1;
        return {};
    }

    T* slots_;
    u32 mask_ = inside - 1;
    u32 first_ = 0, count_ = 0;
    alignas(T) std::byte inside_[inside * sizeof(T)];
};

}  // namespace spore::net::tcp
