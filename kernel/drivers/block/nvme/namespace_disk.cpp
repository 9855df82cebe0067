#include "kernel/drivers/block/nvme/namespace_disk.hpp"

#include <algorithm>

namespace spore::drivers::nvme {

using namespace wire::nvme;

namespace {

constexpr u32 most_discarded = 1_GiB / device::sector_size;

/// The pages of the pieces, which meet at pages' boundaries: the first two, or the first and a list of the others [4.3].
void put_pages(Command& command, Disk::Pieces pieces, u64* list, PhysAddr list_address) {
    u32 count = 0;
    u64 second = 0;
    for (auto& piece : pieces) {
        auto end = piece.address + piece.size;
        for (auto at = piece.address; at < end; at = {align_down(at.value, page_size) + page_size}, ++count) {
            if (count == 0) command.pages[0] = at.value;
            else list[count - 1] = second = at.value;
        }
    }
    command.pages[1] = count > 2 ? list_address.value : second;
}

}  // namespace

NamespaceDisk::NamespaceDisk(Controller& controller, u32 id, u32 block_shift, u64 blocks, bool read_only) : controller_(controller), id_(id), block_shift_(block_shift) {
    set_shape({.sectors = blocks << (block_shift - sector_shift), .block_size = 1u << block_shift, .most_bytes = controller.most_bytes(), .most_discarded = controller.can_discard() ? most_discarded : 0,
               .read_only = read_only,
               .joins_at_pages = true});
}

Result<void> NamespaceDisk::carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) {
    if (operation == Operation::flush && !controller_.has_cache()) return {};
    auto& queue = controller_.queue();
    u16 slot = TRY(queue.take_slot());
    Command command{};
    command.namespace_id = id_;
    u64 block = first >> (block_shift_ - sector_shift);
    if (operation == Operation::discard) {
        // The slot's room for a list of pages has room for a range.
        *reinterpret_cast<DataRange*>(queue.pages(slot)) = {.attributes = 0, .blocks = bytes >> block_shift_, .first = block};
        command.operation = static_cast<u8>(wire::nvme::Operation::manage_data);
        command.pages[0] = queue.pages_address(slot).value;
        command.arguments[1] = manage_deallocate;
    } else if (operation == Operation::flush) {
        command.operation = static_cast<u8>(wire::nvme::Operation::flush);
    } else {
        command.operation = static_cast<u8>(operation == Operation::read ? wire::nvme::Operation::read : wire::nvme::Operation::write);
        put_pages(command, pieces, queue.pages(slot), queue.pages_address(slot));
        command.arguments[0] = static_cast<u32>(block);
        command.arguments[1] = static_cast<u32>(block >> 32);
        command.arguments[2] = (bytes >> block_shift_) - 1;
    }
    u32 status = TRY(queue.run(slot, command));
    queue.give_slot(slot);
    if (!status) return {};
    return fail(status == status_write_protected ? Error::read_only : status == status_out_of_range ? Error::out_of_range : Error::io);
}

}  // namespace spore::drivers::nvme
