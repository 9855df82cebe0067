#include "kernel/drivers/net/vmxnet3/device.hpp"

#include <algorithm>

#include "arch/cpu.hpp"
#include "base/locked.hpp"
#include "kernel/core/log.hpp"

namespace spore::drivers::vmxnet3 {

using namespace wire::vmxnet3;

namespace {
constexpr u32 link_header = 14;
constexpr u32 first_version = 1;  // a bit, of a card's revision and of its "uniform pass-through"
constexpr u32 usual_receive_mode = receive_unicast | receive_multicast | receive_broadcast;
}  // namespace

Device::~Device() {
    stop();
    transmit_.close();
}

/// The card neither reads nor writes memory any more.
void Device::stop() {
    Guard guard(control_lock_);
    tell(Command::quiesce);
    tell(Command::reset);
    control_->cut_off();
}

u32 Device::ask(Command command) {
    Guard guard(control_lock_);
    tell(command);
    return read(Register::command);
}

Result<void> Device::open() {
    u32 revisions = read(Register::revisions);
    if (!(revisions & first_version) || !(read(Register::upt_versions) & first_version)) return spore::fail(Error::not_supported);
    write(Register::revisions, first_version);
    write(Register::upt_versions, first_version);
    tell(Command::reset);  // firmware may have used it
    u64 address = read(Register::address_low) | u64{read(Register::address_high)} << 32;
    for (u32 i = 0; i < mac_.bytes.size(); ++i) mac_.bytes[i] = static_cast<u8>(address >> i * 8);
    if (mac_.bytes[0] & 1 || mac_ == device::MacAddress{}) return spore::fail(Error::io);
    // A card of the first revision only is QEMU's, which cut segments by IP fragmentation up to version 7.2, wherever the network behind it does not take
    // large packets.
    bool segments = revisions & ~first_version;
    features_ = {.send_checksum = true, .send_tcp4_segments = segments, .send_tcp6_segments = segments, .receive_checksum = true};
    if (segments) features_.max_send_size = link_header + 0xffff;
    read_link();
    return {};
}

void Device::start(device::NetSink& sink) {
    sink_ = &sink;
    if (!activate()) fail("does not start");
}

Result<void> Device::activate() {
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    auto& page = *reinterpret_cast<Page*>(page_.bytes());
    TRY(receive_.open(*queues_, page.receive));
    TRY(transmit_.open(page.send));
    TRY(connect());
    auto& shared = page.shared;
    shared.magic = magic;
    shared.driver_version = shared.driver_revisions = shared.driver_upt_versions = first_version;
    shared.guest = guest_64_bits | guest_linux;
    shared.features = feature_receive_checksum;
    shared.queues = page_.address().value + offsetof(Page, send);
    shared.queues_size = sizeof(SendQueue) + sizeof(ReceiveQueue);
    shared.mtu = mtu();
    shared.most_receive_pieces = shared.send_queues = shared.receive_queues = 1;
    shared.interrupts_mask_themselves = masks_itself_;
    shared.interrupts = static_cast<u8>(sent_interrupt_ + 1);
    page.send.interrupt = static_cast<u8>(sent_interrupt_);
    shared.groups = page_.address().value + offsetof(Page, groups);
    shared.receive_mode = receive_mode_ = usual_receive_mode | receive_all_multicast;  // until somebody has asked for groups
    auto address = page_.address().value;
    write(Register::shared_low, static_cast<u32>(address));
    write(Register::shared_high, static_cast<u32>(address >> 32));
    if (ask(Command::activate)) return spore::fail(Error::io);
    if (sent_interrupt_) mask(sent_interrupt_, true);
    receive_.start();
    transmit_.start(*queues_, sent_interrupt_);
    read_link();
    want_interrupts(true);
    return {};
}

Result<void> Device::connect() {
    masks_itself_ = !(ask(Command::get_interrupts) & interrupts_mask_mode);
    if (!control_->connect_message(0, on_queues, this)) return control_->connect_shared(on_shared, this);
    if (auto sent = control_->connect_message(0, on_sent, this)) sent_interrupt_ = *sent;
    return {};
}

void Device::fail(const char* how) {
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    core::error("the vmxnet3 {}: its interface is down", how);
    stop();
    transmit_.close();
    sink_->link_changed(*this);
}

void Device::read_link() { link_up_.store(ask(Command::get_link) & wire::vmxnet3::link_up, std::memory_order_relaxed); }

void Device::see_events() {
    u32 events = page().shared.events;
    if (!events) return;
    write(Register::events, events);  // acknowledges
    if (events & (event_receive_error | event_send_error)) return fail("reports an error");
    bool before = link_up();
    read_link();
    if (link_up() != before) sink_->link_changed(*this);
}

void Device::on_queues(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.woken();
}

/// A message, or the line: which others may share, and which reading the cause acknowledges.
void Device::on_shared(void* self) {
    auto& device = *static_cast<Device*>(self);
    (void)device.read(Register::interrupt_cause);
    on_queues(self);
}

void Device::on_sent(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (device.stopped()) return;
    if (!device.masks_itself_) device.mask(device.sent_interrupt_, true);
    device.interrupted(Masked::no);
}

void Device::transmit(device::PacketList& packets) {
    transmit_.transmit(packets);
    if (transmit_.broken()) [[unlikely]] fail("breaks the rules");
}

u32 Device::receive(u32 budget) {
    see_events();
    device::PacketList packets;
    u32 done = stopped() ? 0 : receive_.poll(budget, packets);
    if (!packets.empty()) sink_->receive(*this, packets);
    if (receive_.broken()) [[unlikely]] fail("breaks the rules");
    return done;
}

void Device::reclaim() {
    transmit_.poll();
    if (transmit_.broken()) [[unlikely]] fail("breaks the rules");
}

/// What happened while it was masked interrupts when it no longer is.
void Device::want_interrupts(bool wanted) {
    mask(0, !wanted);
    if (wanted) transmit_.want_interrupt();
}

device::NetQueueCounters Device::counters(u16 pair) const {
    if (pair) return {};
    return receive_.counters.with_sent(transmit_.counters, interrupts_);
}

void Device::set_receive_mode(u32 mode) {
    if (std::exchange(receive_mode_, mode) == mode) return;
    page().shared.receive_mode = mode;
    tell(Command::update_receive_mode);
}

void Device::set_promiscuous(bool on) {
    if (stopped() || !sink_) return;
    Guard guard(control_lock_);
    set_receive_mode((receive_mode_ & ~receive_promiscuous) | (on ? receive_promiscuous : 0));
}

void Device::set_multicast(std::span<const device::MacAddress> groups) {
    if (stopped() || !sink_) return;
    Guard guard(control_lock_);
    auto& page = *reinterpret_cast<Page*>(page_.bytes());
    bool all = groups.size() > listed_groups;
    if (!all) {
        std::ranges::copy(groups, page.groups);
        page.shared.groups_size = static_cast<u16>(groups.size_bytes());
        tell(Command::update_groups);
    }
    set_receive_mode((receive_mode_ & ~receive_all_multicast) | (all ? receive_all_multicast : 0));
}

}  // namespace spore::drivers::vmxnet3
