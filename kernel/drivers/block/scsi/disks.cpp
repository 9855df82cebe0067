// Finding the disks behind an adapter.
#include <algorithm>
#include <bit>

#include "base/owned.hpp"
#include "kernel/drivers/block/disk.hpp"
#include "kernel/drivers/block/scsi/bus.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::drivers::scsi {

namespace {

/// In one request. Larger ones take a host long.
constexpr u32 most_discarded = 1_GiB / device::sector_size;

class ScsiDisk final : public Disk {
public:
    ScsiDisk(Bus& bus, Unit unit, const Shape& shape) : bus_(bus), sector_shift_(static_cast<u32>(std::countr_zero(shape.block_size / device::sector_size))), unit_(unit) { set_shape(shape); }
    using Disk::Shape;

private:
    Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) override {
        u64 block = first >> sector_shift_;
        u32 blocks = bytes / device::sector_size >> sector_shift_;
        if (operation == Operation::flush) return bus_.run({unit_, wire::scsi::synchronize(), {}, 0, Direction::to_device});
        if (operation == Operation::discard) return discard_blocks(block, blocks);
        bool read = operation == Operation::read;
        auto command = wire::scsi::transfer(read ? wire::scsi::Operation::read : wire::scsi::Operation::write, block, blocks);
        return bus_.run({unit_, command, pieces, bytes, read ? Direction::to_host : Direction::to_device});
    }

    Result<void> discard_blocks(u64 block, u32 blocks) {
        auto list = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        wire::scsi::put_unmap_list(reinterpret_cast<u8*>(list.bytes()), block, blocks);
        device::TransferPiece piece{list.address(), wire::scsi::unmap_list_size};
        return bus_.run({unit_, wire::scsi::unmap(), {&piece, 1}, piece.size, Direction::to_device});
    }

    Bus& bus_;
    u32 sector_shift_;
    Unit unit_;
};

}  // namespace

/// What a unit tells of itself, into `answer`, which is at `address`; zero where it tells less.
Result<void> Bus::ask(Unit unit, const wire::scsi::Command& command, std::span<u8> answer, PhysAddr address) {
    std::ranges::fill(answer, u8{0});
    device::TransferPiece piece{address, static_cast<u32>(answer.size())};
    return run({unit, command, {&piece, 1}, piece.size, Direction::to_host});
}

void Bus::add_disks(u32 targets) {
    auto frames = memory::allocate_zeroed_frames();
    if (!frames) return;
    auto page = memory::FrameRef::adopt(*frames);
    std::span bytes(reinterpret_cast<u8*>(page.bytes()), page_size);
    // Of targets that are not there nothing is said.
    for (u32 target = 0; target < targets; ++target) (void)add_units(static_cast<u8>(target), bytes, page.address());
}

void Bus::add_only(Unit unit) {
    auto frames = memory::allocate_zeroed_frames();
    if (!frames) return;
    auto page = memory::FrameRef::adopt(*frames);
    (void)add_disk(unit, {reinterpret_cast<u8*>(page.bytes()), page_size}, page.address());
}

Result<void> Bus::add_units(u8 target, std::span<u8> page, PhysAddr address) {
    auto asked = ask({target, 0}, wire::scsi::report_luns(wire::scsi::luns_size), page.first(wire::scsi::luns_size), address);
    if (!asked && asked.error() == Error::no_device) return asked;
    // Old ones do not know the question: they have one unit.
    std::array<u8, wire::scsi::most_luns> luns{};
    u32 count = asked ? wire::scsi::parse_luns(page.first<wire::scsi::luns_size>(), luns) : 1;
    for (u8 lun : std::span(luns).first(count)) (void)add_disk({target, lun}, page, address);
    return {};
}

/// Blocks that the unit lets go of in one request; 0 where it does not, or does not say. The page about its limits is there then.
u32 Bus::most_unmapped(Unit unit, std::span<u8> page, PhysAddr address) {
    using namespace wire::scsi;
    auto told = ask(unit, question_about(page_provisioning, provisioning_size), page.first(provisioning_size), address);
    if (!told || page[1] != page_provisioning || !(page[5] & provisioning_unmaps)) return 0;
    told = ask(unit, question_about(page_limits, limits_size), page.first(limits_size), address);
    if (!told || page[1] != page_limits || !get_big(&page[limits_entries], 4)) return 0;
    return static_cast<u32>(get_big(&page[limits_unmapped], 4));
}

/// Of units that are no disks nothing is said either.
Result<void> Bus::add_disk(Unit unit, std::span<u8> page, PhysAddr address) {
    using namespace wire::scsi;
    TRY(ask(unit, question(Operation::inquiry, 0, inquiry_size), page.first(inquiry_size), address));
    if (page[0] != inquiry_disk) return fail(Error::no_device);
    auto mode = ask(unit, question(Operation::mode_sense, mode_all_pages, mode_size), page.first(mode_size), address);
    bool read_only = mode && page[2] & mode_write_protected;
    TRY(ask(unit, read_capacity(capacity_size), page.first(capacity_size), address));
    u64 last = get_big(&page[0], 8);
    auto size = static_cast<u32>(get_big(&page[capacity_block_size], 4));
    if (size < device::sector_size || size > page_size || !std::has_single_bit(size) || last >> 48) return fail(Error::not_supported);
    ScsiDisk::Shape shape{.block_size = size, .most_bytes = most_bytes_, .read_only = read_only, .joins_at_pages = joins_at_pages_};
    u32 sectors_in_block = size / device::sector_size;
    shape.sectors = (last + 1) * sectors_in_block;
    if (page[capacity_flags] & capacity_provisioned && !read_only) {
        auto sectors_of = [&](u64 blocks) { return static_cast<u32>(std::min<u64>(blocks * sectors_in_block, most_discarded)); };
        shape.most_discarded = sectors_of(most_unmapped(unit, page, address));
        shape.discard_granularity = sectors_of(get_big(&page[limits_granularity], 4));
    }
    device::add_disk(*TRY(make_owned<ScsiDisk>(*this, unit, shape)).release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::scsi
