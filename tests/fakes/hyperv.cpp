#include "tests/fakes/hyperv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "arch/mmu.hpp"

namespace spore::fakes {

using namespace wire::hyperv;

namespace {

HypervHost host;
constexpr u32 connections = 1000;

template <typename T>
T read_as(ByteSpan message) {
    T value{};
    EXPECT_GE(message.size(), sizeof value);
    std::memcpy(&value, message.data(), std::min(message.size(), sizeof value));
    return value;
}

/// A list may be shorter than its message has room for.
ShareHeader read_head(ByteSpan message) {
    ShareHeader head{};
    EXPECT_GT(message.size(), offsetof(ShareHeader, frames));
    std::memcpy(&head, message.data(), std::min(message.size(), sizeof head));
    return head;
}

}  // namespace

// ---- shared pages ----

std::byte* SharedPages::page(u32 index) const { return static_cast<std::byte*>(arch::direct({frames.at(index) << page_shift})); }

void SharedPages::copy_out(u32 offset, MutableByteSpan into) const {
    for (std::size_t i = 0; i < into.size(); ++i) into[i] = *at(offset + static_cast<u32>(i));
}

void SharedPages::copy_in(u32 offset, ByteSpan bytes) const {
    for (std::size_t i = 0; i < bytes.size(); ++i) *at(offset + static_cast<u32>(i)) = bytes[i];
}

// ---- a channel's end ----

ChannelEnd::ChannelEnd(u32 number, SharedPages pages, u32 incoming_page) : number_(number), incoming_page_(incoming_page), pages_(std::move(pages)) {
    EXPECT_EQ(pages_.frames.size(), 2 * incoming_page_) << "rings of one size";
    EXPECT_GE(incoming_page_, 2u);
    for (auto* ring : {&theirs(), &ours()}) {
        EXPECT_EQ(ring->in, 0u);
        EXPECT_EQ(ring->out, 0u);
        EXPECT_EQ(ring->features & tells_pending, tells_pending);
    }
}

void ChannelEnd::read(u32 at, MutableByteSpan into) const {
    for (auto& byte : into) byte = *pages_.at(page_size + at++ % ring_size());
}

void ChannelEnd::write(u32 at, ByteSpan bytes) const {
    for (auto byte : bytes) *pages_.at((incoming_page_ + 1) * page_size + at++ % ring_size()) = byte;
}

bool ChannelEnd::has_packet() const { return theirs().in != theirs().out; }

std::optional<ChannelEnd::Packet> ChannelEnd::take() {
    if (!has_packet()) return std::nullopt;
    u32 out = theirs().out, in = theirs().in, there = (in + ring_size() - out) % ring_size();
    EXPECT_LT(in, ring_size());
    EXPECT_EQ(in % unit, 0u);
    PacketHead head;
    read(out, std::as_writable_bytes(std::span(&head, 1)));
    u32 data = head.data_units * unit, end = head.units * unit;
    EXPECT_GE(data, sizeof head);
    EXPECT_GE(end, data);
    EXPECT_LE(end + trailer_size, there);
    if (data < sizeof head || end < data || end + trailer_size > there) return std::nullopt;
    EXPECT_EQ(head.flags & ~wants_completion, 0);
    u64 trailer;
    read(out + end, std::as_writable_bytes(std::span(&trailer, 1)));
    EXPECT_EQ(trailer >> 32, out) << "where the packet began";
    Packet packet{head.kind, head.flags, head.transaction, Bytes(data - sizeof head), Bytes(end - data)};
    read(out + sizeof head, std::as_writable_bytes(std::span(packet.head)));
    read(out + data, std::as_writable_bytes(std::span(packet.data)));
    u32 before = (out + ring_size() - in - 1) % ring_size() + 1, after_taking = (out + end + trailer_size + ring_size() - in - 1) % ring_size() + 1;
    theirs().out = (out + end + trailer_size) % ring_size();
    if (u32 waits = theirs().pending_bytes; waits && before < waits && after_taking >= waits) raise();
    return packet;
}

std::vector<std::span<u8>> ChannelEnd::memory_of(const Packet& packet) {
    std::vector<std::span<u8>> memory;
    EXPECT_EQ(packet.kind, PacketKind::direct);
    DirectHead head;
    std::size_t at = 0;
    auto take = [&](auto& value) {
        ASSERT_LE(at + sizeof value, packet.head.size());
        std::memcpy(&value, &packet.head[at], sizeof value);
        at += sizeof value;
    };
    take(head);
    EXPECT_GE(head.ranges, 1u);
    for (u32 i = 0; i < head.ranges; ++i) {
        RangeHead range;
        take(range);
        EXPECT_LT(range.offset, page_size);
        for (u32 offset = range.offset, left = range.bytes; left; offset = 0) {
            u64 frame;
            take(frame);
            u32 size = std::min<u32>(left, page_size - offset);
            memory.emplace_back(static_cast<u8*>(arch::direct({(frame << page_shift) + offset})), size);
            left -= size;
        }
    }
    EXPECT_EQ(at, packet.head.size());
    return memory;
}

u32 ChannelEnd::room() const { return ring_size() - (ours().in + ring_size() - ours().out) % ring_size(); }

bool ChannelEnd::put(const Packet& packet) {
    EXPECT_LT(ours().out, ring_size());
    EXPECT_EQ(packet.head.size() % unit, 0u);
    u32 data = static_cast<u32>(sizeof(PacketHead) + packet.head.size());
    u32 end = data + static_cast<u32>(packet.data.size() + unit - 1) / unit * unit, in = ours().in;
    if (room() <= end + trailer_size) return false;
    PacketHead head{packet.kind, static_cast<u16>(data / unit), static_cast<u16>(end / unit), packet.flags, packet.transaction};
    write(in, bytes_of(head));
    write(in + sizeof head, std::as_bytes(std::span(packet.head)));
    write(in + data, std::as_bytes(std::span(packet.data)));
    write(in + end, bytes_of(u64{in} << 32));
    ours().in = (in + end + trailer_size) % ring_size();
    if (!ours().interrupt_mask && ours().out == in) raise();
    return true;
}

void ChannelEnd::raise() {
    ++raised;
    if (!keeps_quiet) host.raise(number_);
}

// ---- the host ----

/// What arch/hyperv.hpp's functions may touch.
struct HypervCalls {
    static MessageSlot& slot() { return host.slot_; }
    static EventFlags& events() { return host.events_; }
    static void taken() {
        EXPECT_TRUE(host.slot_.type) << "there was no message";
        host.slot_.type = 0;
        host.fill_slot();
    }
    static Result<void> post(u32 connection, ByteSpan message) {
        EXPECT_EQ(connection, message_connection);
        EXPECT_LE(message.size(), message_size);
        if (host.busy) return --host.busy, fail(Error::busy);
        if (!host.deaf) host.hear(message);
        return {};
    }
    static void signal(u32 connection) {
        auto* channel = host.channel(connection - connections);
        EXPECT_TRUE(channel) << "nobody is at connection " << connection;
        if (!channel) return;
        ++channel->signals;
        if (channel->on_signal) channel->on_signal();
    }
    static void connect(arch::InterruptHandler handler, void* context) { host.handler_ = handler, host.context_ = context; }
};

HypervHost& HypervHost::get() { return host; }
HypervHost& HypervHost::start() { return host = HypervHost(); }

drivers::hyperv::Offer& HypervHost::offer(Guid interface, u32 channel, Guid instance) {
    offers.push_back({interface, instance, channel, channel + connections});
    return offers.back();
}

void HypervHost::fill_slot() {
    if (slot_.type || said_.empty()) return;
    auto message = std::move(said_.front());
    said_.pop_front();
    slot_ = {.type = message_type, .size = static_cast<u8>(message.size()), .flags = said_.empty() ? u8{0} : message_more, .reserved = 0, .port = 0, .bytes = {}};
    std::ranges::copy(message, slot_.bytes);
}

void HypervHost::say(ByteSpan message) {
    ASSERT_LE(message.size(), message_size);
    said_.push_back(ChannelEnd::copy_of(message));
    fill_slot();
    if (handler_) handler_(context_);
}

void HypervHost::take_back(u32 channel) { say(bytes_of(ChannelMessage{{MessageKind::rescind, 0}, channel})); }

void HypervHost::raise(u32 channel) {
    events_.words[channel / 64] |= u64{1} << channel % 64;
    handler_(context_);
    EXPECT_EQ(events_.words[channel / 64] >> channel % 64 & 1, 0u);
}

void HypervHost::note_shared(u32 channel, u32 number) { say(bytes_of(Shared{{MessageKind::shared, 0}, channel, number, share_status})); }

void HypervHost::hear(ByteSpan message) {
    auto kind = read_as<MessageHeader>(message).kind;
    heard.push_back(kind);
    switch (kind) {
    case MessageKind::contact: {
        auto asked = read_as<Contact>(message);
        EXPECT_EQ(asked.processor, 0u);
        for (u64 page : {asked.interrupt_page, asked.monitor_pages[0], asked.monitor_pages[1]}) EXPECT_TRUE(page && page % page_size == 0);
        return say(bytes_of(ContactAnswer{{MessageKind::contact_answer, 0}, supported, 0, 0, 0}));
    }
    case MessageKind::request_offers:
        for (auto& one : offers) {
            OfferMessage told{};
            told.header.kind = MessageKind::offer;
            told.interface = one.interface, told.instance = one.instance, told.channel = one.channel, told.connection = one.connection, told.is_dedicated = 1;
            say(bytes_of(told));
        }
        return say(bytes_of(MessageHeader{MessageKind::all_offers, 0}));
    case MessageKind::share_header: {
        auto head = read_head(message);
        u32 frames = (head.list_bytes - 8u) / 8, here = static_cast<u32>((message.size() - offsetof(ShareHeader, frames)) / 8);
        EXPECT_EQ(head.ranges, 1);
        EXPECT_EQ(head.offset, 0u);
        EXPECT_EQ(head.bytes, frames * page_size);
        EXPECT_FALSE(shared_.contains(head.number)) << "the number is in use";
        EXPECT_EQ(here, std::min<u32>(frames, 26));
        auto& pages = shared_[head.number];
        pages.frames.resize(here);
        std::memcpy(pages.frames.data(), message.data() + offsetof(ShareHeader, frames), here * 8);
        share_channel_[head.number] = head.channel;
        missing_[head.number] = frames - here;
        if (frames == here) note_shared(head.channel, head.number);
        return;
    }
    case MessageKind::share_body: {
        ShareBody body{};
        EXPECT_GT(message.size(), offsetof(ShareBody, frames));
        std::memcpy(&body, message.data(), message.size());
        u32 here = static_cast<u32>((message.size() - offsetof(ShareBody, frames)) / 8);
        EXPECT_EQ(here, std::min<u32>(missing_[body.number], 28));
        for (u32 i = 0; i < here; ++i) shared_[body.number].frames.push_back(body.frames[i]);
        if (!(missing_[body.number] -= here)) note_shared(share_channel_[body.number], body.number);
        return;
    }
    case MessageKind::open_channel: {
        auto asked = read_as<OpenChannel>(message);
        EXPECT_EQ(asked.processor, 0u);
        EXPECT_TRUE(shared_.contains(asked.rings));
        EXPECT_FALSE(channels_.contains(asked.channel)) << "open already";
        channels_[asked.channel] = std::make_unique<ChannelEnd>(asked.channel, shared_[asked.rings], asked.incoming_page);
        if (on_open) on_open(*channels_[asked.channel]);
        return say(bytes_of(OpenResult{{MessageKind::open_result, 0}, asked.channel, asked.number, open_status}));
    }
    case MessageKind::channel_released: released.push_back(read_as<ChannelMessage>(message).channel); return;
    case MessageKind::close_channel: return;
    default: ADD_FAILURE() << "a message of kind " << static_cast<u32>(kind);
    }
}

}  // namespace spore::fakes

namespace spore::arch::hyperv {

using fakes::HypervCalls;

bool present() { return true; }
Result<void> connect(InterruptHandler handler, void* context) {
    HypervCalls::connect(handler, context);
    return {};
}
volatile wire::hyperv::MessageSlot& message() { return HypervCalls::slot(); }
void message_taken() { HypervCalls::taken(); }
wire::hyperv::EventFlags& events() { return HypervCalls::events(); }
Result<void> post(u32 connection, ByteSpan message) { return HypervCalls::post(connection, message); }
void signal(u32 connection) { HypervCalls::signal(connection); }
Duration reference_time() { return Duration::ns(static_cast<i64>(fakes::HypervHost::get().reference_ticks * wire::hyperv::nanoseconds_per_tick)); }

}  // namespace spore::arch::hyperv
