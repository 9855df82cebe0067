// What the whole machine says of core files [core(5), proc_sys_fs(5)].
#pragma once

#include <span>
#include <string_view>

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

struct CoreSettings {
    std::atomic<u64> uses_pid = 0;       ///< kernel/core_uses_pid
    std::atomic<u64> suid_dumpable = 0;  ///< fs/suid_dumpable: a Dumpable
};
extern constinit CoreSettings core_settings;

/// What becomes of a process that acts as another than before.
inline Dumpable dumpable_after_change() { return static_cast<Dumpable>(core_settings.suid_dumpable.load(std::memory_order_relaxed)); }

inline constexpr std::size_t core_pattern_limit = 128;
/// kernel/core_pattern, in `buffer`.
std::string_view core_pattern(std::span<char, core_pattern_limit> buffer);
/// invalid when it is too long.
Result<void> set_core_pattern(std::string_view pattern);

}  // namespace spore::linux
