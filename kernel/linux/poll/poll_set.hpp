// The files of one poll or select call.
#pragma once

#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/process/file_table.hpp"
#include "kernel/linux/short_array.hpp"

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
    /// Once, before the items are filled in. no_memory.
    Result<void> reserve(u64 count);
    PollItem& operator[](u64 index) { return index < part ? first_[index] : others_[index / part - 1][index % part]; }

    /// Waits until something that was asked for is there; how many items have it. 0 when the deadline passed. interrupted.
    /// `found_already` items have their answer without being looked at.
    Result<u64> wait(Instant deadline, u64 found_already = 0);

private:
    /// Ten thousands of files are too much for one piece of memory.
    static constexpr u64 part = 1024;
    template <typename F>
    void for_each(F&& visit) {
        for (auto& item : first_) visit(item);
        for (auto& items : others_.span())
            for (auto& item : items.span()) visit(item);
    }
    u64 look();
    ShortArray<PollItem, 4> first_;
    HeapArray<HeapArray<PollItem>> others_;
};

}  // namespace spore::linux
