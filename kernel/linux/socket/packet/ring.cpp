#include "kernel/linux/socket/packet/ring.hpp"

#include <algorithm>

#include "kernel/linux/socket/packet/address.hpp"

namespace spore::linux {

using net::link::Address;
using Outcome = net::link::Tap::Outcome;

namespace {

constexpr u32 aligned(u32 size) { return static_cast<u32>(align_up(size, 16)); }         // TPACKET_ALIGN
constexpr u32 block_aligned(u32 size) { return static_cast<u32>(align_up(size, 8)); }    // V3_ALIGNMENT
constexpr u32 kernels = 0, programs = 1, losing = 4, timed_out = 32;  // TP_STATUS_*
constexpr u32 block_header = block_aligned(sizeof(RingBlock));

struct WallTime {
    u32 seconds, nanoseconds;
};
WallTime wall_time(Instant at) {
    u64 wall = static_cast<u64>(time::wall_base()) + at.nanoseconds;
    return {static_cast<u32>(wall / 1'000'000'000), static_cast<u32>(wall % 1'000'000'000)};
}

class FrameRing final : public PacketRing {
public:
    FrameRing(const Shape& shape, RingMemory memory) : PacketRing(shape, std::move(memory)) {}

    Outcome take(const device::Packet& packet, u32 begin, u32 network, u32 most, const Address& from, Instant at) override {
        u32 head = head_.load(std::memory_order_relaxed);
        u64 slot = slot_of(head);
        if (memory_.word(slot).load(std::memory_order_acquire) != kernels) {
            lost_ = true;
            return Outcome::dropped;
        }
        auto places = places_of(packet, begin, network, most, sizeof(RingFrame2), shape_.request.frame_size);
        if (!places.possible) return Outcome::dropped;
        auto when = wall_time(at);
        put_frame(slot, places, packet, begin, from);
        memory_.put(slot, RingFrame2{.status = kernels, .size = places.size, .copied = places.copied, .link_at = static_cast<u16>(places.link),
                                     .network_at = static_cast<u16>(places.network), .seconds = when.seconds, .nanoseconds = when.nanoseconds,
                                     .vlan = 0, .vlan_protocol = 0, .padding = {}});
        memory_.word(slot).store(programs | (std::exchange(lost_, false) ? losing : 0), std::memory_order_release);
        head_.store((head + 1) % shape_.request.frame_count, std::memory_order_relaxed);
        return Outcome::shown;
    }
    bool readable() override {
        u32 count = shape_.request.frame_count;
        return memory_.word(slot_of((head_.load(std::memory_order_relaxed) + count - 1) % count)).load(std::memory_order_acquire) != kernels;
    }

private:
    u64 slot_of(u32 index) const {
        u32 each = shape_.request.block_size / shape_.request.frame_size;
        return u64{index / each} * shape_.request.block_size + u64{index % each} * shape_.request.frame_size;
    }
    std::atomic<u32> head_ = 0;  ///< the next to be filled
    bool lost_ = false;
};

class BlockRing final : public PacketRing {
public:
    BlockRing(const Shape& shape, RingMemory memory, net::EndpointListener& listener)
        : PacketRing(shape, std::move(memory)), listener_(listener), first_(block_header + block_aligned(shape.request.private_size)) {}
    ~BlockRing() override { timer_.cancel(); }

    Outcome take(const device::Packet& packet, u32 begin, u32 network, u32 most, const Address& from, Instant at) override {
        Guard guard(lock_);
        if (!open_ && !try_open(at)) return Outcome::dropped;
        auto places = places_of(packet, begin, network, most, sizeof(RingFrame3), shape_.request.block_size - first_);
        if (!places.possible) return Outcome::dropped;
        u32 size = block_aligned(places.link + places.copied);
        auto outcome = Outcome::kept;
        if (next_ + size > shape_.request.block_size) {
            hand_over(0);
            outcome = Outcome::shown;
            if (!try_open(at)) return Outcome::dropped;
        }
        auto when = wall_time(at);
        u64 slot = block_at() + next_;
        put_frame(slot, places, packet, begin, from);
        memory_.put(slot, RingFrame3{.next = size, .seconds = when.seconds, .nanoseconds = when.nanoseconds, .copied = places.copied, .size = places.size,
                                     .status = programs, .link_at = static_cast<u16>(places.link), .network_at = static_cast<u16>(places.network), .hash = 0, .vlan = 0,
                                     .vlan_protocol = 0, .padding = {}});
        if (count_++ == 0) timer_.arm(at + Duration::ms(shape_.request.timeout_ms ? shape_.request.timeout_ms : usual_timeout_ms));
        last_ = next_;
        last_at_ = at;
        next_ += size;
        return outcome;
    }
    bool readable() override {
        u32 count = shape_.request.block_count;
        u64 previous = u64{(block_.load(std::memory_order_relaxed) + count - 1) % count} * shape_.request.block_size;
        return memory_.word(previous + offsetof(RingBlock, status)).load(std::memory_order_acquire) != kernels;
    }

private:
    static constexpr u32 usual_timeout_ms = 8;  // DEFAULT_PRB_RETIRE_TOV
    struct OwnedTimer final : time::Timer {
        explicit OwnedTimer(BlockRing& ring) : Timer(time_up), owner(ring) {}
        BlockRing& owner;
    };

    u64 block_at() const { return u64{block_.load(std::memory_order_relaxed)} * shape_.request.block_size; }
    bool try_open(Instant at) {
        if (memory_.word(block_at() + offsetof(RingBlock, status)).load(std::memory_order_acquire) != kernels) return false;
        open_ = true;
        count_ = 0;
        next_ = first_;
        opened_at_ = at;
        return true;
    }
    /// The open block becomes the program's, and the next one is where to go on.
    void hand_over(u32 reason) {
        auto begun = wall_time(opened_at_), ended = wall_time(last_at_);
        memory_.put(block_at() + last_ + offsetof(RingFrame3, next), u32{0});
        memory_.put(block_at(), RingBlock{.version = static_cast<u32>(PacketVersion::three), .private_at = block_header, .status = kernels, .frames = count_, .first = first_, .size = next_,
                                          .number = ++number_, .first_seconds = begun.seconds, .first_nanoseconds = begun.nanoseconds,
                                          .last_seconds = ended.seconds, .last_nanoseconds = ended.nanoseconds});
        memory_.word(block_at() + offsetof(RingBlock, status)).store(programs | reason, std::memory_order_release);
        block_.store((block_.load(std::memory_order_relaxed) + 1) % shape_.request.block_count, std::memory_order_relaxed);
        open_ = false;
    }
    static void time_up(time::Timer& timer) {
        auto& self = static_cast<OwnedTimer&>(timer).owner;
        // Whoever holds the lock may be waiting in arm() for this callback to end.
        if (!self.lock_.try_lock()) return timer.arm(time::now() + Duration::us(50));
        bool shown = self.open_ && self.count_;
        if (shown) self.hand_over(timed_out);
        self.lock_.unlock();
        if (shown) self.listener_.changed(net::Ready::in);
    }

    net::EndpointListener& listener_;
    const u32 first_;        ///< where a block's frames begin
    sync::Spin lock_;
    std::atomic<u32> block_ = 0;  ///< that is filled, or next to be
    bool open_ = false;
    u32 count_ = 0, next_ = 0, last_ = 0;
    u64 number_ = 0;
    Instant opened_at_{}, last_at_{};
    OwnedTimer timer_{*this};
};

bool fits(const PacketRing::Shape& shape) {
    auto& r = shape.request;
    u32 header = shape.version == PacketVersion::three ? sizeof(RingFrame3) : sizeof(RingFrame2);
    if (shape.version == PacketVersion::one || r.block_size == 0 || r.block_size % page_size || r.block_count == 0) return false;
    if (static_cast<i32>(r.block_size) < 0 || u64{r.block_size} * r.block_count > ~u32{0}) return false;
    if (shape.version == PacketVersion::three &&
        (r.private_size >= r.block_size || r.block_size < u64{block_header} + block_aligned(r.private_size) + header)) return false;
    if (aligned(r.frame_size) != r.frame_size || r.frame_size < u64{header} + sizeof(LinkAddress) + shape.reserve || r.frame_size > r.block_size) return false;
    return u64{r.block_size / r.frame_size} * r.block_count == r.frame_count;
}

}  // namespace

Result<Owned<PacketRing>> PacketRing::create(const Shape& shape, net::EndpointListener& listener) {
    if (!fits(shape)) return fail(Error::invalid);
    auto memory = TRY(RingMemory::create(u64{shape.request.block_size} * shape.request.block_count));
    if (shape.version == PacketVersion::three) return Owned<PacketRing>(TRY(make_owned<BlockRing>(shape, std::move(memory), listener)));
    return Owned<PacketRing>(TRY(make_owned<FrameRing>(shape, std::move(memory))));
}

/// [linux net/packet/af_packet.c, tpacket_rcv]
PacketRing::Places PacketRing::places_of(const device::Packet& packet, u32 begin, u32 network, u32 most, u32 header_size, u32 room) const {
    constexpr u32 least_link_header = 16;
    u32 all_headers = header_size + u32{sizeof(LinkAddress)}, link_header = network - begin;
    Places places{.address = aligned(header_size), .link = 0, .network = 0, .size = packet.size() - begin, .copied = 0};
    if (shape_.headers == net::link::Headers::hidden) {
        places.link = places.network = aligned(all_headers) + least_link_header + shape_.reserve;
    } else {
        places.network = aligned(all_headers + std::max(link_header, least_link_header)) + shape_.reserve;
        places.link = places.network - link_header;
    }
    places.possible = places.network <= 0xffff && places.link <= room;
    places.copied = std::min({places.size, most, places.possible ? room - places.link : 0});
    return places;
}

void PacketRing::put_frame(u64 slot, const Places& places, const device::Packet& packet, u32 begin, const Address& from) {
    u64 at = slot + places.link;
    packet.for_each_piece(begin, places.copied, [&](ByteSpan piece) {
        memory_.put(at, piece);
        at += piece.size();
    });
    if (places.address + sizeof(LinkAddress) <= places.link) memory_.put(slot + places.address, to_link_address(from));
}

}  // namespace spore::linux
