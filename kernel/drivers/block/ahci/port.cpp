#include "kernel/drivers/block/ahci/port.hpp"

#include <algorithm>
#include <atomic>
#include <bit>

#include "base/locked.hpp"
#include "kernel/core/log.hpp"

namespace spore::drivers::ahci {

using namespace wire::ahci;

namespace {
enum Outcome : u32 { done, failed, aborted };
}

Result<void> Port::carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) {
    bool flush = operation == Operation::flush;
    if (flush && !has_cache_) return {};
    bool trim = operation == Operation::discard, write = operation == Operation::write || trim;
    u32 shift = block_shift_ - std::countr_zero(device::sector_size);
    u64 block = first >> shift;
    u32 blocks = bytes >> block_shift_;
    memory::FrameRef list;
    device::TransferPiece list_piece;
    if (trim) {
        list = TRY(list_of(block, blocks));
        list_piece = {list.address(), trim_size};
        pieces = {&list_piece, 1};
        block = 0, blocks = 1;  // of the list
    }
    u16 slot = TRY(take_slot());
    auto way = flush || trim ? Way::alone : Way::beside_others;
    while (true) {
        bool queued = queues_ && way == Way::beside_others;
        auto command = flush ? Command::flush : trim ? Command::trim : queued ? (write ? Command::write_queued : Command::read_queued) : write ? Command::write : Command::read;
        prepare(slot, command, block, blocks, pieces, write);
        u32 outcome = TRY(run(slot, way));
        if (outcome == aborted) {
            way = Way::alone;
            continue;
        }
        give_slot(slot);
        if (outcome == failed) return fail(Error::io);
        return {};
    }
}

/// What is to be trimmed, as the disk reads it.
Result<memory::FrameRef> Port::list_of(u64 block, u32 blocks) {
    auto list = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    for (auto* entry = reinterpret_cast<u64*>(list.bytes()); blocks; ++entry) {
        u32 count = std::min(blocks, trim_most);
        *entry = trim_entry(block, count);
        block += count, blocks -= count;
    }
    return list;
}

void Port::prepare(u16 slot, Command command, u64 block, u32 blocks, Pieces pieces, bool to_device) {
    auto& entry = header(slot);
    entry.flags = static_cast<u16>(header_fis_words | (to_device ? header_write : 0));
    entry.piece_count = static_cast<u16>(pieces.size());
    entry.transferred = 0;
    entry.table = tables_.address().value + slot * table_space;
    auto& made = table(slot);
    made.fis = {.kind = fis_to_device, .flags = fis_is_command, .command = static_cast<u8>(command), .device = device_lba};
    for (u32 i = 0; i < 3; ++i) made.fis.lba_low[i] = static_cast<u8>(block >> 8 * i), made.fis.lba_high[i] = static_cast<u8>(block >> (24 + 8 * i));
    auto low = static_cast<u8>(blocks), high = static_cast<u8>(blocks >> 8);
    if (command == Command::read_queued || command == Command::write_queued) {
        made.fis.features_low = low, made.fis.features_high = high;
        made.fis.count_low = static_cast<u8>(slot << 3);
    } else {
        made.fis.count_low = low, made.fis.count_high = high;
        if (command == Command::trim) made.fis.features_low = feature_trim;
    }
    for (u32 i = 0; i < pieces.size(); ++i) made.pieces[i] = {pieces[i].address.value, 0, pieces[i].size - 1};
}

/// What is alone has nobody beside it, and those that come later wait for it.
Result<u32> Port::run(u16 slot, Way way) {
    Guard guard(lock_);
    if (way == Way::alone) ++waiting_alone_;
    while (!dead_ && (alone_ || (way == Way::alone ? flight_ != 0 : waiting_alone_ != 0))) TRY(news_.wait(lock_, sync::Interruptible::no));
    if (way == Way::alone) --waiting_alone_;
    if (needs_recovery_ && !recover()) end();
    if (dead_) return fail(Error::io);
    alone_ = way == Way::alone;
    u32 bit = u32{1} << slot;
    flight_ |= bit;
    shown(slot);
    std::atomic_thread_fence(std::memory_order_release);  // the command before the register; pairs with the controller's read
    if (queues_ && !alone_) set(PortRegister::active, bit);
    set(PortRegister::issue, bit);
    auto outcome = wait_for(slot);
    if (way == Way::alone) alone_ = false;
    if (way == Way::alone || waiting_alone_) news_.wake_all();
    return outcome;
}

void Port::interrupted() {
    Guard guard(lock_);
    look();
}

void Port::reap() {
    u32 causes = get(PortRegister::interrupts);
    set(PortRegister::interrupts, causes);
    if (causes & interrupt_errors) return fail_flight();  // which of them are done is not certain then
    u32 left = get(queues_ && !alone_ ? PortRegister::active : PortRegister::issue);
    for (u32 finished = flight_ & ~left; finished; finished &= finished - 1) finish(static_cast<u32>(std::countr_zero(finished)), done);
    flight_ &= left;
}

void Port::fail_flight() {
    for (; flight_; flight_ &= flight_ - 1) finish(static_cast<u32>(std::countr_zero(flight_)), alone_ ? failed : aborted);
    needs_recovery_ = true;
}

void Port::give_up() {
    if (alone_ || !is_alive()) end();
    else fail_flight();
}

/// A reset of the link ends whatever state of error the disk is in [10.4.2].
Result<void> Port::recover() {
    needs_recovery_ = false;
    TRY(stop());
    set(PortRegister::link_control, link_control_reset);
    (void)wait_for_bits(PortRegister::link_control, link_control_reset, 0, Duration::ms(1));  // so long, since nobody else takes it back
    set(PortRegister::link_control, 0);
    TRY(wait_for_bits(PortRegister::link, link_detection, link_established, Duration::seconds(1)));
    return start();
}

void Port::end() {
    dead_ = true;
    if (!stop()) hardware_.cut_off();
    core::error("the disk at SATA port {} fails: it is used no more", number_);
    news_.wake_all();
}

}  // namespace spore::drivers::ahci
