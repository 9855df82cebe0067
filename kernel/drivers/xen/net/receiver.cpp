#include "kernel/drivers/xen/net/receiver.hpp"

#include <algorithm>

#include "kernel/drivers/xen/events.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;
using device::Packet;

namespace {

constexpr u32 link_header = 14;

/// A frame's answer that makes sense. What is copied is copied in steps of 16 bytes, and must not leave the frame.
bool fits(const ReceiveAnswer& answer) {
    return answer.status > 0 && answer.offset % 16 == 0 && answer.offset < page_size && static_cast<u32>(answer.status) <= page_size - answer.offset;
}

/// False when it makes no sense.
bool note_segments(Packet& packet, const ExtraInfo& extra) {
    if (!extra.type) return true;
    if (!extra.segment_size || (extra.segmentation != segmentation_tcp4 && extra.segmentation != segmentation_tcp6)) return false;
    packet.segmentation = extra.segmentation == segmentation_tcp4 ? device::Segmentation::tcp4 : device::Segmentation::tcp6;
    packet.segment_size = extra.segment_size;
    packet.segments = static_cast<u16>((packet.size() - link_header + extra.segment_size - 1) / extra.segment_size);
    return true;
}

}  // namespace

Result<void> Receiver::open(u16 domain) {
    domain_ = domain;
    TRY(ring_.open(domain));
    grants_ = TRY(take_grants(slots));
    return frames_.open(slots);
}

Result<void> Receiver::start(u32 port) {
    port_ = port;
    offer_more(first_frames);
    if (offered_ < first_frames) return fail(Error::no_memory);
    if (ring_.publish(std::exchange(shown_, 0))) send_event(port_);
    return {};
}

void Receiver::offer_more(u32 wanted) {
    for (; offered_ < wanted; ++offered_) {
        if (!frames_.supply(offered_)) return;
        offer(offered_);
    }
}

void Receiver::offer(u32 slot) {
    allow(grants_ + slot, domain_, frames_.address(slot), Sharing::write);
    u32 place = ring_.next() + shown_++;
    slot_at_[place % slots] = static_cast<u16>(slot);
    ring_.slot(place) = {static_cast<u16>(slot), 0, grants_ + slot};
}

u32 Receiver::poll(u32 budget, device::PacketList& packets) {
    if (!ring_.has_news()) return 0;
    now_ = time::now();
    u32 before = ring_.position();
    while (ring_.position() - before < budget && ring_.has_news())
        if (!take(packets)) {
            ring_.give_up();
            break;
        }
    u32 done = ring_.position() - before;
    burst_ += done;
    // The other end had filled most of what it had: it should have more, before it has to drop packets.
    if (burst_ * 4 >= offered_ * 3) offer_more(std::min(offered_ * 2, slots));
    if (!ring_.has_news()) burst_ = 0;
    if (shown_ && ring_.publish(std::exchange(shown_, 0))) {
        ++counters.notifications;
        send_event(port_);
    }
    return done;
}

/// One packet, all of whose pieces are there. False when the other end broke the rules.
bool Receiver::take(device::PacketList& packets) {
    Owned<Packet> packet;
    ExtraInfo extra{};
    bool good = true;
    u16 first_flags = 0, flags = receive_more;
    for (u32 piece = 0; flags & receive_more; ++piece) {
        if (piece > Packet::max_slices || !ring_.has_news()) return false;
        u32 slot = next_slot();
        auto answer = ring_.take();
        if (answer.id != slot || !forbid(grants_ + slot)) return false;
        flags = answer.flags;
        good = good && fits(answer);
        if (good) {
            auto size = static_cast<u32>(answer.status);
            if (piece == 0) packet = frames_.begin(slot, answer.offset, size);
            else if (packet && !frames_.extend(*packet, slot, answer.offset, size)) packet.reset();
        }
        offer(slot);
        if (piece == 0) {
            first_flags = flags;
            if (flags & receive_extra && !take_extra(extra)) return false;
        }
    }
    if (!good || (packet && (packet->size() < link_header || !note_segments(*packet, extra)))) {
        ++counters.receive_errors;
        return true;
    }
    if (!packet) {
        ++counters.receive_no_memory;
        return true;
    }
    // A sum that was left away was not needed: the packet never left its machine.
    if (first_flags & (receive_verified | receive_no_checksum)) packet->checksum = device::Checksum::verified;
    packet->received_at = now_;
    packet->mark(device::Layer::link);
    ++counters.packets_received;
    counters.bytes_received += packet->size();
    packets.push_back(std::move(packet));
    return true;
}

/// What lies in slots of its own behind the first piece; each stands for a frame that was not used.
bool Receiver::take_extra(ExtraInfo& segmentation) {
    ExtraInfo extra{.type = 0, .flags = extra_more, .segment_size = 0, .segmentation = 0, .padding = 0, .features = 0};
    while (extra.flags & extra_more) {
        if (!ring_.has_news()) return false;
        u32 slot = next_slot();
        extra = ring_.take_as<ExtraInfo>();
        if (!forbid(grants_ + slot)) return false;
        offer(slot);
        if (extra.type == extra_segmentation) segmentation = extra;
    }
    return true;
}

}  // namespace spore::drivers::xen
