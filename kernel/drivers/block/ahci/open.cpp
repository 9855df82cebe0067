// Bringing a port up, and finding out what is there.
#include <algorithm>
#include <bit>

#include "kernel/drivers/block/ahci/port.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::ahci {

using namespace wire::ahci;

namespace {
constexpr u32 received_offset = 1024, identify_offset = 2048;  // in the page of the command list
/// In one request: fewer entries than a list has.
constexpr u32 most_discarded = 1_GiB / device::sector_size;
static_assert(most_discarded / trim_most < trim_entries);
constexpr Duration until_linked = Duration::seconds(1), until_stopped = Duration::ms(500), until_ready = Duration::seconds(10), until_identified = Duration::seconds(5);
}  // namespace

Port::~Port() {
    if (page_ && !stop()) hardware_.cut_off();
}

Result<void> Port::wait_for_bits(PortRegister r, u32 mask, u32 wanted, Duration patience) {
    for (auto deadline = time::now() + patience; (get(r) & mask) != wanted; arch::relax())
        if (time::now() >= deadline) return fail(Error::io);
    return {};
}

Result<void> Port::stop() {
    set(PortRegister::command, get(PortRegister::command) & ~command_start);
    TRY(wait_for_bits(PortRegister::command, command_runs, 0, until_stopped));
    set(PortRegister::command, get(PortRegister::command) & ~command_receive);
    return wait_for_bits(PortRegister::command, command_receives, 0, until_stopped);
}

/// The link is there, and the port stopped.
Result<void> Port::start() {
    set(PortRegister::link_errors, ~u32{0});
    set(PortRegister::command, get(PortRegister::command) | command_receive);
    TRY(wait_for_bits(PortRegister::task_file, task_busy | task_requests, 0, until_ready));
    set(PortRegister::interrupts, ~u32{0});
    set(PortRegister::command, get(PortRegister::command) | command_start);
    return {};
}

Result<void> Port::make_memory() {
    static_assert(most * table_space == page_size << 2 && sizeof(CommandTable) <= table_space && most_pieces >= max_pieces);
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    tables_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(2)));
    auto list = page_.address().value, received = list + received_offset;
    set(PortRegister::list_low, static_cast<u32>(list));
    set(PortRegister::list_high, static_cast<u32>(list >> 32));
    set(PortRegister::received_low, static_cast<u32>(received));
    set(PortRegister::received_high, static_cast<u32>(received >> 32));
    return {};
}

Result<void> Port::open(u32 capabilities, Instant link_deadline) {
    set(PortRegister::command, get(PortRegister::command) | command_spin_up | command_power);
    while (!is_alive()) {
        bool detected = get(PortRegister::link) & link_detection;
        if (time::now() >= (detected ? link_deadline + until_linked : link_deadline)) return fail(Error::no_device);
        arch::relax();
    }
    TRY(make_memory());
    TRY(start());
    if (get(PortRegister::signature) != signature_disk) return fail(Error::no_device);
    TRY(identify(capabilities));
    set(PortRegister::interrupt_enable, interrupt_registers | interrupt_bits | interrupt_errors);
    return {};
}

Result<void> Port::identify(u32 capabilities) {
    device::TransferPiece piece{page_.address() + identify_offset, identify_size};
    prepare(0, Command::identify, 0, 0, {&piece, 1}, false);
    set(PortRegister::issue, 1);
    TRY(wait_for_bits(PortRegister::issue, 1, 0, until_identified));
    if (get(PortRegister::interrupts) & interrupt_errors || get(PortRegister::task_file) & task_error) return fail(Error::io);

    auto* words = reinterpret_cast<const volatile u16*>(page_.bytes() + identify_offset);
    if (!(words[word_commands] & commands_wide)) return fail(Error::not_supported);
    u64 blocks = 0;
    for (u32 i = 4; i--;) blocks = blocks << 16 | words[word_sectors + i];
    u32 size = device::sector_size;
    if ((words[word_sector_shape] & shape_mask) == shape_large) size = (words[word_sector_size] | u32{words[word_sector_size + 1]} << 16) * 2;
    if (size < device::sector_size || size > page_size || !std::has_single_bit(size) || !blocks || blocks >> 48) return fail(Error::not_supported);
    block_shift_ = static_cast<u32>(std::countr_zero(size));
    has_cache_ = words[word_enabled] & enabled_cache;
    queues_ = capabilities & capable_of_queues && words[word_sata] & sata_queues;
    u32 depth = queues_ ? (words[word_queue_depth] & 31) + 1u : u32{most};
    slots_ = static_cast<u16>(std::min({u32{most}, depth, slots_of(capabilities)}));
    u32 discards = words[word_trim] & trims ? most_discarded : 0;
    set_shape({.sectors = blocks * (size / device::sector_size), .block_size = size, .most_discarded = discards});
    return {};
}

}  // namespace spore::drivers::ahci
