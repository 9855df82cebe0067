#include "host/common/architecture.hpp"

#include <fmt/format.h>

namespace spore::host {

namespace {

constexpr u32 cache_elf_libc6 = 3, cache_x86_64 = 0x300, cache_arm64 = 0xa00;  // glibc's FLAG_…

constexpr ArchitectureFacts facts[] = {
    {.name = "x86_64", .title = "x86-64", .machine = wire::elf::Machine::x86_64, .qemu = "qemu-system-x86_64", .qemu_package = "qemu-system-x86",
     .triplet = "x86_64-linux-gnu", .musl_name = "x86_64", .debian_name = "amd64", .cache_flags = cache_elf_libc6 | cache_x86_64},
    {.name = "arm64", .title = "arm64", .machine = wire::elf::Machine::arm64, .qemu = "qemu-system-aarch64", .qemu_package = "qemu-system-arm",
     .triplet = "aarch64-linux-gnu", .musl_name = "aarch64", .debian_name = "arm64", .cache_flags = cache_elf_libc6 | cache_arm64},
};

}  // namespace

const ArchitectureFacts& facts_of(Architecture architecture) { return facts[static_cast<std::size_t>(architecture)]; }

std::optional<Architecture> architecture_of(ByteSpan file) {
    auto number = wire::elf::machine_number(file);
    for (auto architecture : {Architecture::x86_64, Architecture::arm64})
        if (number == static_cast<u16>(facts_of(architecture).machine)) return architecture;
    return std::nullopt;
}

std::string title_of_machine(u16 number) {
    switch (number) {
        case 3: return "32-bit x86";
        case 40: return "32-bit arm";
        case 62: return "x86-64";
        case 183: return "arm64";
        case 243: return "RISC-V";
        case 21: return "PowerPC";
        case 22: return "S/390";
        default: return fmt::format("CPU number {}", number);
    }
}

}  // namespace spore::host
