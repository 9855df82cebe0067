// Nodes of the tree that leads from a file's blocks to the disk's: in the inode, or a block each.
#pragma once

#include "wire/ext4/inode.hpp"

namespace spore::wire::ext4 {

struct RawExtentHeader {
    le16 magic, entries, most, depth;
    le32 generation;
};
struct RawExtent {
    le32 block;
    le16 length;  ///< above most_written: unwritten, and so much shorter
    le16 start_high;
    le32 start_low;
};
struct RawExtentIndex {
    le32 block, leaf_low;
    le16 leaf_high, unused;
};
static_assert(sizeof(RawExtentHeader) == 12 && sizeof(RawExtent) == 12 && sizeof(RawExtentIndex) == 12);

inline constexpr u16 extent_magic = 0xf30a;
inline constexpr u16 most_written = 32768, most_unwritten = 32767;
inline constexpr unsigned most_depth = 5;

/// Blocks of a file that lie one after another on the disk.
struct Extent {
    u32 block = 0, length = 0;
    u64 start = 0;
    bool unwritten = false;  ///< reads as zeros

    u32 most() const { return unwritten ? most_unwritten : most_written; }
    u64 end() const { return u64{block} + length; }
};

/// A checked node in place.
class ExtentNode {
public:
    /// corrupt when anything in it is wrong: entries in order, inside of the volume, of this depth.
    static Result<ExtentNode> parse(const Superblock& super, MutableByteSpan bytes, unsigned depth);
    /// The depth that a root tells; corrupt.
    static Result<unsigned> depth_of(ByteSpan root);
    /// An empty one.
    static ExtentNode make(MutableByteSpan bytes, unsigned depth);

    unsigned count() const { return header().entries; }
    unsigned room() const { return header().most - header().entries; }
    unsigned depth() const { return header().depth; }
    bool is_leaf() const { return depth() == 0; }
    u32 key(unsigned at) const { return extents()[at].block; }
    /// The last entry that begins at or before `block`; 0 when none does.
    unsigned search(u32 block) const;
    Extent extent(unsigned at) const;
    u64 child(unsigned at) const;

    void set_extent(unsigned at, const Extent& extent);
    void set_child(unsigned at, u32 key, u64 child);
    void set_key(unsigned at, u32 key) { extents()[at].block = key; }
    /// Makes place for an entry, to be set next.
    void open(unsigned at);
    void remove(unsigned at);
    /// Moves the entries from `from` on to the end of another of the same depth.
    void move_to(ExtentNode& other, unsigned from);
    void set_depth(unsigned depth) { header().depth = static_cast<u16>(depth); }

private:
    explicit ExtentNode(MutableByteSpan bytes) : bytes_(bytes) {}
    RawExtentHeader& header() const { return *reinterpret_cast<RawExtentHeader*>(bytes_.data()); }
    RawExtent* extents() const { return reinterpret_cast<RawExtent*>(bytes_.data() + sizeof(RawExtentHeader)); }
    RawExtentIndex* children() const { return reinterpret_cast<RawExtentIndex*>(bytes_.data() + sizeof(RawExtentHeader)); }
    MutableByteSpan bytes_;
};

bool extent_block_matches(const Superblock& super, u32 seed, ByteSpan block);
void set_extent_block_checksum(const Superblock& super, u32 seed, MutableByteSpan block);

}  // namespace spore::wire::ext4
