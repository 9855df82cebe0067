#include "kernel/drivers/net/gve/device.hpp"

namespace spore::drivers::gve {

using namespace wire::gve;

namespace {
/// A packet that the device has not sent after so many looks is lost.
constexpr u32 most_times_stuck = 5;
}  // namespace

/// Once the device is reset, or cut off, it neither reads nor writes memory.
Device::~Device() {
    halt();
    take_down();
    (void)registers_.reset();
    hardware_->cut_off();
    close_queues();
}

Result<void> Device::open() {
    TRY(registers_.reset());
    return set_up();
}

void Device::begin() {
    link_up_.store(registers_.read(Register::device_status) & link_is_up, std::memory_order_relaxed);
    want_interrupts(true);
    see_news();
}

void Device::see_news() {
    u32 status = registers_.read(Register::device_status);
    if (status & wants_reset) return fail(Trouble::reported, "asks for it");
    set_link(status & link_is_up);
}

const char* Device::find_fault() { return transmit_.times_stuck(link_up()) >= most_times_stuck ? "sends no more" : nullptr; }

}  // namespace spore::drivers::gve
