// What file systems implement: an Inode is one file of any type, a FileSystem hands out the first one.
//
// Locks, in the order in which they are taken: the rename mutex of names.cpp; directory mutexes (ancestor first, then by
// address); contents mutexes; spin locks. The VFS holds a directory's mutex around create, link, unlink, rename and look_up in it;
// everything else a file system locks for itself.
#pragma once

#include <atomic>

#include "base/owned.hpp"
#include "kernel/fs/file.hpp"

namespace spore::memory {
class PageCache;
}

namespace spore::fs {

class FileLocks;
class Inode;
class InodeWatch;
class Pipe;
struct Context;

/// A file system outlives its inodes: the mount owns it, and every dentry owns its mount.
class FileSystem : public Counted {
public:
    virtual ~FileSystem() = default;
    virtual Result<Shared<Inode>> root() = 0;
    virtual Result<FileSystemStat> stat() = 0;
    /// As /proc/mounts shows it: "tmpfs".
    virtual const char* kind() const = 0;
    virtual bool read_only() const { return false; }
    virtual Result<void> sync() { return {}; }
    /// Tells the disk what is free of the bytes from `start` to `end`, in stretches of at least `least`: how many. not_a_terminal where there is
    /// none, not_supported where it cannot be told.
    virtual Result<u64> trim(u64, u64, u64) { return fail(Error::not_a_terminal); }
    /// The machine ends: what is stored is in order after this, and nothing may be changed any more.
    virtual Result<void> close() { return sync(); }
    /// Whether a name that is not in the dentry cache may have to be read from a device.
    virtual bool may_wait() const { return false; }
    /// st_dev of its files.
    u64 device() const { return device_; }

protected:
    FileSystem() : device_(next_device_.fetch_add(1, std::memory_order_relaxed)) {}

private:
    static constinit std::atomic<u64> next_device_;
    u64 device_;
};

/// What a new file is to be.
struct NewInode {
    FileType type = FileType::regular;
    u16 permissions = 0;
    u32 uid = 0, gid = 0;
    u64 special = 0;            ///< of device nodes
    std::string_view target{};  ///< of symbolic links
    u32 seals = seal_seal;      ///< of regular files, where the file system knows them
    bool stays_unnamed = false; ///< of files without a name: they cannot be given one (O_EXCL)
};

/// Attributes to change; what is not set stays.
struct AttributeChange {
    bool set_permissions = false, set_uid = false, set_gid = false, set_accessed = false, set_modified = false;
    u16 permissions = 0;
    u32 uid = 0, gid = 0;
    FileTime accessed{}, modified{};

    void apply(Stat& to, FileTime now) const;
};

/// Where a write goes: at the offset, or at the end, wherever that is by then.
enum class WriteAt : u8 { offset, end };

/// Those that have a file open for writing, or below zero those that run it: never both [execve(2), open(2): ETXTBSY].
class UseCount {
public:
    enum class Use : i8 { write = 1, execute = -1 };
    /// text_busy when it is used the other way.
    Result<void> begin(Use use);
    void end(Use use) { count_.fetch_sub(static_cast<i32>(use), std::memory_order_release); }
    bool executed() const { return count_.load(std::memory_order_relaxed) < 0; }

private:
    std::atomic<i32> count_ = 0;
};

class Inode : public Counted {
public:
    virtual ~Inode();

    FileType type() const { return type_; }
    u64 number() const { return number_; }
    FileSystem& file_system() const { return file_system_; }
    bool is_directory() const { return type_ == FileType::directory; }
    u64 size() const { return size_.load(std::memory_order_acquire); }
    /// Held by the VFS while it reads or changes names in this directory.
    sync::Mutex& directory_mutex() { return directory_mutex_; }
    /// Names in this directory come and go by themselves (/proc): the VFS asks each time.
    virtual bool names_change() const { return false; }
    /// They may come and go by others' doing: the VFS asks each time, and keeps an entry as long as it names the same inode.
    virtual bool names_expire() const { return false; }

    virtual Result<Stat> stat();
    virtual Result<void> change(const AttributeChange& change);

    // Directories. Names are never empty, "." or "..".
    virtual Result<Shared<Inode>> look_up(std::string_view name);
    virtual Result<Shared<Inode>> create(std::string_view name, const NewInode& request);
    /// A file without a name (O_TMPFILE).
    virtual Result<Shared<Inode>> create_unnamed(const NewInode& request);
    virtual Result<void> link(std::string_view name, Inode& target);
    virtual Result<void> unlink(std::string_view name, Inode& target);
    /// not_empty when it has entries.
    virtual Result<void> remove_directory(std::string_view name, Inode& target);
    /// Moves `name` to `new_name` in `new_directory`, over `replaced` when that is not null; or with `exchange` swaps the two.
    virtual Result<void> rename(std::string_view name, Inode& target, Inode& new_directory, std::string_view new_name, Inode* replaced,
                                bool exchange);
    /// Emits entries from `position` on. Positions 0 and 1 are the dots, which the VFS emits; an inode's own begin at 2, stay
    /// valid while entries come and go, and 2 is the first.
    virtual Result<void> read_directory(u64 position, DirectorySink& sink);

    // Symbolic links.
    /// The target; valid as long as the inode lives.
    virtual Result<std::string_view> link_target();
    /// A link that leads straight to an entry, whatever its text says (/proc/self/fd/3); null for ordinary ones.
    virtual Result<Shared<Dentry>> follow_directly(const Context& context);

    // Contents.
    /// The open file description; `entry` is the name it was opened by.
    virtual Result<Shared<File>> open(Dentry& entry, OpenMode mode);
    virtual Result<u64> read(IoBuffer& into, u64 offset);
    /// Where the write ended, in `offset`; bytes written as the result.
    virtual Result<u64> write(IoBuffer& from, u64& offset, WriteAt where);
    virtual Result<void> truncate(u64 size);
    /// The contents were read, or are being written through a mapping: for the times. Must not sleep.
    virtual void note_access() {}
    virtual void note_mapped_write() {}
    virtual Result<void> allocate(u32 mode, u64 offset, u64 size);
    virtual Result<void> sync(bool data_only);
    /// What was written there is handed to the disk, if not by the disk to what keeps it: who opened the file past the caches relies on that (O_DIRECT).
    virtual Result<void> write_through(u64, u64) { return {}; }
    /// The next data or hole at or after `offset`, which is below size().
    virtual Result<u64> seek_data(u64 offset, Whence whence);
    /// What mmap shows and fills from; null when the file cannot be mapped. With `for_writing`, shared changes to the pages
    /// are changes to the file.
    virtual Result<memory::PageCache*> pages(bool for_writing);

    /// How many of `size` bytes from `offset` on can be read or written without waiting for a device. not_supported where there are no pages.
    virtual Result<u64> at_hand(u64 offset, u64 size);

    // Extended attributes. An empty buffer asks for the size.
    virtual Result<u64> get_attribute(std::string_view name, MutableByteSpan value);
    virtual Result<void> set_attribute(std::string_view name, ByteSpan value, bool create, bool replace);
    virtual Result<u64> list_attributes(MutableByteSpan names);
    virtual Result<void> remove_attribute(std::string_view name);

    // Seals (seals.hpp). invalid where there are none.
    virtual Result<u32> seals();
    /// not_permitted once sealed against it; busy to seal_write while a mapping may change the file.
    virtual Result<void> add_seals(u32 seals);
    /// A mapping may change the file from now on; not_permitted when seals forbid it.
    virtual Result<void> begin_mapped_writes() { return {}; }
    virtual void end_mapped_writes() {}

    /// Made on first use; owned (locks.hpp).
    std::atomic<FileLocks*> locks = nullptr;
    /// Of a FIFO that was opened, and of pipes; owned (pipe.hpp).
    std::atomic<Pipe*> pipe = nullptr;
    UseCount use;
    /// Known to bear nothing that a change of the contents would have to end (end_trust): most files, so that most writes ask no further.
    std::atomic<bool> bears_no_trust = false;
    /// The first of those who watch it; under their mutex (notify.hpp).
    InodeWatch* watches = nullptr;

protected:
    Inode(FileSystem& file_system, u64 number, FileType type) : file_system_(file_system), number_(number), type_(type) {}

    /// The attributes, under their lock. `size` in them is not used: size_ is.
    Locked<Stat, sync::Spin> attributes_;
    std::atomic<u64> size_ = 0;

private:
    FileSystem& file_system_;
    u64 number_;
    FileType type_;
    sync::Mutex directory_mutex_;
};

/// The time that new files and changes are stamped with.
FileTime current_time();

}  // namespace spore::fs
