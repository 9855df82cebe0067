#include "kernel/main/stop.hpp"

#include "arch/boot.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/main/trace.hpp"

namespace spore::main {
namespace {
constinit bool channel_open = false;
}

void report_on_channel() { channel_open = true; }
bool reports_on_channel() { return channel_open; }

void finish(abi::ExitReason reason, u32 status, device::AfterEnd after) {
    if (channel_open) {
        if constexpr (core::has(core::Part::trace)) send_trace();
        send_exit(reason, status);
    } else {
        char line[64];
        arch::write_early_console(format_to(line, "\nspore: exit {} {}\n", static_cast<u32>(reason), status));
    }
    if (after == device::AfterEnd::restart) arch::restart();
    arch::power_off();
}

void stop(abi::StartFailure failure, std::string_view message) {
    core::error("{}", message);
    fs::close_all();
    finish(abi::ExitReason::failed, static_cast<u32>(failure));
}

}  // namespace spore::main
