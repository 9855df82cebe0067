// The transmit ring. A packet is a descriptor for each of its pieces, behind one for where its headers are, when that has changed. They lie in our memory,
// or in the device's: there in entries of which the first holds the packet's first bytes too.
#pragma once

#include "kernel/drivers/net/completions.hpp"
#include "kernel/drivers/net/ena/queue_pair.hpp"
#include "kernel/drivers/net/transmit_queue.hpp"

namespace spore::drivers::ena {

class TransmitRing final : public TransmitQueue<TransmitRing, 256> {
public:
    /// What the device takes, and where.
    struct Limits {
        u32 descriptors = 0;         ///< of one packet, the one for its headers included
        u32 header_size = 0;         ///< bytes of them that a descriptor may speak of, or an entry holds
        u32 entry_size = 0;          ///< in the device's memory; 0: not there
        u32 most_burst = 0;          ///< entries between two doorbells; 0: any number
        bool stores_meta = true;     ///< what was said of headers holds for later packets
        u32 memory_needed() const { return entry_size * size; }
    };

    /// Makes the memory that stays. no_memory.
    Result<void> prepare();
    PhysAddr submissions() const { return submissions_.address(); }
    PhysAddr completions() const { return completed_.address(); }
    /// The device, which was reset, has made `queues` of them. `own_interrupt`: sending has one, which is masked.
    void start(const QueuePair& queues, const Memory& memory, const Limits& limits, bool own_interrupt);

    /// Asks for the interrupt of its own while packets wait for room.
    void want_interrupt() {
        if (own_interrupt_ && waits()) queues_.unmask_interrupt();
    }
    /// The device named a packet that it had not.
    bool broken() const { return broken_.load(std::memory_order_relaxed); }

private:
    friend TransmitQueue;
    using Descriptor = wire::ena::SendDescriptor;
    static constexpr u32 before_header = 2, most_entry_size = 256;

    static u32 slots_for(const device::Packet& packet) { return 1 + pieces_of(packet, wire::ena::largest_piece); }
    u32 most_slots(const device::Packet&) const { return limits_.descriptors; }
    void put(device::Packet& packet);
    bool has_sent() const { return completions_.has_news() && !broken(); }
    void reclaim();
    void tell(u32) { tell(); }

    void tell();
    void put(Descriptor descriptor);
    void put_meta(const device::Packet& packet);
    void begin_entries(const device::Packet& packet);
    void flush_entry();
    u32 phase() const { return tail_ / size % 2 ? 0 : wire::ena::send_phase; }

    QueuePair queues_;
    Limits limits_;
    memory::FrameRef submissions_, completed_;
    volatile Descriptor* descriptors_ = nullptr;
    volatile u64* entries_ = nullptr;  ///< in the device's memory, if they are there
    Completions<wire::ena::Sent> completions_;
    u16 tail_ = 0, told_ = 0;  ///< count slots
    u64 meta_ = 0;             ///< as the device knows it
    u32 first_ = 0;            ///< for the next descriptor, if it is a packet's first
    bool own_interrupt_ = false;
    std::atomic<bool> broken_ = false;
    // An entry that is being written.
    alignas(8) std::byte entry_[most_entry_size];
    u32 in_entry_ = 0, room_in_entry_ = 0;  ///< descriptors
};

}  // namespace spore::drivers::ena
