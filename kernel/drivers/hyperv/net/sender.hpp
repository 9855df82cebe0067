// All that goes to the host. A packet has a section of the send buffer until the host has completed it: what fits goes through it, of a larger one the
// head, and the rest is sent from where it lies. Completions come with what is received: whoever takes them tells of them here.
#pragma once

#include <algorithm>
#include <atomic>

#include "kernel/device/net.hpp"
#include "kernel/drivers/hyperv/channel.hpp"
#include "kernel/sync/spin.hpp"
#include "wire/hyperv/net.hpp"

namespace spore::drivers::hyperv::netvsc {

class Sender {
public:
    static constexpr u32 max_waiting = 512, most_slots = 64, control_slot = 0;
    /// What a slot's packet is completed by. No packet of ours is number 0.
    static constexpr u64 transaction_of(u32 slot) { return slot + 1; }

    explicit Sender(Channel& channel) : channel_(channel) {}
    Sender(const Sender&) = delete;
    /// When nobody is at the other end any more.
    ~Sender();

    /// Makes the buffer and shares it; its number. Sleeps. no_memory.
    Result<u32> open(Bus& bus, u32 channel);
    /// Takes the host's word for how it is used. invalid.
    Result<void> divide(u32 section_size, u32 most_ranges);

    /// Bytes of the largest packet that is sure to have few enough pieces.
    u32 largest_send() const { return std::min((most_ranges_ - 1) * static_cast<u32>(page_size), largest_frame); }

    /// Any thread.
    void transmit(device::PacketList& packets);
    /// Sends what waits for room in the ring.
    void poll() {
        if (wants_room_.load(std::memory_order_relaxed)) settle(0);
    }
    u64 untaken();

    // ---- for whoever receives: one thread at a time ----
    /// The host has done with these slots' packets, a bit each. Sends what waited for them, and shows the host all answers.
    void settle(u64 slots);
    /// Tells the host that what it sent in this transaction was taken. Shown later. False when there is no room: an event comes when there is.
    bool answer(u64 transaction);
    bool has_room();

    // ---- for messages of other kinds: one at a time, in the section of control_slot ----
    MutableByteSpan control_section() { return section(control_slot); }
    /// False when there is no room.
    bool say(ByteSpan message, u64 transaction, u16 flags);
    /// With the section's first bytes. As memory that comes with the message: no other system sends requests by a section's number.
    bool say_section(ByteSpan message, u64 transaction, u32 size);

    device::NetQueueCounters counters;  ///< written under the lock

private:
    static constexpr unsigned order = 6;
    static constexpr u32 largest_frame = 14 + 0xffff;  ///< the link's header and [RFC 791 3.1]
    static constexpr u32 buffer_size = static_cast<u32>(page_size) << order;
    static constexpr u32 most_pieces = 1 + device::Packet::max_slices;

    MutableByteSpan section(u32 slot) { return {buffer_.bytes() + slot * section_size_, section_size_}; }
    bool fits(const device::Packet& packet) const;
    bool in_too_many_pieces(const device::Packet& packet) const { return 1 + packet.slices().size() > most_ranges_ && !fits(packet); }
    void compact_first();
    void send_waiting();
    bool send(device::Packet& packet);
    template <typename F>
    bool with_room(F&& sends);
    template <typename F>
    bool send_shown(F&& sends);
    void publish();

    Channel& channel_;
    memory::FrameRef buffer_;
    u32 section_size_ = buffer_size;  ///< until it is divided
    u32 most_ranges_ = 0;
    u64 all_ = 0, free_ = 0;  ///< slots of packets, a bit each
    device::Packet* packets_[most_slots] = {};
    sync::Spin lock_;
    device::PacketList waiting_;
    std::atomic<bool> wants_room_ = false;
};

}  // namespace spore::drivers::hyperv::netvsc
