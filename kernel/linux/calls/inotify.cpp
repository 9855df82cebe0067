// Watching files for changes.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/event/inotify_file.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

namespace {

Result<Shared<InotifyFile>> inotify_of(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (file->kind() != fs::FileKind::inotify) return fail(Error::invalid);
    return Shared<InotifyFile>(static_cast<InotifyFile&>(*file));
}

}  // namespace

Result<u64> inotify_init1(Task& task, Flags flags) {
    if (flags & ~u32{o_close_on_exec | o_nonblock}) return fail(Error::invalid);
    auto file = TRY(InotifyFile::create({.read = true, .nonblocking = (flags & o_nonblock) != 0}));
    return task.files().add(std::move(file), flags & o_close_on_exec ? OnExec::close : OnExec::keep, task.process().limit(limit_files).soft);
}
Result<u64> inotify_init(Task& task) { return inotify_init1(task, {0}); }

Result<u64> inotify_add_watch(Task& task, Descriptor descriptor, UserPath user_path, Flags mask) {
    constexpr u32 known = in_all_events | in_only_directory | in_dont_follow | in_exclude_unlinked | in_mask_create | in_mask_add |
                          in_is_directory | in_one_shot | in_ignored | in_overflow | 0x2000;
    if (!(mask & known)) return fail(Error::invalid);
    (void)TRY(task.files().get(descriptor));
    if ((mask & in_mask_add) && (mask & in_mask_create)) return fail(Error::invalid);
    auto inotify = TRY(inotify_of(task, descriptor));
    auto path = TRY(user_path.read());
    Caller caller(task);
    auto entry = TRY(caller.resolve(task, {DirectoryDescriptor::current}, path, mask & in_dont_follow ? fs::Follow::no : fs::Follow::yes));
    if ((mask & in_only_directory) && !entry->inode()->is_directory()) return fail(Error::not_directory);
    constexpr u8 readable = 4;  // R_OK
    TRY(fs::check_access(caller, *entry, readable));
    return inotify->watch(*entry, mask);
}

Result<u64> inotify_rm_watch(Task& task, Descriptor descriptor, i32 watch) {
    TRY(TRY(inotify_of(task, descriptor))->forget(watch));
    return 0;
}

}  // namespace spore::linux::calls
