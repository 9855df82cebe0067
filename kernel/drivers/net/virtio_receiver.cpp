#include "kernel/drivers/net/virtio_receiver.hpp"

#include <algorithm>

#include "kernel/device/offload_header.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {

using device::Packet;

namespace {

constexpr u32 link_header = 14;
constexpr u16 queue_size = 256;
/// With segments joined, a device waits for room for 64 KiB before it receives anything at all.
constexpr u32 first_frames = 16, first_frames_segmented = 20;

}  // namespace

Result<void> VirtioReceiver::open(virtio::Device& device, u16 index, const Format& format, u32 limit) {
    format_ = format;
    queue_ = TRY(virtio::Queue::create(device, index, queue_size, format.event_index));
    TRY(frames_.open(queue_->size()));
    limit_ = std::min<u32>(std::max(limit, first_frames_segmented), queue_->size());  // a queue may be shorter than we like
    return {};
}

Result<void> VirtioReceiver::start() {
    u32 first = std::min<u32>(format_.segmented ? first_frames_segmented : first_frames, queue_->size());
    post_more(first);
    if (posted_ < first) return spore::fail(Error::no_memory);
    queue_->publish();
    if (queue_->notify()) ++counters.notifications;
    return {};
}

void VirtioReceiver::post_more(u32 wanted) {
    for (; posted_ < wanted; ++posted_) {
        if (!frames_.supply(posted_)) return;
        post(static_cast<u16>(posted_));
    }
}

u32 VirtioReceiver::poll(u32 budget, device::PacketList& packets) {
    if (fault_ || !queue_->has_news()) return 0;
    now_ = time::now();
    u32 done = 0;
    for (; done < budget; ++done) {
        auto filled = queue_->take_posted();
        if (!filled) break;
        if (!take(*filled, packets)) return done;
    }
    if (queue_->broken()) fail("returned a receive buffer that it did not have");
    // The device had filled most of what it had: it should have more, before it has to drop packets.
    if (burst_ * 4 >= posted_ * 3) post_more(std::min(posted_ * 2, limit_));
    if (done < budget) burst_ = 0;
    queue_->publish();
    if (queue_->notify()) ++counters.notifications;
    return done;
}

/// One packet that begins in `first`. False when the device broke the rules.
bool VirtioReceiver::take(Filled first, device::PacketList& packets) {
    ++burst_;
    if (first.written < format_.header_size || first.written > page_size) return fail("received more or less than a buffer holds");
    // A copy: the device can change the original at any time.
    Header header;
    __builtin_memcpy(&header, frames_.bytes(first.slot), sizeof header);
    u32 buffers = format_.merged ? header.buffers : 1;
    if (buffers == 0 || buffers > Packet::max_slices) return fail("received a packet in an impossible number of buffers");
    auto packet = collect(first, buffers);
    if (fault_) return false;
    if (!packet) {
        ++counters.receive_no_memory;
        return true;
    }
    u32 size = packet->size();
    if (size < link_header || !device::note_offloads(*packet, header)) {
        ++counters.receive_errors;
        return true;
    }
    packet->received_at = now_;
    packet->mark(device::Layer::link);
    ++counters.packets_received;
    counters.bytes_received += size;
    packets.push_back(std::move(packet));
    return true;
}

/// Null when there is no memory for the packet; all its buffers are posted again in any case.
Owned<Packet> VirtioReceiver::collect(Filled filled, u32 buffers) {
    auto packet = frames_.begin(filled.slot, format_.header_size, filled.written - format_.header_size);
    post(filled.slot);
    for (u32 i = 1; i < buffers; ++i) {
        auto next = queue_->take_posted();
        if (!next || next->written > page_size) [[unlikely]] {
            fail("received a packet without all of its buffers");
            return {};
        }
        ++burst_;
        if (packet && next->written && !frames_.extend(*packet, next->slot, 0, next->written)) packet.reset();
        post(next->slot);
    }
    return packet;
}

}  // namespace spore::drivers
