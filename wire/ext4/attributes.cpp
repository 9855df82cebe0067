#include "wire/ext4/attributes.hpp"

#include <algorithm>

namespace spore::wire::ext4 {
namespace {

struct RawHeader {
    le32 magic, users, blocks, hash, checksum, reserved[3];
};
static_assert(sizeof(RawHeader) == 32);
struct RawAttribute {
    u8 name_size, prefix;
    le16 value_at;
    le32 value_inode, value_size, hash;
};
static_assert(sizeof(RawAttribute) == 16);
constexpr u32 attribute_magic = 0xea02'0000;

struct Prefix {
    u8 number;
    std::string_view text;
};
/// Whole names come first.
constexpr Prefix prefixes[] = {{2, "system.posix_acl_access"}, {3, "system.posix_acl_default"}, {1, "user."}, {4, "trusted."}, {6, "security."}, {7, "system."}};

constexpr u32 padded(std::size_t size) { return static_cast<u32>(align_up(size, u64{4})); }

u32 block_checksum(const Superblock& super, u64 number, ByteSpan block) {
    le64 stored;
    stored = number;
    constexpr u32 at = offsetof(RawHeader, checksum);
    constexpr std::byte zeros[4]{};
    u32 value = checksum(super.seed, bytes_of(stored));
    return checksum(checksum(checksum(value, block.first(at)), zeros), block.subspan(at + 4));
}

u32 entry_hash(std::string_view name, ByteSpan stored_value) {
    u32 hash = 0;
    for (char c : name) hash = (hash << 5) ^ (hash >> 27) ^ static_cast<u8>(c);
    for (u32 at = 0; at < stored_value.size(); at += 4) hash = (hash << 16) ^ (hash >> 16) ^ *view_at<le32>(stored_value, at);
    return hash;
}

}  // namespace

AttributeArea AttributeArea::in_inode(MutableByteSpan inode) {
    u32 at = static_cast<u32>(inode.size());
    if (inode.size() > small_inode) at = std::min(at, small_inode + extra_of(inode) + u32{sizeof(le32)});
    return AttributeArea(inode, at, at);
}

Result<AttributeArea> AttributeArea::in_block(const Superblock& super, u64 number, MutableByteSpan block) {
    auto& header = *reinterpret_cast<RawHeader*>(block.data());
    if (header.magic != attribute_magic || header.blocks != 1 || header.users == 0) return fail(Error::corrupt);
    if (super.checksums && header.checksum != block_checksum(super, number, block)) return fail(Error::corrupt);
    return AttributeArea(block, sizeof(RawHeader), 0);
}

AttributeArea AttributeArea::make_in_block(MutableByteSpan block) {
    std::memset(block.data(), 0, block.size());
    auto& header = *reinterpret_cast<RawHeader*>(block.data());
    header.magic = attribute_magic;
    header.users = 1;
    header.blocks = 1;
    AttributeArea area(block, sizeof(RawHeader), 0);
    area.clear();
    return area;
}

Result<bool> AttributeArea::next(u32& offset, Attribute& found) const {
    if (offset == 0) {
        // In an inode the magic comes right before the entries.
        if (base_ != 0 && (base_ >= whole_.size() || *view_at<le32>(whole_, base_ - 4) != attribute_magic)) return false;
        offset = entries_at_;
    }
    while (true) {
        auto* last = view_at<le32>(whole_, offset);
        if (!last) return fail(Error::corrupt);
        if (*last == 0) return false;
        auto* raw = view_at<RawAttribute>(whole_, offset);
        if (!raw || raw->value_inode != 0) return fail(raw ? Error::not_supported : Error::corrupt);
        auto name = slice(whole_, offset + sizeof(RawAttribute), raw->name_size);
        auto value = slice(whole_, u64{base_} + raw->value_at, raw->value_size);
        if (!name || !value) return fail(Error::corrupt);
        offset += padded(sizeof(RawAttribute) + raw->name_size);
        auto* prefix = std::ranges::find(prefixes, raw->prefix, &Prefix::number);
        if (prefix == std::end(prefixes)) continue;
        found = {prefix->text, {reinterpret_cast<const char*>(name->data()), name->size()}, *value};
        return true;
    }
}

void AttributeArea::clear() {
    used_ = 0;
    values_at_ = static_cast<u32>(whole_.size());
    if (entries_at_ < whole_.size()) std::memset(whole_.data() + entries_at_, 0, whole_.size() - entries_at_);
    if (base_ != 0 && base_ <= whole_.size() && base_ >= small_inode + 4) std::memset(whole_.data() + base_ - 4, 0, 4);
}

Result<bool> AttributeArea::add(std::string_view name, ByteSpan value) {
    auto* prefix = std::ranges::find_if(prefixes, [&](auto& p) { return name.starts_with(p.text); });
    if (prefix == std::end(prefixes)) return fail(Error::not_supported);
    name.remove_prefix(prefix->text.size());
    if (name.size() > 255) return fail(Error::out_of_range);
    u32 entry_size = padded(sizeof(RawAttribute) + name.size()), value_size = padded(value.size());
    // Four zeros come behind the last entry.
    if (entries_at_ >= whole_.size() || values_at_ - entries_at_ - used_ < entry_size + value_size + 4) return false;
    values_at_ -= value_size;
    std::ranges::copy(value, whole_.data() + values_at_);
    // In the order that whoever looks in a block relies on.
    u32 at = entries_at_, end = entries_at_ + used_;
    for (; at < end; at += padded(sizeof(RawAttribute) + view_at<RawAttribute>(whole_, at)->name_size)) {
        auto& other = *view_at<RawAttribute>(whole_, at);
        if (other.prefix != prefix->number ? other.prefix > prefix->number
            : other.name_size != name.size() ? other.name_size > name.size()
            : std::memcmp(whole_.data() + at + sizeof(RawAttribute), name.data(), name.size()) > 0) break;
    }
    std::memmove(whole_.data() + at + entry_size, whole_.data() + at, end - at);
    auto& raw = *reinterpret_cast<RawAttribute*>(whole_.data() + at);
    raw = {};
    raw.name_size = static_cast<u8>(name.size());
    raw.prefix = prefix->number;
    raw.value_at = static_cast<u16>(value.empty() ? 0 : values_at_ - base_);
    raw.value_size = static_cast<u32>(value.size());
    std::memset(whole_.data() + at + sizeof raw, 0, entry_size - sizeof raw);
    std::memcpy(whole_.data() + at + sizeof raw, name.data(), name.size());
    raw.hash = entry_hash(name, {whole_.data() + values_at_, value_size});
    used_ += entry_size;
    if (base_ != 0) *reinterpret_cast<le32*>(whole_.data() + base_ - 4) = attribute_magic;
    return true;
}

u32 AttributeArea::users() const { return reinterpret_cast<const RawHeader*>(whole_.data())->users; }
void AttributeArea::set_users(u32 users) { reinterpret_cast<RawHeader*>(whole_.data())->users = users; }

void AttributeArea::finish(const Superblock& super, u64 number) {
    auto& header = *reinterpret_cast<RawHeader*>(whole_.data());
    header.hash = 0;  // not to be shared
    if (super.checksums) header.checksum = block_checksum(super, number, whole_);
}

}  // namespace spore::wire::ext4
