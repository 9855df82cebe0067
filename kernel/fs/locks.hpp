// Advisory locks on files: flock's on the whole file, and fcntl's on ranges, which know nothing of each other.
//
// The owner of a flock lock and of an "open file description" lock is the File; that of a POSIX lock is the process (any address
// that stands for it). A File releases its own when it goes; the ABI calls release_locks() for a process that closes a descriptor.
#pragma once

#include <optional>

#include "base/list.hpp"
#include "kernel/fs/inode.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::fs {

enum class LockKind : u8 { none, shared, exclusive };
enum class LockWait : u8 { no, yes };

/// Bytes [start, end); end is lock_to_end for all that will ever be in the file.
inline constexpr u64 lock_to_end = ~u64{0};
struct LockRequest {
    const void* owner;
    LockKind kind;       ///< none unlocks
    u64 start = 0, end = lock_to_end;
    static constexpr u32 of_description = ~u32{0};
    u32 process = 0;     ///< reported to others; of_description for open file description locks, which F_GETLK shows as -1
    bool detect_deadlock = false;  ///< POSIX locks
    bool lets_go_first = false;    ///< flock: one of another kind is given up before this one is asked for, and lost when it cannot be had [flock(2)]
};

class LockTable {
public:
    constexpr LockTable() = default;
    ~LockTable();
    /// would_block, interrupted, would_deadlock; no_memory leaves everything as it was.
    Result<void> set(const LockRequest& request, LockWait wait);
    /// A lock that stands in the way of this one (F_GETLK).
    std::optional<LockRequest> query(const LockRequest& request);
    void release(const void* owner);
    /// Tells `visit` of each lock that is held, until one answer is an error.
    template <typename F>
    Result<void> for_each(F&& visit) {
        Guard guard(mutex_);
        for (auto& lock : locks_) TRY(visit(lock.held));
        return {};
    }

private:
    struct Lock {
        ListLink<Lock> link;
        LockRequest held;
    };
    const Lock* conflict(const LockRequest& request) const;
    Lock* place_of(const LockRequest& request);
    void apply(const LockRequest& request, Owned<Lock>& first_spare, Owned<Lock>& second_spare);
    void let_go(const void* owner);
    void wake_waiting();

    sync::Mutex mutex_;
    sync::WaitQueue waiting_;
    List<Lock, &Lock::link> locks_;
};

class FileLocks {
public:
    explicit FileLocks(Inode& inode);
    ~FileLocks();
    LockTable whole;   ///< flock
    LockTable ranges;  ///< fcntl

    /// That of the first file, or of the one after `before`, that is in use and was ever locked; null: there is none. For a walk over all.
    static Shared<Inode> next_locked(const Inode* before);

private:
    Inode& inode_;
    ListLink<FileLocks> link_;
    using All = List<FileLocks, &FileLocks::link_>;
    static Locked<All, sync::Spin> all_;
};

/// The locks of a file, made on first use.
Result<FileLocks*> locks_of(Inode& inode);
/// Drops whatever the owner holds on the file.
void release_locks(Inode& inode, const void* owner);

}  // namespace spore::fs
