// One block of an EROFS directory: fixed records in front, their names behind, sorted by name within and across blocks.
#pragma once

#include <string_view>

#include "wire/erofs/superblock.hpp"

namespace spore::wire::erofs {

struct RawDirectoryRecord {
    le64 nid;
    le16 name_offset;
    u8 type;
    u8 reserved;
};
static_assert(sizeof(RawDirectoryRecord) == 12);

struct DirectoryRecord {
    std::string_view name;  ///< in the block
    u64 nid;
    u8 type;                ///< a mode's type bits, S_IFMT >> 12; 0 when unknown
};

class DirectoryBlock {
public:
    /// Takes the part of a block that the directory's size covers. corrupt when its first record is.
    static Result<DirectoryBlock> parse(ByteSpan bytes);

    unsigned count() const { return count_; }
    /// corrupt when the record's name is not inside of the block, or is no file name.
    Result<DirectoryRecord> record(unsigned index) const;
    /// not_found when the name is not in this block.
    Result<DirectoryRecord> find(std::string_view name) const;

private:
    DirectoryBlock(ByteSpan bytes, unsigned count) : bytes_(bytes), count_(count) {}
    ByteSpan bytes_;
    unsigned count_;
};

}  // namespace spore::wire::erofs
