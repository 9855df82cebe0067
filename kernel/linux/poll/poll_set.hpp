// The files of one poll or select call.
#pragma once

#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/process/file_table.hpp"
#include "kernel/linux/small_text.hpp"

namespace spore::linux {

/// One file, what is asked of it (with always_told where that holds) and what was found.
struct PollItem {
    Shared<fs::File> file{};  ///< null: counts for nothing
    fs::Ready wanted = fs::Ready::none;
    fs::Ready found = fs::Ready::none;
    PollTie tie{};
};

class PollSet {
public:
    static Result<PollSet> create(u64 count);
    PollItem& operator[](u64 index) { return items()[index]; }

    /// Waits until something that was asked for is there; how many items have it. 0 when the deadline passed. interrupted.
    /// `found_already` items have their answer without being looked at.
    Result<u64> wait(Instant deadline, u64 found_already = 0);

private:
    std::span<PollItem> items() { return items_.span(); }
    u64 look();
    HeapArray<PollItem> items_;
};

}  // namespace spore::linux
