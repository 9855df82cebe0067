#include "kernel/linux/signal/signals.hpp"

namespace spore::linux {

Owned<QueuedSignal> PendingSignals::add(i32 number, Owned<QueuedSignal> entry) {
    if (!would_queue(number)) return entry;
    set_.add(number);
    if (entry) queue_.push_back(*entry.release()), ++queued_;
    return nullptr;
}

SignalInfo* PendingSignals::find_timer(i32 number, i32 timer) {
    if (!set_.has(number)) return nullptr;
    for (auto& entry : queue_)
        if (entry.info.number == number && entry.info.code == si_timer && static_cast<i32>(entry.info.words[0]) == timer) return &entry.info;
    return nullptr;
}

SignalInfo PendingSignals::take(SignalSet wanted) {
    i32 number = (set_ & wanted).first();
    QueuedSignal* found = nullptr;
    bool more = false;
    for (auto& entry : queue_) {
        if (entry.info.number != number) continue;
        if (found) more = true;
        else found = &entry;
    }
    if (!more) set_.remove(number);
    if (!found) return SignalInfo::from_process(number, si_user, 0, 0);  // there was no memory to remember more
    SignalInfo info = found->info;
    queue_.remove(*found);
    --queued_;
    delete found;
    return info;
}

void PendingSignals::discard(SignalSet which) {
    set_ = set_ & ~which;
    for (QueuedSignal* entry = queue_.first(); entry;) {
        QueuedSignal* following = queue_.next(*entry);
        if (which.has(entry->info.number)) {
            queue_.remove(*entry);
            --queued_;
            delete entry;
        }
        entry = following;
    }
}

}  // namespace spore::linux
