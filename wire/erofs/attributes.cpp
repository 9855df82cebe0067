#include "wire/erofs/attributes.hpp"

#include <algorithm>

namespace spore::wire::erofs {

Result<Attribute> parse_attribute(ByteSpan bytes) {
    constexpr std::string_view prefixes[] = {"", "user.", "system.posix_acl_access", "system.posix_acl_default", "trusted.", "lustre.", "security."};
    const auto* raw = view_at<RawAttribute>(bytes, 0);
    if (!raw || raw->name_index >= std::size(prefixes)) return fail(Error::corrupt);
    auto name = slice(bytes, sizeof *raw, raw->name_size);
    auto value = slice(bytes, sizeof *raw + raw->name_size, raw->value_size);
    if (!name || !value) return fail(Error::corrupt);
    return Attribute{prefixes[raw->name_index], {reinterpret_cast<const char*>(name->data()), name->size()}, *value,
                     align_up(sizeof *raw + raw->name_size + raw->value_size, 4)};
}

Result<unsigned> shared_attribute_count(ByteSpan area) {
    const auto* header = view_at<RawAttributeHeader>(area, 0);
    if (!header) return fail(Error::corrupt);
    return header->shared_count;
}

Result<u64> shared_attribute_offset(const Superblock& super, ByteSpan area, unsigned index) {
    const auto* number = view_at<le32>(area, sizeof(RawAttributeHeader) + index * sizeof(le32));
    if (!number) return fail(Error::corrupt);
    u64 offset = super.attribute_offset + u64{*number} * 4;
    if (offset >= super.size) return fail(Error::corrupt);
    return offset;
}

Result<ByteSpan> own_attributes(ByteSpan area) {
    u64 begin = sizeof(RawAttributeHeader) + TRY(shared_attribute_count(area)) * sizeof(le32);
    auto own = slice(area, begin, area.size() - std::min<u64>(begin, area.size()));
    if (!own) return fail(Error::corrupt);
    return *own;
}

}  // namespace spore::wire::erofs
