// Bytes that came in and were not taken yet. What comes when it is full is lost, and counted: a serial port cannot be made to wait.
#pragma once

#include <algorithm>
#include <utility>

#include "base/bytes.hpp"

namespace spore::drivers {

class Typed {
public:
    static constexpr u32 capacity = 4096;

    void add(std::byte byte) {
        if (size() == capacity) ++lost_;
        else bytes_[end_++ % capacity] = byte;
    }
    std::size_t take(MutableByteSpan into) {
        std::size_t count = std::min<std::size_t>(into.size(), size());
        for (std::size_t i = 0; i < count; ++i) into[i] = bytes_[start_++ % capacity];
        return count;
    }
    u32 size() const { return end_ - start_; }
    /// How many since this was asked last.
    u64 take_lost() { return std::exchange(lost_, 0); }

private:
    std::byte bytes_[capacity] = {};
    u32 start_ = 0, end_ = 0;
    u64 lost_ = 0;
};

}  // namespace spore::drivers
