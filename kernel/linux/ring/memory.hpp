// Pages that the kernel and a program share, all there from the beginning: a ring of packets, or io_uring's.
#pragma once

#include <atomic>

#include "kernel/linux/small_text.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::linux {

/// The program can write anywhere at any time: what is read from here is to be copied, and then checked.
class RingMemory {
public:
    static Result<RingMemory> create(u64 size);
    Shared<memory::MappedObject> object() const { return object_; }
    u64 page_count() const { return pages_.size(); }
    const memory::FrameRef& page(u64 index) const { return pages_[index]; }
    void put(u64 at, ByteSpan bytes);
    template <typename T>
    void put(u64 at, const T& value) { put(at, bytes_of(value)); }
    /// A copy of what lies within one page.
    template <typename T>
    T get(u64 at) const {
        T value;
        std::memcpy(&value, at_byte(at), sizeof value);
        return value;
    }
    /// An aligned word that the program writes, too.
    std::atomic_ref<u32> word(u64 at) const { return std::atomic_ref(*reinterpret_cast<u32*>(at_byte(at))); }

private:
    std::byte* at_byte(u64 at) const { return pages_[at / page_size].bytes() + at % page_size; }
    Shared<memory::MappedObject> object_;
    HeapArray<memory::FrameRef> pages_;
};

}  // namespace spore::linux
