#include "kernel/drivers/net/ena/device.hpp"

#include "kernel/core/log.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;

namespace {
constexpr Duration life_interval = Duration::seconds(1);
}

/// Once the device is reset, or cut off, it neither reads nor writes memory.
Device::~Device() {
    watchdog_.cancel();
    stopped_ = true;
    if (registers_.is_open()) (void)reset(ResetReason::stop);
    hardware_->cut_off();
    transmit_.close();
}

Result<void> Device::open() {
    TRY(registers_.open());
    TRY(reset(ResetReason::start));
    return set_up();
}

void Device::start(device::NetSink& sink) {
    sink_ = &sink;
    auto begin = [&]() -> Result<void> {
        TRY(receive_.prepare());
        TRY(transmit_.prepare());
        TRY(connect());
        return make_queues();
    };
    if (!begin()) {
        core::error("the ena does not start: its interface is down");
        (void)reset(ResetReason::initialisation);
        hardware_->cut_off();
        sink.link_changed(*this);
        return;
    }
    go();
}

/// From here on it interrupts.
void Device::go() {
    last_sign_.store(time::now().nanoseconds, std::memory_order_relaxed);
    stopped_.store(false, std::memory_order_release);
    events_.start();
    registers_.write(Register::interrupt_mask, 0);
    want_interrupts(true);
    watchdog_.arm(time::now() + life_interval);
}

void Device::fail(ResetReason reason, const char* how) {
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    core::error("the ena {}: it is reset", how);
    sink_->link_changed(*this);
    trouble_.store(static_cast<u32>(reason), std::memory_order_release);
    if (helper_.call) helper_.call(helper_.context);
}

void Device::recover() {
    u32 reason = trouble_.exchange(no_trouble, std::memory_order_acq_rel);
    if (reason == no_trouble) return;
    registers_.write(Register::interrupt_mask, management_interrupt_masked);
    auto was_reset = reset(static_cast<ResetReason>(reason));
    if (!was_reset) hardware_->cut_off();
    transmit_.close();  // now that the device reads it no more
    auto mac = mac_;
    auto mtu = mtu_;
    auto features = features_;
    auto set_up_anew = [&]() -> Result<void> {
        TRY(was_reset);
        TRY(set_up());
        // The stack knows it by these.
        bool is_less = mac_ != mac || mtu_ < mtu || features_.send_checksum < features.send_checksum ||
                       features_.send_tcp4_segments < features.send_tcp4_segments || features_.send_tcp6_segments < features.send_tcp6_segments;
        if (is_less) return spore::fail(Error::io);
        return make_queues();
    };
    if (!set_up_anew()) {
        core::error("the ena does not start again: its interface is down");
        (void)reset(ResetReason::initialisation);
        hardware_->cut_off();
        mac_ = mac;
        mtu_ = mtu;
        features_ = features;
        return;
    }
    mtu_ = mtu;
    go();
    core::info("the ena was reset");
    sink_->link_changed(*this);
}

void Device::set_link(bool up) {
    if (link_up_.exchange(up, std::memory_order_relaxed) != up && !stopped()) sink_->link_changed(*this);
}

void Device::see_event(const Event& event) {
    switch (static_cast<EventGroup>(event.group)) {
    case EventGroup::link: return set_link(event.words[0] & wire::ena::link_up);
    case EventGroup::fatal: return fail(ResetReason::other, "reports an error");
    case EventGroup::reset_request: return fail(ResetReason::other, "asks for it");
    case EventGroup::keep_alive: return last_sign_.store(time::now().nanoseconds, std::memory_order_relaxed);
    case EventGroup::notification:
        if (event.syndrome == syndrome_new_hints && patience_ != Duration{}) use_hints(hints_of(event));
        return;
    case EventGroup::warning: return;
    }
}

void Device::on_management(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.events_.take([&](const Event& event) { device.see_event(event); });
}

void Device::on_queues(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.interrupted(Masked::yes);
}

/// Its own interrupt masked itself; that of what is received may come.
void Device::on_sent(void* self) {
    auto& device = *static_cast<Device*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.interrupted(Masked::no);
}

void Device::Watchdog::on_time(time::Timer& timer) {
    auto& device = static_cast<Watchdog&>(timer).device;
    if (device.stopped()) return;  // go() arms it again
    auto silent = time::now().nanoseconds - device.last_sign_.load(std::memory_order_relaxed);
    if (device.patience_ != Duration{} && static_cast<i64>(silent) > device.patience_.nanoseconds) return device.fail(ResetReason::no_keep_alive, "gives no sign of life");
    timer.arm(time::now() + life_interval);
}

void Device::transmit(device::PacketList& packets) {
    transmit_.transmit(packets);
    if (transmit_.broken()) [[unlikely]] fail(ResetReason::bad_sent, "breaks the rules");
}

u32 Device::receive(u32 budget) {
    device::PacketList packets;
    u32 done = receive_.poll(budget, packets);
    if (!packets.empty()) sink_->receive(*this, packets);
    if (receive_.broken()) [[unlikely]] fail(ResetReason::bad_receive, "breaks the rules");
    return done;
}

void Device::reclaim() {
    transmit_.poll();
    if (transmit_.broken()) [[unlikely]] fail(ResetReason::bad_sent, "breaks the rules");
}

/// An interrupt masks itself; what happened meanwhile comes when it is unmasked.
void Device::want_interrupts(bool wanted) {
    if (!wanted) return;
    receive_.unmask_interrupt();
    transmit_.want_interrupt();
}

device::NetQueueCounters Device::counters(u16 pair) const {
    if (pair) return {};
    return receive_.counters.with_sent(transmit_.counters, interrupts_);
}

}  // namespace spore::drivers::ena
