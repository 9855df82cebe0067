#include "kernel/drivers/net/ena/device.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;

/// Once the device is reset, or cut off, it neither reads nor writes memory.
Device::~Device() {
    halt();
    if (registers_.is_open()) (void)reset_because(ResetReason::stop);
    hardware_->cut_off();
    close_queues();
}

Result<void> Device::open() {
    TRY(registers_.open());
    TRY(reset_because(ResetReason::start));
    return set_up();
}

Result<void> Device::reset(Trouble why) {
    registers_.write(Register::interrupt_mask, management_interrupt_masked);
    switch (why) {
    case Trouble::does_not_start: return reset_because(ResetReason::initialisation);
    case Trouble::breaks_rules_sending: return reset_because(ResetReason::bad_sent);
    case Trouble::breaks_rules_receiving: return reset_because(ResetReason::bad_receive);
    case Trouble::silent: return reset_because(ResetReason::no_keep_alive);
    case Trouble::none: case Trouble::reported: break;
    }
    return reset_because(ResetReason::other);
}

void Device::begin() {
    last_sign_.store(time::now().nanoseconds, std::memory_order_relaxed);
    events_.start();
    registers_.write(Register::interrupt_mask, 0);
    want_interrupts(true);
}

void Device::see_news() {
    events_.take([this](const Event& event) { see_event(event); });
}

void Device::see_event(const Event& event) {
    switch (static_cast<EventGroup>(event.group)) {
    case EventGroup::link: return set_link(event.words[0] & wire::ena::link_up);
    case EventGroup::fatal: return fail(Trouble::reported, "reports an error");
    case EventGroup::reset_request: return fail(Trouble::reported, "asks for it");
    case EventGroup::keep_alive: return last_sign_.store(time::now().nanoseconds, std::memory_order_relaxed);
    case EventGroup::notification:
        if (event.syndrome == syndrome_new_hints && patience_ != Duration{}) use_hints(hints_of(event));
        return;
    case EventGroup::warning: return;
    }
}

const char* Device::find_fault() {
    auto silent = time::now().nanoseconds - last_sign_.load(std::memory_order_relaxed);
    return patience_ != Duration{} && static_cast<i64>(silent) > patience_.nanoseconds ? "gives no sign of life" : nullptr;
}

}  // namespace spore::drivers::ena
