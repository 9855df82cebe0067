// A ring that the device writes, in entries that say by a phase which time around they are of.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::drivers {

template <typename Entry>
class Completions {
public:
    /// Zeroed memory, with room for so many.
    void open(std::byte* place, u32 entries) {
        ring_ = reinterpret_cast<volatile Words*>(place);
        size_ = entries;
        next_ = 0;
        phase_ = true;
    }
    bool has_news() const { return has_phase(ring_[next_]) == phase_; }
    /// The next one, of which there is news. A copy: the device may write at any time.
    Entry take() {
        std::atomic_thread_fence(std::memory_order_acquire);  // the phase before the rest; pairs with the device's write
        Words copy;
        for (u32 i = 0; i < sizeof(Entry) / sizeof(u32); ++i) copy.words[i] = ring_[next_].words[i];
        Entry found;
        __builtin_memcpy(&found, &copy, sizeof found);
        if (++next_ == size_) next_ = 0, phase_ = !phase_;
        return found;
    }

private:
    struct Words {
        u32 words[sizeof(Entry) / sizeof(u32)];
    };
    static bool has_phase(const volatile Words& place) { return place.words[Entry::phase_word] & Entry::phase; }

    volatile Words* ring_ = nullptr;
    u32 size_ = 0, next_ = 0;
    bool phase_ = true;
};

}  // namespace spore::drivers
