// From a system call's number to its function.
#pragma once

#include <optional>

#include "kernel/linux/call.hpp"

namespace spore::linux {

/// Nothing for a number that is no call of ours.
std::optional<CallInfo> find_call(u64 number);
/// Linux's name for a number, known to us or not; empty when Linux has none.
std::string_view call_name(u64 number);

/// Takes each call the long way while somebody watches, where strace.hpp reports it and core/trace.hpp records it. Otherwise calls pay for neither.
enum class CallWatcher : u8 { strace, trace };
void watch_calls(CallWatcher who, bool on);

}  // namespace spore::linux
