#include "wire/ext4/extent.hpp"

namespace spore::wire::ext4 {
namespace {
/// Behind as many entries as a block holds.
constexpr u32 checksum_at = block_size - sizeof(le32);
constexpr unsigned most_in(std::size_t bytes) {
    return static_cast<unsigned>((bytes - sizeof(RawExtentHeader)) / sizeof(RawExtent));
}
}  // namespace

Result<unsigned> ExtentNode::depth_of(ByteSpan root) {
    auto* header = view_at<RawExtentHeader>(root, 0);
    if (!header || header->magic != extent_magic || header->depth > most_depth) return fail(Error::corrupt);
    return unsigned{header->depth};
}

Result<ExtentNode> ExtentNode::parse(const Superblock& super, MutableByteSpan bytes, unsigned depth) {
    ExtentNode node(bytes);
    auto& header = node.header();
    if (header.magic != extent_magic || header.depth != depth || header.entries > header.most || header.most > most_in(bytes.size()))
        return fail(Error::corrupt);
    u64 next = 0;
    for (unsigned i = 0; i < node.count(); ++i) {
        if (node.key(i) < next) return fail(Error::corrupt);
        if (depth == 0) {
            auto extent = node.extent(i);
            if (extent.length == 0 || extent.end() > u64{1} << 32 || extent.start == 0 || extent.start >= super.blocks ||
                extent.length > super.blocks - extent.start)
                return fail(Error::corrupt);
            next = extent.end();
        } else {
            if (node.child(i) == 0 || node.child(i) >= super.blocks) return fail(Error::corrupt);
            next = u64{node.key(i)} + 1;
        }
    }
    // Only a root may be empty.
    if (node.count() == 0 && (depth != 0 || bytes.size() != map_size)) return fail(Error::corrupt);
    return node;
}

ExtentNode ExtentNode::make(MutableByteSpan bytes, unsigned depth) {
    ExtentNode node(bytes);
    node.header() = {};
    node.header().magic = extent_magic;
    node.header().most = static_cast<u16>(most_in(bytes.size()));
    node.header().depth = static_cast<u16>(depth);
    return node;
}

unsigned ExtentNode::search(u32 block) const {
    unsigned low = 0, high = count();
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        (key(middle) <= block ? low : high) = middle;
    }
    return low;
}

Extent ExtentNode::extent(unsigned at) const {
    auto& raw = extents()[at];
    u16 length = raw.length;
    bool unwritten = length > most_written;
    return {raw.block, unwritten ? u32{length} - most_written : length, raw.start_low | u64{raw.start_high} << 32, unwritten};
}

u64 ExtentNode::child(unsigned at) const { return children()[at].leaf_low | u64{children()[at].leaf_high} << 32; }

void ExtentNode::set_extent(unsigned at, const Extent& extent) {
    auto& raw = extents()[at];
    raw.block = extent.block;
    raw.length = static_cast<u16>(extent.length + (extent.unwritten ? most_written : 0));
    raw.start_low = static_cast<u32>(extent.start);
    raw.start_high = static_cast<u16>(extent.start >> 32);
}

void ExtentNode::set_child(unsigned at, u32 key, u64 child) {
    auto& raw = children()[at];
    raw = {};
    raw.block = key;
    raw.leaf_low = static_cast<u32>(child);
    raw.leaf_high = static_cast<u16>(child >> 32);
}

void ExtentNode::open(unsigned at) {
    std::memmove(extents() + at + 1, extents() + at, (count() - at) * sizeof(RawExtent));
    header().entries = static_cast<u16>(count() + 1);
}

void ExtentNode::remove(unsigned at) {
    std::memmove(extents() + at, extents() + at + 1, (count() - at - 1) * sizeof(RawExtent));
    header().entries = static_cast<u16>(count() - 1);
}

void ExtentNode::move_to(ExtentNode& other, unsigned from) {
    unsigned moved = count() - from;
    std::memcpy(other.extents() + other.count(), extents() + from, moved * sizeof(RawExtent));
    other.header().entries = static_cast<u16>(other.count() + moved);
    header().entries = static_cast<u16>(from);
}

bool extent_block_matches(const Superblock& super, u32 seed, ByteSpan block) {
    return !super.checksums || *view_at<le32>(block, checksum_at) == checksum(seed, block.first(checksum_at));
}

void set_extent_block_checksum(const Superblock& super, u32 seed, MutableByteSpan block) {
    if (super.checksums) *reinterpret_cast<le32*>(block.data() + checksum_at) = checksum(seed, block.first(checksum_at));
}

}  // namespace spore::wire::ext4
