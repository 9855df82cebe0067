// A file's tree of extents. With the tree mutex.
#pragma once

#include "kernel/fs/ext4/inode.hpp"

namespace spore::fs::ext4 {

class ExtentTree {
public:
    explicit ExtentTree(Ext4Inode& inode) : inode_(inode), owner_(inode.owner()) {}
    Result<Mapping> find(u32 block);

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

    Ext4Inode& inode_;
    Ext4FileSystem& owner_;
};

}  // namespace spore::fs::ext4
