// Bringing an adapter up, and finding its disks.
#include <bit>

#include "kernel/drivers/block/pvscsi/adapter.hpp"
#include "kernel/drivers/block/pvscsi/target_disk.hpp"

namespace spore::drivers::pvscsi {

using namespace wire::pvscsi;

namespace {
/// As many as VMware's adapters had at first, and machines hardly have more.
constexpr u8 looked_at = 16;
}  // namespace

Result<void> Adapter::open() {
    auto started = start();
    if (!started) hardware_->cut_off();
    return started;
}

Result<void> Adapter::start() {
    write(Register::command, command_reset);  // firmware may have used it
    TRY(make_rings());
    if (!hardware_->connect_message(0, on_interrupt, this)) TRY(hardware_->connect_shared(on_interrupt, this));
    write(Register::interrupt_mask, interrupt_completions);
    for (u8 target = 0; target < looked_at && !broken(); ++target) (void)add_disk(target);
    return {};
}

Result<void> Adapter::make_rings() {
    for (auto* one : {&state_, &requests_, &completions_, &senses_}) *one = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    lists_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(1)));
    Rings rings{.state_page = state_.address().value >> page_shift};
    rings.request_page[0] = requests_.address().value >> page_shift;
    rings.completion_page[0] = completions_.address().value >> page_shift;
    write(Register::command, command_set_up_rings);
    auto words = std::bit_cast<std::array<u32, sizeof(Rings) / sizeof(u32)>>(rings);
    for (u32 word : words) write(Register::command_data, word);
    if (hardware_->read(static_cast<u32>(Register::command_status)) == command_failed) return fail(Error::not_supported);
    return {};
}

/// Of targets that are not there, nor disks, nothing is said.
Result<void> Adapter::add_disk(u8 target) {
    auto page = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    auto* answer = reinterpret_cast<const u8*>(page.bytes());
    auto ask = [&](const wire::scsi::Command& command, u32 size) {
        device::TransferPiece piece{page.address(), size};
        return run(target, command, {&piece, 1}, size, Direction::to_host);
    };
    TRY(ask(wire::scsi::ask(wire::scsi::Operation::inquiry, 0, wire::scsi::inquiry_size), wire::scsi::inquiry_size));
    if (answer[0] != wire::scsi::inquiry_disk) return fail(Error::no_device);
    auto mode = ask(wire::scsi::ask(wire::scsi::Operation::mode_sense, wire::scsi::mode_all_pages, wire::scsi::mode_size), wire::scsi::mode_size);
    bool read_only = mode && answer[2] & wire::scsi::mode_write_protected;
    TRY(ask(wire::scsi::read_capacity(wire::scsi::capacity_size), wire::scsi::capacity_size));
    u64 last = wire::scsi::get_big(answer, 8);
    auto size = static_cast<u32>(wire::scsi::get_big(answer + wire::scsi::capacity_block_size, 4));
    if (size < device::sector_size || size > page_size || !std::has_single_bit(size) || last >> 48) return fail(Error::not_supported);
    auto disk = TRY(make_owned<TargetDisk>(*this, target, static_cast<u32>(std::countr_zero(size)), last + 1, read_only));
    device::add_disk(*disk.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::pvscsi
