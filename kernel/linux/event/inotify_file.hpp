// inotify: a queue of what happened to files that it watches [inotify(7)].
//
// Locks: the watches' mutex (kernel/fs/notify.hpp) for who is watched and what for; lock_ for the queue. Both in this order.
#pragma once

#include "base/text.hpp"
#include "kernel/fs/notify.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux {

/// IN_*: what is reported, and how a watch behaves.
enum InotifyFlag : u32 {
    in_all_events = 0xfff, in_overflow = 0x4000, in_ignored = 0x8000, in_only_directory = 0x0100'0000, in_dont_follow = 0x0200'0000,
    in_exclude_unlinked = 0x0400'0000, in_mask_create = 0x1000'0000, in_mask_add = 0x2000'0000, in_is_directory = 0x4000'0000,
    in_one_shot = 0x8000'0000,
};

class InotifyFile final : public fs::File {
public:
    /// too_many_files when there are as many as there may be.
    static Result<Shared<InotifyFile>> create(fs::OpenMode mode);
    ~InotifyFile() override;

    /// The watch's number. `mask` holds events, IN_MASK_ADD or IN_MASK_CREATE, IN_ONESHOT and IN_EXCL_UNLINK.
    Result<u64> watch(fs::Dentry& entry, u32 mask);
    /// invalid when there is no such watch.
    Result<void> forget(i32 number);

    /// Shows each watch to `visit`, the newest first, with the watches' mutex held.
    using Visitor = Result<void> (*)(void* context, i32 number, fs::Inode& inode, u32 mask);
    Result<void> visit_watches(Visitor visit, void* context);

    Result<u64> read(fs::IoBuffer& into) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &source_; }
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::inotify; }

private:
    class Watch;
    struct Watches;
    struct Event;

    explicit InotifyFile(fs::OpenMode mode);
    static Watch* find(const InotifyFile& of, const fs::Inode& inode);
    void put(i32 watch, u32 mask, u32 cookie, std::string_view name);

    // Under the watches' mutex.
    Owned<Watches> watches_;  ///< by their numbers
    i32 last_number_ = 0;

    sync::Spin lock_;
    Event* first_ = nullptr;  ///< owned, oldest first
    Event* last_ = nullptr;
    u64 count_ = 0;
    Owned<Event> overflow_;   ///< IN_Q_OVERFLOW's, while it is not in the queue
    sync::WaitQueue readers_;
    fs::PollSource source_;
};

}  // namespace spore::linux
