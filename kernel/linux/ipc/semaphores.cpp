#include "kernel/linux/ipc/semaphores.hpp"

#include <algorithm>

#include "base/defer.hpp"

namespace spore::linux::ipc {

namespace {
constinit Table<SemaphoreSet> all;
}  // namespace
Table<SemaphoreSet>& semaphores() { return all; }

Result<Shared<SemaphoreSet>> SemaphoreSet::create(u32 count) {
    return make_shared<SemaphoreSet>(TRY(HeapArray<u16>::create(count)), TRY(HeapArray<i32>::create(count)));
}

/// With the lock held. In order, as one may be named twice; what was done before one that cannot be is taken back.
SemaphoreSet::Tried SemaphoreSet::try_all(std::span<const Operation> operations, Undo* undo, i32 process, Waiter& waiter) {
    auto apply = [&](const Operation& operation, i32 change) {
        values_[operation.index] = static_cast<u16>(values_[operation.index] + change);
        if (operation.flags & Operation::undone_at_end) undo->changes[operation.index] = static_cast<i16>(undo->changes[operation.index] - change);
    };
    auto tried = Tried::done;
    std::size_t done = 0;
    for (; done < operations.size(); ++done) {
        auto& operation = operations[done];
        i32 value = values_[operation.index], next = value + operation.change;
        if (operation.change == 0 ? value != 0 : next < 0) {
            tried = operation.flags & Operation::no_wait ? Tried::blocked_at_once : Tried::blocked;
            waiter.index = operation.index, waiter.for_zero = operation.change == 0;
            break;
        }
        i32 back = operation.flags & Operation::undone_at_end ? undo->changes[operation.index] - operation.change : 0;
        if (next > highest || back > highest || back < -highest - 1) {
            tried = Tried::out_of_range;
            break;
        }
        apply(operation, operation.change);
    }
    if (tried == Tried::done) {
        for (auto& operation : operations) users_[operation.index] = process;
        return tried;
    }
    while (done--) apply(operations[done], -operations[done].change);
    return tried;
}

Result<void> SemaphoreSet::operate(std::span<const Operation> operations, Undo* undo, i32 process, Instant deadline) {
    Waiter waiter{};
    bool changes = std::ranges::any_of(operations, [](auto& operation) { return operation.change != 0; });
    Guard guard(lock_);
    defer { if (waiter.link.linked) waiters_.remove(waiter); };
    while (true) {
        if (removed) return fail(Error::identifier_removed);
        switch (try_all(operations, undo, process, waiter)) {
        case Tried::done:
            operated_ = now();
            if (changes) changed_.wake_all();
            return {};
        case Tried::out_of_range: return fail(Error::out_of_range);
        case Tried::blocked_at_once: return fail(Error::would_block);
        case Tried::blocked: break;
        }
        if (!waiter.link.linked) waiters_.push_back(waiter);
        auto woken = changed_.wait(lock_, sync::Interruptible::yes, deadline);
        if (woken) continue;
        if (removed) return fail(Error::identifier_removed);
        return fail(woken.error() == Error::timed_out ? Error::would_block : woken.error());
    }
}

Result<SemaphoreSet::State> SemaphoreSet::state(u32 index) {
    Guard guard(lock_);
    if (removed) return fail(Error::identifier_removed);
    if (index >= count()) return fail(Error::invalid);
    State state{.value = values_[index], .last_user = users_[index], .wait_for_more = 0, .wait_for_zero = 0};
    for (auto& waiter : waiters_)
        if (waiter.index == index) ++(waiter.for_zero ? state.wait_for_zero : state.wait_for_more);
    return state;
}

i64 SemaphoreSet::operated() {
    Guard guard(lock_);
    return operated_;
}

void SemaphoreSet::read_all(std::span<u16> into) {
    Guard guard(lock_);
    std::ranges::copy(values_.span().first(std::min(into.size(), values_.size())), into.begin());
}

Result<void> SemaphoreSet::set(u32 index, i32 value, i32 process) {
    if (index >= count()) return fail(Error::invalid);
    if (value < 0 || value > highest) return fail(Error::out_of_range);
    Guard guard(lock_);
    if (removed) return fail(Error::identifier_removed);
    for (auto& undo : undos_) undo.changes[index] = 0;
    values_[index] = static_cast<u16>(value), users_[index] = process;
    changed = now();
    changed_.wake_all();
    return {};
}

Result<void> SemaphoreSet::set_all(std::span<const u16> values, i32 process) {
    if (std::ranges::any_of(values, [](u16 value) { return value > highest; })) return fail(Error::out_of_range);
    Guard guard(lock_);
    if (removed) return fail(Error::identifier_removed);
    for (auto& undo : undos_) std::ranges::fill(undo.changes, i16{0});
    std::ranges::copy(values, values_.begin());
    std::ranges::fill(users_, process);
    changed = now();
    changed_.wake_all();
    return {};
}

void SemaphoreSet::change_owner(u32 new_uid, u32 new_gid, u32 new_mode) {
    Guard guard(lock_);
    Object::change_owner(new_uid, new_gid, new_mode);
}

void SemaphoreSet::remove() {
    {
        Guard guard(lock_);
        removed = true;
        while (undos_.pop_front()) {}
        changed_.wake_all();
    }
    semaphores().remove(*this);
}

Result<void> SemaphoreSet::attach(Undo& undo) {
    Guard guard(lock_);
    if (removed) return fail(Error::identifier_removed);
    undos_.push_back(undo);
    return {};
}

bool SemaphoreSet::has(const Undo& undo) {
    Guard guard(lock_);
    return undo.of_set.linked;
}

void SemaphoreSet::undo(Undo& undo, i32 process) {
    Guard guard(lock_);
    if (!undo.of_set.linked) return;
    undos_.remove(undo);
    for (u32 index = 0; index < count(); ++index) {
        if (!undo.changes[index]) continue;
        values_[index] = static_cast<u16>(std::clamp(values_[index] + undo.changes[index], 0, highest));
        users_[index] = process;
    }
    operated_ = now();
    changed_.wake_all();
}

}  // namespace spore::linux::ipc
