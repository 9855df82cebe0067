// Which address space's mappings each of a CPU's processes (processes.hpp) has, and which process an address space gets: as a translation cache
// with tags does it, where a tag costs a process of the host's.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::arch {

/// What a process has to unmap before it is the CPU again.
class Unmappings {
public:
    struct Range {
        u64 start, end;
    };
    /// All that is ever unmapped lies in these.
    struct Areas {
        Range programs, kernel;
    };
    /// Where they are too many to note each, the areas are.
    void add(Range range, const Areas& areas);
    void add_all(const Areas& areas);
    /// What lies in `range` is seen to.
    void drop(Range range);

    const Range* begin() const { return ranges_; }
    const Range* end() const { return ranges_ + count_; }

private:
    static constexpr u32 most = 8;
    Range ranges_[most]{};
    u32 count_ = 0;
};

/// Processes are numbered; tables are numbers too, 0 is none. For who holds a lock, but for running().
class Residents {
public:
    static constexpr u32 most = 16;

    constexpr Residents() = default;
    explicit Residents(const Unmappings::Areas& areas) : areas_(areas) {}

    /// The process that is the CPU.
    u32 running() const { return running_.load(std::memory_order_acquire); }
    u32 count() const { return count_; }

    /// Whether another process would be worth its price: a table is back that had to go for others, and not the first.
    bool wants_more(u64 table);
    /// There is one, which has all that the one had that it is made from.
    void add();
    void stop_adding() { limit_ = count_; }

    /// From here on running() is the process that the table gets.
    void enter(u64 table);
    /// What running() has to unmap.
    Unmappings take();
    /// running() is about to unmap that.
    void drop(Unmappings::Range range) { places_[running()].unmappings.drop(range); }

    /// Mappings of `range` by that table, by any when it is 0, hold no longer. `here`: running() sees to that itself.
    void note(u64 table, Unmappings::Range range, bool here);
    /// The table is no more.
    void forget(u64 table, bool here);

private:
    struct Place {
        u64 table = 0;
        u64 entered = 0;  ///< when, in entries
        Unmappings unmappings{};
    };

    u32 find(u64 table) const;
    u32 place_for(u64 table) const;

    Unmappings::Areas areas_{};
    Place places_[most]{};
    u32 count_ = 1, limit_ = most;
    std::atomic<u32> running_ = 0;
    u64 entries_ = 0;
    u64 driven_out_[most]{};  ///< the last ones
    u32 next_driven_out_ = 0, returns_ = 0;
};

}  // namespace spore::arch
