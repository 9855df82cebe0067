#include "kernel/drivers/net/gve/registers.hpp"

namespace spore::drivers::gve {

using namespace wire::gve;

namespace {
constexpr Duration reset_patience = Duration::seconds(10);
}

void Registers::offer_commands(PhysAddr page) {
    offered_ = true;
    if (!by_address_) return write(Register::commands_page, static_cast<u32>(page.value / page_size));
    hardware_.write16(static_cast<u32>(Register::commands_size), std::byteswap(static_cast<u16>(page_size)));
    write(Register::commands_high, static_cast<u32>(page.value >> 32));
    write(Register::commands_low, static_cast<u32>(page.value));
    write(Register::driver_status, driver_runs);
}

Result<void> Registers::reset() {
    auto used = [&] { return by_address_ ? read(Register::driver_status) & driver_runs : read(Register::commands_page); };
    if (!offered_ && !used()) return {};
    if (by_address_) write(Register::driver_status, driver_resets);
    else write(Register::commands_page, 0);
    // A device that is gone reads as ones.
    auto done = [&] { return by_address_ ? (read(Register::device_status) & is_reset) && read(Register::device_status) != ~u32{0} : !read(Register::commands_page); };
    if (!wait(reset_patience, done)) return fail(Error::timed_out);
    offered_ = false;
    return {};
}

}  // namespace spore::drivers::gve
