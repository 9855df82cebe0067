// The index of a directory.
#include <algorithm>

#include "wire/ext4/directory.hpp"

namespace spore::wire::ext4 {
namespace {
struct Tail {
    le32 reserved, checksum;
};
}  // namespace

u16 IndexNode::limit_for(const Superblock& super, u32 entries_at) {
    return static_cast<u16>((block_size - entries_at) / sizeof(Entry) - (super.checksums ? 1 : 0));
}

Result<IndexNode> IndexNode::parse(const Superblock& super, MutableByteSpan bytes, Kind kind, u64 blocks) {
    IndexNode node(super, bytes.data(), kind == Kind::root ? root_entries_at : inner_entries_at);
    auto* first = view_at<RawEntry>(bytes, 0);
    if (kind == Kind::root) {
        auto* second = view_at<RawEntry>(bytes, 12);
        if (first->size != 12 || second->size != block_size - 12 || node.info().reserved != 0 || node.info().size != sizeof(Info) || node.levels() > 1)
            return fail(Error::corrupt);
    } else if (first->inode != 0 || first->size != block_size) {
        return fail(Error::corrupt);
    }
    if (node.counts().limit != limit_for(super, node.entries_at_) || node.count() == 0 || node.count() > node.counts().limit)
        return fail(Error::corrupt);
    for (unsigned i = 0; i < node.count(); ++i)
        if (node.block(i) == 0 || node.block(i) >= blocks || (i > 1 && node.hash(i) < node.hash(i - 1))) return fail(Error::corrupt);
    return node;
}

IndexNode IndexNode::make(const Superblock& super, MutableByteSpan bytes) {
    std::memset(bytes.data(), 0, block_size);
    reinterpret_cast<RawEntry*>(bytes.data())->size = block_size;
    IndexNode node(super, bytes.data(), inner_entries_at);
    node.counts().limit = limit_for(super, inner_entries_at);
    return node;
}

IndexNode IndexNode::make_root(const Superblock& super, MutableByteSpan bytes, u8 version, u32 leaf) {
    std::memset(bytes.data() + info_at, 0, block_size - info_at);
    reinterpret_cast<RawEntry*>(bytes.data() + 12)->size = block_size - 12;
    IndexNode node(super, bytes.data(), root_entries_at);
    node.info().version = version;
    node.info().size = sizeof(Info);
    node.counts().limit = limit_for(super, root_entries_at);
    node.counts().count = 1;
    node.entries()[0].block = leaf;
    return node;
}

unsigned IndexNode::search(u32 major) const {
    unsigned low = 0, high = count();
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        (hash(middle) <= major ? low : high) = middle;
    }
    return low;
}

void IndexNode::insert(unsigned at, u32 hash, u32 block) {
    std::memmove(entries() + at + 1, entries() + at, (count() - at) * sizeof(Entry));
    entries()[at].hash = hash;
    entries()[at].block = block;
    counts().count = static_cast<u16>(count() + 1);
}

void IndexNode::take(const Entry* from, unsigned count) {
    // The first one's hash is where the counts lie.
    entries()[0].block = from->block;
    std::memcpy(entries() + 1, from + 1, (count - 1) * sizeof(Entry));
    counts().count = static_cast<u16>(count);
}

u32 IndexNode::split(IndexNode& other) {
    unsigned kept = count() / 2;
    u32 first = hash(kept);
    other.take(entries() + kept, count() - kept);
    counts().count = static_cast<u16>(kept);
    return first;
}

void IndexNode::deepen(IndexNode& other, u32 block) {
    other.take(entries(), count());
    entries()[0].block = block;
    counts().count = 1;
    info().levels = 1;
}

u32 IndexNode::own_checksum(u32 seed) const {
    constexpr std::byte zeros[4]{};
    auto* tail = bytes_ + entries_at_ + counts().limit * sizeof(Entry);
    u32 value = checksum(seed, {bytes_, entries_at_ + count() * sizeof(Entry)});
    value = checksum(value, {tail, sizeof(Tail::reserved)});
    return checksum(value, zeros);
}

bool IndexNode::matches(u32 seed) const {
    return !super_.checksums || reinterpret_cast<const Tail*>(bytes_ + entries_at_ + counts().limit * sizeof(Entry))->checksum == own_checksum(seed);
}

void IndexNode::set_checksum(u32 seed) {
    if (super_.checksums) reinterpret_cast<Tail*>(bytes_ + entries_at_ + counts().limit * sizeof(Entry))->checksum = own_checksum(seed);
}

}  // namespace spore::wire::ext4
