// A file's tree of extents. With the tree mutex.
#pragma once

#include "kernel/fs/ext4/inode.hpp"

namespace spore::fs::ext4 {

class ExtentTree {
public:
    explicit ExtentTree(Ext4Inode& inode) : inode_(inode), owner_(inode.owner()) {}
    Result<Mapping> find(u32 block);

    // With a handle. The inode has to be stored afterwards. What fails has changed nothing.
    /// Of blocks that lie nowhere yet.
    Result<void> insert(const wire::ext4::Extent& extent);
    /// `length` blocks from `block` on, all of one unwritten extent, have contents now.
    Result<void> set_written(u32 block, u32 length);
    /// Gives blocks in [first, end) back, from the end on, in `steps` steps at most: whether that was all.
    Result<bool> remove(u32 first, u64 end, unsigned steps);
    /// Where blocks for this one should lie.
    Result<u64> goal_for(u32 block);

private:
    using Node = wire::ext4::ExtentNode;
    /// From the root, level 0, down to a leaf.
    struct Path {
        Block blocks[wire::ext4::most_depth + 1];  ///< none for the root
        unsigned at[wire::ext4::most_depth + 1];   ///< the entry that was taken
        unsigned depth = 0;                        ///< the leaf's level
    };
    Result<void> walk(u32 block, Path& path);
    Result<Node> node(const Path& path, unsigned level);
    /// Where what comes behind the path's leaf begins.
    Result<u64> next_key(const Path& path);

    void changes(const Path& path, unsigned level);
    void changed(const Path& path, unsigned level);
    /// The path to a leaf for `block` that has room for so many entries more.
    Result<void> make_room(u32 block, unsigned entries, Path& path);
    Result<void> grow(Path& path);
    Result<void> split(Path& path, unsigned level, u32 block);
    Result<Block> make_node(u64 near);
    /// The first key of the node at this level may be another: those above tell it.
    Result<void> fix_keys(const Path& path, unsigned from);
    Result<bool> remove_last(u32 first, u64 end);

    Ext4Inode& inode_;
    Ext4FileSystem& owner_;
};

}  // namespace spore::fs::ext4
