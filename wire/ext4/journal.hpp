// The journal's blocks (JBD2) [kernel.org, Documentation/filesystems/ext4/journal.rst]: big-endian, unlike all else.
#pragma once

#include "wire/ext4/checksum.hpp"
#include "wire/ext4/superblock.hpp"

namespace spore::wire::ext4 {

struct RawJournalHeader {
    be32 magic, type, sequence;
};
inline constexpr u32 journal_magic = 0xc03b'3998;
namespace journal_block {
inline constexpr u32 descriptor = 1, commit = 2, superblock_v2 = 4, revoke = 5;
}
namespace journal_feature {
inline constexpr u32 revoke = 1, wide = 2, checksum_v2 = 8, checksum_v3 = 0x10;
inline constexpr u32 known = revoke | wide | checksum_v2 | checksum_v3;
}

struct RawJournalSuper {
    RawJournalHeader header;
    be32 block_size, blocks, first, sequence, start, error;
    be32 compatible, incompatible, read_only_compatible;
    u8 uuid[16];
    be32 users, dynamic_super, most_in_transaction, most_data;
    u8 checksum_type, padding[3];
    u8 unused[0xfc - 0x54];
    be32 checksum;
    u8 user_ids[16 * 48];
};
static_assert(sizeof(RawJournalSuper) == 1024);
inline constexpr u8 journal_crc32c = 4;
inline u32 journal_super_checksum(const RawJournalSuper& raw) {
    auto copy = raw;
    copy.checksum = 0;
    return checksum(checksum_start, bytes_of(copy));
}

/// How a journal's blocks are laid out, which its features tell.
struct JournalFormat {
    u32 features = 0;
    u32 seed = 0;

    bool checksums() const { return features & (journal_feature::checksum_v2 | journal_feature::checksum_v3); }
    bool wide() const { return features & journal_feature::wide; }
    u32 tag_size() const {
        if (features & journal_feature::checksum_v3) return 16;
        return 8 + (features & journal_feature::checksum_v2 ? 2 : 0) + (wide() ? 4 : 0);
    }
    u32 tail_size() const { return checksums() ? 4 : 0; }
    u32 revoke_size() const { return wide() ? 8 : 4; }
};

namespace journal_tag {
inline constexpr u32 escaped = 1, same_user = 2, deleted = 4, last = 8;
}
/// The tag of the v3 checksums, whose first bytes are those of all others but for the flags' place.
struct RawJournalTag {
    be32 block_low, flags, block_high, checksum;
};
struct RawSmallJournalTag {
    be32 block_low;
    be16 checksum, flags;
    be32 block_high;
};
struct JournalTag {
    u64 block;
    u32 flags, checksum;
};
inline JournalTag read_tag(const JournalFormat& format, const std::byte* at) {
    if (format.features & journal_feature::checksum_v3) {
        auto& raw = *reinterpret_cast<const RawJournalTag*>(at);
        return {raw.block_low | (format.wide() ? u64{raw.block_high} << 32 : 0), raw.flags, raw.checksum};
    }
    auto& raw = *reinterpret_cast<const RawSmallJournalTag*>(at);
    return {raw.block_low | (format.wide() ? u64{raw.block_high} << 32 : 0), raw.flags, raw.checksum};
}
inline void write_tag(const JournalFormat& format, const JournalTag& tag, std::byte* at) {
    if (format.features & journal_feature::checksum_v3) {
        auto& raw = *reinterpret_cast<RawJournalTag*>(at);
        raw.block_low = static_cast<u32>(tag.block), raw.block_high = static_cast<u32>(tag.block >> 32);
        raw.flags = tag.flags, raw.checksum = tag.checksum;
        return;
    }
    auto& raw = *reinterpret_cast<RawSmallJournalTag*>(at);
    raw.block_low = static_cast<u32>(tag.block);
    raw.checksum = static_cast<u16>(tag.checksum), raw.flags = static_cast<u16>(tag.flags);
    if (format.wide()) raw.block_high = static_cast<u32>(tag.block >> 32);
}

struct RawRevoke {
    RawJournalHeader header;
    be32 size;  ///< of what is used, this header included
};
struct RawCommit {
    RawJournalHeader header;
    u8 checksum_type, checksum_size, padding[2];
    be32 checksums[8];
    be64 seconds;
    be32 nanoseconds;
};

/// Of a descriptor or revoke block, at its end.
inline u32 journal_tail_checksum(const JournalFormat& format, ByteSpan block) {
    constexpr std::byte zeros[4]{};
    return checksum(checksum(format.seed, block.first(block_size - 4)), zeros);
}
inline u32 journal_data_checksum(const JournalFormat& format, u32 sequence, ByteSpan block) {
    be32 stored;
    stored = sequence;
    return checksum(checksum(format.seed, bytes_of(stored)), block);
}
/// With the checksum's place zero.
inline u32 journal_commit_checksum(const JournalFormat& format, ByteSpan block) {
    constexpr std::byte zeros[4]{};
    constexpr u32 at = offsetof(RawCommit, checksums);
    return checksum(checksum(checksum(format.seed, block.first(at)), zeros), block.subspan(at + 4));
}

}  // namespace spore::wire::ext4
