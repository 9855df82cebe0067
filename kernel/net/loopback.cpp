#include "kernel/net/loopback.hpp"

#include "kernel/core/per_cpu.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/net/interface.hpp"
#include "kernel/net/ip/input.hpp"
#include "kernel/net/link/socket.hpp"
#include "kernel/net/outbox.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {

class Backlog final : public device::PollJob {
public:
    static constexpr u32 limit = 1024;  ///< packets; a sender that outruns its receiver loses what exceeds them, as on a wire

    void add(Owned<device::Packet> packet, Interface& on) {
        packet->note<Interface*>() = &on;
        if (waiting_.count() >= limit) return count_drop(Drop::queue_full);
        if (on.loopback()) ++traffic.packets, traffic.bytes += packet->size();
        bool first = waiting_.empty();
        waiting_.push_back(std::move(packet));
        if (first) schedule();
    }

    bool poll(u32 budget) override {
        Collecting collecting;
        for (; budget > 0; --budget) {
            auto packet = waiting_.pop_front();
            if (!packet) break;
            auto version = static_cast<u8>(packet->head()[0]) >> 4;
            auto& on = *packet->note<Interface*>();
            if (on.loopback() && on.watched()) [[unlikely]] link::offer(*packet, on, false);
            auto frame = on.loopback() ? ip::Frame::own : ip::Frame::copied;
            if (version == 4) ip::input_v4(std::move(packet), on, frame);
            else ip::input_v6(std::move(packet), on, frame);
        }
        end_of_batch();
        return !waiting_.empty();
    }

    LoopbackTraffic traffic;  ///< others read it now and then, and may see it a moment late

private:
    device::PacketList waiting_;
};
PER_CPU(Backlog, backlog);

}  // namespace

LoopbackTraffic loopback_traffic() {
    LoopbackTraffic sum;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        auto& one = backlog.of(cpu).traffic;
        sum.packets += one.packets, sum.bytes += one.bytes;
    }
    return sum;
}

void deliver_here(Owned<device::Packet> packet, Interface& on) {
    if (packet->checksum == device::Checksum::partial) packet->checksum = device::Checksum::verified;
    if (packet->segmentation != device::Segmentation::none && packet->segment_size) {
        u32 payload = packet->size();
        packet->segments = static_cast<u16>((payload + packet->segment_size - 1) / packet->segment_size);
    }
    backlog->add(std::move(packet), on);
}

}  // namespace spore::net
