// An open file description: what descriptors refer to. Files, directories, pipes, sockets, eventfd, epoll: all are Files.
#pragma once

#include <string_view>

#include "base/owned.hpp"
#include "kernel/fs/io_buffer.hpp"
#include "kernel/fs/poll.hpp"
#include "kernel/fs/seals.hpp"
#include "kernel/fs/stat.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::memory {
class MappedObject;
}

namespace spore::fs {

class Inode;
class Dentry;

/// What a file is, for those that look for their own among others.
enum class FileKind : u8 { other, pipe, socket, epoll, process, inotify, signal, timer, terminal, event, ring };

class File;
/// Somebody who knows a file without keeping it open, and is told of its end: epoll.
class FileWatcher {
public:
    /// The last owner has gone; the file is still whole. Must call unwatch(). May sleep.
    virtual void file_closing(File& file) = 0;
    ListLink<FileWatcher> watcher_link;

protected:
    ~FileWatcher() = default;
};

enum class Whence : u8 { start, current, end, data, hole };

/// How a file was opened. The bits of O_* that stay with the description.
struct OpenMode {
    bool read : 1 = false;
    bool write : 1 = false;
    bool append : 1 = false;
    bool nonblocking : 1 = false;
    bool direct : 1 = false;
    bool path_only : 1 = false;   ///< O_PATH
    bool synchronous : 1 = false;
    bool asynchronous : 1 = false;  ///< O_ASYNC
    bool no_terminal : 1 = false;   ///< O_NOCTTY: opening it does not make it the session's terminal
    bool execute : 1 = false;       ///< to be run
    bool traceless : 1 = false;     ///< O_NOATIME: reading does not change the time of access
    bool counted : 1 = false;       ///< in the inode's UseCount, as a writer or for execution
};

/// Receives one directory entry; returns false when there is no room for it, and it will be asked for again.
class DirectorySink {
public:
    virtual bool entry(std::string_view name, u64 inode, FileType type, u64 next_position) = 0;

protected:
    ~DirectorySink() = default;
};

/// Defaults answer what Linux answers for a file that lacks the operation.
class File : public Counted {
public:
    explicit File(OpenMode mode) : mode_(mode) {}
    virtual ~File() = default;

    /// Counted's, but that watchers hear of the end before anything of the file is gone.
    [[nodiscard]] bool release() const {
        if (!Counted::release()) return false;
        tell_of_close();
        if (watched_.load(std::memory_order_acquire)) [[unlikely]] tell_watchers();
        return true;
    }
    void watch(FileWatcher& watcher);
    void unwatch(FileWatcher& watcher);
    /// Held while watchers are told, so that they can go by themselves without meeting that.
    static sync::Mutex& watchers_mutex();

    /// Bytes transferred; fewer than asked when there are no more now. 0 from read means end of file.
    /// would_block instead of sleeping when mode().nonblocking.
    virtual Result<u64> read(IoBuffer& into);
    virtual Result<u64> write(IoBuffer& from);
    /// At an offset, leaving the position alone. illegal_seek for what has none.
    virtual Result<u64> read_at(IoBuffer& into, u64 offset);
    virtual Result<u64> write_at(IoBuffer& from, u64 offset);
    virtual Result<u64> seek(i64 offset, Whence whence);
    virtual Result<Stat> stat();
    virtual Result<void> truncate(u64 size);
    virtual Result<void> allocate(u32 mode, u64 offset, u64 size);  ///< fallocate; mode is FALLOC_FL_*
    virtual Result<void> sync(bool data_only);
    virtual Result<void> read_directory(DirectorySink& sink);
    /// not_a_terminal when the file has no such request. `argument` may be an address in the program.
    virtual Result<u64> ioctl(u32 request, u64 argument);
    /// What is ready now.
    virtual Ready ready();
    /// Null for what is always ready and cannot be waited for (regular files): epoll refuses it.
    virtual PollSource* poll_source();
    /// What mmap maps; no_device when the file cannot be mapped, not_permitted when a seal forbids to change it so.
    virtual Result<Shared<memory::MappedObject>> map(MapWrites writes);
    /// A descriptor that refers to this was closed (the last or not): releases POSIX locks.
    virtual void descriptor_closed() {}

    /// The path as /proc/self/fd shows it: "/tmp/x", "pipe:[12]", "anon_inode:[eventpoll]".
    virtual std::string_view describe(std::span<char> buffer) = 0;
    virtual FileKind kind() const { return FileKind::other; }
    /// Null for what has no place in the file tree.
    virtual Inode* inode() { return nullptr; }
    virtual Dentry* dentry() { return nullptr; }

    OpenMode mode() const { return mode_; }
    /// fcntl(F_SETFL): append, nonblocking, direct, asynchronous.
    virtual Result<void> set_mode(OpenMode mode) { mode_ = mode; return {}; }

protected:
    OpenMode mode_;

private:
    [[gnu::cold]] void tell_watchers() const;
    void tell_of_close() const;
    mutable std::atomic<bool> watched_ = false;
    List<FileWatcher, &FileWatcher::watcher_link> watchers_;
};

}  // namespace spore::fs
