// Extended attributes.
#include "kernel/fs/attribute_list.hpp"
#include "kernel/fs/ext4/inode.hpp"
#include "wire/ext4/attributes.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

/// Lists of who may do what (system.posix_acl_access) would have to be kept to; what nothing keeps to is not taken [acl(5)].
bool is_for_the_system(std::string_view name) { return name.starts_with("system."); }

Result<void> take_all(const AttributeArea& area, AttributeList& list) {
    Attribute found;
    for (u32 at = 0; TRY(area.next(at, found));) {
        char name[300];
        std::memcpy(name, found.prefix.data(), found.prefix.size());
        std::memcpy(name + found.prefix.size(), found.name.data(), found.name.size());
        TRY(list.set({name, found.prefix.size() + found.name.size()}, found.value, false, false));
    }
    return {};
}

}  // namespace

Result<void> Ext4Inode::load_attributes(AttributeList& list) {
    auto place = TRY(owner().place_of(ino()));
    TRY(take_all(AttributeArea::in_inode(place.bytes), list));
    if (info_.attribute_block == 0) return {};
    auto block = TRY(owner().disk().get(info_.attribute_block));
    return take_all(TRY(AttributeArea::in_block(owner().super(), block.number(), block.bytes())), list);
}

Result<u64> Ext4Inode::get_attribute(std::string_view name, MutableByteSpan value) {
    if (is_for_the_system(name)) return fail(Error::not_supported);
    Guard guard(owner().tree());
    AttributeList list;
    TRY(load_attributes(list));
    return list.get(name, value);
}

Result<u64> Ext4Inode::list_attributes(MutableByteSpan names) {
    Guard guard(owner().tree());
    AttributeList list;
    TRY(load_attributes(list));
    return list.list(names);
}

}  // namespace spore::fs::ext4
