#include "kernel/drivers/net/e1000/receive_ring.hpp"

#include <atomic>

#include "kernel/time/timer.hpp"

namespace spore::drivers::e1000 {

using namespace wire::e1000;

namespace {
constexpr u32 link_header = 14;
/// Returned buffers are shown to the device in such numbers: telling it is an exit, and it has plenty.
constexpr u32 return_batch = ReceiveRing::size / 4;
}  // namespace

Result<void> ReceiveRing::open(Hardware& hardware) {
    hardware_ = &hardware;
    static_assert(size * sizeof(Descriptor) <= page_size && size % 8 == 0);  // [8254x 13.4.27]
    ring_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    descriptors_ = reinterpret_cast<volatile Descriptor*>(ring_.bytes());
    TRY(frames_.open(size));
    for (u32 slot = 0; slot < size; ++slot) {
        if (!frames_.supply(slot)) return fail(Error::no_memory);
        offer(slot);
    }
    auto address = ring_.address().value;
    hardware.write(Register::receive_base_low, static_cast<u32>(address));
    hardware.write(Register::receive_base_high, static_cast<u32>(address >> 32));
    hardware.write(Register::receive_length, size * sizeof(Descriptor));
    hardware.write(Register::receive_head, 0);
    hardware.write(Register::receive_tail, 0);
    return {};
}

/// One descriptor stays ours: with all of them the tail would meet the head, and that means none.
void ReceiveRing::start() { hardware_->write(Register::receive_tail, size - 1); }

void ReceiveRing::offer(u32 slot) {
    descriptors_[slot].address = frames_.address(slot).value;
    descriptors_[slot].status = 0;
}

u32 ReceiveRing::poll(u32 budget, device::PacketList& packets) {
    if (!has_news()) return 0;
    now_ = time::now();
    u32 done = 0;
    for (; done < budget && has_news(); ++done) {
        std::atomic_thread_fence(std::memory_order_acquire);  // the status before the rest; pairs with the device's write
        auto& place = descriptors_[next_];
        take({.address = 0, .length = place.length, .checksum = 0, .status = place.status, .errors = place.errors, .special = 0}, packets);
        offer(next_);
        next_ = (next_ + 1) % size;
    }
    returned_ += done;
    if (returned_ >= return_batch) {
        std::atomic_thread_fence(std::memory_order_release);  // the descriptors before the tail; pairs with the device's read
        hardware_->write(Register::receive_tail, (next_ + size - 1) % size);
        ++counters.notifications;
        returned_ = 0;
    }
    return done;
}

/// One frame. It fits into a buffer: the device was not told to take longer ones.
void ReceiveRing::take(const Descriptor& found, device::PacketList& packets) {
    bool whole = found.status & received_end && !dropping_;
    dropping_ = !(found.status & received_end);
    if (!whole || found.length > receive_buffer_size || found.length < link_header || found.errors & errors_of_frame) {
        ++counters.receive_errors;
        return;
    }
    auto packet = frames_.begin(next_, 0, found.length);
    if (!packet) {
        ++counters.receive_no_memory;
        return;
    }
    bool summed = !(found.status & received_no_checksum) && found.status & (received_tcp_summed | received_udp_summed);
    if (summed && !(found.errors & (error_transport | error_ip))) packet->checksum = device::Checksum::verified;
    packet->received_at = now_;
    packet->mark(device::Layer::link);
    ++counters.packets_received;
    counters.bytes_received += found.length;
    packets.push_back(std::move(packet));
}

}  // namespace spore::drivers::e1000
