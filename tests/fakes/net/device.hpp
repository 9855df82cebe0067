// A network device whose other end is the test: what the stack sends is kept until the test looks, and what the test gives is received.
#pragma once

#include <functional>
#include <vector>

#include "kernel/device/net.hpp"

namespace spore::fakes {

using Bytes = std::vector<u8>;

class NetDevice final : public device::NetDevice {
public:
    struct Options {
        device::MacAddress mac = {{0x52, 0x54, 0x00, 0x00, 0x00, 0x01}};
        u16 mtu = 1500;
        device::NetFeatures features;
    };
    /// All offloads, or none.
    static device::NetFeatures all_offloads() { return {true, true, true, true, true, 65535 + 14}; }

    explicit NetDevice(const Options& options) : options_(options) {}
    NetDevice() : NetDevice(Options{}) {}

    /// A frame comes in from the wire. With `checksum` verified only when the device has receive_checksum.
    void receive(const Bytes& frame, device::Checksum checksum = device::Checksum::unknown);
    /// Several, as one batch.
    void receive(const std::vector<Bytes>& frames);
    /// Any packet, as it is; its head begins with the link header.
    void receive(Owned<device::Packet> packet);
    /// How many bytes of a received frame lie in the packet's head; the rest is in slices of frames, as with a real driver. At most 256.
    void set_head_bytes(u32 bytes) { head_bytes_ = bytes; }
    void set_link(bool up);

    /// What was sent and not taken yet. Called at once for each frame when set.
    std::function<void(Bytes frame)> on_frame;
    std::vector<Bytes> take_sent() { return std::exchange(sent_, {}); }
    /// The same as packets: with segmentation, checksum and all.
    device::PacketList take_packets() { return std::move(packets_); }
    u64 transmit_calls() const { return transmit_calls_; }
    const std::vector<device::MacAddress>& groups() const { return groups_; }

    device::MacAddress mac() const override { return options_.mac; }
    u16 mtu() const override { return options_.mtu; }
    const device::NetFeatures& features() const override { return options_.features; }
    bool link_up() const override { return up_; }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "fake"; }
    void transmit(device::PacketList& packets) override;
    void start(device::NetSink& sink) override { sink_ = &sink; }
    device::NetQueueCounters counters(u16) const override { return counters_; }
    void set_multicast(std::span<const device::MacAddress> groups) override { groups_.assign(groups.begin(), groups.end()); }
    /// From now on nothing reaches the stack.
    void stop() { sink_ = nullptr; }
    /// Keep packets for take_packets() instead of frames for take_sent().
    void keep_packets(bool keep) { keep_packets_ = keep; }

private:
    Owned<device::Packet> make(const Bytes& frame, device::Checksum checksum);
    void sent(const device::Packet& packet);

    Options options_;
    device::NetSink* sink_ = nullptr;
    device::NetQueueCounters counters_;
    std::vector<Bytes> sent_;
    device::PacketList packets_;
    std::vector<device::MacAddress> groups_;
    u64 transmit_calls_ = 0;
    u32 head_bytes_ = 128;
    bool up_ = true;
    bool keep_packets_ = false;
};

/// The frames that a device with offloads puts on the wire for a packet: checksums completed and segments cut by code of the fakes' own.
std::vector<Bytes> on_the_wire(const device::Packet& packet);

}  // namespace spore::fakes
