// Advisory locks: of whole files, and of ranges.
#include "kernel/linux/calls/lock.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "kernel/fs/locks.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux {

namespace {

enum LockType : i16 { read_lock = 0, write_lock = 1, unlock = 2 };

/// The bytes that a struct flock means.
Result<fs::LockRequest> request_of(fs::File& file, const FileLock& user) {
    i64 base = 0;
    switch (user.whence) {
    case 0: break;
    case 1: base = static_cast<i64>(TRY(file.seek(0, fs::Whence::current))); break;
    case 2: base = static_cast<i64>(TRY(file.stat()).size); break;
    default: return fail(Error::invalid);
    }
    constexpr i64 last = std::numeric_limits<i64>::max();
    i64 start;
    if (__builtin_add_overflow(base, user.start, &start)) return fail(Error::overflow);
    if (start < 0 || start + std::min<i64>(user.length, 0) < 0) return fail(Error::invalid);
    if (user.length > 0 && user.length - 1 > last - start) return fail(Error::overflow);
    fs::LockRequest request{.owner = nullptr, .kind = fs::LockKind::none, .start = static_cast<u64>(start)};
    if (user.length < 0) request.end = std::exchange(request.start, request.start + static_cast<u64>(user.length));
    // A lock of the last byte that there can be goes on to the end.
    else if (user.length != 0 && user.length - 1 < last - start) request.end = request.start + static_cast<u64>(user.length);
    switch (user.type) {
    case read_lock: request.kind = fs::LockKind::shared; break;
    case write_lock: request.kind = fs::LockKind::exclusive; break;
    case unlock: break;
    default: return fail(Error::invalid);
    }
    return request;
}

}  // namespace

Result<u64> lock_range(Task& task, Descriptor descriptor, fs::File& file, i32 command, UserInOut<FileLock> user) {
    auto wanted = TRY(user.read());
    auto* inode = file.inode();
    if (!inode) return fail(Error::invalid);
    auto request = TRY(request_of(file, wanted));
    bool of_description = command == f_ofd_getlk || command == f_ofd_setlk || command == f_ofd_setlkw;
    if (of_description && wanted.pid != 0) return fail(Error::invalid);
    request.owner = of_description ? static_cast<const void*>(&file) : &task.files();
    request.process = of_description ? fs::LockRequest::of_description : static_cast<u32>(task.process().id());
    request.detect_deadlock = !of_description;
    auto& ranges = TRY(fs::locks_of(*inode))->ranges;

    if (command == f_getlk || command == f_ofd_getlk) {
        if (request.kind == fs::LockKind::none) return fail(Error::invalid);
        if (auto found = ranges.query(request)) {
            wanted.type = found->kind == fs::LockKind::shared ? read_lock : write_lock;
            wanted.whence = 0;
            wanted.start = static_cast<i64>(found->start);
            wanted.length = found->end == fs::lock_to_end ? 0 : static_cast<i64>(found->end - found->start);
            wanted.pid = static_cast<i32>(found->process);
        } else {
            wanted.type = unlock;
        }
        TRY(user.write(wanted));
        return 0;
    }
    auto mode = file.mode();
    if ((request.kind == fs::LockKind::shared && !mode.read) || (request.kind == fs::LockKind::exclusive && !mode.write))
        return fail(Error::bad_descriptor);
    TRY(ranges.set(request, command == f_setlkw || command == f_ofd_setlkw ? fs::LockWait::yes : fs::LockWait::no));
    // Another thread may have closed the descriptor meanwhile: that let go of the locks there were, and would not of this one [linux] fcntl_setlk.
    if (!of_description && request.kind != fs::LockKind::none) {
        auto now = task.files().get(descriptor);
        if (!now || now->get() != &file) {
            ranges.release(request.owner);
            return fail(Error::bad_descriptor);
        }
    }
    return 0;
}

namespace calls {

Result<u64> flock(Task& task, Descriptor descriptor, i32 operation) {
    enum Operation : i32 { shared = 1, exclusive = 2, no_wait = 4, release = 8 };
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    fs::LockRequest request{.owner = file.get(), .kind = fs::LockKind::none, .process = static_cast<u32>(task.process().id()), .lets_go_first = true};
    switch (operation & ~no_wait) {
    case shared: request.kind = fs::LockKind::shared; break;
    case exclusive: request.kind = fs::LockKind::exclusive; break;
    case release: break;
    default: return fail(Error::invalid);
    }
    auto* inode = file->inode();
    if (!inode) return fail(Error::invalid);
    TRY(TRY(fs::locks_of(*inode))->whole.set(request, operation & no_wait ? fs::LockWait::no : fs::LockWait::yes));
    return 0;
}

}  // namespace calls
}  // namespace spore::linux
