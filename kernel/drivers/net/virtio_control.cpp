#include "kernel/drivers/net/virtio_control.hpp"

#include <bit>

#include "arch/cpu.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {

using virtio::Buffer;

namespace {
constexpr u16 queue_size = 16;  // a command has two pieces
constexpr Duration patience = Duration::ms(500);
}  // namespace

/// What the device reads, and the byte that it writes.
struct VirtioControl::Slot {
    wire::virtio_net::Command command;
    std::byte data[max_data];
    volatile u8 answer;
    u8 padding[9];
};

VirtioControl::Slot& VirtioControl::slot(u32 index) const {
    static_assert(sizeof(Slot) * slots <= page_size);
    return reinterpret_cast<Slot*>(page_.bytes())[index];
}

Result<void> VirtioControl::open(virtio::Device& device, u16 index, bool event_index) {
    queue_ = TRY(virtio::Queue::create(device, index, queue_size, event_index));
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    queue_->want_interrupts(false);
    return {};
}

Result<void> VirtioControl::post(wire::virtio_net::Command command, ByteSpan data) {
    if (data.size() > max_data) return fail(Error::no_space);
    Guard guard(lock_);
    reap();
    auto index = static_cast<u32>(std::countr_one(busy_));
    if (index >= slots) return fail(Error::no_space);
    auto& place = slot(index);
    place.command = command;
    std::memcpy(place.data, data.data(), data.size());
    place.answer = static_cast<u8>(~wire::virtio_net::command_done);
    auto address = arch::physical(&place);
    Buffer pieces[] = {{address, static_cast<u32>(sizeof place.command + data.size()), Buffer::Direction::to_device},
                       {arch::physical(const_cast<u8*>(&place.answer)), 1, Buffer::Direction::from_device}};
    TRY(queue_->offer(pieces, index));
    busy_ |= 1u << index;
    queue_->notify();
    return {};
}

void VirtioControl::reap() {
    while (auto done = queue_->take()) {
        busy_ &= ~(1u << done->token);
        if (slot(static_cast<u32>(done->token)).answer != wire::virtio_net::command_done) refused_ = true;
    }
}

Result<void> VirtioControl::finish() {
    Guard guard(lock_);
    auto end = time::now() + patience;
    for (reap(); busy_; reap()) {
        if (time::now() >= end || queue_->broken()) return fail(Error::io);
        arch::relax();
    }
    return refused_ ? Result<void>(fail(Error::io)) : Result<void>();
}

}  // namespace spore::drivers
