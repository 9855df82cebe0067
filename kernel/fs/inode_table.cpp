#include "kernel/fs/inode_table.hpp"

namespace spore::fs {

TabledInode* InodeTable::find_retained(u64 number) {
    return table_.with([&](Table& table) -> TabledInode* {
        for (auto* inode = table.buckets[number % bucket_count]; inode; inode = inode->table_next_)
            if (inode->number() == number && inode->try_retain()) return inode;
        return nullptr;
    });
}

TabledInode* InodeTable::add_or_retain(TabledInode& made) {
    return table_.with([&](Table& table) -> TabledInode* {
        auto*& bucket = table.buckets[made.number() % bucket_count];
        for (auto* inode = bucket; inode; inode = inode->table_next_)
            if (inode->number() == made.number() && inode->type() == made.type() && inode->try_retain()) return inode;
        made.table_next_ = std::exchange(bucket, &made);
        return nullptr;
    });
}

void InodeTable::remove(TabledInode& inode) {
    table_.with([&](Table& table) {
        for (auto** at = &table.buckets[inode.number() % bucket_count]; *at; at = &(*at)->table_next_)
            if (*at == &inode) {
                *at = inode.table_next_;
                return;
            }
    });
}

TabledInode* InodeTable::next_retained(unsigned& bucket, TabledInode* after) {
    return table_.with([&](Table& table) -> TabledInode* {
        // Where `after` has gone on from is known: it is still in the table, since its owner is the caller.
        for (; bucket < bucket_count; ++bucket, after = nullptr)
            for (auto* inode = after ? after->table_next_ : table.buckets[bucket]; inode; inode = inode->table_next_)
                if (inode->try_retain()) return inode;
        return nullptr;
    });
}

}  // namespace spore::fs
