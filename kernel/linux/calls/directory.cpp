// Looking at the file tree: stat and its kin, directories' entries, where the process stands.
#include "kernel/fs/notify.hpp"
#include "kernel/fs/open.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/stat_format.hpp"
#include "kernel/linux/process/caller.hpp"

namespace spore::linux::calls {

namespace {

enum AtFlag : u32 { no_follow = 0x100, effective_access = 0x200, remove_directory_flag = 0x200, follow = 0x400, no_automount = 0x800, empty_path = 0x1000 };
constexpr DirectoryDescriptor here{DirectoryDescriptor::current};

/// stat of what `at` and `path` name; an open file without a place in the tree (a pipe) can be named by AT_EMPTY_PATH.
Result<fs::Stat> stat_at(Task& task, DirectoryDescriptor at, UserPath user_path, u32 flags) {
    SmallText path;
    if (user_path || !(flags & empty_path)) path = TRY(user_path.read());
    if (path.empty() && (flags & empty_path) && at.value != DirectoryDescriptor::current) return TRY(task.files().get({at.value}))->stat();
    Caller caller(task);
    auto entry = TRY(caller.resolve(task, at, path, flags & no_follow ? fs::Follow::no : fs::Follow::yes, flags & empty_path));
    return fs::stat(*entry);
}

UserFileSystemStat to_user(const fs::FileSystemStat& stat) {
    UserFileSystemStat user{};
    user.type = static_cast<i64>(stat.magic), user.block_size = user.fragment_size = stat.block_size;
    user.blocks = stat.blocks, user.free_blocks = user.available_blocks = stat.free_blocks;
    user.files = stat.files, user.free_files = stat.free_files;
    user.name_limit = stat.name_limit;
    constexpr i64 valid = 0x20, read_only = 1;
    user.flags = valid | (stat.read_only ? read_only : 0);
    return user;
}

}  // namespace

Result<u64> stat(Task& task, UserPath path, UserOut<UserStat> result) {
    TRY(result.write(to_user_stat(TRY(stat_at(task, here, path, 0)))));
    return 0;
}
Result<u64> lstat(Task& task, UserPath path, UserOut<UserStat> result) {
    TRY(result.write(to_user_stat(TRY(stat_at(task, here, path, no_follow)))));
    return 0;
}
Result<u64> newfstatat(Task& task, DirectoryDescriptor at, UserPath path, UserOut<UserStat> result, Flags flags) {
    if (flags & ~(no_follow | no_automount | empty_path)) return fail(Error::invalid);
    TRY(result.write(to_user_stat(TRY(stat_at(task, at, path, flags)))));
    return 0;
}

Result<u64> statx(Task& task, DirectoryDescriptor at, UserPath path, Flags flags, Flags mask, UserOut<UserStatx> result) {
    constexpr u32 sync_flags = 0x6000, reserved = 0x8000'0000, basic = 0x7ff, with_birth = 0xfff;
    if ((flags & ~(no_follow | no_automount | empty_path | sync_flags)) || (mask & reserved)) return fail(Error::invalid);
    auto stat = TRY(stat_at(task, at, path, flags));
    auto time = [](const fs::FileTime& t) { return StatxTime{t.seconds, t.nanoseconds, 0}; };
    UserStatx user{};
    user.mask = stat.created.seconds ? with_birth : basic;
    user.block_size = stat.block_size, user.links = stat.links, user.uid = stat.uid, user.gid = stat.gid;
    user.mode = static_cast<u16>(mode_of(stat)), user.inode = stat.inode, user.size = stat.size, user.blocks = stat.blocks;
    user.accessed = time(stat.accessed), user.created = time(stat.created), user.changed = time(stat.changed), user.modified = time(stat.modified);
    user.special_major = device_major(stat.special), user.special_minor = device_minor(stat.special);
    user.device_major = device_major(stat.device), user.device_minor = device_minor(stat.device);
    TRY(result.write(user));
    return 0;
}

Result<u64> statfs(Task& task, UserPath path, UserOut<UserFileSystemStat> result) {
    Caller caller(task);
    auto entry = TRY(caller.resolve(task, here, TRY(path.read()), fs::Follow::yes));
    TRY(result.write(to_user(TRY(fs::stat_file_system(*entry)))));
    return 0;
}
Result<u64> fstatfs(Task& task, Descriptor descriptor, UserOut<UserFileSystemStat> result) {
    auto file = TRY(task.files().get(descriptor));
    auto* entry = file->dentry();
    constexpr u64 pipe_magic = 0x50495045;
    TRY(result.write(to_user(entry ? TRY(fs::stat_file_system(*entry)) : fs::FileSystemStat{.magic = pipe_magic})));
    return 0;
}

Result<u64> faccessat2(Task& task, DirectoryDescriptor at, UserPath user_path, Flags mode, Flags flags) {
    if ((mode & ~7u) || (flags & ~(no_follow | effective_access | empty_path))) return fail(Error::invalid);
    Caller caller(task);
    if (!(flags & effective_access)) caller.use_real_identity();
    auto path = TRY(user_path.read());
    auto entry = TRY(caller.resolve(task, at, path, flags & no_follow ? fs::Follow::no : fs::Follow::yes, flags & empty_path));
    TRY(fs::check_access(caller, *entry, static_cast<u8>(mode.value)));
    return 0;
}
Result<u64> faccessat(Task& task, DirectoryDescriptor at, UserPath path, Flags mode) { return faccessat2(task, at, path, mode, {0}); }
Result<u64> access(Task& task, UserPath path, Flags mode) { return faccessat2(task, here, path, mode, {0}); }

namespace {

/// Lays entries one after another into the program's buffer, as getdents64 or the old getdents shape them.
class EntryWriter final : public fs::DirectorySink {
public:
    enum class Shape : u8 { old, with_type_first };
    EntryWriter(VirtAddr at, u32 size, Shape shape) : at_(at), left_(size), shape_(shape) {}

    bool entry(std::string_view name, u64 inode, fs::FileType type, u64 next_position) override {
        struct Head {
            u64 inode, next;
            u16 size;
        } __attribute__((packed));
        constexpr std::size_t head_size = sizeof(Head);
        // struct linux_dirent64 { ino, off, reclen, type, name }; struct linux_dirent has its type in the last byte.
        auto size = align_up(head_size + name.size() + 2, 8);
        if (size > left_) {
            full_ = true;
            return false;
        }
        char bytes[head_size + 256 + 16] = {};
        Head head{inode, next_position, static_cast<u16>(size)};
        std::memcpy(bytes, &head, head_size);
        bool old = shape_ == Shape::old;
        bytes[old ? size - 1 : head_size] = static_cast<char>(type);
        std::memcpy(bytes + head_size + (old ? 0 : 1), name.data(), std::min<std::size_t>(name.size(), 255));
        if (!arch::copy_to_program(at_, bytes, size)) {
            bad_address_ = true;
            return false;
        }
        at_ = at_ + size;
        left_ -= static_cast<u32>(size);
        written_ += size;
        return true;
    }
    /// Bytes written; invalid when not even one entry fits.
    Result<u64> finish() const {
        if (written_) return written_;
        if (bad_address_) return fail(Error::bad_address);
        if (full_) return fail(Error::invalid);
        return 0;
    }

private:
    VirtAddr at_;
    u32 left_;
    Shape shape_;
    u64 written_ = 0;
    bool full_ = false, bad_address_ = false;
};

Result<u64> list(Task& task, Descriptor descriptor, UserBytes buffer, u32 size, EntryWriter::Shape shape) {
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    EntryWriter writer(buffer, size, shape);
    TRY(file->read_directory(writer));
    fs::tell(*file, fs::Change::accessed);
    return writer.finish();
}

}  // namespace

Result<u64> getdents64(Task& task, Descriptor directory, UserBytes buffer, u32 size) {
    return list(task, directory, buffer, size, EntryWriter::Shape::with_type_first);
}
Result<u64> getdents(Task& task, Descriptor directory, UserBytes buffer, u32 size) { return list(task, directory, buffer, size, EntryWriter::Shape::old); }

Result<u64> getcwd(Task& task, UserBuffer buffer, u64 size) {
    auto text = TRY(SmallText::create(4096));
    auto root = task.place().root(), directory = task.place().directory();
    if (directory->deleted()) return fail(Error::not_found);
    auto path = TRY(fs::marked_path_of(*root, *directory, std::span(text.data(), text.size())));
    if (path.size() + 1 > size) return fail(Error::out_of_range);
    const char zero = 0;
    TRY(arch::copy_to_program(buffer, path.data(), path.size()));
    TRY(arch::copy_to_program(buffer + path.size(), &zero, 1));
    return path.size() + 1;
}

namespace {
/// A directory that the process may enter.
Result<Shared<fs::Dentry>> enterable(const Caller& caller, Shared<fs::Dentry> entry) {
    constexpr u8 search = 1;
    if (TRY(fs::stat(*entry)).type != fs::FileType::directory) return fail(Error::not_directory);
    TRY(fs::check_access(caller, *entry, search));
    return entry;
}
}  // namespace

Result<u64> chdir(Task& task, UserPath path) {
    Caller caller(task);
    task.place().set_directory(TRY(enterable(caller, TRY(caller.resolve(task, here, TRY(path.read()), fs::Follow::yes)))));
    return 0;
}
Result<u64> fchdir(Task& task, Descriptor directory) {
    Caller caller(task);
    auto file = TRY(task.files().get(directory));
    if (!file->dentry()) return fail(Error::not_directory);
    task.place().set_directory(TRY(enterable(caller, Shared<fs::Dentry>(*file->dentry()))));
    return 0;
}
Result<u64> chroot(Task& task, UserPath path) {
    Caller caller(task);
    auto entry = TRY(enterable(caller, TRY(caller.resolve(task, here, TRY(path.read()), fs::Follow::yes))));
    if (!task.process().credentials().may(Capability::chroot)) return fail(Error::not_permitted);
    task.place().set_root(std::move(entry));
    return 0;
}
Result<u64> umask(Task& task, ModeBits mask) { return task.place().set_umask(static_cast<u16>(mask.value & 0777)); }

Result<u64> readlinkat(Task& task, DirectoryDescriptor at, UserPath path, UserBuffer buffer, i32 size) {
    if (size <= 0) return fail(Error::invalid);
    Caller caller(task);
    auto entry = TRY(caller.resolve(task, at, TRY(path.read()), fs::Follow::no, at.value != here.value));
    auto text = TRY(SmallText::create(std::min(size, 4096)));
    auto length = TRY(fs::read_link(caller, *entry, std::as_writable_bytes(std::span(text.data(), text.size()))));
    TRY(arch::copy_to_program(buffer, text.data(), length));
    return length;
}
Result<u64> readlink(Task& task, UserPath path, UserBuffer buffer, i32 size) { return readlinkat(task, here, path, buffer, size); }

}  // namespace spore::linux::calls
