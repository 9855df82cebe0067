#include "kernel/drivers/request_slots.hpp"

#include "base/locked.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {

namespace {
constexpr Duration between_questions = Duration::seconds(1);
}

Result<u16> RequestSlots::take_slot() {
    Guard guard(lock_);
    while (true) {
        // Those that have the slots will not give them back.
        if (broken()) return fail(Error::io);
        for (u16 slot = 0; slot < slots_; ++slot) {
            if (states_[slot] != State::free) continue;
            states_[slot] = State::taken;
            return slot;
        }
        TRY(news_.wait(lock_, sync::Interruptible::no));
    }
}

void RequestSlots::give_slot(u16 slot) {
    Guard guard(lock_);
    states_[slot] = State::free;
    news_.wake_all();
}

bool RequestSlots::finish(u32 slot, u32 outcome) {
    if (slot >= slots_ || states_[slot] != State::shown) return false;
    states_[slot] = State::done;
    outcomes_[slot] = outcome;
    return finished_ = true;
}

void RequestSlots::look() {
    finished_ = false;
    reap();
    if (finished_ || broken()) news_.wake_all();
}

Result<u32> RequestSlots::wait_for(u16 slot) {
    // Counted in waits, since the clock goes on while a whole machine is stopped, and its disks with it.
    i64 waits = patience_.nanoseconds / between_questions.nanoseconds;
    while (states_[slot] != State::done) {
        if (broken()) return fail(Error::io);
        if (listen()) {
            look();
            continue;
        }
        auto until = patience_ == unlimited ? Instant::never() : time::now() + between_questions;
        if (news_.wait(lock_, sync::Interruptible::no, until)) continue;
        look();  // its interrupt was lost
        if (states_[slot] == State::shown && (--waits <= 0 || !is_alive())) {
            give_up();
            news_.wake_all();
        }
    }
    states_[slot] = State::taken;
    return outcomes_[slot];
}

}  // namespace spore::drivers
