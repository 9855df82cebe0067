// ext4 with its journal. A volume has the features that mke2fs -t ext4 gives it, and blocks of 4 KiB.
//
// Metadata is changed in memory, under one mutex (the tree mutex), and written through the journal (journal.hpp). What programs write lies in the
// page caches of the files; it gets its place on the disk when it is written back, and is led to only after it was written. So that there is a
// place then, each such page is counted as used from the beginning.
//
// Order of locks, after those of fs/inode.hpp: a file's layout mutex; its contents mutex; a journal handle; the tree mutex; spin locks.
#pragma once

#include "kernel/fs/ext4/journal.hpp"
#include "kernel/fs/inode_table.hpp"
#include "wire/ext4/inode.hpp"

namespace spore::fs::ext4 {

class Ext4Inode;

struct Identity {
    u8 uuid[16];
    char label[17];  ///< ends with a zero
};
/// Which volume the device holds. not_found when there is no ext4 on it.
Result<Identity> identify(device::BlockDevice& device);

class Ext4FileSystem final : public FileSystem, private Journal::Client {
public:
    /// Puts in order what a crash has left. not_supported for volumes with unknown features; read-only when `read_only`, or it cannot be written.
    static Result<Shared<Ext4FileSystem>> mount(device::BlockDevice& device, bool read_only);
    explicit Ext4FileSystem(device::BlockDevice& device) : disk_(device), journal_(disk_, tree_, *this) {}
    ~Ext4FileSystem() override;

    /// Writes everything and leaves the volume clean; read-only afterwards.
    Result<void> unmount();
    Result<void> close() override { return unmount(); }

    Result<Shared<Inode>> root() override;
    Result<FileSystemStat> stat() override;
    const char* kind() const override { return "ext4"; }
    bool read_only() const override { return !journal_.started() || journal_.aborted(); }
    bool may_wait() const override { return true; }
    Result<void> sync() override;

    // For its parts.
    const wire::ext4::Superblock& super() const { return super_; }
    Disk& disk() { return disk_; }
    Journal& journal() { return journal_; }
    sync::Mutex& tree() { return tree_; }
    InodeTable& inodes() { return inodes_; }
    /// The one inode object for a number. Without the tree mutex.
    Result<Shared<Ext4Inode>> inode(u32 number);
    /// Where an inode lies: its block, and its bytes in it. With the tree mutex.
    struct InodePlace {
        Block block;
        MutableByteSpan bytes;
    };
    Result<InodePlace> place_of(u32 number);
    /// A group's descriptor, in its block. With the tree mutex.
    struct GroupPlace {
        Block block;
        wire::ext4::Group group;
    };
    Result<GroupPlace> group(u32 number);

private:
    Result<void> read_superblock(bool checked);
    Result<void> open_journal();
    void before_commit() override;

    sync::Mutex tree_;
    Disk disk_;
    Journal journal_;
    wire::ext4::Superblock super_{};
    InodeTable inodes_;
};

}  // namespace spore::fs::ext4
