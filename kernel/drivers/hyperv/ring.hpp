// A channel's two rings: we write one and read the other [wire/hyperv/vmbus.hpp]. Both are memory that the host may change at any time: a position of
// its is believed only within the ring, and a packet is used as a copy.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "wire/hyperv/vmbus.hpp"

namespace spore::drivers::hyperv {

/// What both have: where they are.
class RingMemory {
public:
    /// A ring's first page, and all of its pages' number, at least two.
    void open(std::byte* pages, u32 count);
    /// The host has broken the rules, here or elsewhere; for ever.
    bool broken() const { return broken_; }
    void give_up() { broken_ = true; }

protected:
    wire::hyperv::RingHead& head() const { return *reinterpret_cast<wire::hyperv::RingHead*>(pages_); }
    std::byte* bytes() const { return pages_ + page_size; }
    u32 after(u32 position, u32 distance) const { return (position + distance) % size_; }
    u32 between(u32 from, u32 to) const { return to >= from ? to - from : to + size_ - from; }
    /// A position that the host writes; ours where it is none.
    u32 believed(const u32& theirs, u32 ours);

    std::byte* pages_ = nullptr;
    u32 size_ = 0;  ///< bytes
    bool broken_ = false;
};

class RingWriter : public RingMemory {
public:
    /// Begins a packet with so many bytes between its head and its data, whole units of them, and so many of data, which add() fills in this order.
    /// False when there is no room; there must be none open. The host sees nothing of it before publish().
    bool begin(wire::hyperv::PacketKind kind, u64 transaction, u16 flags, u32 head_bytes, u32 data_bytes);
    void add(ByteSpan bytes);
    /// Ends the packet.
    void end();
    /// Shows what was written; whether the host wants to be told.
    bool publish();
    /// An event when so much room is there. Whoever calls looks once more afterwards.
    void want_room(u32 head_and_data_bytes);
    /// All that the host has not taken yet.
    u32 untaken() { return between(believed(head().out, next_), next_); }

    /// Bytes of the largest packet that fits into the empty ring, its head and trailer included.
    u32 largest() const { return size_ - wire::hyperv::unit; }
    static constexpr u32 overhead = sizeof(wire::hyperv::PacketHead) + wire::hyperv::trailer_size;

private:
    u32 shown_ = 0, next_ = 0;  ///< positions of what is written and was published, and of what is written
    u32 at_ = 0, begun_ = 0;    ///< within the packet that is open, and where that begins
};

/// A packet of the host's, as it says and as it lies in the ring.
struct Incoming {
    wire::hyperv::PacketKind kind;
    bool wants_completion;
    u64 transaction;
    u32 head;  ///< position of what lies between the packet's head and its data
    u32 head_bytes, data_bytes;
    u32 end;   ///< position behind it
};

class RingReader : public RingMemory {
public:
    bool has_news() { return next_ != believed(head().in, next_); }
    /// The next one; it stays until release(). Nothing when there is none.
    std::optional<Incoming> next();
    /// Copies out of what lies between a packet's head and its data, or of its data; false when that is not so long.
    bool copy_head(const Incoming& packet, u32 offset, MutableByteSpan into) const { return copy(packet.head, packet.head_bytes, offset, into); }
    bool copy_data(const Incoming& packet, u32 offset, MutableByteSpan into) const { return copy(after(packet.head, packet.head_bytes), packet.data_bytes, offset, into); }
    void take(const Incoming& packet) { next_ = packet.end; }
    /// Gives the room of what was taken back; whether the host waits for it.
    bool release();
    /// An event when there is something new; after this has_news() is asked once more.
    void want_events(bool wanted);

private:
    bool copy(u32 from, u32 size, u32 offset, MutableByteSpan into) const;
    u32 next_ = 0, released_ = 0;
};

}  // namespace spore::drivers::hyperv
