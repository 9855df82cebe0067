#include "kernel/drivers/net/e1000/device.hpp"

#include <algorithm>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"

namespace spore::drivers::e1000 {

using namespace wire::e1000;

namespace {
constexpr u32 link_header = 14;
constexpr u32 listed_groups = 64;
constexpr int patience = 100'000;  // reads of a register
constexpr u32 all_causes = ~u32{0};

bool is_address(const device::MacAddress& mac) { return !(mac.bytes[0] & 1) && mac != device::MacAddress{}; }

/// Which of the table's 4096 bits lets a group through [8254x 13.5.1, with the offset of zero].
u32 group_bit(const device::MacAddress& group) { return (u32{group.bytes[4]} >> 4 | u32{group.bytes[5]} << 4) & 0xfff; }
}  // namespace

Device::~Device() {
    reset();
    transmit_.close();
}

void Device::reset() {
    write(Register::interrupt_clear, all_causes);
    write(Register::receive_control, 0);
    write(Register::transmit_control, 0);
    write(Register::control, read(Register::control) | control_reset);
    for (int i = 0; i < patience && read(Register::control) & control_reset; ++i) arch::relax();
    write(Register::interrupt_clear, all_causes);
    (void)read(Register::interrupt_cause);  // which forgets what came before
}

Result<void> Device::open() {
    reset();
    TRY(read_address());
    write(Register::control, read(Register::control) | control_link_up | control_auto_speed | control_full_duplex);
    features_ = {.send_checksum = true, .send_tcp4_segments = model_.segments, .receive_checksum = true};
    if (model_.segments) features_.max_send_size = link_header + 0xffff;
    read_link();
    return {};
}

/// The controller has copied it from the EEPROM when it was reset [8254x 13.5.2]; where it has not, the EEPROM is read here.
Result<void> Device::read_address() {
    u32 low = read(Register::receive_address_low), high = read(Register::receive_address_high);
    bool valid = high & receive_address_valid;
    for (u32 i = 0; i < 6; ++i) mac_.bytes[i] = static_cast<u8>(i < 4 ? low >> i * 8 : high >> (i - 4) * 8);
    if (valid && is_address(mac_)) return {};
    for (u32 word = 0; word < 3; ++word) {
        u16 two = read_eeprom(word);
        mac_.bytes[2 * word] = static_cast<u8>(two);
        mac_.bytes[2 * word + 1] = static_cast<u8>(two >> 8);
    }
    if (!is_address(mac_)) return fail(Error::io);
    auto& b = mac_.bytes;
    write(Register::receive_address_low, u32{b[0]} | u32{b[1]} << 8 | u32{b[2]} << 16 | u32{b[3]} << 24);
    write(Register::receive_address_high, u32{b[4]} | u32{b[5]} << 8 | receive_address_valid);
    return {};
}

/// Zero when it does not answer.
u16 Device::read_eeprom(u32 word) {
    write(Register::eeprom_read, eeprom_start | word << model_.eeprom.address_shift);
    for (int i = 0; i < patience; ++i) {
        u32 value = read(Register::eeprom_read);
        if (value & model_.eeprom.done) return static_cast<u16>(value >> eeprom_data_shift);
        arch::relax();
    }
    return 0;
}

void Device::start(device::NetSink& sink) {
    sink_ = &sink;
    if (open_rings()) return;
    core::error("the {} does not start: its interface is down", model_.driver);
    stopped_ = true;
    reset();
    transmit_.close();
    read_link();
    sink.link_changed(*this);
}

Result<void> Device::open_rings() {
    TRY(receive_.open(*hardware_));
    TRY(transmit_.open(*hardware_));
    signals_ = TRY(hardware_->connect({.shared = on_shared, .queues = on_queues, .other = on_other, .context = this}));
    transmit_.set_sent_cause(sent_cause());
    for (u32 word = 0; word < multicast_words; ++word) write(Register::multicast_table, 0, word);
    write(Register::receive_checksum, checksum_ip | checksum_transport);
    write(Register::receive_delay, 0);
    write(Register::transmit_delay, 0);
    if (signals_ == Hardware::Signals::messages) {
        write(Register::interrupt_vectors, vectors_queues_and_other);
        write(Register::interrupt_auto_clear, cause_receive_queue | cause_send_queue);
        write(Register::interrupt_auto_mask, cause_receive_queue | cause_send_queue);
        write(Register::extended_control, read(Register::extended_control) | extended_control_mask_automatically);
    }
    write(Register::transmit_gap, transmit_gap_copper);
    write(Register::transmit_control, transmit_enable | transmit_pad | transmit_collisions);
    want_interrupts(true);
    receive_control_ = receive_enable | receive_broadcast | receive_all_multicast | receive_strip_crc;
    write(Register::receive_control, receive_control_);
    receive_.start();
    read_link();
    return {};
}

void Device::read_link() { link_up_.store(!stopped_ && read(Register::status) & status_link_up, std::memory_order_relaxed); }

void Device::change_link() {
    bool before = link_up();
    read_link();
    if (link_up() != before) sink_->link_changed(*this);
}

void Device::on_shared(void* self) {
    auto& device = *static_cast<Device*>(self);
    u32 causes = device.read(Register::interrupt_cause);
    if (!causes || device.stopped_) return;  // the line is shared
    ++device.interrupts_;
    if (causes & cause_link) device.change_link();
    if (causes & (cause_received | cause_few_buffers | cause_overrun | cause_sent)) device.interrupted(Masked::no);
}

void Device::on_queues(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped_) device.interrupted(Masked::yes);
}

void Device::on_other(void* self) {
    auto& device = *static_cast<Device*>(self);
    if (device.stopped_) return;
    device.write(Register::interrupt_cause, cause_other | cause_link);  // acknowledges
    device.change_link();
}

u32 Device::receive(u32 budget) {
    device::PacketList packets;
    u32 done = receive_.poll(budget, packets);
    if (!packets.empty()) sink_->receive(*this, packets);
    return done;
}

void Device::want_interrupts(bool wanted) {
    bool messages = signals_ == Hardware::Signals::messages;
    u32 receive = messages ? cause_receive_queue : cause_received | cause_few_buffers | cause_overrun;
    u32 sent = sent_cause();
    u32 always = messages ? cause_other | cause_link : cause_link;
    if (!wanted) return write(Register::interrupt_clear, receive | sent);
    // What happened while it was masked interrupts now.
    write(Register::interrupt_set, receive | always | (transmit_.waits() ? sent : 0));
}

device::NetQueueCounters Device::counters(u16 pair) const {
    if (pair) return {};
    return receive_.counters.with_sent(transmit_.counters, interrupts_);
}

void Device::set_receive(u32 bit, bool on) {
    u32 wanted = on ? receive_control_ | bit : receive_control_ & ~bit;
    if (std::exchange(receive_control_, wanted) != wanted) write(Register::receive_control, wanted);
}

void Device::set_promiscuous(bool on) {
    if (stopped_ || !sink_) return;
    Guard guard(control_lock_);
    set_receive(receive_promiscuous, on);
}

/// Until the first call all groups are received, so that none is missed.
void Device::set_multicast(std::span<const device::MacAddress> groups) {
    if (stopped_ || !sink_) return;
    Guard guard(control_lock_);
    bool all = groups.size() > listed_groups;
    if (!all) {
        u32 table[multicast_words] = {};
        for (auto& group : groups) table[group_bit(group) / 32] |= u32{1} << group_bit(group) % 32;
        for (u32 word = 0; word < multicast_words; ++word)
            if (std::exchange(multicast_[word], table[word]) != table[word]) write(Register::multicast_table, table[word], word);
    }
    set_receive(receive_all_multicast, all);
}

}  // namespace spore::drivers::e1000
