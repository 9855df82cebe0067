// Changing the file tree: making, removing, renaming, linking, and what is known about a name.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/transfer.hpp"
#include "kernel/linux/process/caller.hpp"

namespace spore::linux::calls {

namespace {

enum AtFlag : u32 { no_follow = 0x100, remove_directory = 0x200, follow = 0x400, empty_path = 0x1000 };
constexpr DirectoryDescriptor here{DirectoryDescriptor::current};

/// The caller, the path and where it begins: what every change needs.
struct Target {
    Caller caller;
    SmallText path;
    Shared<fs::Dentry> at;

    explicit Target(Task& task) : caller(task) {}
    Result<void> find(Task& task, DirectoryDescriptor from, UserPath user_path) {
        path = TRY(user_path.read());
        at = TRY(caller.start(task, from, path));
        return {};
    }
};

/// Calls `change(context, entry)` on what the path names.
template <typename F>
Result<u64> change_entry(Task& task, DirectoryDescriptor at, UserPath path, u32 flags, F&& change) {
    Caller caller(task);
    auto text = TRY(path.read());
    auto entry = TRY(caller.resolve(task, at, text, flags & no_follow ? fs::Follow::no : fs::Follow::yes, flags & empty_path));
    TRY(change(caller.context(), *entry));
    return 0;
}
/// The same on an open file.
template <typename F>
Result<u64> change_open(Task& task, Descriptor descriptor, F&& change) {
    Caller caller(task);
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    auto* entry = file->dentry();
    if (!entry) return fail(Error::invalid);
    TRY(change(caller.context(), *entry));
    return 0;
}

auto set_mode_to(ModeBits mode) {
    return [mode](const fs::Context& context, fs::Dentry& entry) { return fs::set_permissions(context, entry, static_cast<u16>(mode.value & 07777)); };
}
auto set_owner_to(u32 uid, u32 gid) {
    return [=](const fs::Context& context, fs::Dentry& entry) { return fs::set_owner(context, entry, uid, gid); };
}

}  // namespace

Result<u64> name_to_handle_at(Task& task, DirectoryDescriptor at, UserPath path, UserAddress, UserAddress, Flags flags) {
    constexpr u32 unique_mount = 1, connectable = 2, file_only = 0x200;
    if (flags & ~(follow | empty_path | unique_mount | connectable | file_only)) return fail(Error::invalid);
    auto text = TRY(path.read());
    TRY(Caller(task).resolve(task, at, text, flags & follow ? fs::Follow::yes : fs::Follow::no, (flags & empty_path) != 0));
    return fail(Error::not_supported);
}

Result<u64> mkdirat(Task& task, DirectoryDescriptor at, UserPath path, ModeBits mode) {
    Target target(task);
    TRY(target.find(task, at, path));
    TRY(fs::make_directory(target.caller, *target.at, target.path, static_cast<u16>(mode.value & 01777)));
    return 0;
}
Result<u64> mkdir(Task& task, UserPath path, ModeBits mode) { return mkdirat(task, here, path, mode); }

Result<u64> mknodat(Task& task, DirectoryDescriptor at, UserPath path, ModeBits mode, u32 device) {
    auto type = static_cast<fs::FileType>(mode.value >> 12 & 0xf);
    if (type == fs::FileType::unknown) type = fs::FileType::regular;
    if (type == fs::FileType::directory) return fail(Error::not_permitted);
    switch (type) {
    case fs::FileType::regular: case fs::FileType::character: case fs::FileType::block: case fs::FileType::fifo: case fs::FileType::socket: break;
    default: return fail(Error::invalid);
    }
    Target target(task);
    TRY(target.find(task, at, path));
    TRY(fs::make_node(target.caller, *target.at, target.path, type, static_cast<u16>(mode.value & 07777), device));
    return 0;
}
Result<u64> mknod(Task& task, UserPath path, ModeBits mode, u32 device) { return mknodat(task, here, path, mode, device); }

Result<u64> unlinkat(Task& task, DirectoryDescriptor at, UserPath path, Flags flags) {
    if (flags & ~u32{remove_directory}) return fail(Error::invalid);
    Target target(task);
    TRY(target.find(task, at, path));
    if (flags & remove_directory) TRY(fs::remove_directory(target.caller, *target.at, target.path));
    else TRY(fs::unlink(target.caller, *target.at, target.path));
    return 0;
}
Result<u64> unlink(Task& task, UserPath path) { return unlinkat(task, here, path, {0}); }
Result<u64> rmdir(Task& task, UserPath path) { return unlinkat(task, here, path, {remove_directory}); }

Result<u64> renameat2(Task& task, DirectoryDescriptor from_at, UserPath from, DirectoryDescriptor to_at, UserPath to, Flags flags) {
    constexpr u32 no_replace = 1, exchange = 2;
    if ((flags & ~(no_replace | exchange)) || flags == (no_replace | exchange)) return fail(Error::invalid);
    Target source(task);
    TRY(source.find(task, from_at, from));
    auto path = TRY(to.read());
    auto start = TRY(source.caller.start(task, to_at, path));
    TRY(fs::rename(source.caller, *source.at, source.path, *start, path, {.no_replace = (flags & no_replace) != 0, .exchange = (flags & exchange) != 0}));
    return 0;
}
Result<u64> renameat(Task& task, DirectoryDescriptor from_at, UserPath from, DirectoryDescriptor to_at, UserPath to) {
    return renameat2(task, from_at, from, to_at, to, {0});
}
Result<u64> rename(Task& task, UserPath from, UserPath to) { return renameat2(task, here, from, here, to, {0}); }

Result<u64> linkat(Task& task, DirectoryDescriptor from_at, UserPath from, DirectoryDescriptor to_at, UserPath to, Flags flags) {
    if (flags & ~(follow | empty_path)) return fail(Error::invalid);
    Target target(task);
    TRY(target.find(task, to_at, to));
    auto source = TRY(from.read());
    auto entry = TRY(target.caller.resolve(task, from_at, source, flags & follow ? fs::Follow::yes : fs::Follow::no, flags & empty_path));
    TRY(fs::link(target.caller, *entry, *target.at, target.path));
    return 0;
}
Result<u64> link(Task& task, UserPath from, UserPath to) { return linkat(task, here, from, here, to, {0}); }

Result<u64> symlinkat(Task& task, UserPath user_target, DirectoryDescriptor at, UserPath path) {
    Target target(task);
    auto text = TRY(user_target.read());
    if (text.empty()) return fail(Error::not_found);
    TRY(target.find(task, at, path));
    TRY(fs::make_symlink(target.caller, *target.at, target.path, text));
    return 0;
}
Result<u64> symlink(Task& task, UserPath target, UserPath path) { return symlinkat(task, target, here, path); }

Result<u64> fchmodat(Task& task, DirectoryDescriptor at, UserPath path, ModeBits mode) { return change_entry(task, at, path, 0, set_mode_to(mode)); }
Result<u64> chmod(Task& task, UserPath path, ModeBits mode) { return change_entry(task, here, path, 0, set_mode_to(mode)); }
Result<u64> fchmod(Task& task, Descriptor file, ModeBits mode) { return change_open(task, file, set_mode_to(mode)); }

Result<u64> fchownat(Task& task, DirectoryDescriptor at, UserPath path, u32 uid, u32 gid, Flags flags) {
    if (flags & ~(no_follow | empty_path)) return fail(Error::invalid);
    return change_entry(task, at, path, flags, set_owner_to(uid, gid));
}
Result<u64> chown(Task& task, UserPath path, u32 uid, u32 gid) { return change_entry(task, here, path, 0, set_owner_to(uid, gid)); }
Result<u64> lchown(Task& task, UserPath path, u32 uid, u32 gid) { return change_entry(task, here, path, no_follow, set_owner_to(uid, gid)); }
Result<u64> fchown(Task& task, Descriptor file, u32 uid, u32 gid) { return change_open(task, file, set_owner_to(uid, gid)); }

namespace {

fs::FileTime now() {
    auto time = Timespec::of(time::wall_nanoseconds());
    return {time.seconds, static_cast<u32>(time.nanoseconds)};
}

constexpr i64 utime_now = 0x3fff'ffff, utime_omit = 0x3fff'fffe;
struct Times {
    fs::TimesRequest request;
    bool are_now = true;  ///< both UTIME_NOW: whoever may write may set them
};
Result<Times> times_of(Timespec accessed, Timespec modified) {
    Times times;
    auto one = [&](Timespec from, bool& set, fs::FileTime& to) -> Result<void> {
        if (from.nanoseconds == utime_omit) {
            times.are_now = false;
            return {};
        }
        set = true;
        if (from.nanoseconds == utime_now) {
            to = now();
            return {};
        }
        times.are_now = false;
        if (from.nanoseconds < 0 || from.nanoseconds >= 1'000'000'000) return fail(Error::invalid);
        to = {from.seconds, static_cast<u32>(from.nanoseconds)};
        return {};
    };
    TRY(one(accessed, times.request.set_accessed, times.request.accessed));
    TRY(one(modified, times.request.set_modified, times.request.modified));
    return times;
}

Result<u64> set_times(Task& task, DirectoryDescriptor at, UserPath path, u32 flags, const Times& times) {
    auto change = [&](const fs::Context& context, fs::Dentry& entry) {
        return times.are_now ? fs::touch(context, entry, times.request) : fs::set_times(context, entry, times.request);
    };
    if (!times.request.set_accessed && !times.request.set_modified) return 0;  // not even the path is looked at [linux] utimensat
    if (!path) return change_open(task, {at.value}, change);
    return change_entry(task, at, path, flags, change);
}

Result<Times> times_of(UserIn<Timeval> from) {
    if (!from) return times_of(Timespec{0, utime_now}, Timespec{0, utime_now});
    auto accessed = TRY(from.read(0)), modified = TRY(from.read(1));
    if (accessed.microseconds < 0 || accessed.microseconds >= 1'000'000 || modified.microseconds < 0 || modified.microseconds >= 1'000'000)
        return fail(Error::invalid);
    return times_of(Timespec{accessed.seconds, accessed.microseconds * 1000}, Timespec{modified.seconds, modified.microseconds * 1000});
}

}  // namespace

Result<u64> utimensat(Task& task, DirectoryDescriptor at, UserPath path, UserIn<Timespec> from, Flags flags) {
    if (flags & ~(no_follow | empty_path)) return fail(Error::invalid);
    Timespec accessed{0, utime_now}, modified{0, utime_now};
    if (from) accessed = TRY(from.read(0)), modified = TRY(from.read(1));
    return set_times(task, at, path, flags, TRY(times_of(accessed, modified)));
}
Result<u64> futimesat(Task& task, DirectoryDescriptor at, UserPath path, UserIn<Timeval> from) {
    return set_times(task, at, path, 0, TRY(times_of(from)));
}
Result<u64> utimes(Task& task, UserPath path, UserIn<Timeval> from) { return set_times(task, here, path, 0, TRY(times_of(from))); }
Result<u64> utime(Task& task, UserPath path, UserIn<i64> from) {
    Timespec accessed{0, utime_now}, modified{0, utime_now};
    if (from) accessed = {TRY(from.read(0)), 0}, modified = {TRY(from.read(1)), 0};
    return set_times(task, here, path, 0, TRY(times_of(accessed, modified)));
}

Result<u64> truncate(Task& task, UserPath path, i64 size) {
    if (size < 0) return fail(Error::invalid);
    return change_entry(task, here, path, 0, [&](const fs::Context& context, fs::Dentry& entry) -> Result<void> {
        auto wanted = static_cast<u64>(size);
        if (wanted > entry.inode()->size()) TRY(check_size_limit(task, wanted));
        return fs::truncate(context, entry, wanted);
    });
}

}  // namespace spore::linux::calls
