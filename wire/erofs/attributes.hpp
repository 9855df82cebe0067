// Extended attributes in EROFS: a few bytes of header, the numbers of shared attributes, then the inode's own.
#pragma once

#include <string_view>

#include "wire/erofs/superblock.hpp"

namespace spore::wire::erofs {

struct RawAttributeHeader {
    le32 reserved;
    u8 shared_count;
    u8 reserved2[7];
};
static_assert(sizeof(RawAttributeHeader) == 12);

struct RawAttribute {
    u8 name_size;
    u8 name_index;
    le16 value_size;
};
static_assert(sizeof(RawAttribute) == 4);

struct Attribute {
    std::string_view prefix;  ///< "user."
    std::string_view name;    ///< what follows the prefix
    ByteSpan value;
    u64 stored_size;          ///< bytes that it takes in the image

    bool is(std::string_view full_name) const {
        return full_name.size() == prefix.size() + name.size() && full_name.starts_with(prefix) && full_name.ends_with(name);
    }
};

/// The attribute at the start of `bytes`. corrupt when it is longer, or its prefix is unknown.
Result<Attribute> parse_attribute(ByteSpan bytes);

/// How many shared attributes the area behind an inode names.
Result<unsigned> shared_attribute_count(ByteSpan area);
/// Where in the image the shared attribute at `index` lies.
Result<u64> shared_attribute_offset(const Superblock& super, ByteSpan area, unsigned index);
/// The inode's own attributes: what follows the shared numbers.
Result<ByteSpan> own_attributes(ByteSpan area);

}  // namespace spore::wire::erofs
