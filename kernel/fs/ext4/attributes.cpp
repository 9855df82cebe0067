// Extended attributes.
#include <algorithm>

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

/// Another file may have the same block.
Result<void> Ext4Inode::release_attribute_block() {
    if (info_.attribute_block == 0) return {};
    u64 number = info_.attribute_block;
    auto block = TRY(owner().disk().get(number));
    auto area = TRY(AttributeArea::in_block(owner().super(), number, block.bytes()));
    if (area.users() > 1) {
        owner().journal().modify(block);
        area.set_users(area.users() - 1);
        area.finish(owner().super(), number);
    } else {
        TRY(owner().allocator().prepare(number, 1, true));
        owner().allocator().give_back(number, 1, true);
    }
    info_.attribute_block = 0;
    info_.blocks -= block_size / 512;
    return {};
}

/// Lays them all out anew: in the inode as far as there is room, the others in a block.
Result<void> Ext4Inode::store_attributes(const AttributeList& list) {
    auto& super = owner().super();
    auto place = TRY(owner().place_of(ino()));
    auto copy = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    auto block_copy = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    MutableByteSpan inode_bytes(copy.bytes(), place.bytes.size()), block_bytes(block_copy.bytes(), block_size);
    std::ranges::copy(place.bytes, inode_bytes.begin());
    auto own = AttributeArea::in_inode(inode_bytes);
    own.clear();
    auto more = AttributeArea::make_in_block(block_bytes);
    TRY(list.for_each([&](std::string_view name, ByteSpan value) -> Result<void> {
        if (!TRY(own.add(name, value)) && !TRY(more.add(name, value))) return fail(Error::no_space);
        return {};
    }));
    Block block;
    u64 old = info_.attribute_block;
    if (!more.empty()) {
        bool alone = false;
        if (old) {
            block = TRY(owner().disk().get(old));
            alone = TRY(AttributeArea::in_block(super, old, block.bytes())).users() == 1;
        }
        if (!alone) {
            auto run = TRY(owner().allocator().allocate(place.block.number(), 1, Allocator::From::left));
            auto made = owner().disk().get_fresh(run.start);
            auto released = made ? release_attribute_block() : fail(made.error());
            if (!released) {
                if (owner().allocator().prepare(run.start, 1)) owner().allocator().give_back(run.start, 1, false);
                return released;
            }
            block = *made;
            info_.attribute_block = run.start;
            info_.blocks += block_size / 512;
        }
        owner().journal().modify(block);
        more.finish(super, block.number());
        std::ranges::copy(block_bytes, block.bytes().begin());
    } else {
        TRY(release_attribute_block());
    }
    owner().journal().modify(place.block);
    std::ranges::copy(inode_bytes, place.bytes.begin());
    stamp_changed();
    return store();
}

Result<void> Ext4Inode::set_attribute(std::string_view name, ByteSpan value, bool create, bool replace) {
    if (is_for_the_system(name)) return fail(Error::not_supported);
    auto handle = TRY(owner().begin());
    Guard guard(owner().tree());
    AttributeList list;
    TRY(load_attributes(list));
    TRY(list.set(name, value, create, replace));
    return store_attributes(list);
}

Result<void> Ext4Inode::remove_attribute(std::string_view name) {
    if (is_for_the_system(name)) return fail(Error::not_supported);
    auto handle = TRY(owner().begin());
    Guard guard(owner().tree());
    AttributeList list;
    TRY(load_attributes(list));
    TRY(list.remove(name));
    return store_attributes(list);
}

}  // namespace spore::fs::ext4
