// The inodes of a file system that are in use, by number, for those that may be asked for a file twice: it has one inode, however many names
// and users. They are not owned: each takes itself out when its last owner goes, in its destructor. One that is just going is passed over, so
// its successor may be in the table beside it.
//
// One spin lock, under which no inode is let go.
#pragma once

#include "kernel/fs/inode.hpp"

namespace spore::fs {

class TabledInode : public Inode {
protected:
    using Inode::Inode;

private:
    friend class InodeTable;
    TabledInode* table_next_ = nullptr;
};

class InodeTable {
public:
    /// The inode with this number; T is what the file system puts in. Null when none is in use.
    template <typename T>
    Shared<T> find(u64 number) { return adopt<T>(find_retained(number)); }
    /// Puts it in, unless somebody who loaded the same file at the same time was faster: that one's counts, and is given back. A number that has
    /// another type by now is another file's.
    template <typename T>
    Shared<T> add(Shared<T> made) {
        auto other = adopt<T>(add_or_retain(*made));
        return other ? std::move(other) : std::move(made);
    }
    /// From destructors. One that never got in is not missed.
    void remove(TabledInode& inode);
    /// All that are in use, one after another, `after` null at first and then the one given last, and `bucket` 0 at first. Those that come meanwhile may
    /// be left out.
    template <typename T>
    Shared<T> next(unsigned& bucket, T* after) { return adopt<T>(next_retained(bucket, after)); }
    /// For what else the file system keeps under this lock.
    template <typename F>
    decltype(auto) locked(F action) {
        return table_.with([&](Table&) { return action(); });
    }

private:
    static constexpr unsigned bucket_count = 256;
    struct Table {
        TabledInode* buckets[bucket_count] = {};
    };
    template <typename T>
    static Shared<T> adopt(TabledInode* retained) { return Shared<T>::adopt(static_cast<T*>(retained)); }
    TabledInode* find_retained(u64 number);
    TabledInode* add_or_retain(TabledInode& made);
    TabledInode* next_retained(unsigned& bucket, TabledInode* after);

    Locked<Table, sync::Spin> table_;
};

}  // namespace spore::fs
