#include "kernel/fs/ext4/file_system.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/fs/ext4/directory.hpp"
#include "kernel/fs/ext4/file.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

/// The first block of the volume.
Result<memory::FrameRef> read_first(device::BlockDevice& device) {
    if (device.sectors() < block_size / device::sector_size) return fail(Error::not_found);
    auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    device::TransferPiece piece{frame.address(), block_size};
    TRY(device.read(0, {&piece, 1}));
    return frame;
}

const RawSuperblock& super_in(const memory::FrameRef& first) { return *reinterpret_cast<const RawSuperblock*>(first.bytes() + superblock_offset); }

}  // namespace

Result<Identity> identify(device::BlockDevice& device) {
    auto first = TRY(read_first(device));
    auto& raw = super_in(first);
    if (raw.magic != superblock_magic) return fail(Error::not_found);
    Identity identity{};
    std::ranges::copy(raw.uuid, identity.uuid);
    std::ranges::copy(raw.label, identity.label);
    return identity;
}

Result<void> Ext4FileSystem::read_superblock(bool checked) {
    auto first = TRY(read_first(disk_.device()));
    if (!checked) {
        // One that was being written when the power went is in the journal.
        auto& raw = *reinterpret_cast<RawSuperblock*>(first.bytes() + superblock_offset);
        if (raw.incompatible & incompatible::recover) raw.checksum = superblock_checksum(raw);
    }
    super_ = TRY(parse_superblock({first.bytes() + superblock_offset, sizeof(RawSuperblock)}, disk_.device().sectors() * device::sector_size));
    return {};
}

Result<Shared<Ext4FileSystem>> Ext4FileSystem::mount(device::BlockDevice& device, bool) {
    auto made = TRY(make_shared<Ext4FileSystem>(device));
    TRY(made->read_superblock(false));
    auto& super = made->super_;
    bool recovers = super.has(incompatible::recover);
    if (super.compatible & compatible::journal) {
        auto opened = made->open_journal();
        if (recovers) TRY(opened);
        if (recovers && made->journal_.needs_replay()) {
            if (device.read_only()) return fail(Error::read_only);
            TRY(made->journal_.replay());
        }
    } else if (recovers) {
        return fail(Error::corrupt);
    }
    TRY(made->read_superblock(true));
    if (!TRY(made->root())->is_directory()) return fail(Error::corrupt);
    return made;
}

Ext4FileSystem::~Ext4FileSystem() = default;

Result<void> Ext4FileSystem::open_journal() {
    auto inode = TRY(this->inode(super_.journal_inode));
    if (inode->type() != FileType::regular) return fail(Error::corrupt);
    JournalRun runs[64];
    std::size_t count = 0;
    u64 end = std::min<u64>(inode->size() / block_size, ~u32{0});
    Guard guard(tree_);
    for (u64 at = 0; at < end;) {
        auto where = TRY(inode->map(at));
        if (where.kind != Mapping::Kind::written) return fail(Error::corrupt);
        u32 length = static_cast<u32>(std::min(where.length, end - at));
        if (count != 0 && runs[count - 1].start + runs[count - 1].length == where.start) {
            runs[count - 1].length += length;
        } else {
            if (count == std::size(runs)) return fail(Error::not_supported);
            runs[count++] = {static_cast<u32>(at), length, where.start};
        }
        at += length;
    }
    return journal_.open({runs, count}, super_.blocks);
}

Result<void> Ext4FileSystem::unmount() { return {}; }
Result<void> Ext4FileSystem::sync() { return {}; }
void Ext4FileSystem::before_commit() {}

Result<Shared<Inode>> Ext4FileSystem::root() { return TRY(inode(root_inode)); }

Result<FileSystemStat> Ext4FileSystem::stat() {
    u64 free_blocks = 0, free_inodes = 0;
    Guard guard(tree_);
    for (u32 i = 0; i < super_.groups; ++i) {
        auto place = TRY(group(i));
        free_blocks += place.group.free_blocks();
        free_inodes += place.group.free_inodes();
    }
    return FileSystemStat{.magic = superblock_magic, .blocks = super_.blocks, .free_blocks = free_blocks, .files = super_.inodes,
                          .free_files = free_inodes, .read_only = read_only()};
}

Result<Ext4FileSystem::GroupPlace> Ext4FileSystem::group(u32 number) {
    u32 in_block = block_size / super_.descriptor_size;
    auto block = TRY(disk_.get(1 + number / in_block));
    auto* raw = reinterpret_cast<RawGroup*>(block.bytes().data() + number % in_block * super_.descriptor_size);
    Group group(raw, super_, number);
    if (block.kind() != BlockKind::other) {
        // All of them at once, so that it is known of the block.
        u32 first = number - number % in_block, end = std::min(first + in_block, super_.groups);
        for (u32 i = first; i < end; ++i)
            if (!Group(reinterpret_cast<RawGroup*>(block.bytes().data() + (i - first) * super_.descriptor_size), super_, i).is_sound())
                return fail(Error::corrupt);
        block.set_kind(BlockKind::other);
    }
    return GroupPlace{std::move(block), group};
}

Result<Ext4FileSystem::InodePlace> Ext4FileSystem::place_of(u32 number) {
    if (number == 0 || number > super_.inodes) return fail(Error::corrupt);
    auto place = TRY(group(super_.group_of_inode(number)));
    u64 offset = u64{(number - 1) % super_.inodes_per_group} * super_.inode_size;
    auto block = TRY(disk_.get(place.group.inode_table() + offset / block_size));
    auto bytes = block.bytes().subspan(offset % block_size, super_.inode_size);
    return InodePlace{std::move(block), bytes};
}

Result<Shared<Ext4Inode>> Ext4FileSystem::inode(u32 number) {
    if (auto found = inodes_.find<Ext4Inode>(number)) return found;
    Shared<Ext4Inode> made;
    {
        Guard guard(tree_);
        auto info = TRY(parse_inode(super_, number, TRY(place_of(number)).bytes));
        if (info.links == 0) return fail(Error::corrupt);
        switch (static_cast<FileType>(info.type)) {
        case FileType::regular: made = TRY(make_shared<Ext4File>(*this, number, info)); break;
        case FileType::directory: made = TRY(make_shared<Ext4Directory>(*this, number, info)); break;
        default: made = TRY(make_shared<Ext4Inode>(*this, number, info)); break;
        }
    }
    return inodes_.add(std::move(made));
}

}  // namespace spore::fs::ext4
