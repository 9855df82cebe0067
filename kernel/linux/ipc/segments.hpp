// Shared memory that is found by a key [shmget(2), svipc(7)]: segments, for as long as nobody removes them and somebody has them attached.
#pragma once

#include "kernel/linux/ipc/table.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::linux::ipc {

/// Guarded by the lock of Segments.
struct Segment final : Counted, Object {
    ListLink<Segment> link;
    u64 size = 0;       ///< bytes, as asked for
    i32 creator = 0, last_user = 0;
    i64 attached = 0, detached = 0;  ///< seconds
    bool locked = false;
    u32 attaching = 0;  ///< who is about to map it
    Shared<memory::MappedObject> object{};

    static u64 most() { return system_limits.segments.load(std::memory_order_relaxed); }
    u64 pages() const { return align_up(size, page_size) / page_size; }
    /// How many have it attached, counted by mapping.
    u64 users() { return object->pages().mappings() + attaching; }
};

/// All segments of the machine. What it hands out is only to be looked at under its lock: `f` must not sleep.
class Segments {
public:
    /// The segment with this key, or a new one; its id. `size` in bytes.
    Result<i32> get(const Wanted& wanted, u64 size, const Credentials& who, i32 process);
    /// invalid where there is no such segment.
    template <typename F>
    auto with(i32 id, F&& f) -> decltype(f(*static_cast<Segment*>(nullptr))) {
        sweep();
        decltype(f(*static_cast<Segment*>(nullptr))) result = fail(Error::invalid);
        table_.with_first([&](Segment& segment) { return segment.id == id; }, [&](Segment& segment) { result = f(segment); });
        return result;
    }
    /// Whether one shows this object; then `f` gets it. Called with an address space locked, too.
    template <typename F>
    bool with_object(const memory::MappedObject* object, F&& f) {
        return table_.with_first([&](Segment& segment) { return segment.object.get() == object; }, f);
    }
    template <typename F>
    void for_each(F&& f) {
        sweep();
        table_.for_each(f);
    }
    /// Lets go of what was removed and is not attached any more. What a process's end detaches is noticed by whoever comes next.
    void sweep() {
        table_.remove_if([](Segment& segment) { return segment.removed && segment.users() == 0; });
    }

private:
    Table<Segment> table_;
};

Segments& segments();

}  // namespace spore::linux::ipc
