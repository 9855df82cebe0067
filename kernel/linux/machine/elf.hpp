// Which ELF files this machine runs.
#pragma once

#include "wire/elf.hpp"

namespace spore::linux::machine {

#if defined(__x86_64__)
inline constexpr auto elf_machine = wire::elf::Machine::x86_64;
#elif defined(__aarch64__)
inline constexpr auto elf_machine = wire::elf::Machine::arm64;
#endif

}  // namespace spore::linux::machine
