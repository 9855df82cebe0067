#include "kernel/drivers/hyperv/net/sender.hpp"

#include <algorithm>
#include <bit>

#include "kernel/drivers/hyperv/net/frame.hpp"
#include "kernel/drivers/net/fewer_pieces.hpp"

namespace spore::drivers::hyperv::netvsc {

using namespace wire::hyperv;
using device::Packet;

namespace {

constexpr u32 usual_ranges = 32;  ///< where the host does not say
/// More than anything takes that is sent at once: a packet of 64 KiB in as many pieces as there are, each of which may touch two pages more than it fills.
constexpr u32 enough_room = 1024;

std::array<std::byte, net_message_size> filled_up(ByteSpan message) {
    std::array<std::byte, net_message_size> bytes{};
    std::ranges::copy(message.first(std::min<std::size_t>(message.size(), net_message_size)), bytes.begin());
    return bytes;
}

}  // namespace

Sender::~Sender() {
    for (auto*& packet : packets_) Owned<Packet>(std::exchange(packet, nullptr)).reset();
}

Result<u32> Sender::open(Bus& bus, u32 channel) {
    buffer_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(order)));
    return bus.share(channel, buffer_.address(), buffer_size);
}

Result<void> Sender::divide(u32 section_size, u32 most_ranges) {
    // One for messages and one for packets at least, and any packet's head fits.
    if (section_size < page_size / 4 || section_size > buffer_size / 2) return fail(Error::invalid);
    if (most_ranges == 1) return fail(Error::invalid);
    Guard guard(lock_);
    section_size_ = section_size;
    most_ranges_ = most_ranges ? std::min(most_ranges, most_pieces) : usual_ranges;
    u32 slots = std::min(buffer_size / section_size, most_slots);
    all_ = free_ = ~u64{0} >> (most_slots - slots) & ~(u64{1} << control_slot);
    return {};
}

void Sender::transmit(device::PacketList& packets) {
    Guard guard(lock_);
    if (channel_.broken()) [[unlikely]] return packets.clear();
    waiting_.append(packets);
    send_waiting();
    publish();
}

u64 Sender::untaken() {
    Guard guard(lock_);
    if (channel_.broken()) return 0;
    return waiting_.count() + static_cast<u32>(std::popcount(all_ & ~free_));
}

void Sender::settle(u64 slots) {
    Guard guard(lock_);
    if (channel_.broken()) [[unlikely]] return waiting_.clear();  // not the others: the host may still read them
    if (slots & ~(all_ & ~free_)) [[unlikely]] return channel_.give_up();
    free_ |= slots;
    for (; slots; slots &= slots - 1) Owned<Packet>(std::exchange(packets_[std::countr_zero(slots)], nullptr)).reset();
    if (wants_room_.load(std::memory_order_relaxed)) {
        wants_room_.store(false, std::memory_order_relaxed);
        channel_.outgoing.want_room(0);
    }
    if (!waiting_.empty()) send_waiting();
    publish();
}

void Sender::publish() {
    if (channel_.publish()) ++counters.notifications;
}

/// Once more when there was no room at first: some may have come before the host knew that it is waited for.
template <typename F>
bool Sender::with_room(F&& sends) {
    if (sends()) [[likely]] return true;
    wants_room_.store(true, std::memory_order_relaxed);
    channel_.outgoing.want_room(enough_room);
    return sends();
}

bool Sender::answer(u64 transaction) {
    Guard guard(lock_);
    NetPacketAnswer message{NetKind::packet_answer, net_success};
    return with_room([&] { return channel_.send(PacketKind::completion, transaction, 0, bytes_of(message)); });
}

bool Sender::has_room() {
    Guard guard(lock_);
    return channel_.outgoing.largest() - channel_.outgoing.untaken() >= enough_room;
}

template <typename F>
bool Sender::send_shown(F&& sends) {
    Guard guard(lock_);
    bool sent = with_room(sends);
    publish();
    return sent;
}

bool Sender::say(ByteSpan message, u64 transaction, u16 flags) {
    auto bytes = filled_up(message);
    return send_shown([&] { return channel_.send(PacketKind::in_band, transaction, flags, bytes); });
}

bool Sender::say_section(ByteSpan message, u64 transaction, u32 size) {
    auto bytes = filled_up(message);
    device::TransferPiece piece{buffer_.address() + control_slot * section_size_, size};
    return send_shown([&] { return channel_.send_direct(transaction, {&piece, 1}, bytes); });
}

bool Sender::fits(const Packet& packet) const { return frame_head_size_of(packet) + packet.size() <= section_size_; }

void Sender::send_waiting() {
    while (auto* first = waiting_.first()) {
        if (in_too_many_pieces(*first)) [[unlikely]] {
            compact_first();
            continue;
        }
        if (!free_ || !with_room([&] { return send(*first); })) break;
        (void)waiting_.pop_front().release();  // its slot's now
    }
    for (; waiting_.count() > max_waiting; ++counters.send_queue_full) waiting_.pop_front();
}

void Sender::compact_first() {
    auto smaller = in_fewer_pieces(*waiting_.first());
    waiting_.pop_front();
    if (!smaller || in_too_many_pieces(**smaller)) ++counters.send_queue_full;
    else waiting_.push_front(std::move(*smaller));
}

/// There is a slot. False when there is no room in the ring for it.
bool Sender::send(Packet& packet) {
    auto slot = static_cast<u32>(std::countr_zero(free_));
    bool whole = fits(packet);
    u32 head = static_cast<u32>(packet.head().size()), all = frame_head_size_of(packet) + packet.size();
    write_frame(packet, whole ? packet.size() : head, section(slot).data());
    auto message = filled_up(bytes_of(NetPacket{NetKind::packet, net_data, whole ? slot : no_section, whole ? all : 0}));
    if (whole) {
        if (!channel_.send(PacketKind::in_band, transaction_of(slot), wants_completion, message)) return false;
    } else {
        device::TransferPiece pieces[most_pieces];
        u32 count = 0;
        pieces[count++] = {buffer_.address() + slot * section_size_, frame_head_size_of(packet) + head};
        for (auto& slice : packet.slices()) pieces[count++] = {slice.address(), slice.size};
        if (!channel_.send_direct(transaction_of(slot), std::span(pieces, count), message)) return false;
    }
    packets_[slot] = &packet;
    free_ &= free_ - 1;
    counters.bytes_sent += packet.size();
    ++counters.packets_sent;
    return true;
}

}  // namespace spore::drivers::hyperv::netvsc
