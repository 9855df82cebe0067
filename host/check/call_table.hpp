// What the kernel does about each of Linux's system calls, from the kernel's own declarations: the build turns
// kernel/linux/calls/*.list.hpp into a table for this program, so that the two cannot disagree.
#pragma once

#include <optional>
#include <string_view>

#include "host/common/architecture.hpp"

namespace spore::host {

enum class Support : u8 { supported, partial, missing };
std::string_view name_of(Support support);

struct CallSupport {
    std::string_view name;
    Support support = Support::missing;
    std::string_view note;
};

/// By the CPU's number. One that Linux does not have gives an empty name.
CallSupport find_call(u32 number, Architecture architecture);
std::optional<u32> find_call_number(std::string_view name, Architecture architecture);
/// Whether Linux has such a call on any CPU.
bool is_call(std::string_view name);
inline constexpr u32 call_numbers = 512;

}  // namespace spore::host
