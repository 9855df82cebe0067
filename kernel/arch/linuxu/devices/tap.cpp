// A read takes one packet, a write gives one. The kernel's CPU 0 gets the signal that packets have come, and polls.
#include "tap.hpp"

#include <sys/uio.h>

#include <algorithm>

#include "../host/call.hpp"
#include "../trap/interrupts.hpp"
#include "kernel/core/log.hpp"
#include "kernel/device/net.hpp"
#include "kernel/device/offload_header.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/time/timer.hpp"

namespace spore::arch {
namespace {

using device::Packet;
using wire::virtio_net::Header;

constexpr u32 link_header = 14, largest_packet = 65'535 + link_header;

/// Frames that the host fills in front of which lies the packet's own head.
class Incoming {
public:
    static constexpr u32 headroom = 16, in_head = Packet::head_capacity - headroom;
    static constexpr u32 pages = (largest_packet - in_head + page_size - 1) / page_size;

    /// Null when nothing has come, or there is no memory (then what came stays where it is).
    Owned<Packet> read(int descriptor, Header& header) {
        if (!fill()) return {};
        auto packet = Packet::create(headroom);
        if (!packet) return {};
        iovec parts[2 + pages] = {{&header, sizeof header}, {(*packet)->append(in_head).data(), in_head}};
        for (std::size_t i = 0; i < pages; ++i) parts[2 + i] = {frames_[i].bytes(), page_size};
        i64 got = host::call(SYS_readv, descriptor, parts, std::size(parts));
        if (got < static_cast<i64>(sizeof header)) return {};
        auto size = static_cast<u32>(got) - static_cast<u32>(sizeof header);
        (*packet)->truncate(std::min(size, in_head));
        for (u32 at = in_head, i = 0; at < size; at += page_size, ++i)
            if (!(*packet)->add({std::move(frames_[i]), 0, std::min<u32>(size - at, page_size)})) return {};
        return std::move(*packet);
    }

private:
    bool fill() {
        for (auto& frame : frames_) {
            if (frame) continue;
            auto fresh = memory::allocate_frames();
            if (!fresh) return false;
            frame = memory::FrameRef::adopt(*fresh);
        }
        return true;
    }

    memory::FrameRef frames_[pages];
};

class Tap final : public device::NetDevice, device::PollJob {
public:
    Tap(int descriptor, u64 mac) : descriptor_(descriptor) {
        for (u32 i = 0; i < mac_.bytes.size(); ++i) mac_.bytes[i] = static_cast<u8>(mac >> (8 * (5 - i)));
    }

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return 1500; }
    const device::NetFeatures& features() const override { return features_; }
    bool link_up() const override { return true; }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "tap"; }
    device::NetQueueCounters counters(u16) const override { return counters_; }

    void start(device::NetSink& sink) override {
        sink_ = &sink;
        reside();
        if (!connect_descriptor(descriptor_, [](void* tap) { static_cast<Tap*>(tap)->schedule(); }, this)) core::warn("the TAP interface cannot tell of packets");
    }

    void transmit(device::PacketList& packets) override {
        while (auto packet = packets.pop_front()) send(*packet);
    }

    bool poll(u32 budget) override {
        device::PacketList batch;
        bool more = receive(budget, batch);
        if (!batch.empty()) sink_->receive(*this, batch);
        return more;
    }

    bool before_sleep() override { return poll(1); }

private:
    void send(const Packet& packet) {
        auto header = device::offload_header(packet);
        iovec parts[2 + Packet::max_slices] = {{&header, sizeof header}, {const_cast<std::byte*>(packet.head().data()), packet.head().size()}};
        u32 count = 2;
        for (auto& slice : packet.slices()) parts[count++] = {slice.bytes(), slice.size};
        if (host::call(SYS_writev, descriptor_, parts, count) < 0) {
            __atomic_fetch_add(&counters_.send_queue_full, 1, __ATOMIC_RELAXED);
            return;
        }
        __atomic_fetch_add(&counters_.packets_sent, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&counters_.bytes_sent, packet.size(), __ATOMIC_RELAXED);
    }

    /// True when there may be more than the budget was for.
    bool receive(u32 budget, device::PacketList& batch) {
        auto now = time::now();
        for (; budget; --budget) {
            Header header{};
            auto packet = incoming_.read(descriptor_, header);
            if (!packet) return false;
            if (packet->size() < link_header || !device::note_offloads(*packet, header)) {
                ++counters_.receive_errors;
                continue;
            }
            packet->received_at = now;
            packet->mark(device::Layer::link);
            ++counters_.packets_received;
            counters_.bytes_received += packet->size();
            batch.push_back(std::move(packet));
        }
        return true;
    }

    static constexpr device::NetFeatures features_{.send_checksum = true, .send_tcp4_segments = true, .send_tcp6_segments = true,
                                                   .receive_checksum = true, .max_send_size = largest_packet};
    int descriptor_;
    device::MacAddress mac_{};
    device::NetSink* sink_ = nullptr;
    Incoming incoming_;
    device::NetQueueCounters counters_{};
};

}  // namespace

void open_tap(int descriptor, u64 mac) {
    if (descriptor < 0) return;
    auto tap = make_owned<Tap>(descriptor, mac);
    if (!tap) return core::warn("no memory for the network card");
    device::add_net_device(*tap->release());  // lives as long as the machine
}

}  // namespace spore::arch
