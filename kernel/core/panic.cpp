#include "kernel/core/panic.hpp"

#include <atomic>

#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic_hook.hpp"

namespace spore::core {
namespace {
constinit std::atomic<bool> panicking = false;
constinit PanicHook hook = nullptr;

void report(std::string_view line) {
    if (hook) return hook(line);
    arch::write_early_console("spore: ");  // firmware may have written on the same line before
    arch::write_early_console(line);
    arch::write_early_console("\n");
}
}  // namespace

void set_panic_hook(PanicHook new_hook) { hook = new_hook; }

void panic_with(std::string_view message) {
    if (panicking.exchange(true)) {  // while panicking, or on two CPUs at once
        arch::write_early_console("spore: panic in a panic: ");
        arch::write_early_console(message);
        arch::write_early_console("\n");
        arch::power_off();
    }
    arch::stop_other_cpus();
    char line[256];
    report(format_to(line, "kernel panic on CPU {}: {}", arch::cpu_id(), message));
    u64 addresses[24];
    std::size_t count = arch::backtrace(addresses);
    for (std::size_t i = 0; i < count; ++i) report(format_to(line, "  at 0x{:x}", addresses[i]));
    report("");
    arch::power_off();
}

}  // namespace spore::core
