// The CPUs that guests can have, and what goes by each one's name: files, packages, folders.
#pragma once

#include <optional>
#include <string_view>

#include "wire/elf.hpp"

namespace spore::host {

enum class Architecture : u8 { x86_64, arm64 };

struct ArchitectureFacts {
    std::string_view name;            ///< as in --arch and in the kernel image's file name
    std::string_view title;           ///< as in messages
    wire::elf::Machine machine;
    std::string_view qemu, qemu_package;
    std::string_view triplet;         ///< of Debian's library folders
    std::string_view musl_name;       ///< in the name of musl's search path file
    std::string_view debian_name;
    u32 cache_flags;                  ///< of its libraries in /etc/ld.so.cache
};
const ArchitectureFacts& facts_of(Architecture architecture);

/// This machine's.
#if defined(__x86_64__)
inline constexpr auto native_architecture = Architecture::x86_64;
#elif defined(__aarch64__)
inline constexpr auto native_architecture = Architecture::arm64;
#endif

/// Whom an ELF file is for; nothing when it is none, or for another CPU.
std::optional<Architecture> architecture_of(ByteSpan file);
/// The name of any CPU by its number in ELF files.
std::string title_of_machine(u16 number);

}  // namespace spore::host
