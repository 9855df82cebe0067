// For tests of disks: the threads around one, and memory to transfer.
#pragma once

#include <cstring>
#include <functional>
#include <vector>

#include "kernel/device/block.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/sync/sleep.hpp"
#include "tests/fakes/threads.hpp"

namespace spore::fakes {

/// Within simulate(): runs the body in a thread, and beside it the controller whenever that has work.
template <typename Controller>
void beside(Controller& controller, std::function<void()> body) {
    Join join;
    bool done = false;
    spawn(join, [&] { body(), done = true; });
    while (!done) {
        task::yield();
        if (controller.has_work()) controller.work();
        else if (!done) sync::sleep(Duration::ms(1));
    }
    join.wait();
}

/// Memory of 2^order pages.
class DiskMemory {
public:
    explicit DiskMemory(unsigned order = 0) : frames_(memory::FrameRef::adopt(*memory::allocate_zeroed_frames(order))) {}
    device::TransferPiece piece(u32 offset, u32 size) const { return {frames_.address() + offset, size}; }
    u8* bytes() const { return reinterpret_cast<u8*>(frames_.bytes()); }
    std::vector<u8> copy(u32 offset, u32 size) const { return {bytes() + offset, bytes() + offset + size}; }
    void fill(u8 seed, u32 size) const {
        for (u32 i = 0; i < size; ++i) bytes()[i] = static_cast<u8>(seed + i * 7 + i / 256);
    }

private:
    memory::FrameRef frames_;
};

/// What a disk holds at first: every sector another.
inline std::vector<u8> pattern(std::size_t size) {
    std::vector<u8> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<u8>(i * 13 + i / 512);
    return bytes;
}

}  // namespace spore::fakes
