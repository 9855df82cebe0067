// A network device: queues of packets in both directions.
//
// Sending: transmit() takes packets from any thread of the queue's CPU. Receiving: the device interrupts, its driver schedules a PollJob
// (device/poller.hpp) for the queue, and poll() hands packets to the sink in batches. What a device cannot do itself (checksums,
// segmentation), the stack does before transmit(); what it can is told by features().
#pragma once

#include <array>
#include <atomic>

#include "kernel/device/packet.hpp"

namespace spore::device {

struct MacAddress {
    std::array<u8, 6> bytes{};
    friend bool operator==(const MacAddress&, const MacAddress&) = default;
};

struct NetFeatures {
    bool send_checksum = false;       ///< completes Checksum::partial
    bool send_tcp4_segments = false;  ///< cuts Segmentation::tcp4
    bool send_tcp6_segments = false;
    bool send_udp_segments = false;
    bool receive_checksum = false;    ///< may say `verified`
    u32 max_send_size = 1514;         ///< bytes of one packet with segmentation, link header included
};

/// Counters of a queue; written by its CPU only. Every packet that is not delivered is counted by its reason.
struct NetQueueCounters {
    u64 packets_received = 0, bytes_received = 0, packets_sent = 0, bytes_sent = 0;
    u64 receive_errors = 0;    ///< the device said so, or broke its own rules
    u64 receive_no_memory = 0; ///< no packet or frame for it
    u64 send_queue_full = 0;
    u64 notifications = 0, interrupts = 0;

    /// What the queues of a pair have counted, as one: this one is the receive queue.
    NetQueueCounters with_sent(const NetQueueCounters& sender, u64 all_interrupts) const {
        auto both = *this;
        both.packets_sent = sender.packets_sent;
        both.bytes_sent = sender.bytes_sent;
        both.send_queue_full = sender.send_queue_full;
        both.notifications += sender.notifications;
        both.interrupts = all_interrupts;
        return both;
    }
};

class NetDevice;

/// Who gets what a device receives: the stack.
class NetSink {
public:
    /// In a poller or an interrupt of the queue's CPU; must not sleep. The packets' heads begin with the link header (Layer::link is marked).
    virtual void receive(NetDevice& device, PacketList& batch) = 0;
    virtual void link_changed(NetDevice& device) = 0;

protected:
    ~NetSink() = default;
};

class NetDevice {
public:
    virtual ~NetDevice() = default;

    virtual MacAddress mac() const = 0;
    /// Bytes of network-layer packet that one frame carries.
    virtual u16 mtu() const = 0;
    virtual const NetFeatures& features() const = 0;
    virtual bool link_up() const = 0;
    /// Pairs of a receive and a send queue. CPU n uses pair n % queue_pairs().
    virtual u16 queue_pairs() const = 0;
    /// "virtio-net", for the log and for programs that ask.
    virtual const char* driver() const = 0;

    /// Sends all of the packets, whose heads begin with the link header, in order, through this CPU's queue. Does not sleep. The device is
    /// told once. Those that find no room wait in a bounded list; beyond that they are dropped and counted.
    virtual void transmit(PacketList& packets) = 0;
    /// How many of them the device has not taken yet; it is told of them, where that was put off. One that takes them at once has none.
    virtual u64 untaken() { return 0; }
    /// From now on received packets go to the sink. Once.
    virtual void start(NetSink& sink) = 0;
    virtual NetQueueCounters counters(u16 pair) const = 0;
    /// Which groups to receive; all others may come too.
    virtual void set_multicast(std::span<const MacAddress> groups) {}
    virtual void set_promiscuous(bool on) {}
};

/// Network devices in the order in which they were found; null beyond the last. They live as long as the machine.
NetDevice* net_device(std::size_t index);
/// Called by drivers, while the machine starts.
void add_net_device(NetDevice& device);

}  // namespace spore::device
