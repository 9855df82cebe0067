#include "kernel/fs/poll.hpp"

namespace spore::fs {

PollSource::~PollSource() {
    Guard guard(lock_);
    while (observers_.pop_front()) {}
}

void PollSource::attach(PollObserver& observer) {
    Guard guard(lock_);
    observers_.push_back(observer);
    attached_.fetch_add(1, std::memory_order_release);
}

void PollSource::detach(PollObserver& observer) {
    Guard guard(lock_);
    if (!observers_.contains_any(observer)) return;
    observers_.remove(observer);
    attached_.fetch_sub(1, std::memory_order_release);
}

void PollSource::notify_all(Ready what) {
    Guard guard(lock_);
    PollObserver* taker = nullptr;
    for (auto& observer : observers_) {
        if (taker && observer.exclusive) continue;
        if (observer.notify(what) && observer.exclusive) taker = &observer;
    }
    // The next time it is another's turn.
    if (taker) observers_.remove(*taker), observers_.push_back(*taker);
}

}  // namespace spore::fs
