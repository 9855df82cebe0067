// The name of a core file [core(5), Naming of core dump files].
#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"

namespace spore::linux {

/// What a pattern can name.
struct CoreFacts {
    i32 process = 0, task = 0;       ///< %p and %P; %i and %I: there is one namespace of numbers
    u32 uid = 0, gid = 0;            ///< %u, %g
    u32 dumpable = 1;                ///< %d
    i32 signal = 0;                  ///< %s
    i64 seconds = 0;                 ///< %t: since 1970
    u64 limit = 0;                   ///< %c
    std::string_view host{};         ///< %h
    std::string_view name{};         ///< %e: the task's
    std::string_view path{};         ///< %E, and its last part %f
};

/// What `pattern` says of them, in `buffer`; with `uses_pid`, "." and the process's number behind it where the pattern does not have that. name_too_long.
Result<std::string_view> core_name(std::string_view pattern, const CoreFacts& facts, bool uses_pid, std::span<char> buffer);

}  // namespace spore::linux
