#include "kernel/drivers/block/pvscsi/adapter.hpp"

#include <algorithm>
#include <atomic>

#include "base/locked.hpp"
#include "kernel/core/log.hpp"

namespace spore::drivers::pvscsi {

using namespace wire::pvscsi;
using scsi::Answer;

namespace {

constexpr u32 request_entries = page_size / sizeof(Request), completion_entries = page_size / sizeof(Completion);
static_assert(request_entries >= RequestSlots::most && completion_entries >= RequestSlots::most);
constexpr u32 list_size = device::BlockDevice::max_pieces * sizeof(Piece);

Answer::Delivery delivery(u16 host) {
    using enum Answer::Delivery;
    if (host == host_good || host == host_linked_good || host == host_linked_flag_good) return arrived;
    return host == host_underrun ? arrived_short : host == host_no_target ? no_target : failed;
}

}  // namespace

Result<Answer> Adapter::run_once(const scsi::Order& order) {
    u16 slot = TRY(take_slot());
    u32 outcome = TRY(show(slot, order));
    Answer answer{delivery(static_cast<u16>(outcome >> 16)), static_cast<wire::scsi::Status>(outcome), wire::scsi::parse_sense(sense(slot))};
    give_slot(slot);
    return answer;
}

/// Sleeps until it is done: what the adapter says, above what the unit says.
Result<u32> Adapter::show(u16 slot, const scsi::Order& order) {
    auto& [unit, command, pieces, bytes, direction] = order;
    Request request{.context = slot + 1u, .data_size = bytes, .sense_address = senses_.address().value + slot * wire::scsi::sense_size, .sense_size = wire::scsi::sense_size,
                    .flags = pieces.empty() ? flag_no_data : direction == scsi::Direction::to_host ? flag_to_host : flag_to_device, .command_size = command.size,
                    .lun = {0, unit.lun}, .tag = simple_tag, .target = unit.target};
    std::ranges::copy(command.bytes, request.command);
    std::fill_n(sense(slot), wire::scsi::sense_size, u8{0});
    if (pieces.size() == 1) request.data_address = pieces.front().address.value;
    if (pieces.size() > 1) {
        auto* list = reinterpret_cast<Piece*>(lists_.bytes() + slot * list_size);
        for (auto& piece : pieces) *list++ = {piece.address.value, piece.size, 0};
        request.data_address = lists_.address().value + slot * list_size;
        request.flags |= flag_list;
    }
    Guard guard(lock_);
    if (dead_) return fail(Error::io);
    __builtin_memcpy(requests_.bytes() + made_ % request_entries * sizeof(Request), &request, sizeof request);
    shown(slot);
    std::atomic_thread_fence(std::memory_order_release);  // the request before its number; pairs with the adapter's read
    state().requests_made = ++made_;
    std::atomic_thread_fence(std::memory_order_release);
    write(command.size == 16 ? Register::kick_transfers : Register::kick_others, 0);
    return wait_for(slot);
}

void Adapter::reap() {
    while (has_news()) {
        std::atomic_thread_fence(std::memory_order_acquire);  // the number before the completion; pairs with the adapter's write
        auto& place = reinterpret_cast<volatile Completion*>(completions_.bytes())[taken_ % completion_entries];
        u64 context = place.context;
        u32 outcome = u32{place.host_status} << 16 | place.scsi_status;
        if (!context || context > most || !finish(static_cast<u32>(context - 1), outcome)) return give_up();  // what it was not given
        ++taken_;
    }
    state().completions_taken = taken_;
}

void Adapter::give_up() {
    if (dead_) return;
    dead_ = true;
    hardware_->cut_off();
    core::error("a PVSCSI adapter fails: its disks are used no more");
}

/// The adapter's status goes first: what completes later interrupts again.
void Adapter::on_interrupt(void* self) {
    auto& adapter = *static_cast<Adapter*>(self);
    Guard guard(adapter.lock_);
    adapter.write(Register::interrupt_status, interrupt_completions);
    adapter.look();
}

}  // namespace spore::drivers::pvscsi
