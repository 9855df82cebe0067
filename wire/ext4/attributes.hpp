// Extended attributes: behind the fields of an inode, and in a block of their own.
#pragma once

#include <string_view>

#include "wire/ext4/inode.hpp"

namespace spore::wire::ext4 {

struct Attribute {
    std::string_view prefix, name;
    ByteSpan value;
};

/// A list of entries in place; values lie at its end.
class AttributeArea {
public:
    /// `inode`: all of its bytes. Empty when there is no room in it.
    static AttributeArea in_inode(MutableByteSpan inode);
    /// corrupt when it is none.
    static Result<AttributeArea> in_block(const Superblock& super, u64 number, MutableByteSpan block);
    static AttributeArea make_in_block(MutableByteSpan block);

    /// The next entry, from `offset` 0 on; no value at the end. corrupt when the entry is damaged.
    Result<bool> next(u32& offset, Attribute& found) const;
    /// Empties it.
    void clear();
    /// Puts an entry in. False when it does not fit; not_supported for names that cannot be kept.
    Result<bool> add(std::string_view name, ByteSpan value);
    bool empty() const { return used_ == 0; }

    // Of a block:
    u32 users() const;
    void set_users(u32 users);
    void finish(const Superblock& super, u64 number);

private:
    AttributeArea(MutableByteSpan whole, u32 entries_at, u32 base) : whole_(whole), entries_at_(entries_at), base_(base) {}
    MutableByteSpan whole_;
    u32 entries_at_;      ///< where the first entry lies
    u32 base_;            ///< where offsets of values begin
    u32 used_ = 0;        ///< of the entries, while they are added
    u32 values_at_ = 0;   ///< where the values that were added begin
};

}  // namespace spore::wire::ext4
