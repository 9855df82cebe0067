// The transmit ring. A packet is a descriptor for each of its pieces, behind one that says nothing of it, and one for how it is cut into segments. The device
// is done with packets in any order, and knows them by a tag.
#pragma once

#include <bitset>

#include "kernel/drivers/net/completions.hpp"
#include "kernel/drivers/net/gve/queue.hpp"
#include "kernel/drivers/net/transmit_queue.hpp"

namespace spore::drivers::gve {

/// Slots are counted here; where a descriptor lies in the device's ring, which is larger, is another number. Packets take two slots at least, so there are as
/// many reports of them, missed and reinjected, as there are slots, and with those of fetched descriptors they find room in a ring of the least size.
class TransmitRing final : public TransmitQueue<TransmitRing, least_entries - 2 * wire::gve::unused_descriptors> {
public:
    static_assert(size + least_entries / wire::gve::report_interval <= least_entries);

    /// Makes the memory that stays, for rings of so many entries. no_memory.
    Result<void> prepare(u32 entries);
    u32 entries() const { return entries_; }
    PhysAddr descriptors() const { return submitted_.address(); }
    PhysAddr completions() const { return completed_.address(); }
    /// Empties the rings, before the device, which was reset, learns of them.
    void clear();
    void start(const QueueDoorbells& doorbells);

    /// Whether packets wait or not: while it is masked, the device may keep to itself what is sent.
    void want_interrupt() { doorbells_.unmask(); }
    /// The device named a packet that it had not.
    bool broken() const { return broken_.load(std::memory_order_relaxed); }
    /// Once in a while: for so many times, one after the other, the oldest packet was there and is still. `sends`: there is a link.
    u32 times_stuck(bool sends);

private:
    friend TransmitQueue;

    static u32 slots_for(const device::Packet& packet);
    static u32 most_slots(const device::Packet& packet);
    void put(device::Packet& packet);
    bool has_sent() const { return completions_.has_news() && !broken(); }
    void reclaim();
    void tell(u32);

    void put(const wire::gve::SendDescriptor& descriptor);
    bool see(const wire::gve::Sent& sent);

    QueueDoorbells doorbells_;
    memory::FrameRef submitted_, completed_;
    u32 entries_ = 0;
    wire::gve::SendDescriptor* descriptors_ = nullptr;
    Completions<wire::gve::Sent> completions_;
    std::bitset<size> missed_;  ///< packets, by their first slots
    u32 tail_ = 0;              ///< counts descriptors
    u32 last_report_ = 0;       ///< the descriptor that asked for it
    std::atomic<bool> broken_ = false;
    // Whether packets get on.
    std::atomic<bool> busy_ = false;
    std::atomic<u32> passed_ = 0;
    u32 last_passed_ = 0, times_stuck_ = 0;
};

}  // namespace spore::drivers::gve
