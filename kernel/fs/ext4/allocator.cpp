#include "kernel/fs/ext4/allocator.hpp"

#include <bit>

#include "kernel/fs/ext4/file_system.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

/// The first bit in [from, end) that is `set` or not; `end` when there is none.
u32 find_bit(ByteSpan bits, u32 from, u32 end, bool set) {
    while (from < end) {
        u64 word;
        std::memcpy(&word, bits.data() + from / 64 * 8, sizeof word);
        if (!set) word = ~word;
        word >>= from % 64;
        if (word != 0) return std::min(end, from + static_cast<u32>(std::countr_zero(word)));
        from = (from / 64 + 1) * 64;
    }
    return end;
}

bool is_set(ByteSpan bits, u32 at) { return (static_cast<u8>(bits[at / 8]) >> at % 8 & 1) != 0; }
void set_bits(MutableByteSpan bits, u32 from, u32 count, bool set) {
    for (u32 end = from + count; from < end;) {
        if (from % 8 == 0 && end - from >= 8) {
            u32 bytes = (end - from) / 8;
            std::memset(bits.data() + from / 8, set ? 0xff : 0, bytes);
            from += bytes * 8;
        } else {
            auto mask = std::byte{1} << from % 8;
            if (set) bits[from / 8] |= mask;
            else bits[from / 8] &= ~mask;
            ++from;
        }
    }
}

}  // namespace

Allocator::~Allocator() {
    for (auto** list : {&pending_, &spare_})
        while (auto* node = *list) {
            *list = node->next;
            delete node;
        }
}

Result<void> Allocator::start() {
    i64 count = 0;
    for (u32 i = 0; i < owner_.super().groups; ++i) {
        auto place = TRY(owner_.group(i));
        count += place.group.free_blocks();
        free_inodes_ += place.group.free_inodes();
    }
    free_.store(count, std::memory_order_relaxed);
    return {};
}

i64 Allocator::available() const {
    // Nodes of trees take some, too; and what is only counted must find place for its own.
    i64 reserved = reserved_.load(std::memory_order_relaxed);
    return free_.load(std::memory_order_relaxed) - reserved - reserved / 128 - 32;
}

Result<void> Allocator::reserve(u64 blocks) {
    for (bool again = true;; again = false) {
        reserved_.fetch_add(static_cast<i64>(blocks), std::memory_order_relaxed);
        if (available() >= 0) return {};
        unreserve(blocks);
        if (!again) return fail(Error::no_space);
        TRY(owner_.make_space());
    }
}

Result<Block> Allocator::bitmap(u32 group, u64 number, BlockKind kind, bool is_unwritten) {
    auto place = TRY(owner_.group(group));
    bool blocks = kind == BlockKind::block_bitmap;
    if (is_unwritten) {
        auto cached = owner_.disk().cache().find(number);
        if (cached && Block(cached).kind() == kind) return Block(std::move(cached));
        auto made = TRY(owner_.disk().get_fresh(number));
        if (blocks) fill_block_bitmap(group, made.bytes());
        else set_bits(made.bytes(), owner_.super().inodes_per_group, block_size * 8 - owner_.super().inodes_per_group, true);
        made.set_kind(kind, group);
        return made;
    }
    auto found = TRY(owner_.disk().get(number));
    if (found.kind() == kind) return found;
    if (!(blocks ? place.group.block_bitmap_matches(found.bytes()) : place.group.inode_bitmap_matches(found.bytes()))) return fail(Error::corrupt);
    found.set_kind(kind, group);
    return found;
}

Result<Block> Allocator::block_bitmap(u32 group) {
    auto place = TRY(owner_.group(group));
    return bitmap(group, place.group.block_bitmap(), BlockKind::block_bitmap, place.group.flagged(group_flag::no_blocks));
}

Result<Block> Allocator::inode_bitmap(u32 group) {
    auto place = TRY(owner_.group(group));
    return bitmap(group, place.group.inode_bitmap(), BlockKind::inode_bitmap, place.group.flagged(group_flag::no_inodes));
}

/// Of a group that was never used: what the file system itself has in it.
void Allocator::fill_block_bitmap(u32 number, MutableByteSpan bits) {
    auto& super = owner_.super();
    u64 first = u64{number} * super.blocks_per_group;
    u32 count = super.blocks_in(number);
    if (super.has_copy(number)) set_bits(bits, 0, std::min(count, 1 + super.descriptor_blocks() + super.reserved_descriptor_blocks), true);
    if (auto place = owner_.group(number)) {
        auto mark = [&](u64 start, u64 length) {
            for (u64 at = start; at < start + length; ++at)
                if (at >= first && at < first + count) set_bits(bits, static_cast<u32>(at - first), 1, true);
        };
        mark(place->group.block_bitmap(), 1);
        mark(place->group.inode_bitmap(), 1);
        mark(place->group.inode_table(), (u64{super.inodes_per_group} * super.inode_size + block_size - 1) / block_size);
    }
    set_bits(bits, count, block_size * 8 - count, true);
}

/// The first stretch of `wanted` free blocks, or the longest that there is; of length 0 when there is none.
Result<BlockRun> Allocator::look_in(u32 group, u32 from, u32 wanted) {
    u64 first = u64{group} * owner_.super().blocks_per_group;
    u32 end = owner_.super().blocks_in(group);
    auto bits = TRY(block_bitmap(group)).bytes();
    BlockRun best{0, 0};
    for (u32 at = find_bit(bits, from, end, false); at < end;) {
        u32 behind = find_bit(bits, at, std::min(end, at + wanted), true);
        if (behind - at > best.length) best = {first + at, behind - at};
        if (best.length >= wanted) break;
        at = find_bit(bits, behind, end, false);
    }
    return best;
}

Result<BlockRun> Allocator::next_free(u64 from, u64 end, u32 least) {
    auto& super = owner_.super();
    u32 group = super.group_of(from);
    u64 first = u64{group} * super.blocks_per_group;
    u32 at = static_cast<u32>(from - first), behind = static_cast<u32>(std::min<u64>(end - first, super.blocks_in(group)));
    // Where nothing was ever written, there is nothing to let go of.
    if (!TRY(owner_.group(group)).group.flagged(group_flag::no_blocks)) {
        auto bits = TRY(block_bitmap(group)).bytes();
        while ((at = find_bit(bits, at, behind, false)) < behind) {
            u32 length = find_bit(bits, at, behind, true) - at;
            if (length >= least) return BlockRun{first + at, length};
            at += length;
        }
    }
    return BlockRun{first + behind, 0};
}

Result<void> Allocator::take(const BlockRun& run) {
    if (run.start < discarded_.start + discarded_.length && discarded_.start < run.start + run.length) Guard until_the_disk_is_done(discarding_);
    u32 number = owner_.super().group_of(run.start);
    auto bits = TRY(block_bitmap(number));
    auto place = TRY(owner_.group(number));
    if (place.group.free_blocks() < run.length) return fail(Error::corrupt);
    owner_.journal().modify(bits);
    owner_.journal().modify(place.block);
    set_bits(bits.bytes(), static_cast<u32>(run.start % owner_.super().blocks_per_group), run.length, true);
    place.group.clear_flag(group_flag::no_blocks);
    place.group.set_free_blocks(place.group.free_blocks() - run.length);
    place.group.set_checksum();
    free_.fetch_sub(run.length, std::memory_order_relaxed);
    return {};
}

Result<BlockRun> Allocator::allocate(u64 goal, u32 wanted, From from) {
    auto& super = owner_.super();
    if (from == From::left) {
        i64 left = available();
        if (left <= 0) return fail(Error::no_space);
        wanted = static_cast<u32>(std::min<i64>(wanted, left));
    }
    wanted = std::min(wanted, super.blocks_per_group);
    if (goal >= super.blocks) goal = 0;
    u32 first = super.group_of(goal), within = static_cast<u32>(goal % super.blocks_per_group);
    // Right at the goal, if it is more than a gap.
    if (TRY(owner_.group(first)).group.free_blocks() != 0) {
        auto bits = TRY(block_bitmap(first)).bytes();
        u32 end = std::min(super.blocks_in(first), within + wanted);
        u32 behind = find_bit(bits, within, end, true);
        if (behind - within >= std::min(wanted, 4u)) {
            BlockRun run{goal, behind - within};
            TRY(take(run));
            return run;
        }
    }
    BlockRun best{0, 0};
    constexpr u32 patience = 16;  // groups that are looked at for a stretch that is long enough
    for (u32 i = 0, looked = 0; i <= super.groups; ++i) {
        u32 group = (first + i) % super.groups;
        if (TRY(owner_.group(group)).group.free_blocks() <= best.length) continue;
        // At last the first one again, from its beginning.
        auto found = TRY(look_in(group, i == 0 ? within : 0, wanted));
        if (found.length > best.length) best = found;
        if (best.length >= wanted || (best.length != 0 && ++looked >= patience)) break;
    }
    if (best.length == 0) return fail(Error::no_space);
    TRY(take(best));
    return best;
}

Result<void> Allocator::prepare(u64 start, u32 count, bool metadata) {
    auto& super = owner_.super();
    if (start == 0 || start >= super.blocks || count > super.blocks - start) return fail(Error::corrupt);
    for (u32 number = super.group_of(start); number <= super.group_of(start + count - 1); ++number) {
        owner_.journal().modify(TRY(block_bitmap(number)));
        owner_.journal().modify(TRY(owner_.group(number)).block);
    }
    while (spares_ <= promised_) {
        auto* node = new (std::nothrow) Freed{0, 0, spare_};
        if (!node) return fail(Error::no_memory);
        spare_ = node;
        ++spares_;
    }
    if (metadata) TRY(owner_.journal().prepare_revoke());
    ++promised_;
    return {};
}

void Allocator::give_back(u64 start, u32 count, bool metadata) {
    --promised_;
    pending_blocks_.fetch_add(count, std::memory_order_relaxed);
    if (metadata) owner_.journal().revoke(start);
    if (pending_ && pending_->start + pending_->count == start && pending_->count < owner_.super().blocks_per_group) {
        pending_->count += count;
        return;
    }
    auto* node = std::exchange(spare_, spare_->next);
    --spares_;
    *node = {start, count, pending_};
    pending_ = node;
}

void Allocator::before_commit() {
    auto& super = owner_.super();
    while (auto* node = pending_) {
        pending_ = node->next;
        for (u32 done = 0; done < node->count;) {
            u64 at = node->start + done;
            u32 number = super.group_of(at), within = static_cast<u32>(at % super.blocks_per_group);
            u32 part = std::min(node->count - done, super.blocks_in(number) - within);
            auto bits = block_bitmap(number);
            auto place = owner_.group(number);
            // What is free already was in use twice.
            if (!bits || !place || find_bit(bits->bytes(), within, within + part, false) != within + part) {
                owner_.journal().abort();
                break;
            }
            set_bits(bits->bytes(), within, part, false);
            place->group.set_free_blocks(place->group.free_blocks() + part);
            free_.fetch_add(part, std::memory_order_relaxed);
            owner_.note_freed(at, at + part);
            done += part;
        }
        delete node;
    }
    pending_blocks_.store(0, std::memory_order_relaxed);
    promised_ = 0;  // whoever was promised more has failed meanwhile
    owner_.journal().for_each_changed([&](const Block& block) {
        bool blocks = block.kind() == BlockKind::block_bitmap;
        if (!blocks && block.kind() != BlockKind::inode_bitmap) return;
        auto place = owner_.group(Block::detail_of(block.frame()));
        if (!place) return owner_.journal().abort();
        if (blocks) place->group.set_block_bitmap_checksum(block.bytes());
        else place->group.set_inode_bitmap_checksum(block.bytes());
    });
}

Result<u32> Allocator::allocate_inode(u32 near, bool is_directory) {
    auto& super = owner_.super();
    u32 first = super.group_of_inode(near);
    if (is_directory && near == root_inode) {
        // What lies in different folders grows apart.
        u32 most = 0;
        for (u32 i = 0; i < super.groups; ++i) {
            auto place = TRY(owner_.group(i));
            if (place.group.free_inodes() == 0 || place.group.free_blocks() <= most) continue;
            most = place.group.free_blocks();
            first = i;
        }
    }
    for (u32 i = 0; i < super.groups; ++i) {
        u32 number = (first + i) % super.groups;
        auto place = TRY(owner_.group(number));
        if (place.group.free_inodes() == 0) continue;
        auto bits = TRY(inode_bitmap(number));
        u32 from = number == 0 ? super.first_inode - 1 : 0;
        u32 at = find_bit(bits.bytes(), from, super.inodes_per_group, false);
        if (at == super.inodes_per_group) continue;
        // Where inodes are in use, blocks soon are: the two bitmaps begin together, as on Linux.
        if (place.group.flagged(group_flag::no_blocks)) {
            auto blocks = TRY(block_bitmap(number));
            owner_.journal().modify(blocks);
            owner_.journal().modify(place.block);
            place.group.clear_flag(group_flag::no_blocks);
        }
        owner_.journal().modify(bits);
        owner_.journal().modify(place.block);
        set_bits(bits.bytes(), at, 1, true);
        place.group.clear_flag(group_flag::no_inodes);
        place.group.set_free_inodes(place.group.free_inodes() - 1);
        --free_inodes_;
        if (is_directory) place.group.set_directories(place.group.directories() + 1);
        place.group.set_unused_inodes(std::min(place.group.unused_inodes(), super.inodes_per_group - at - 1));
        place.group.set_checksum();
        return number * super.inodes_per_group + at + 1;
    }
    return fail(Error::no_space);
}

Result<void> Allocator::prepare_inode(u32 number) {
    u32 group = owner_.super().group_of_inode(number);
    owner_.journal().modify(TRY(inode_bitmap(group)));
    owner_.journal().modify(TRY(owner_.group(group)).block);
    return {};
}

void Allocator::free_inode(u32 number, bool is_directory) {
    auto& super = owner_.super();
    u32 at = (number - 1) % super.inodes_per_group;
    auto bits = inode_bitmap(super.group_of_inode(number));
    auto place = owner_.group(super.group_of_inode(number));
    if (!bits || !place || !is_set(bits->bytes(), at)) return owner_.journal().abort();
    set_bits(bits->bytes(), at, 1, false);
    place->group.set_free_inodes(place->group.free_inodes() + 1);
    ++free_inodes_;
    if (is_directory) place->group.set_directories(place->group.directories() - 1);
    place->group.set_checksum();
}

}  // namespace spore::fs::ext4
