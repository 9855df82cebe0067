// Bringing an adapter up.
#include <bit>

#include "kernel/drivers/block/pvscsi/adapter.hpp"

namespace spore::drivers::pvscsi {

using namespace wire::pvscsi;

namespace {
/// As many as VMware's adapters had at first, and machines hardly have more.
constexpr u32 looked_at = 16;
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
    add_disks(looked_at);
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

}  // namespace spore::drivers::pvscsi
