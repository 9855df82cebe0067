#include "kernel/drivers/xen/net/device.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/drivers/net/queue_job.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "kernel/drivers/xen/net/receiver.hpp"
#include "kernel/drivers/xen/net/sender.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;

namespace {

constexpr u16 smallest_mtu = 68, usual_mtu = 1500, largest_mtu = 0xffff - 14;  // [RFC 791 3.1]

class Net final : public device::NetDevice, private QueueJob<Net> {
public:
    explicit Net(const Frontend& end) : end_(end) {}

    Result<void> open() {
        TRY(end_.await(DeviceState::waits));
        if (!end_.offers("feature-sg")) return fail(Error::not_supported);
        char text[24];
        auto address = hardware_address_in(TRY(end_.own("mac", text)));
        if (!address) return fail(Error::invalid);
        mac_ = {*address};
        mtu_ = static_cast<u16>(std::clamp<u64>(end_.own_number("mtu").value_or(usual_mtu), smallest_mtu, largest_mtu));
        TRY(receiver_.open(end_.domain()));
        TRY(sender_.open(end_.domain()));
        port_ = TRY(allocate_event(end_.domain()));
        TRY(connect_event(port_, on_event, this));
        features_ = {.send_checksum = end_.offers("feature-ipv6-csum-offload"), .receive_checksum = true};
        if (features_.send_checksum) {
            features_.send_tcp4_segments = end_.offers("feature-gso-tcpv4");
            features_.send_tcp6_segments = end_.offers("feature-gso-tcpv6");
            features_.max_send_size = 0xffff;
        }
        return {};
    }

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return mtu_; }
    const device::NetFeatures& features() const override { return features_; }
    bool link_up() const override { return !stopped(); }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "xen-netfront"; }
    void transmit(device::PacketList& packets) override { sender_.transmit(packets); }
    u64 untaken() override { return sender_.untaken(); }

    void start(device::NetSink& sink) override {
        sink_ = &sink;
        if (connect()) return;
        core::error("the other end of {} does not answer: its interface is down", end_.path());
        stopped_ = true;
        sink.link_changed(*this);
    }

    device::NetQueueCounters counters(u16 pair) const override {
        if (pair) return {};
        return receiver_.counters.with_sent(sender_.counters, interrupts_);
    }

private:
    friend class QueueJob<Net>;

    Result<void> connect() {
        TRY(end_.tell("tx-ring-ref", sender_.grant()));
        TRY(end_.tell("rx-ring-ref", receiver_.grant()));
        TRY(end_.tell("event-channel", port_));
        // We take packets as copies, want to be asked for more frames, and understand pieces, segments and sums that were left away.
        for (auto feature : {"request-rx-copy", "feature-rx-notify", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload"})
            TRY(end_.tell(feature, 1));
        TRY(end_.enter(DeviceState::connected));
        TRY(end_.await(DeviceState::connected));
        TRY(receiver_.start(port_));
        sender_.start(port_);
        return {};
    }

    static void on_event(void* self) {
        auto& net = *static_cast<Net*>(self);
        ++net.interrupts_;
        if (!net.stopped()) net.interrupted(Masked::no);
    }

    // ---- for the job ----
    bool stopped() const { return stopped_; }
    u32 receive(u32 budget) {
        device::PacketList packets;
        u32 done = receiver_.poll(budget, packets);
        if (!packets.empty()) sink_->receive(*this, packets);
        if (receiver_.broken() || sender_.broken()) [[unlikely]] stop();
        return done;
    }
    bool has_news() { return receiver_.has_news(); }
    void reclaim() { sender_.poll(); }
    /// Events stop by themselves: there is one only when a count is passed that we have named.
    void want_interrupts(bool wanted) {
        if (wanted) receiver_.want_events();
    }
    void stop() {
        core::error("the other end of {} broke the rules: its interface is down", end_.path());
        stopped_ = true;
        sink_->link_changed(*this);
    }

    Frontend end_;
    Receiver receiver_;
    Sender sender_;
    device::MacAddress mac_;
    device::NetFeatures features_;
    device::NetSink* sink_ = nullptr;
    u32 port_ = 0;
    u16 mtu_ = usual_mtu;
    std::atomic<bool> stopped_ = false;
    u64 interrupts_ = 0;
};

}  // namespace

Result<void> attach_net(const Frontend& end) {
    auto card = TRY(make_owned<Net>(end));
    TRY(card->open());
    device::add_net_device(*card.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::xen
