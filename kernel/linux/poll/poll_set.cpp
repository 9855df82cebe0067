#include "kernel/linux/poll/poll_set.hpp"

#include <algorithm>

#include "base/defer.hpp"
#include "kernel/device/poller.hpp"

namespace spore::linux {

Result<void> PollSet::reserve(u64 count) {
    TRY(first_.reserve(std::min(count, part)));
    if (count <= part) return {};
    others_ = TRY(HeapArray<HeapArray<PollItem>>::create((count - 1) / part));
    for (u64 done = part; auto& items : others_.span()) {
        items = TRY(HeapArray<PollItem>::create(std::min(count - done, part)));
        done += part;
    }
    return {};
}

u64 PollSet::look() {
    u64 count = 0;
    for_each([&](PollItem& item) {
        if (!item.file) return;
        item.found = item.file->ready() & item.wanted;
        count += any(item.found);
    });
    return count;
}

Result<u64> PollSet::wait(Instant deadline, u64 found_already) {
    device::look_before_wait();
    // Most calls find something at once, and need no waiter.
    u64 count = look() + found_already;
    device::expect_wait(static_cast<u32>(count));
    if (count || deadline == Instant{}) return count;
    PollWaiter waiter;
    defer {
        for_each([](PollItem& item) { item.tie.detach(); });
    };
    for_each([&](PollItem& item) {
        if (item.file) item.tie.attach(waiter, item.file->poll_source(), item.wanted);
    });
    while (true) {
        count = look();
        if (count) return count;
        auto waited = waiter.wait(deadline);
        if (!waited && waited.error() == Error::timed_out) return look();
        TRY(waited);
    }
}

}  // namespace spore::linux
