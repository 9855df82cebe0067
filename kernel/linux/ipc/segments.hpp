// Shared memory that is found by a key [shmget(2), svipc(7)]: segments, for as long as nobody removes them and somebody has them attached.
#pragma once

#include "base/list.hpp"
#include "base/locked.hpp"
#include "kernel/linux/process/credentials.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux::ipc {

constexpr i32 private_key = 0;
/// Access that is asked for, beside each other's: bits as in a file's mode.
constexpr u32 may_read = 0444, may_write = 0222;

struct Segment {
    ListLink<Segment> link;
    i32 id = 0, key = private_key;
    u64 size = 0;       ///< bytes, as asked for
    u32 mode = 0;
    u32 uid = 0, gid = 0, creator_uid = 0, creator_gid = 0;
    i32 creator = 0, last_user = 0;
    i64 attached = 0, detached = 0, changed = 0;  ///< seconds
    bool removed = false, locked = false;
    u32 attaching = 0;  ///< who is about to map it
    Shared<memory::MappedObject> object{};

    /// How many have it attached, counted by mapping.
    u64 users() { return object->pages().mappings() + attaching; }
    bool is_owned_by(const Credentials& who) const;
    bool allows(const Credentials& who, u32 access) const;
};

/// All segments of the machine. What it hands out is only to be looked at under its lock: `f` must not sleep.
class Segments {
public:
    static constexpr u32 limit = 4096;  ///< SHMMNI

    struct Wanted {
        i32 key;
        u64 size;
        u32 mode;
        bool create, exclusive;
    };
    /// The segment with this key, or a new one; its id.
    Result<i32> get(const Wanted& wanted, const Credentials& who, i32 process);
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
