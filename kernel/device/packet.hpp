// A packet on its way between a network device and a socket. It has one owner at a time and moves from hand to hand; its bytes are not
// copied until the program's own.
//
// The first bytes lie in `head`, inside the object: all headers, and of a small packet everything. The rest lies in slices of frames, which
// others may share (a page of a file that is sent, a send buffer kept for retransmission). Headers are put in front by push(), taken off by
// pop(); what was taken off stays in place for those who remember where it began (Layer).
#pragma once

#include <cstring>
#include <new>

#include "base/bytes.hpp"
#include "base/owned.hpp"
#include "base/time.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::device {

/// Bytes within a block of frames, of which it owns a reference.
struct Slice {
    memory::FrameRef frame;
    u32 offset = 0;
    u32 size = 0;

    PhysAddr address() const { return frame.address() + offset; }
    std::byte* bytes() const { return frame.bytes() + offset; }
};

/// What is known of the transport checksum.
enum class Checksum : u8 {
    unknown,   ///< received: nobody has looked. To be sent: it is in place
    verified,  ///< received: the device, or a sender on this machine, vouches for it
    partial,   ///< the field holds the pseudo-header's sum; from checksum_start on it is still to be added (by the device, if it can)
};

/// A packet that stands for several: one header, and a payload that whoever sends it at last cuts into pieces of segment_size.
enum class Segmentation : u8 { none, tcp4, tcp6, udp };

/// The layers whose headers begin somewhere in the head.
enum class Layer : u8 { link, network, transport };

class Packet {
public:
    static constexpr u32 head_capacity = 256;
    /// Room in front for every header there is: virtio 12, Ethernet with VLAN 18, IPv6 40, TCP 60 [RFC 9293 3.1].
    static constexpr u32 send_headroom = 136;
    static constexpr u32 max_slices = 18;  ///< 64 KiB in pages, beginning and ending anywhere

    /// An empty packet whose head begins at `headroom`. no_memory.
    static Result<Owned<Packet>> create(u32 headroom = send_headroom);
    /// Another packet with the same bytes, layers and notes; the slices' frames are shared. no_memory.
    Result<Owned<Packet>> clone() const;
    Packet(const Packet&) = delete;
    ~Packet() { clear_slices(); }

    // ---- bytes ----
    u32 size() const { return head_size_ + slice_bytes_; }
    MutableByteSpan head() { return {head_ + head_start_, head_size_}; }
    ByteSpan head() const { return {head_ + head_start_, head_size_}; }
    u32 headroom() const { return head_start_; }
    u32 tailroom() const { return head_capacity - head_start_ - head_size_; }
    std::span<Slice> slices() { return {slice_at(0), slice_count_}; }
    std::span<const Slice> slices() const { return {slice_at(0), slice_count_}; }

    /// `size` more bytes in front of the head, at most headroom(); their contents are the caller's to fill.
    MutableByteSpan push(u32 size) {
        head_start_ = static_cast<u16>(head_start_ - size);
        head_size_ = static_cast<u16>(head_size_ + size);
        return head().first(size);
    }
    /// Takes `size` bytes off the head's front, at most head().size(). They stay in memory, for layer().
    void pop(u32 size) {
        head_start_ = static_cast<u16>(head_start_ + size);
        head_size_ = static_cast<u16>(head_size_ - size);
    }
    /// `size` more bytes at the head's end, at most tailroom(), while there are no slices.
    MutableByteSpan append(u32 size) {
        head_size_ = static_cast<u16>(head_size_ + size);
        return head().last(size);
    }
    /// One more slice at the end. no_space when there are max_slices.
    Result<void> add(Slice slice);
    /// Sees to it that headroom() is at least `size`, moving the head if it must; what was popped off is lost then. no_space.
    Result<void> ensure_headroom(u32 size) {
        if (size <= head_start_) [[likely]] return {};
        return move_head(size);
    }
    /// Sees to it that the head holds at least `size` bytes, moving some over from the slices. truncated when the packet is shorter,
    /// no_space when the head cannot hold so many.
    Result<void> gather(u32 size);
    /// Cuts the packet to its first `size` bytes; nothing when it has no more.
    void truncate(u32 size);
    /// Drops the first `size` bytes, at most size(), of head and slices.
    void drop_front(u32 size);
    /// Copies bytes [offset, offset + into.size()) out; they must be there.
    void copy_out(u32 offset, MutableByteSpan into) const;
    /// Calls visit(ByteSpan) for each contiguous piece of [offset, offset + size), which must be there.
    template <typename F>
    void for_each_piece(u32 offset, u32 size, F&& visit) const {
        auto part = [&](ByteSpan bytes) {
            if (offset >= bytes.size()) { offset -= static_cast<u32>(bytes.size()); return; }
            auto piece = bytes.subspan(offset, bytes.size() - offset < size ? bytes.size() - offset : size);
            offset = 0;
            size -= static_cast<u32>(piece.size());
            if (!piece.empty()) visit(piece);
        };
        part(head());
        for (auto& slice : slices()) {
            if (size == 0) return;
            part({slice.bytes(), slice.size});
        }
    }
    void clear_slices() {
        for (auto& slice : slices()) slice.~Slice();
        slice_count_ = 0;
        slice_bytes_ = 0;
    }

    // ---- layers: positions in the head that do not move when headers are pushed or popped ----
    void mark(Layer layer) { layers_[static_cast<u32>(layer)] = head_start_; }
    std::byte* layer(Layer layer) { return head_ + layers_[static_cast<u32>(layer)]; }
    const std::byte* layer(Layer layer) const { return head_ + layers_[static_cast<u32>(layer)]; }
    /// The layer's distance from where the head begins now; negative when it was taken off.
    i32 layer_offset(Layer layer) const { return i32{layers_[static_cast<u32>(layer)]} - head_start_; }
    /// Makes everything from `layer` on the head again.
    void rewind(Layer layer) {
        u32 back = static_cast<u32>(-layer_offset(layer));
        head_start_ = static_cast<u16>(head_start_ - back);
        head_size_ = static_cast<u16>(head_size_ + back);
    }

    // ---- what travels beside the bytes ----
    Checksum checksum = Checksum::unknown;
    Segmentation segmentation = Segmentation::none;
    u16 checksum_offset = 0;   ///< with partial: the field, counted from Layer::transport, where summing begins
    u16 segment_size = 0;      ///< with segmentation: payload bytes of each piece
    u16 segments = 1;          ///< received, with segmentation: pieces that were joined, as far as is known
    u16 vlan = 0;
    u32 hash = 0;              ///< of addresses and ports, when the device or the stack computed it; 0: not
    Instant received_at{};

    /// Room for the layer that holds the packet (a sequence number, where it came from); means nothing to the next.
    template <typename T>
        requires std::is_trivially_copyable_v<T>
    T& note() {
        static_assert(sizeof(T) <= sizeof note_ && alignof(T) <= 8);
        return *reinterpret_cast<T*>(note_);
    }

    Packet* next = nullptr;  ///< its owner's, for a PacketList

private:
    explicit Packet(u32 headroom) : head_start_(static_cast<u16>(headroom)) {}
    Slice* slice_at(u32 index) { return reinterpret_cast<Slice*>(slices_) + index; }
    const Slice* slice_at(u32 index) const { return reinterpret_cast<const Slice*>(slices_) + index; }
    void remove_front_slices(u32 count);
    Result<void> move_head(u32 start);

    u16 head_start_, head_size_ = 0;
    u16 slice_count_ = 0;
    u16 layers_[3] = {};
    u32 slice_bytes_ = 0;
    // Not initialised: most packets use little of them.
    alignas(8) std::byte note_[48];
    alignas(8) std::byte head_[head_capacity];
    alignas(Slice) std::byte slices_[max_slices * sizeof(Slice)];
};

/// Packets in a row, each owned by the list.
class PacketList {
public:
    constexpr PacketList() = default;
    PacketList(PacketList&& other) noexcept { append(other); }
    PacketList& operator=(PacketList&& other) noexcept {
        if (this != &other) clear(), append(other);
        return *this;
    }
    ~PacketList() { clear(); }

    bool empty() const { return !first_; }
    u32 count() const { return count_; }
    Packet* first() const { return first_; }
    Packet* last() const { return last_; }
    void push_back(Owned<Packet> packet) {
        auto* item = packet.release();
        item->next = nullptr;
        (last_ ? last_->next : first_) = item;
        last_ = item;
        ++count_;
    }
    void push_front(Owned<Packet> packet) {
        auto* item = packet.release();
        item->next = first_;
        first_ = item;
        if (!last_) last_ = item;
        ++count_;
    }
    /// Behind one of the list's; in front of all when that is null.
    void insert_after(Packet* place, Owned<Packet> packet) {
        if (!place) return push_front(std::move(packet));
        if (place == last_) return push_back(std::move(packet));
        auto* item = packet.release();
        item->next = place->next;
        place->next = item;
        ++count_;
    }
    /// Null when there is none.
    Owned<Packet> pop_front() {
        auto* item = first_;
        if (!item) return {};
        first_ = item->next;
        if (!first_) last_ = nullptr;
        item->next = nullptr;
        --count_;
        return Owned<Packet>(item);
    }
    /// Moves all of another list's to the end of this one.
    void append(PacketList& other) {
        if (!other.first_) return;
        (last_ ? last_->next : first_) = other.first_;
        last_ = other.last_;
        count_ += other.count_;
        other.first_ = other.last_ = nullptr;
        other.count_ = 0;
    }
    void clear() {
        while (first_) pop_front();
    }

private:
    Packet* first_ = nullptr;
    Packet* last_ = nullptr;
    u32 count_ = 0;
};

}  // namespace spore::device
