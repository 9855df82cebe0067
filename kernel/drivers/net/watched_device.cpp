#include "kernel/drivers/net/watched_device.hpp"

#include "kernel/core/log.hpp"

namespace spore::drivers {

namespace {
constexpr Duration look_interval = Duration::seconds(1);
}

bool WatchedDevice::Identity::stands_for(const Identity& before) const {
    auto& could = before.features;
    return mac == before.mac && mtu >= before.mtu && features.send_checksum >= could.send_checksum && features.send_tcp4_segments >= could.send_tcp4_segments &&
           features.send_tcp6_segments >= could.send_tcp6_segments;
}

void WatchedDevice::start(device::NetSink& sink) {
    sink_ = &sink;
    if (!prepare() || !make_queues()) {
        core::error("the {} does not start: its interface is down", driver());
        give_up();
        sink.link_changed(*this);
        return;
    }
    go();
}

void WatchedDevice::go() {
    stopped_.store(false, std::memory_order_release);
    watchdog_.arm(time::now() + look_interval);
    begin();
}

void WatchedDevice::give_up() {
    (void)reset(Trouble::does_not_start);
    hardware_->cut_off();
}

void WatchedDevice::halt() {
    watchdog_.cancel();
    stopped_ = true;
}

void WatchedDevice::fail(Trouble why, const char* how) {
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    core::error("the {} {}: it is reset", driver(), how);
    sink_->link_changed(*this);
    trouble_.store(why, std::memory_order_release);
    if (helper_.call) helper_.call(helper_.context);
}

void WatchedDevice::recover() {
    auto why = trouble_.exchange(Trouble::none, std::memory_order_acq_rel);
    if (why == Trouble::none) return;
    auto was_reset = reset(why);
    if (!was_reset) hardware_->cut_off();
    close_queues();
    auto before = identity_;
    if (!was_reset || !set_up_anew(before)) {
        core::error("the {} does not start again: its interface is down", driver());
        give_up();
        identity_ = before;
        return;
    }
    identity_.mtu = before.mtu;
    go();
    core::info("the {} was reset", driver());
    sink_->link_changed(*this);
}

Result<void> WatchedDevice::set_up_anew(const Identity& before) {
    TRY(set_up());
    if (!identity_.stands_for(before)) return spore::fail(Error::io);
    return make_queues();
}

void WatchedDevice::set_link(bool up) {
    if (link_up_.exchange(up, std::memory_order_relaxed) != up && !stopped()) sink_->link_changed(*this);
}

void WatchedDevice::on_management(void* self) {
    auto& device = *static_cast<WatchedDevice*>(self);
    ++device.interrupts_;
    if (!device.stopped()) device.see_news();
}

void WatchedDevice::Watchdog::on_time(time::Timer& timer) {
    auto& device = static_cast<Watchdog&>(timer).device;
    if (device.stopped()) return;  // go() arms it again
    if (auto* how = device.find_fault()) return device.fail(Trouble::silent, how);
    timer.arm(time::now() + look_interval);
}

}  // namespace spore::drivers
