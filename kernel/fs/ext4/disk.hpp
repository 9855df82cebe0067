// The blocks of the volume: those of metadata kept in memory, by number; contents pass by.
//
// A block's frame bears, as who holds a frame may use three words of it: its number, whether its checksum was looked at, and the next in the
// transaction that changes it. Blocks are read under the file system's tree mutex, so that none comes back older than it was.
#pragma once

#include "base/bytes.hpp"
#include "kernel/device/block.hpp"
#include "kernel/memory/page_cache.hpp"
#include "wire/ext4/superblock.hpp"

namespace spore::fs::ext4 {

using wire::ext4::block_size;
static_assert(block_size == page_size);

/// What a block of metadata is: which checksum it has been found to bear. Bitmaps get theirs when the transaction ends.
enum class BlockKind : u8 { unknown, other, extents, directory, index, block_bitmap, inode_bitmap };

class Block {
public:
    Block() = default;
    explicit Block(memory::FrameRef frame) : frame_(std::move(frame)) {}
    explicit operator bool() const { return static_cast<bool>(frame_); }
    MutableByteSpan bytes() const { return {frame_.bytes(), block_size}; }
    u64 number() const { return frame_.get()->index; }
    memory::Frame& frame() const { return *frame_; }
    BlockKind kind() const { return static_cast<BlockKind>(frame_.get()->owner & 0xff); }
    /// `detail`: of bitmaps, the group.
    void set_kind(BlockKind kind, u32 detail = 0) const { frame_.get()->owner = u64{detail} << 32 | static_cast<u8>(kind); }
    static u32 detail_of(const memory::Frame& frame) { return static_cast<u32>(frame.owner >> 32); }

private:
    memory::FrameRef frame_;
};

class Disk final : private memory::PageSource {
public:
    explicit Disk(device::BlockDevice& device) : device_(device), blocks_(*this, memory::PageCache::Keep::while_memory_lasts) {}

    device::BlockDevice& device() { return device_; }
    u64 blocks() const { return device_.sectors() / sectors_per_block; }
    Result<Block> get(u64 number);
    /// The block filled with zeros, whatever the disk has.
    Result<Block> get_fresh(u64 number);
    void forget(u64 number) { blocks_.drop(number, number + 1); }
    void forget_all() { blocks_.drop(0); }
    memory::PageCache& cache() { return blocks_; }

    /// Past the cache.
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) { return device_.read(first * sectors_per_block, pieces); }
    Result<void> write(u64 first, std::span<const device::TransferPiece> pieces) { return device_.write(first * sectors_per_block, pieces); }
    Result<void> read(u64 number, const memory::FrameRef& into);
    Result<void> write(u64 number, const memory::FrameRef& from);
    Result<void> flush() { return device_.flush(); }
    Result<void> discard(u64 first, u64 count) { return device_.discard(first * sectors_per_block, count * sectors_per_block); }
    /// In blocks; 0 where the device cannot.
    u32 discard_granularity() const { return static_cast<u32>((device_.discard_granularity() + sectors_per_block - 1) / sectors_per_block); }

private:
    static constexpr u64 sectors_per_block = block_size / device::sector_size;
    Result<memory::FrameRef> load_page(u64 number) override;

    device::BlockDevice& device_;
    memory::PageCache blocks_;
};

/// Pages that go to or come from one stretch of the disk: those that lie side by side in memory, too, make one piece.
class Transfer {
public:
    /// False when it is full.
    bool add(PhysAddr address) {
        if (count_ && pieces_[count_ - 1].address.value + pieces_[count_ - 1].size == address.value && pieces_[count_ - 1].size < most_in_piece) {
            pieces_[count_ - 1].size += page_size;
        } else {
            if (count_ == device::BlockDevice::max_pieces) return false;
            pieces_[count_++] = {address, page_size};
        }
        ++pages_;
        return true;
    }
    u32 pages() const { return pages_; }
    std::span<const device::TransferPiece> pieces() const { return {pieces_, count_}; }
    void clear() { count_ = pages_ = 0; }

private:
    static constexpr u32 most_in_piece = 64_KiB;
    device::TransferPiece pieces_[device::BlockDevice::max_pieces];
    u32 count_ = 0, pages_ = 0;
};

/// Whether there is memory for pages that nobody asked for.
bool is_there_memory_to_spare();
/// Fills frames, as many as there is memory for: how many.
u32 allocate_pages(std::span<memory::FrameRef> pages);

}  // namespace spore::fs::ext4
