// Names come and go. What can fail comes first: reading, and making room; then all of it happens.
#include <algorithm>

#include "kernel/fs/ext4/directory.hpp"
#include "kernel/fs/ext4/extents.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

constexpr u64 sectors_per_block = block_size / 512;
constexpr u32 dots_at = 12;  ///< where the second entry of a directory begins
constexpr u32 most_links = 65'000;

Ext4Inode& mine(Inode& inode) { return static_cast<Ext4Inode&>(inode); }

/// Blocks by block maps are read only.
Result<void> check_changeable(Ext4Inode& inode, u64 blocks) {
    if (!inode.has_extents() && blocks != 0) return fail(Error::not_supported);
    return {};
}

}  // namespace

Result<void> Ext4Directory::check_alive() {
    if (links() == 0) return fail(Error::not_found);
    return check_changeable(*this, 1);
}

void Ext4Directory::seal_index(const Block& block, Index::Kind kind) {
    if (auto node = Index::parse(owner().super(), block.bytes(), kind, blocks())) node->set_checksum(seed());
}

void Ext4Directory::changed() {
    auto now = current_time();
    attributes_.with([&](Stat& s) { s.modified = s.changed = now; });
}

Result<Block> Ext4Directory::append(u32& index) {
    index = static_cast<u32>(blocks());
    if (blocks() >= 1u << 20) return fail(Error::no_space);
    ExtentTree tree(*this);
    auto& allocator = owner().allocator();
    auto run = TRY(allocator.allocate(TRY(tree.goal_for(index)), 1, Allocator::From::left));
    auto undo = [&] {
        if (allocator.prepare(run.start, 1)) allocator.give_back(run.start, 1, false);
    };
    auto made = owner().disk().get_fresh(run.start);
    if (!made) {
        undo();
        return made;
    }
    if (auto inserted = tree.insert({index, 1, run.start, false}); !inserted) {
        undo();
        return fail(inserted.error());
    }
    owner().journal().modify(*made);
    made->set_kind(BlockKind::directory);
    (void)Entries::make(owner().super(), made->bytes());
    seal(*made);
    info_.blocks += sectors_per_block;
    size_.store(size() + block_size, std::memory_order_release);
    TRY(store());
    return made;
}

Result<Block> Ext4Directory::make_room(std::string_view name) {
    TRY(prepare_store());
    if (is_indexed()) return make_room_by_hash(name);
    for (u64 i = 0; i < blocks(); ++i) {
        auto here = TRY(block(i));
        if (TRY(entries(here)).has_room(name.size())) return here;
    }
    auto& super = owner().super();
    if ((super.compatible & compatible::dir_index) && blocks() == 1 && hash_name(super, super.hash_version, name)) {
        TRY(make_index());
        return make_room_by_hash(name);
    }
    u32 index;
    return append(index);
}

/// The names of the one block there is go to a new one, and the first becomes the index's root.
Result<void> Ext4Directory::make_index() {
    auto first = TRY(block(0));
    auto names = TRY(entries(first));
    Entry dot, above;
    if (!names.next(0, dot) || dot.name != "." || !names.next(dot.offset + 1u, above) || above.name != ".." || above.offset != dots_at)
        return fail(Error::corrupt);
    u32 index;
    auto leaf = TRY(append(index));
    auto moved = TRY(Entries::parse(owner().super(), leaf.bytes()));
    Entry entry;
    for (u32 at = above.offset + 1u; names.next(at, entry); at = entry.offset + 1u) moved.insert(entry.inode, entry.type, entry.name);
    seal(leaf);
    owner().journal().modify(first);
    Index::make_root(owner().super(), first.bytes(), owner().super().hash_version, index).set_checksum(seed());
    first.set_kind(BlockKind::index);
    info_.flags |= inode_flag::indexed;
    return store();
}

Result<Block> Ext4Directory::make_room_by_hash(std::string_view name) {
    for (unsigned tries = 0; tries < 8; ++tries) {
        Path path;
        path.root = TRY(block(0));
        auto hash = TRY(hash_name(owner().super(), TRY(index(path.root, Index::Kind::root)).version(), name));
        auto leaf = TRY(block(TRY(walk(hash.major, path))));
        if (TRY(entries(leaf)).has_room(name.size())) return leaf;
        bool full = path.has_inner ? TRY(index(path.inner, Index::Kind::inner)).is_full() : TRY(index(path.root, Index::Kind::root)).is_full();
        if (full) TRY(split_index(path));
        else TRY(split_leaf(path, leaf));
    }
    return fail(Error::no_space);
}

Result<void> Ext4Directory::split_index(Path& path) {
    auto& super = owner().super();
    if (path.has_inner && TRY(index(path.root, Index::Kind::root)).is_full()) return fail(Error::no_space);
    u32 number;
    auto made = TRY(append(number));
    auto other = Index::make(super, made.bytes());
    made.set_kind(BlockKind::index);
    auto root = TRY(index(path.root, Index::Kind::root));
    owner().journal().modify(path.root);
    if (path.has_inner) {
        auto inner = TRY(index(path.inner, Index::Kind::inner));
        owner().journal().modify(path.inner);
        u32 hash = inner.split(other);
        inner.set_checksum(seed());
        root.insert(path.root_at + 1, hash, number);
    } else {
        root.deepen(other, number);
    }
    other.set_checksum(seed());
    root.set_checksum(seed());
    return {};
}

Result<void> Ext4Directory::split_leaf(Path& path, const Block& leaf) {
    auto& super = owner().super();
    auto memory = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    auto copy = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    std::span hashed(reinterpret_cast<Hashed*>(memory.bytes()), most_hashed);
    std::memcpy(copy.bytes(), leaf.bytes().data(), block_size);
    auto old = TRY(Entries::parse(super, {copy.bytes(), block_size}));
    unsigned count = TRY(sort(old, path.version, hashed));
    if (count < 2) return fail(Error::corrupt);
    u32 number;
    auto made = TRY(append(number));
    owner().journal().modify(leaf);
    auto name_at = [&](unsigned i) {
        Entry entry;
        (void)old.next(hashed[i].offset, entry);
        return entry;
    };
    unsigned kept = 0;
    for (u32 bytes = 0; kept + 1 < count && bytes < block_size / 2; ++kept) bytes += Entries::needed(name_at(kept).name.size());
    auto lower = Entries::make(super, leaf.bytes()), upper = TRY(Entries::parse(super, made.bytes()));
    for (unsigned i = 0; i < count; ++i) {
        auto entry = name_at(i);
        (i < kept ? lower : upper).insert(entry.inode, entry.type, entry.name);
    }
    seal(leaf);
    seal(made);
    u32 hash = hashed[kept].hash.major | (hashed[kept].hash.major == hashed[kept - 1].hash.major);
    auto& holder = path.has_inner ? path.inner : path.root;
    auto node = TRY(index(holder, path.has_inner ? Index::Kind::inner : Index::Kind::root));
    owner().journal().modify(holder);
    node.insert((path.has_inner ? path.inner_at : path.root_at) + 1, hash, number);
    node.set_checksum(seed());
    return {};
}

void Ext4Directory::enter(const Block& block, std::string_view name, Ext4Inode& inode) {
    owner().journal().modify(block);
    if (auto names = Entries::parse(owner().super(), block.bytes())) names->insert(inode.ino(), static_cast<u8>(inode.type()), name);
    seal(block);
}

void Ext4Directory::remove(const Found& found) {
    owner().journal().modify(found.block);
    if (auto names = Entries::parse(owner().super(), found.block.bytes())) names->remove(found.entry.offset);
    seal(found.block);
}

void Ext4Directory::set(const Found& found, Ext4Inode& inode) {
    owner().journal().modify(found.block);
    if (auto names = Entries::parse(owner().super(), found.block.bytes())) names->set_inode(found.entry.offset, inode.ino(), static_cast<u8>(inode.type()));
    seal(found.block);
}

Result<Ext4Directory::Found> Ext4Directory::find(std::string_view name, Ext4Inode& target) {
    auto found = TRY(find(name));
    if (found.entry.inode != target.ino()) return fail(Error::not_found);
    return found;
}

Result<bool> Ext4Directory::empty() {
    for (u64 i = 0; i < blocks(); ++i) {
        auto here = TRY(block(i));
        auto names = entries(here);
        if (!names && is_indexed()) continue;
        Entry entry;
        for (u32 at = 0; TRY(Result<DirectoryBlock>(names)).next(at, entry); at = entry.offset + 1u)
            if (entry.name != "." && entry.name != "..") return false;
    }
    return true;
}

Result<Shared<Ext4Inode>> Ext4Directory::make_inode(const NewInode& request, u32 links) {
    auto& super = owner().super();
    auto& allocator = owner().allocator();
    auto now = current_time();
    InodeTime time{now.seconds, now.nanoseconds};
    bool is_directory = request.type == FileType::directory;
    u32 number = TRY(allocator.allocate_inode(ino(), is_directory));
    auto undo = [&] { allocator.free_inode(number, is_directory); };
    InodeInfo info{.type = static_cast<u8>(request.type), .permissions = request.permissions, .links = static_cast<u16>(links), .uid = request.uid,
                   .gid = request.gid, .accessed = time, .changed = time, .modified = time, .created = time};
    bool is_long = request.type == FileType::link && request.target.size() >= map_size;
    if (request.type == FileType::regular || is_directory || is_long) {
        info.flags = inode_flag::extents;
        (void)ExtentNode::make(info.map, 0);
    } else if (request.type == FileType::link) {
        std::memcpy(info.map, request.target.data(), request.target.size());
    } else {
        store_device(info.map, request.special);
    }
    if (request.type == FileType::link) info.size = request.target.size();
    auto fill = [&]() -> Result<Shared<Ext4Inode>> {
        if (is_long && request.target.size() >= block_size) return fail(Error::name_too_long);
        auto place = TRY(owner().place_of(number));
        // Another generation, so that blocks of the file that had the number do not pass for its.
        info.generation = reinterpret_cast<const RawInode*>(place.bytes.data())->generation + 1;
        auto made = TRY(owner().make(number, info));
        owner().journal().modify(place.block);
        clear_inode(super, place.bytes);
        if (is_long || is_directory) {
            auto goal = TRY(ExtentTree(*made).goal_for(0));
            auto run = TRY(allocator.allocate(goal, 1, Allocator::From::left));
            auto block = owner().disk().get_fresh(run.start);
            if (!block) {
                if (allocator.prepare(run.start, 1)) allocator.give_back(run.start, 1, false);
                return fail(block.error());
            }
            owner().journal().modify(*block);
            TRY(ExtentTree(*made).insert({0, 1, run.start, false}));  // the root has room
            made->info_.blocks = sectors_per_block;
            if (is_directory) {
                auto names = Entries::make(super, block->bytes());
                names.insert(number, static_cast<u8>(FileType::directory), ".");
                names.insert(ino(), static_cast<u8>(FileType::directory), "..");
                block->set_kind(BlockKind::directory);
                set_directory_block_checksum(super, made->seed(), block->bytes());
                made->size_.store(block_size, std::memory_order_relaxed);
            } else {
                std::memcpy(block->bytes().data(), request.target.data(), request.target.size());
            }
        }
        TRY(made->store());
        return made;
    };
    auto made = fill();
    if (!made) undo();
    return made;
}

Result<Shared<Inode>> Ext4Directory::create(std::string_view name, const NewInode& request) {
    auto handle = TRY(owner().begin());
    Shared<Ext4Inode> made;
    {
        Guard guard(owner().tree());
        TRY(check_alive());
        auto room = TRY(make_room(name));
        bool is_directory = request.type == FileType::directory;
        made = TRY(make_inode(request, is_directory ? 2 : 1));
        enter(room, name, *made);
        if (is_directory && links() > 1) set_links(links() + 1 > most_links ? 1 : links() + 1);
        changed();
        TRY(store());
    }
    return TRY(Result<Shared<Ext4Inode>>(owner().inodes().add(std::move(made))));
}

Result<Shared<Inode>> Ext4Directory::create_unnamed(const NewInode& request) {
    auto handle = TRY(owner().begin());
    Shared<Ext4Inode> made;
    {
        Guard guard(owner().tree());
        TRY(check_alive());
        auto orphan = TRY(make_owned<Orphan>());
        made = TRY(make_inode(request, 0));
        orphan->number = made->ino();
        TRY(owner().add_orphan(*orphan));
        made->orphan_ = std::move(orphan);
        made->may_gain_link_ = !request.stays_unnamed;
    }
    return TRY(Result<Shared<Ext4Inode>>(owner().inodes().add(std::move(made))));
}

Result<void> Ext4Directory::link(std::string_view name, Inode& inode) {
    auto& target = mine(inode);
    auto handle = TRY(owner().begin());
    Owned<Orphan> done;  // goes without the tree mutex or with it
    Guard guard(owner().tree());
    TRY(check_alive());
    TRY(target.check_more_links());
    if (target.links() == 0 && !target.may_gain_link_) return fail(Error::not_found);
    auto room = TRY(make_room(name));
    TRY(target.prepare_store());
    if (target.links() == 0) {
        TRY(owner().remove_orphan(*target.orphan_));
        auto place = TRY(owner().place_of(target.ino()));
        set_deleted(owner().super(), target.ino(), 0, place.bytes);
        done = std::move(target.orphan_);
    }
    enter(room, name, target);
    target.set_links(target.links() + 1);
    changed();
    TRY(target.store());
    return store();
}

/// The orphan was made before.
void Ext4Directory::drop_name(Ext4Inode& target, u32 links) {
    target.set_links(links);
    bool stored = target.store().has_value();
    if (stored && links == 0) stored = owner().add_orphan(*target.orphan_).has_value();
    if (!stored) owner().journal().abort();
    target.may_gain_link_ = false;
}

Result<void> Ext4Directory::unlink(std::string_view name, Inode& inode) {
    auto& target = mine(inode);
    {
        auto handle = TRY(owner().begin());
        Guard guard(owner().tree());
        TRY(check_alive());
        TRY(check_changeable(target, target.info_.blocks));
        TRY(prepare_store());
        TRY(target.prepare_unlink());
        auto found = TRY(find(name, target));
        remove(found);
        changed();
        TRY(store());
        drop_name(target, target.links() - 1);
    }
    if (target.links() == 0) target.forget_contents();
    return {};
}

Result<void> Ext4Directory::remove_directory(std::string_view name, Inode& inode) {
    auto& target = static_cast<Ext4Directory&>(inode);
    auto handle = TRY(owner().begin());
    Guard guard(owner().tree());
    TRY(check_alive());
    if (!TRY(target.empty())) return fail(Error::not_empty);
    TRY(prepare_store());
    TRY(target.prepare_unlink_directory());
    auto found = TRY(find(name, target));
    remove(found);
    changed();
    if (links() > 2) set_links(links() - 1);
    TRY(store());
    drop_name(target, 0);
    return {};
}

Result<void> Ext4Directory::set_above(Ext4Directory& above) {
    auto first = TRY(block(0));
    auto& entry = *reinterpret_cast<RawEntry*>(first.bytes().data() + dots_at);
    if (is_indexed()) TRY(index(first, Index::Kind::root));
    else TRY(entries(first));
    owner().journal().modify(first);
    entry.inode = above.ino();
    if (is_indexed()) seal_index(first, Index::Kind::root);
    else seal(first);
    return {};
}

Result<void> Ext4Directory::rename(std::string_view name, Inode& inode, Inode& new_directory, std::string_view new_name, Inode* other, bool exchange) {
    auto& target = mine(inode);
    auto& to = static_cast<Ext4Directory&>(new_directory);
    auto* replaced = other ? &mine(*other) : nullptr;
    bool moves_directory = target.is_directory(), drops_directory = replaced && replaced->is_directory();
    {
        auto handle = TRY(owner().begin());
        Guard guard(owner().tree());
        TRY(check_alive());
        TRY(to.check_alive());
        if (drops_directory && !exchange && !TRY(static_cast<Ext4Directory*>(replaced)->empty())) return fail(Error::not_empty);
        TRY(prepare_store());
        TRY(to.prepare_store());
        TRY(target.prepare_store());
        Block room;
        Found place;
        if (!replaced) {
            room = TRY(to.make_room(new_name));
        } else if (exchange) {
            TRY(replaced->prepare_store());
        } else {
            TRY(check_changeable(*replaced, replaced->info_.blocks));
            TRY(drops_directory ? replaced->prepare_unlink_directory() : replaced->prepare_unlink());
        }
        // After making room, which may move names.
        if (replaced) place = TRY(to.find(new_name, *replaced));
        auto found = TRY(find(name, target));
        if (&to != this) {
            if (moves_directory) TRY(static_cast<Ext4Directory&>(target).set_above(to));
            if (exchange && drops_directory) TRY(static_cast<Ext4Directory*>(replaced)->set_above(*this));
        }
        if (replaced) to.set(place, target);
        else to.enter(room, new_name, target);
        if (exchange) set(found, *replaced);
        else remove(found);
        int here = 0, there = 0;  // directories that are above others
        if (moves_directory) --here, ++there;
        if (drops_directory) --there, here += exchange;
        if (&to == this) here += std::exchange(there, 0);
        auto shift = [](Ext4Directory& directory, int by) {
            if (by != 0 && directory.links() > 1) directory.set_links(static_cast<u32>(static_cast<int>(directory.links()) + by));
        };
        shift(*this, here);
        shift(to, there);
        target.stamp_changed();
        changed();
        to.changed();
        TRY(target.store());
        TRY(store());
        TRY(to.store());
        if (exchange) {
            replaced->stamp_changed();
            TRY(replaced->store());
        } else if (replaced) {
            drop_name(*replaced, drops_directory ? 0 : replaced->links() - 1);
        }
    }
    if (replaced && !exchange && replaced->links() == 0) replaced->forget_contents();
    return {};
}

}  // namespace spore::fs::ext4
