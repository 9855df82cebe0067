#include "kernel/drivers/hyperv/net/receiver.hpp"

#include <algorithm>

#include "kernel/drivers/net/receive_frames.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::hyperv::netvsc {

using namespace wire::hyperv;
namespace rndis = wire::rndis;
using device::Packet;

namespace {

constexpr unsigned largest_order = 8, smallest_order = 5;
/// Of the machine's memory, at most.
constexpr u32 memory_share = 64;
constexpr u32 link_header = 14, largest_frame = link_header + 0xffff;
/// There are about ten kinds of information about a frame.
constexpr u32 most_infos = 16;

/// A copy of what others may change meanwhile; nothing where the bytes are fewer.
template <typename T>
std::optional<T> copy_at(ByteSpan bytes, u64 offset) {
    auto part = slice(bytes, offset, sizeof(T));
    if (!part) return std::nullopt;
    T value;
    std::memcpy(&value, part->data(), sizeof value);
    std::atomic_signal_fence(std::memory_order_acquire);  // no second look
    return value;
}

/// What the host says of the frame's sums; nothing when it says it wrongly.
std::optional<device::Checksum> sums_in(ByteSpan infos) {
    auto found = device::Checksum::unknown;
    for (u32 i = 0; i < most_infos && !infos.empty(); ++i) {
        auto head = copy_at<rndis::InfoHead>(infos, 0);
        if (!head || head->bytes < sizeof *head || head->bytes > infos.size()) return std::nullopt;
        auto info = infos.first(head->bytes);
        infos = infos.subspan(head->bytes);
        if (head->kind != rndis::InfoKind::checksum) continue;
        auto value = copy_at<u32>(info, head->offset);
        if (!value) return std::nullopt;
        bool wrong = *value & (rndis::tcp_wrong | rndis::udp_wrong | rndis::ip_wrong), right = *value & (rndis::tcp_right | rndis::udp_right);
        if (right && !wrong) found = device::Checksum::verified;
    }
    return found;
}

/// Null without memory.
Owned<Packet> copied(ByteSpan frame) {
    auto packet = Packet::create(ReceiveFrames::headroom);
    if (!packet) [[unlikely]] return {};
    auto head = frame.first(frame.size() <= ReceiveFrames::copied_whole ? frame.size() : ReceiveFrames::copied_headers);
    std::ranges::copy(head, (*packet)->append(static_cast<u32>(head.size())).begin());
    for (frame = frame.subspan(head.size()); !frame.empty();) {
        auto allocated = memory::allocate_frames();
        if (!allocated) [[unlikely]] return {};
        auto memory = memory::FrameRef::adopt(*allocated);
        auto part = frame.first(std::min(frame.size(), page_size));
        std::ranges::copy(part, memory.bytes());
        frame = frame.subspan(part.size());
        if (!(*packet)->add({std::move(memory), 0, static_cast<u32>(part.size())})) [[unlikely]] return {};
    }
    return std::move(*packet);
}

}  // namespace

Result<u32> Receiver::open(Bus& bus, u32 channel) {
    u64 most = memory::memory_use().total / memory_share;
    unsigned order = largest_order;
    while (order > smallest_order && page_size << order > most) --order;
    auto frames = memory::allocate_zeroed_frames(order);
    // It must be in one piece, which there may be only smaller ones of.
    while (!frames && order > smallest_order) frames = memory::allocate_zeroed_frames(--order);
    buffer_ = memory::FrameRef::adopt(TRY(frames));
    buffer_size_ = static_cast<u32>(page_size << order);
    return bus.share(channel, buffer_.address(), buffer_size_);
}

u32 Receiver::poll(u32 budget, device::PacketList& packets) {
    if (!has_news()) return 0;
    now_ = time::now();
    u32 done = 0;
    for (; done < budget && pay(); ++done) {
        auto packet = channel_.incoming.next();
        if (!packet || channel_.broken()) break;
        if (!take(*packet, packets)) {
            channel_.give_up();
            break;
        }
        channel_.incoming.take(*packet);
    }
    (void)pay();
    channel_.release();
    sender_.settle(std::exchange(done_, 0));
    return done;
}

/// Whether nothing is owed. A packet is answered once it was taken; until there is room for that no other is taken.
bool Receiver::pay() {
    if (owed_ && sender_.answer(*owed_)) owed_.reset();
    return !owed_;
}

/// False when the host broke the rules.
bool Receiver::take(const Incoming& packet, device::PacketList& packets) {
    switch (packet.kind) {
    case PacketKind::completion: return take_completion(packet);
    case PacketKind::transfer_pages: return take_ranges(packet, packets);
    case PacketKind::in_band: return true;  // of what else it may tell nothing matters
    default: return false;
    }
}

bool Receiver::take_completion(const Incoming& packet) {
    if (packet.transaction == Sender::transaction_of(Sender::control_slot)) {
        std::byte bytes[net_message_size];
        auto message = std::span(bytes).first(std::min<std::size_t>(packet.data_bytes, sizeof bytes));
        return channel_.incoming.copy_data(packet, 0, message) && control_.take_completion(message);
    }
    NetPacketAnswer answer;
    if (!channel_.incoming.copy_data(packet, 0, std::as_writable_bytes(std::span(&answer, 1))) || answer.kind != NetKind::packet_answer) return false;
    u64 slot = packet.transaction - Sender::transaction_of(0);
    // Which of them wait for it is known where they are settled.
    if (slot >= Sender::most_slots || done_ >> slot & 1) return false;
    done_ |= u64{1} << slot;
    return true;
}

bool Receiver::take_ranges(const Incoming& packet, device::PacketList& packets) {
    TransferHead head;
    NetPacket message;
    if (!channel_.incoming.copy_head(packet, 0, std::as_writable_bytes(std::span(&head, 1))) || head.memory != receive_buffer_id) return false;
    if (!channel_.incoming.copy_data(packet, 0, std::as_writable_bytes(std::span(&message, 1))) || message.kind != NetKind::packet) return false;
    for (u32 i = 0; i < head.ranges; ++i) {
        TransferRange range;
        if (!channel_.incoming.copy_head(packet, static_cast<u32>(sizeof head + i * sizeof range), std::as_writable_bytes(std::span(&range, 1)))) return false;
        auto bytes = slice({buffer_.bytes(), buffer_size_}, range.offset, range.bytes);
        if (!bytes || !take_message(*bytes, packets)) return false;
    }
    if (packet.wants_completion) owed_ = packet.transaction;
    return true;
}

/// One message lies in each range; the range may be longer.
bool Receiver::take_message(ByteSpan bytes, device::PacketList& packets) {
    auto head = copy_at<rndis::Head>(bytes, 0);
    if (!head || head->bytes < sizeof *head || head->bytes > bytes.size()) return false;
    bytes = bytes.first(head->bytes);
    if (head->kind == rndis::Kind::packet) return take_frame(bytes.subspan(sizeof *head), packets);
    control_.take_message(bytes);
    return true;
}

bool Receiver::take_frame(ByteSpan message, device::PacketList& packets) {
    auto head = copy_at<rndis::Packet>(message, 0);
    if (!head) return false;
    auto frame = slice(message, head->data_offset, head->data_bytes), infos = slice(message, head->info_bytes ? head->info_offset : 0, head->info_bytes);
    if (!frame || !infos) return false;
    auto sums = sums_in(*infos);
    if (!sums) return false;
    if (frame->size() < link_header || frame->size() > largest_frame) {
        ++counters.receive_errors;
        return true;
    }
    auto packet = copied(*frame);
    if (!packet) {
        ++counters.receive_no_memory;
        return true;
    }
    packet->checksum = *sums;
    packet->received_at = now_;
    packet->mark(device::Layer::link);
    ++counters.packets_received;
    counters.bytes_received += packet->size();
    packets.push_back(std::move(packet));
    return true;
}

}  // namespace spore::drivers::hyperv::netvsc
