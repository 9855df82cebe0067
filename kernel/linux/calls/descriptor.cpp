// Descriptors: opening, duplicating, closing, and what belongs to them.
#include "kernel/fs/permission.hpp"
#include "kernel/fs/pipe.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/lock.hpp"
#include "kernel/linux/growing.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/signal/file_events.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

namespace {

OnExec on_exec_of(u32 flags) { return flags & o_close_on_exec ? OnExec::close : OnExec::keep; }
u64 file_limit(Task& task) { return task.process().limit(limit_files).soft; }

/// What can be asked of a mere place (O_PATH) [open(2)].
bool means_descriptor(i32 command) {
    switch (command) {
    case f_dupfd: case f_dupfd_cloexec: case f_getfd: case f_setfd: case f_getfl: return true;
    default: return false;
    }
}

enum Resolve : u64 { no_cross_device = 1, no_magic_links = 2, no_symlinks = 4, beneath = 8, in_root = 16, cached = 32 };

Result<u64> open_file(Task& task, DirectoryDescriptor at, UserPath user_path, u32 flags, u32 mode, u64 resolve) {
    auto path = TRY(user_path.read());
    Caller caller(task);
    // With its start as the root, an absolute path begins there too.
    auto start = TRY(caller.start(task, at, resolve & in_root ? std::string_view() : std::string_view(path)));
    bool temporary = (flags & o_temporary_file) != 0;
    fs::OpenRequest request{
        .mode = open_mode_of(flags), .create = (flags & o_create) != 0, .exclusive = (flags & o_exclusive) != 0,
        .truncate = (flags & o_truncate) != 0, .directory = (flags & o_directory) != 0, .no_follow = (flags & o_no_follow) != 0,
        .temporary = temporary, .permissions = static_cast<u16>(mode & 07777),
        .resolution = {.no_symlinks = (resolve & no_symlinks) != 0, .no_magic_links = (resolve & no_magic_links) != 0,
                       .no_cross_device = (resolve & no_cross_device) != 0, .beneath = (resolve & beneath) != 0, .in_root = (resolve & in_root) != 0,
                       .cached = (resolve & cached) != 0}};
    if (temporary && !request.mode.path_only && (!request.mode.write || !request.directory || request.create)) return fail(Error::invalid);
    if (request.mode.path_only) {  // O_PATH ignores all but these
        request.create = request.exclusive = request.truncate = request.temporary = false;
        request.mode = {.path_only = true};
    }
    // To leave no trace of a look is for the owner [open(2), O_NOATIME]. What is to be cut must not be cut before that is known.
    bool traceless = (flags & o_no_access_time) && !request.mode.path_only;
    if (traceless && request.truncate)
        if (auto entry = fs::resolve(caller, *start, path, request.no_follow ? fs::Follow::no : fs::Follow::yes)) TRY(fs::check_owner(caller, *(*entry)->inode()));
    // The number first: without one nothing is made, and nothing cut.
    auto number = TRY(FileTable::Reservation::take(task.shared_files(), file_limit(task)));
    auto file = TRY(fs::open(caller, *start, path, request));
    if (traceless && file->inode()) TRY(fs::check_owner(caller, *file->inode()));
    return number.fill(std::move(file), on_exec_of(flags));
}

}  // namespace

Result<u64> open(Task& task, UserPath path, Flags flags, ModeBits mode) {
    return open_file(task, {DirectoryDescriptor::current}, path, flags, mode.value, 0);
}
Result<u64> openat(Task& task, DirectoryDescriptor at, UserPath path, Flags flags, ModeBits mode) {
    return open_file(task, at, path, flags, mode.value, 0);
}
Result<u64> creat(Task& task, UserPath path, ModeBits mode) {
    return open_file(task, {DirectoryDescriptor::current}, path, o_create | o_write_only | o_truncate, mode.value, 0);
}
Result<u64> openat2(Task& task, DirectoryDescriptor at, UserPath path, UserIn<OpenHow> how, u64 size) {
    auto wanted = TRY(read_growing<OpenHow>(how.at, size, sizeof(OpenHow)));
    constexpr u64 known_resolve = no_cross_device | no_magic_links | no_symlinks | beneath | in_root | cached;
    if ((wanted.resolve & beneath) && (wanted.resolve & in_root)) return fail(Error::invalid);
    if ((wanted.flags & ~u64{known_open_flags}) || (wanted.resolve & ~known_resolve) || (wanted.mode & ~u64{07777})) return fail(Error::invalid);
    if (wanted.mode && !(wanted.flags & (o_create | (o_temporary_file & ~o_directory)))) return fail(Error::invalid);
    // What changes names or files may wait; those who ask try again without [openat2(2)].
    constexpr u64 changes = o_create | o_truncate | (o_temporary_file & ~o_directory);
    if ((wanted.resolve & cached) && (wanted.flags & changes)) return fail(Error::would_block);
    return open_file(task, at, path, static_cast<u32>(wanted.flags), static_cast<u32>(wanted.mode), wanted.resolve);
}

Result<u64> close(Task& task, Descriptor file) {
    TRY(task.files().close(file));
    return 0;
}
Result<u64> close_range(Task& task, u32 first, u32 last, Flags flags) {
    constexpr u32 unshare_first = 2, mark = 4;
    if (first > last || (flags & ~(unshare_first | mark))) return fail(Error::invalid);
    if ((flags & unshare_first) && task.shared_files()->owners() > 1) task.set_files(TRY(task.files().copy()));
    if (flags & mark) task.files().mark_range(first, last, OnExec::close);
    else task.files().close_range(first, last);
    return 0;
}

Result<u64> dup(Task& task, Descriptor descriptor) {
    return task.files().add(TRY(task.files().get(descriptor)), OnExec::keep, file_limit(task));
}
Result<u64> dup2(Task& task, Descriptor from, Descriptor to) {
    auto file = TRY(task.files().get(from));
    if (from.value != to.value) TRY(task.files().replace(to, std::move(file), OnExec::keep, file_limit(task)));
    return static_cast<u64>(to.value);
}
Result<u64> dup3(Task& task, Descriptor from, Descriptor to, Flags flags) {
    if (from.value == to.value || (flags & ~u32{o_close_on_exec})) return fail(Error::invalid);
    TRY(task.files().replace(to, TRY(task.files().get(from)), on_exec_of(flags), file_limit(task)));
    return static_cast<u64>(to.value);
}

Result<u64> fcntl(Task& task, Descriptor descriptor, i32 command, u64 argument) {
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only && !means_descriptor(command)) return fail(Error::bad_descriptor);
    switch (command) {
    case f_dupfd:
    case f_dupfd_cloexec:
        if (argument >= file_limit(task)) return fail(Error::invalid);
        return task.files().add(std::move(file), command == f_dupfd ? OnExec::keep : OnExec::close, file_limit(task), static_cast<i32>(argument));
    case f_getfd: return TRY(task.files().on_exec(descriptor)) == OnExec::close ? 1 : 0;
    case f_setfd: TRY(task.files().set_on_exec(descriptor, argument & 1 ? OnExec::close : OnExec::keep)); return 0;
    case f_getfl: return flags_of(file->mode()) | o_large_file;
    case f_setfl: {
        if ((argument & o_no_access_time) && file->inode()) TRY(fs::check_owner(Caller(task), *file->inode()));
        auto mode = file->mode();
        auto wanted = open_mode_of(static_cast<u32>(argument));
        mode.append = wanted.append, mode.nonblocking = wanted.nonblocking, mode.direct = wanted.direct, mode.asynchronous = wanted.asynchronous;
        if (mode.asynchronous != file->mode().asynchronous) TRY(set_asynchronous(*file, descriptor.value, mode.asynchronous));
        TRY(file->set_mode(mode));
        return 0;
    }
    case f_getpipe_sz: {
        auto* pipe = fs::pipe_of(*file);
        if (!pipe) return fail(Error::bad_descriptor);
        return pipe->capacity();
    }
    case f_setpipe_sz: {
        auto* pipe = fs::pipe_of(*file);
        if (!pipe) return fail(Error::bad_descriptor);
        return pipe->resize(argument);
    }
    case f_getlk:
    case f_ofd_getlk:
    case f_setlk:
    case f_setlkw:
    case f_ofd_setlk:
    case f_ofd_setlkw: return lock_range(task, descriptor, *file, command, {{argument}});
    case f_get_seals:
        if (!file->inode()) return fail(Error::invalid);
        return TRY(file->inode()->seals());
    case f_add_seals:
        if (!file->mode().write) return fail(Error::not_permitted);
        if (!file->inode()) return fail(Error::invalid);
        TRY(file->inode()->add_seals(static_cast<u32>(argument)));
        return 0;
    case f_getown: return static_cast<u64>(number_of(event_owner(*file)));
    case f_setown: TRY(set_event_owner(*file, TRY(owner_numbered(static_cast<i32>(argument))))); return 0;
    case f_getown_ex: {
        auto owner = event_owner(*file);
        TRY(UserOut<UserEventOwner>{{argument}}.write({static_cast<i32>(owner.kind), owner.id}));
        return 0;
    }
    case f_setown_ex: {
        auto owner = TRY(UserIn<UserEventOwner>{{argument}}.read());
        if (owner.kind < 0 || owner.kind > static_cast<i32>(EventOwner::Kind::group)) return fail(Error::invalid);
        TRY(set_event_owner(*file, {static_cast<EventOwner::Kind>(owner.kind), owner.id}));
        return 0;
    }
    case f_getsig: return static_cast<u64>(event_signal(*file));
    case f_setsig:
        if (argument > static_cast<u64>(last_signal)) return fail(Error::invalid);
        TRY(set_event_signal(*file, static_cast<i32>(argument)));
        return 0;
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
