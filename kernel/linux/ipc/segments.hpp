// Shared memory that is found by a key [shmget(2), svipc(7)]: segments, for as long as nobody removes them and somebody has them attached.
#pragma once

#include "base/list.hpp"
#include "base/locked.hpp"
#include "kernel/linux/ipc/object.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux::ipc {

struct Segment : Object {
    ListLink<Segment> link;
    u64 size = 0;       ///< bytes, as asked for
    i32 creator = 0, last_user = 0;
    i64 attached = 0, detached = 0;  ///< seconds
    bool locked = false;
    u32 attaching = 0;  ///< who is about to map it
    Shared<memory::MappedObject> object{};

    /// How many have it attached, counted by mapping.
    u64 users() { return object->pages().mappings() + attaching; }
};

/// All segments of the machine. What it hands out is only to be looked at under its lock: `f` must not sleep.
class Segments {
public:
    static constexpr u32 limit = 4096;                       ///< SHMMNI
    static constexpr u64 largest = ~u64{0} - (1 << 24);      ///< SHMMAX, bytes, and SHMALL, pages: memory is the bound

    /// The segment with this key, or a new one; its id. `size` in bytes.
    Result<i32> get(const Wanted& wanted, u64 size, const Credentials& who, i32 process);
    /// invalid where there is no such segment.
    template <typename F>
    auto with(i32 id, F&& f) -> decltype(f(*static_cast<Segment*>(nullptr))) {
        sweep();
        Guard guard(lock_);
        auto* segment = find(id);
        if (!segment) return fail(Error::invalid);
        return f(*segment);
    }
    /// Whether one shows this object; then `f` gets it. Called with an address space locked, too.
    template <typename F>
    bool with_object(const memory::MappedObject* object, F&& f) {
        Guard guard(lock_);
        for (auto& segment : list_)
            if (segment.object.get() == object) return f(segment), true;
        return false;
    }
    template <typename F>
    void for_each(F&& f) {
        sweep();
        Guard guard(lock_);
        for (auto& segment : list_) f(segment);
    }
    /// Lets go of what was removed and is not attached any more. What a process's end detaches is noticed by whoever comes next.
    void sweep();

private:
    Segment* find(i32 id);

    sync::Spin lock_;
    List<Segment, &Segment::link> list_;
    u32 count_ = 0;
    i32 next_ = 0;
};

Segments& segments();

}  // namespace spore::linux::ipc
