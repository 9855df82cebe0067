#include "kernel/drivers/net/gve/device.hpp"

#include "kernel/core/log.hpp"

namespace spore::drivers::gve {

using namespace wire::gve;

namespace {
constexpr Duration look_interval = Duration::seconds(1);
/// A packet that the device has not sent after so many looks is lost.
constexpr u32 most_times_stuck = 5;
}  // namespace

/// Once the device is reset, or cut off, it neither reads nor writes memory.
Device::~Device() {
    watchdog_.cancel();
    stopped_ = true;
    take_down();
    (void)registers_.reset();
    hardware_->cut_off();
    transmit_.close();
}

Result<void> Device::open() {
    TRY(registers_.reset());
    return set_up();
}

void Device::start(device::NetSink& sink) {
    sink_ = &sink;
    auto begin = [&]() -> Result<void> {
        TRY(receive_.prepare(about_.receive_entries));
        TRY(transmit_.prepare(about_.send_entries));
        TRY(connect());
        return make_queues();
    };
    if (!begin()) {
        core::error("the gve does not start: its interface is down");
        give_up();
        sink.link_changed(*this);
        return;
    }
    go();
}

/// From here on it interrupts.
void Device::go() {
    stopped_.store(false, std::memory_order_release);
    link_up_.store(registers_.read(Register::device_status) & link_is_up, std::memory_order_relaxed);
    want_interrupts(true);
    watchdog_.arm(time::now() + look_interval);
    look_at_status();
}

void Device::give_up() {
    (void)registers_.reset();
    hardware_->cut_off();
}

void Device::fail(const char* how) {
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    core::error("the gve {}: it is reset", how);
    sink_->link_changed(*this);
    trouble_.store(true, std::memory_order_release);
    if (helper_.call) helper_.call(helper_.context);
}

void Device::recover() {
    if (!trouble_.exchange(false, std::memory_order_acq_rel)) return;
    auto was_reset = registers_.reset();
    if (!was_reset) hardware_->cut_off();
    transmit_.close();  // now that the device reads it no more
    auto about = about_;
    auto set_up_anew = [&]() -> Result<void> {
        TRY(was_reset);
        TRY(set_up());
        // The stack knows it by these, and the rings are as long as they were.
        bool is_less = about_.mac != about.mac || about_.mtu < about.mtu || about_.send_entries != about.send_entries || about_.receive_entries != about.receive_entries;
        if (is_less) return spore::fail(Error::io);
        return make_queues();
    };
    if (!set_up_anew()) {
        core::error("the gve does not start again: its interface is down");
        give_up();
        about_ = about;
        return;
    }
    about_.mtu = about.mtu;
    go();
    core::info("the gve was reset");
    sink_->link_changed(*this);
}

void Device::look_at_status() {
    if (stopped()) return;
    u32 status = registers_.read(Register::device_status);
    if (status & wants_reset) return fail("asks for it");
    bool up = status & link_is_up;
    if (link_up_.exchange(up, std::memory_order_relaxed) != up) sink_->link_changed(*this);
}

void Device::on_management(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    device.look_at_status();
}

void Device::on_received(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.interrupted(Masked::yes);
}

/// It masked itself; that of what is received may come.
void Device::on_sent(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.interrupted(Masked::no);
}

void Device::Watchdog::on_time(time::Timer& timer) {
    auto& device = static_cast<Watchdog&>(timer).device;
    if (device.stopped()) return;  // go() arms it again
    if (device.transmit_.times_stuck(device.link_up()) >= most_times_stuck) return device.fail("sends no more");
    timer.arm(time::now() + look_interval);
}

void Device::transmit(device::PacketList& packets) {
    transmit_.transmit(packets);
    if (transmit_.broken()) [[unlikely]] fail("breaks the rules");
}

u32 Device::receive(u32 budget) {
    device::PacketList packets;
    u32 done = receive_.poll(budget, packets);
    if (!packets.empty()) sink_->receive(*this, packets);
    if (receive_.broken()) [[unlikely]] fail("breaks the rules");
    return done;
}

void Device::reclaim() {
    transmit_.poll();
    if (transmit_.broken()) [[unlikely]] fail("breaks the rules");
}

/// An interrupt masks itself; what happened meanwhile comes when it is unmasked. While that of what is sent is masked, the device may keep to itself what
/// is sent.
void Device::want_interrupts(bool wanted) {
    if (!wanted) return;
    receive_.unmask_interrupt();
    transmit_.unmask_interrupt();
}

device::NetQueueCounters Device::counters(u16 pair) const {
    if (pair) return {};
    return receive_.counters.with_sent(transmit_.counters, interrupts_);
}

}  // namespace spore::drivers::gve
