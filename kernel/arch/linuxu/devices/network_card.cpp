// CPU 0 gets the signal that packets have come, and polls.
#include "network_card.hpp"

#include "../trap/interrupts.hpp"
#include "kernel/core/log.hpp"
#include "kernel/device/offload_header.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/time/timer.hpp"
#include "link.hpp"

namespace spore::arch {
namespace {

constexpr u32 link_header = 14;

class Card final : public device::NetDevice, device::PollJob {
public:
    Card(Owned<Link> link, int descriptor, u64 mac) : link_(std::move(link)), descriptor_(descriptor) {
        for (u32 i = 0; i < mac_.bytes.size(); ++i) mac_.bytes[i] = static_cast<u8>(mac >> (8 * (5 - i)));
    }

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return link_->mtu(); }
    const device::NetFeatures& features() const override { return link_->features(); }
    bool link_up() const override { return true; }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return link_->name(); }
    device::NetQueueCounters counters(u16) const override { return counters_; }

    void start(device::NetSink& sink) override {
        sink_ = &sink;
        reside();
        if (!connect_descriptor(descriptor_, [](void* card) { static_cast<Card*>(card)->schedule(); }, this))
            core::warn("the network card cannot tell of packets that come");
    }

    void transmit(device::PacketList& packets) override {
        while (auto packet = packets.pop_front()) {
            bool sent = link_->send(*packet);
            count(sent ? counters_.packets_sent : counters_.send_queue_full, 1);
            if (sent) count(counters_.bytes_sent, packet->size());
        }
    }

    bool poll(u32 budget) override {
        device::PacketList batch;
        bool more = receive(budget, batch);
        if (!batch.empty()) sink_->receive(*this, batch);
        return more;
    }

    bool before_sleep() override { return poll(1); }

private:
    /// All CPUs send.
    static void count(u64& counter, u64 more) { __atomic_fetch_add(&counter, more, __ATOMIC_RELAXED); }

    /// True when there may be more than the budget was for.
    bool receive(u32 budget, device::PacketList& batch) {
        auto now = time::now();
        for (; budget; --budget) {
            wire::virtio_net::Header header{};
            auto packet = link_->receive(header);
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

    Owned<Link> link_;
    int descriptor_;
    device::MacAddress mac_{};
    device::NetSink* sink_ = nullptr;
    device::NetQueueCounters counters_{};
};

}  // namespace

void open_network(const Settings& settings) {
    int descriptor = settings.tap >= 0 ? settings.tap : settings.stream;
    if (descriptor < 0) return;
    auto link = settings.tap >= 0 ? open_tap(descriptor) : open_stream(descriptor);
    if (!link) return core::warn("no memory for the network card");
    auto card = make_owned<Card>(std::move(*link), descriptor, settings.mac);
    if (!card) return core::warn("no memory for the network card");
    device::add_net_device(*card->release());  // lives as long as the machine
}

}  // namespace spore::arch
