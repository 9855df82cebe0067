// A ring that the card writes, of what it has done with another's descriptors.
#pragma once

#include <atomic>

#include "wire/vmxnet3.hpp"

namespace spore::drivers::vmxnet3 {

template <u32 size>
class Completions {
public:
    static_assert(size % wire::vmxnet3::ring_size_step == 0);
    static constexpr u32 bytes = size * sizeof(wire::vmxnet3::Completion);

    /// Zeroed memory.
    void open(std::byte* place) { ring_ = reinterpret_cast<volatile Words*>(place); }
    bool has_news() const { return (ring_[next_][3] & wire::vmxnet3::Completion::generation) == generation_; }
    /// The next one, of which there is news. A copy: the card may write at any time.
    wire::vmxnet3::Completion take() {
        std::atomic_thread_fence(std::memory_order_acquire);  // the generation before the rest; pairs with the card's write
        auto& words = ring_[next_];
        wire::vmxnet3::Completion found{{words[0], words[1], words[2], words[3]}};
        next_ = (next_ + 1) % size;
        if (next_ == 0) generation_ ^= wire::vmxnet3::Completion::generation;
        return found;
    }

private:
    using Words = u32[4];
    volatile Words* ring_ = nullptr;
    u32 next_ = 0;
    u32 generation_ = wire::vmxnet3::Completion::generation;
};

}  // namespace spore::drivers::vmxnet3
