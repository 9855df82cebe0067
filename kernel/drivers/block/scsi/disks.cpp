// Finding the disks behind an adapter.
#include <algorithm>
#include <bit>

#include "base/owned.hpp"
#include "kernel/drivers/block/disk.hpp"
#include "kernel/drivers/block/scsi/bus.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::drivers::scsi {

namespace {

class ScsiDisk final : public Disk {
public:
    ScsiDisk(Bus& bus, Unit unit, u64 blocks, u32 block_size, u32 most_bytes, bool read_only, bool joins_at_pages)
        : bus_(bus), sector_shift_(static_cast<u32>(std::countr_zero(block_size / device::sector_size))), unit_(unit) {
        set_shape({.sectors = blocks << sector_shift_, .block_size = block_size, .most_bytes = most_bytes, .read_only = read_only, .joins_at_pages = joins_at_pages});
    }

private:
    Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) override {
        if (operation == Operation::flush) return bus_.run({unit_, wire::scsi::synchronize(), {}, 0, Direction::to_device});
        bool read = operation == Operation::read;
        auto command = wire::scsi::transfer(read ? wire::scsi::Operation::read : wire::scsi::Operation::write, first >> sector_shift_, bytes / device::sector_size >> sector_shift_);
        return bus_.run({unit_, command, pieces, bytes, read ? Direction::to_host : Direction::to_device});
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
    device::add_disk(*TRY(make_owned<ScsiDisk>(*this, unit, last + 1, size, most_bytes_, read_only, joins_at_pages_)).release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::scsi
