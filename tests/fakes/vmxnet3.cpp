#include "tests/fakes/vmxnet3.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/net/segments.hpp"

namespace spore::fakes {

using namespace wire::vmxnet3;

struct Vmxnet3Card::Queues final : drivers::Hardware {
    explicit Queues(Vmxnet3Card& one) : card(one) {}
    u32 read(u32) override { return 0; }
    void write(u32 offset, u32 value) override {
        if (!card.active) return;
        if (offset == static_cast<u32>(QueueRegister::sent)) {
            ++card.tellings;
            EXPECT_LT(value, card.send_.size);
            return card.fetch();
        }
        if (offset == static_cast<u32>(QueueRegister::received)) {
            ++card.tellings;
            card.told_received = value;
            return;
        }
        ASSERT_LT(offset / 8, std::max(card.connected_, 1u));
        ++card.mask_writes;
        card.handlers_[offset / 8].masked = value;
        card.deliver();
    }
    Result<u16> connect_message(u32, arch::InterruptHandler, void*) override { return fail(Error::busy); }
    Result<void> connect_shared(arch::InterruptHandler, void*) override { return fail(Error::busy); }
    void cut_off() override {}
    Vmxnet3Card& card;
};

struct Vmxnet3Card::Control final : drivers::Hardware {
    explicit Control(Vmxnet3Card& one) : card(one) {}
    u32 read(u32 offset) override {
        switch (static_cast<Register>(offset)) {
        case Register::revisions: return card.revisions;
        case Register::upt_versions: return card.upt_versions;
        case Register::command: return card.answer_;
        case Register::address_low: return static_cast<u32>(card.address);
        case Register::address_high: return static_cast<u32>(card.address >> 32);
        default: return 0;
        }
    }
    void write(u32 offset, u32 value) override {
        switch (static_cast<Register>(offset)) {
        case Register::shared_low: card.shared_ = value; return;
        case Register::shared_high: card.shared_ |= u64{value} << 32; return;
        case Register::command: return card.command(static_cast<Command>(value));
        case Register::events: card.shared().events &= ~value; return;
        default: return;
        }
    }
    Result<u16> connect_message(u32, arch::InterruptHandler function, void* context) override {
        if (!card.messages_) return fail(Error::not_supported);
        if (card.connected_ == card.messages_) return fail(Error::busy);
        card.handlers_[card.connected_] = {function, context};
        return static_cast<u16>(card.connected_++);
    }
    Result<void> connect_shared(arch::InterruptHandler function, void* context) override {
        if (card.refuses_interrupts) return fail(Error::busy);
        card.handlers_[0] = {function, context};
        return {};
    }
    void cut_off() override { card.is_cut_off = true; }
    Vmxnet3Card& card;
};

Owned<drivers::Hardware> Vmxnet3Card::queues() { return Owned<drivers::Hardware>(new Queues(*this)); }
Owned<drivers::Hardware> Vmxnet3Card::control() { return Owned<drivers::Hardware>(new Control(*this)); }

void Vmxnet3Card::command(Command what) {
    answer_ = 0;
    switch (what) {
    case Command::activate: answer_ = !activate(); return;
    case Command::quiesce: active = false; return;
    case Command::reset:
        active = false;
        ++resets;
        frame_.clear();
        unreported_.clear();
        for (auto& handler : handlers_) handler.masked = true, handler.pending = false;
        return;
    case Command::update_receive_mode: receive_mode = shared().receive_mode; return;
    case Command::update_groups: return read_groups();
    case Command::get_link: answer_ = link ? 10'000u << 16 | link_up : 0; return;
    case Command::get_interrupts: answer_ = masks_itself ? 0 : 1 << 2; return;
    }
    ADD_FAILURE() << "command " << static_cast<u32>(what);
}

bool Vmxnet3Card::activate() {
    if (refuses_to_start || !shared_) return false;
    auto& settings = shared();
    EXPECT_EQ(settings.magic, magic);
    EXPECT_EQ(settings.driver_revisions, 1u);
    EXPECT_EQ(settings.driver_upt_versions, 1u);
    EXPECT_EQ(settings.features, feature_receive_checksum);
    EXPECT_EQ(settings.queues % queue_alignment, 0u);
    EXPECT_EQ(settings.queues_size, sizeof(SendQueue) + sizeof(ReceiveQueue));
    EXPECT_TRUE(settings.mtu >= 60 && settings.mtu <= 9000);
    EXPECT_EQ(settings.send_queues, 1);
    EXPECT_EQ(settings.receive_queues, 1);
    EXPECT_EQ(settings.most_receive_pieces, 1);
    EXPECT_EQ(settings.interrupts_mask_themselves, masks_itself);
    EXPECT_EQ(settings.interrupts, std::max(connected_, 1u));
    auto& out = send_queue();
    auto& in = receive_queue();
    EXPECT_EQ(out.interrupt, connected_ > 1);
    EXPECT_EQ(in.interrupt, 0);
    in.wants_updates = wants_updates;
    send_ = {out.ring, out.ring_size};
    sent_completions_ = {out.completions, out.completions_size};
    receive_ = {in.rings[0], in.ring_sizes[0]};
    received_completions_ = {in.completions, in.completions_size};
    for (auto& ring : {send_, sent_completions_, receive_, received_completions_}) {
        EXPECT_EQ(ring.base % 512, 0u);
        EXPECT_EQ(ring.size % ring_size_step, 0u);
        EXPECT_GT(ring.size, 0u);
    }
    EXPECT_GE(received_completions_.size, receive_.size + in.ring_sizes[1]);
    EXPECT_GE(sent_completions_.size, send_.size);
    receive_mode = settings.receive_mode;
    read_groups();
    return active = true;
}

void Vmxnet3Card::read_groups() {
    groups.clear();
    auto* list = static_cast<u8*>(arch::direct({shared().groups}));
    for (u32 at = 0; at + 6 <= shared().groups_size; at += 6) groups.emplace_back(list + at, list + at + 6);
}

void Vmxnet3Card::cause(u32 interrupt) {
    handlers_[interrupt].pending = true;
    deliver();
}

void Vmxnet3Card::deliver() {
    if (in_handler_ || late) return;
    in_handler_ = true;
    for (auto& handler : handlers_)
        if (handler.function && handler.pending && !handler.masked) {
            handler.pending = false;
            handler.masked = masks_itself;
            ++interrupts;
            handler.function(handler.context);
        }
    in_handler_ = false;
}

void Vmxnet3Card::set_link(bool up) {
    link = up;
    event(event_link);
}

void Vmxnet3Card::event(u32 events) {
    if (!active) return;
    shared().events |= events;
    cause(shared().event_interrupt);
}

bool Vmxnet3Card::lets_through(const Bytes& frame) {
    if (!active || !link) return false;
    if (receive_mode & receive_promiscuous) return true;
    u64 to = read_big(frame, 0, 6);
    if (to == 0xffff'ffff'ffff) return receive_mode & receive_broadcast;
    if (!(frame[0] & 1)) return receive_mode & receive_unicast && std::byteswap(to << 16) == address;
    if (receive_mode & receive_all_multicast) return true;
    return receive_mode & receive_multicast && std::ranges::contains(groups, part(frame, 0, 6));
}

bool Vmxnet3Card::receive(const Bytes& frame, Completion words) {
    if (!lets_through(frame)) return false;
    auto& place = receive_.here<Descriptor>();
    bool has_it = !!(place.low & receive_generation) == receive_.phase;
    if (!has_it) return false;
    EXPECT_LE(frame.size(), place.low & 0x3fff);
    EXPECT_EQ(place.low & (1 << 14), 0u);  // for the head of a packet
    std::memcpy(arch::direct({place.address}), frame.data(), frame.size());
    words.words[0] |= receive_.next | 1 << 14 | 1 << 15;
    words.words[2] |= static_cast<u32>(frame.size());
    receive_.advance();
    complete_receive(words);
    return true;
}

u32 Vmxnet3Card::skip_buffer() {
    u32 skipped = receive_.next;
    receive_.advance();
    return skipped;
}

void Vmxnet3Card::put(CardRing& ring, Completion found) {
    found.words[3] &= ~Completion::generation;
    if (ring.phase) found.words[3] |= Completion::generation;
    ring.here<Completion>() = found;
    ring.advance();
}

void Vmxnet3Card::complete_receive(Completion found) {
    if (!active) return;
    put(received_completions_, found);
    cause(receive_queue().interrupt);
}

void Vmxnet3Card::complete_send(u32 slot) {
    if (!active) return;
    put(sent_completions_, {{slot, 0, 0, 0}});
    cause(connected_ > 1 ? 1 : 0);
}

void Vmxnet3Card::resume() {
    held_ = false;
    for (u32 slot : std::exchange(unreported_, {})) complete_send(slot);
}

void Vmxnet3Card::fetch() {
    u32 pieces = 0;
    while (true) {
        auto place = send_.here<Descriptor>();
        if (!!(place.low & send_generation) != send_.phase) break;
        u32 slot = send_.next;
        send_.advance();
        if (pieces++ == 0) first_low_ = place.low, first_high_ = place.high;
        else EXPECT_EQ(place.high & 0xfff, 0u);
        auto* bytes = static_cast<u8*>(arch::direct({place.address}));
        u32 size = place.low % largest_piece;
        frame_.insert(frame_.end(), bytes, bytes + (size ? size : largest_piece));
        if (!(place.high & send_end)) continue;
        EXPECT_TRUE(place.high & send_report);
        EXPECT_LE(pieces, (first_high_ & mode_segments) == mode_segments ? most_segmented_pieces : most_pieces);
        pieces = 0;
        send(frame_, first_low_, first_high_);
        frame_.clear();
        if (held_) unreported_.push_back(slot);
        else complete_send(slot);
    }
    EXPECT_EQ(pieces, 0u);  // the first descriptor is shown last
}

void Vmxnet3Card::send(const Bytes& whole, u32 low, u32 high) {
    std::size_t headers = high & 0x3ff, argument = low >> argument_shift;
    u32 mode = high & mode_segments;
    if (mode == 0) return sent_.push_back(whole);
    if (mode == mode_checksum) {
        Bytes frame = whole;
        sum_up(frame, headers, argument);
        return sent_.push_back(std::move(frame));
    }
    ASSERT_EQ(mode, mode_segments);
    ASSERT_GT(argument, 0u);
    bool v4 = read_big(whole, 12, 2) == 0x0800;
    std::size_t transport = v4 ? 34 : 54;
    EXPECT_EQ(headers, transport + (whole.at(transport + 12) >> 4) * std::size_t{4});
    if (v4) EXPECT_EQ(read_big(whole, 24, 2), 0u);
    for (auto& frame : cut_tcp(whole, transport, argument)) sent_.push_back(std::move(frame));
}

}  // namespace spore::fakes
