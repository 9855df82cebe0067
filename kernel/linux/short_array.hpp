// An array that lies inside its owner while it is short: most calls name few things.
#pragma once

#include "kernel/linux/small_text.hpp"

namespace spore::linux {

template <typename T, std::size_t few>
class ShortArray {
public:
    /// Once: `size` value-initialised items. no_memory.
    Result<void> reserve(std::size_t size) {
        if (size > few) many_ = TRY(HeapArray<T>::create(size));
        size_ = size;
        return {};
    }
    std::size_t size() const { return size_; }
    T* begin() { return size_ > few ? many_.data() : few_; }
    T* end() { return begin() + size_; }
    T& operator[](std::size_t index) { return begin()[index]; }
    std::span<T> span() { return {begin(), size_}; }

private:
    HeapArray<T> many_;
    T few_[few]{};
    std::size_t size_ = 0;
};

}  // namespace spore::linux
