// Blocks of directories: entries one behind the other, and the nodes of the index by the names' hashes.
#pragma once

#include <string_view>

#include "wire/ext4/inode.hpp"

namespace spore::wire::ext4 {

struct RawEntry {
    le32 inode;
    le16 size;  ///< to the next one
    u8 name_size, type;
};
static_assert(sizeof(RawEntry) == 8);

/// What a type is in entries, and back: the mode's type bits on the other side. 0 is unknown.
u8 entry_type(u8 type);
u8 type_of_entry(u8 entry_type);

struct DirectoryEntry {
    u32 inode;
    u8 type;  ///< the mode's type bits
    std::string_view name;
    u16 offset;
};

/// A checked block of entries, in place.
class DirectoryBlock {
public:
    /// corrupt when sizes do not add up; with checksums, when the tail is missing.
    static Result<DirectoryBlock> parse(const Superblock& super, MutableByteSpan bytes);
    /// A block without entries.
    static DirectoryBlock make(const Superblock& super, MutableByteSpan bytes);

    /// The entry at or behind `offset` that is in use; false at the end.
    bool next(u32 offset, DirectoryEntry& entry) const;
    bool find(std::string_view name, DirectoryEntry& entry) const;
    bool has_room(std::size_t name_size) const;
    /// Puts an entry in; false when there is no room.
    bool insert(u32 inode, u8 type, std::string_view name);
    void remove(u16 offset);
    void set_inode(u16 offset, u32 inode, u8 type);

    static constexpr u32 needed(std::size_t name_size) { return static_cast<u32>(align_up(sizeof(RawEntry) + name_size, u64{4})); }

private:
    DirectoryBlock(std::byte* bytes, u32 end) : bytes_(bytes), end_(end) {}
    RawEntry& at(u32 offset) const { return *reinterpret_cast<RawEntry*>(bytes_ + offset); }
    std::byte* bytes_;
    u32 end_;  ///< of the entries
};

bool directory_block_matches(const Superblock& super, u32 seed, ByteSpan block);
void set_directory_block_checksum(const Superblock& super, u32 seed, MutableByteSpan block);

/// A name's hash: what the index goes by, whose lowest bit is 0, and what tells names of one hash apart.
struct NameHash {
    u32 major, minor;
    friend auto operator<=>(const NameHash&, const NameHash&) = default;
};
/// not_supported for versions that nobody makes any more. `version` is 0 to 2: legacy, half MD4, TEA.
Result<NameHash> hash_name(const Superblock& super, u8 version, std::string_view name);
inline constexpr u8 hash_half_md4 = 1, hash_tea = 2;

/// A checked node of the index, in place: the root, behind the dots of the directory's first block, or one below.
class IndexNode {
public:
    enum class Kind : u8 { root, inner };
    /// `blocks`: how many the directory has.
    static Result<IndexNode> parse(const Superblock& super, MutableByteSpan bytes, Kind kind, u64 blocks);
    /// An inner node without entries.
    static IndexNode make(const Superblock& super, MutableByteSpan bytes);
    /// Makes of a directory's first block, whose dots stay, a root with one leaf.
    static IndexNode make_root(const Superblock& super, MutableByteSpan bytes, u8 version, u32 leaf);

    unsigned count() const { return counts().count; }
    bool is_full() const { return count() == counts().limit; }
    u32 block(unsigned at) const { return entries()[at].block & 0x0fff'ffff; }
    /// The least hash of its leaf; of the first, none. The lowest bit says that the leaf before has names of the same hash.
    u32 hash(unsigned at) const { return at == 0 ? 0 : u32{entries()[at].hash}; }
    unsigned search(u32 major) const;
    void insert(unsigned at, u32 hash, u32 block);
    /// The upper half of the entries goes to the other, which has none: the first one's hash.
    u32 split(IndexNode& other);
    /// All entries go to `other`, and this root gets a level more with `block` as the only one.
    void deepen(IndexNode& other, u32 block);

    // Of the root:
    u8 version() const { return info().version; }
    unsigned levels() const { return info().levels; }

    bool matches(u32 seed) const;
    void set_checksum(u32 seed);

private:
    struct Info {
        le32 reserved;
        u8 version, size, levels, flags;
    };
    struct Entry {
        le32 hash, block;
    };
    struct Counts {
        le16 limit, count;
    };
    static constexpr u32 info_at = 24, root_entries_at = 32, inner_entries_at = 8;
    IndexNode(const Superblock& super, std::byte* bytes, u32 entries_at) : super_(super), bytes_(bytes), entries_at_(entries_at) {}
    Info& info() const { return *reinterpret_cast<Info*>(bytes_ + info_at); }
    Entry* entries() const { return reinterpret_cast<Entry*>(bytes_ + entries_at_); }
    Counts& counts() const { return *reinterpret_cast<Counts*>(bytes_ + entries_at_); }
    static u16 limit_for(const Superblock& super, u32 entries_at);
    u32 own_checksum(u32 seed) const;
    void take(const Entry* from, unsigned count);

    const Superblock& super_;
    std::byte* bytes_;
    u32 entries_at_;
};

}  // namespace spore::wire::ext4
