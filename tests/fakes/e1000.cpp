#include "tests/fakes/e1000.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/net/segments.hpp"

namespace spore::fakes {

using namespace wire::e1000;

namespace {

/// sum_up(), but only to the byte `last`.
void sum_up(Bytes& frame, std::size_t start, std::size_t field, std::size_t last) {
    ASSERT_LE(start, last);
    ASSERT_LT(last, frame.size());
    ASSERT_LE(field + 2, frame.size());
    store(frame, field, plain_checksum(part(frame, start, last + 1 - start)), 2);
}

}  // namespace

void E1000Card::reset() {
    registers.clear();
    ++resets;
    causes_ = mask_ = 0;
    frame_.clear();
    unreported_.clear();
    if (!loads_address) return;
    registers[Register::receive_address_low] = eeprom[0] | u32{eeprom[1]} << 16;
    registers[Register::receive_address_high] = eeprom[2] | receive_address_valid;
}

u32 E1000Card::read(Register r, u32 index) {
    switch (r) {
    case Register::status: return link ? status_link_up : 0;
    case Register::multicast_table: return multicast[index];
    case Register::interrupt_cause: return std::exchange(causes_, 0);
    case Register::eeprom_read: {
        auto layout = kind_ == Kind::old ? eeprom_8254x : eeprom_82574;
        u32 word = registers[r] >> layout.address_shift & 0x3f;
        return registers[r] & eeprom_start ? u32{eeprom[word]} << eeprom_data_shift | layout.done : 0;
    }
    default: return registers[r];
    }
}

void E1000Card::write(Register r, u32 value, u32 index) {
    switch (r) {
    case Register::control:
        if (value & control_reset) return reset();
        registers[r] = value;
        return;
    case Register::multicast_table: multicast[index] = value; return;
    case Register::interrupt_cause: causes_ &= ~value; return;
    case Register::interrupt_set: mask_ |= value; return deliver_interrupts();
    case Register::interrupt_clear: mask_ &= ~value; return;
    case Register::transmit_tail:
        registers[r] = value;
        ++tail_writes;
        return fetch();
    case Register::receive_tail: ++tail_writes; [[fallthrough]];
    default: registers[r] = value;
    }
}

void E1000Card::cause(u32 causes) {
    causes_ |= causes;
    if (kind_ == Kind::with_messages && causes & cause_link) causes_ |= cause_other;
    deliver_interrupts();
}

void E1000Card::deliver_interrupts() {
    if (in_handler_ || !handlers.shared) return;
    in_handler_ = true;
    if (kind_ == Kind::old) {
        if (causes_ & mask_) ++interrupts, handlers.shared(handlers.context);
    } else {
        if (u32 queues = causes_ & mask_ & (cause_receive_queue | cause_send_queue)) {
            causes_ &= ~(queues & registers[Register::interrupt_auto_clear]);
            if (registers[Register::extended_control] & extended_control_mask_automatically) mask_ &= ~(queues & registers[Register::interrupt_auto_mask]);
            ++interrupts, handlers.queues(handlers.context);
        }
        if (causes_ & mask_ & cause_other) ++interrupts, handlers.other(handlers.context);
    }
    in_handler_ = false;
}

void E1000Card::set_link(bool up) {
    link = up;
    cause(cause_link);
}

bool E1000Card::lets_through(const Bytes& frame) {
    u32 control = registers[Register::receive_control];
    if (!(control & receive_enable) || frame.size() > 1518) return false;
    if (control & receive_promiscuous) return true;
    u64 to = read_big(frame, 0, 6);
    if (to == 0xffff'ffff'ffff) return control & receive_broadcast;
    if (!(frame[0] & 1)) {
        u64 own = registers[Register::receive_address_low] | u64{registers[Register::receive_address_high] & 0xffff} << 32;
        return std::byteswap(to << 16) == own;
    }
    u32 bit = (u32{frame[5]} << 8 | frame[4]) >> 4;
    return control & receive_all_multicast || multicast[bit / 32] >> bit % 32 & 1;
}

bool E1000Card::receive(const Bytes& frame, u8 status, u8 errors) {
    u32 head = registers[Register::receive_head];
    if (!lets_through(frame) || head == registers[Register::receive_tail]) return false;
    auto& d = receive_ring()[head];
    std::memcpy(arch::direct({d.address}), frame.data(), frame.size());
    write_back({d.address, static_cast<u16>(frame.size()), 0, static_cast<u8>(status | received_done | received_end), errors, 0});
    return true;
}

void E1000Card::write_back(const Received& found) {
    u32& head = registers[Register::receive_head];
    receive_ring()[head] = found;
    head = (head + 1) % (registers[Register::receive_length] / sizeof(Received));
    cause(kind_ == Kind::old ? cause_received : cause_receive_queue);
}

void E1000Card::resume() {
    held_ = false;
    for (u32 index : std::exchange(unreported_, {})) transmit_ring()[index].high |= transmit_done;
    cause(kind_ == Kind::old ? cause_sent : cause_send_queue);
}

void E1000Card::fetch() {
    u32& head = registers[Register::transmit_head];
    u32 size = registers[Register::transmit_length] / sizeof(Transmit);
    ASSERT_LT(registers[Register::transmit_tail], size);
    bool reported = false;
    for (; head != registers[Register::transmit_tail]; head = (head + 1) % size) {
        auto& d = transmit_ring()[head];
        ASSERT_TRUE(d.high & command_extended);
        if (!(d.high & data_kind)) {
            EXPECT_TRUE(frame_.empty());
            (d.high & command_segment ? segment_context_ : context_) = {d.low, d.high};
            continue;
        }
        if (frame_.empty()) data_ = d.high;
        EXPECT_EQ((data_ ^ d.high) >> 40, 0u);
        auto* bytes = static_cast<u8*>(arch::direct({d.low}));
        frame_.insert(frame_.end(), bytes, bytes + (d.high & 0xf'ffff));
        if (!(d.high & command_end)) continue;
        send(frame_, data_, data_ & command_segment ? segment_context_ : context_);
        frame_.clear();
        if (!(d.high & command_report)) continue;
        if (held_) unreported_.push_back(head);
        else d.high |= transmit_done, reported = true;
    }
    if (reported) cause(kind_ == Kind::old ? cause_sent : cause_send_queue);
}

void E1000Card::send(const Bytes& whole, u64 data, const Context& context) {
    auto field = [&](u64 word, unsigned shift, u64 mask = 0xff) { return static_cast<std::size_t>(word >> shift & mask); };
    std::size_t ip = field(context.low, 0), ip_field = field(context.low, 8), ip_last = field(context.low, 16, 0xffff);
    std::size_t transport = field(context.low, 32), transport_field = field(context.low, 40);
    std::size_t header = field(context.high, 40), piece = field(context.high, 48, 0xffff), payload = field(context.high, 0, 0xf'ffff);
    auto finish = [&](Bytes frame) {
        if (data & option_transport_checksum) sum_up(frame, transport, transport_field);
        if (data & option_ip_checksum) sum_up(frame, ip, ip_field, ip_last);
        if (frame.size() < 60 && registers[Register::transmit_control] & transmit_pad) frame.resize(60);
        sent_.push_back(std::move(frame));
    };
    if (!(data & command_segment)) return finish(whole);
    ASSERT_EQ(header + payload, whole.size());
    ASSERT_GT(piece, 0u);
    for (std::size_t at = 0; at < payload; at += piece) {
        std::size_t size = std::min(piece, payload - at);
        Bytes frame = part(whole, 0, header) + part(whole, header + at, size);
        EXPECT_TRUE(context.high & context_tcp && context.high & context_ipv4);
        store(frame, ip + 2, frame.size() - ip, 2);
        store(frame, transport + 4, read_big(frame, transport + 4, 4) + at, 4);
        if (at + size < payload) frame[transport + 13] &= static_cast<u8>(~0x09);
        u64 sum = read_big(frame, transport_field, 2) + (frame.size() - transport);
        store(frame, transport_field, (sum & 0xffff) + (sum >> 16), 2);
        finish(std::move(frame));
    }
}

}  // namespace spore::fakes
