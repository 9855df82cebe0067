// What is known about a system call, from its one declaration:
//
//   CALL(read, 0, 63, restarts, supported, (Descriptor file, UserBytes buffer, u64 size), "")
//        name, number on x86-64 and arm64 (none where the machine has no such call), what a signal does to it while it waits,
//        how complete it is, the arguments, and a note for what is only partly there.
//
// The declarations stand in calls/*.list.hpp; each makes a prototype in namespace calls, an entry of the dispatch table
// (dispatch.cpp) and one of strace's (strace.cpp). A new call is one line there and one function.
#pragma once

#include <string_view>
#include <type_traits>

#include "arch/registers.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux {

/// A call's number on a machine that does not have it.
inline constexpr i32 none = -1;

/// What becomes of a call that a signal interrupted.
enum class Interrupt : u8 {
    fails,      ///< it never sleeps, or answers EINTR itself
    restarts,   ///< made again when the handler has SA_RESTART
    once,       ///< made again only when no handler ran
    repeats,    ///< made again always
};
enum class Status : u8 { supported, partial };

/// How an argument is shown.
enum class ArgumentKind : u8 { nothing, number, long_number, unsigned_number, long_unsigned_number, descriptor, directory, flags, mode, signal, address, text, data, buffer };

struct CallInfo {
    i32 number;
    std::string_view name;
    Status status;
    ArgumentKind arguments[6];
    std::string_view note;
};

namespace detail {

template <typename T>
struct Decode {
    static constexpr bool is_long = sizeof(T) > 4;  // of shorter ones registers may hold anything above
    static constexpr ArgumentKind kind = std::is_signed_v<T> ? is_long ? ArgumentKind::long_number : ArgumentKind::number
                                                             : is_long ? ArgumentKind::long_unsigned_number : ArgumentKind::unsigned_number;
    static T from(u64 raw) { return static_cast<T>(raw); }
};
template <> struct Decode<Descriptor> {
    static constexpr ArgumentKind kind = ArgumentKind::descriptor;
    static Descriptor from(u64 raw) { return {static_cast<i32>(raw)}; }
};
template <> struct Decode<DirectoryDescriptor> {
    static constexpr ArgumentKind kind = ArgumentKind::directory;
    static DirectoryDescriptor from(u64 raw) { return {static_cast<i32>(raw)}; }
};
template <> struct Decode<Flags> {
    static constexpr ArgumentKind kind = ArgumentKind::flags;
    static Flags from(u64 raw) { return {static_cast<u32>(raw)}; }
};
template <> struct Decode<ModeBits> {
    static constexpr ArgumentKind kind = ArgumentKind::mode;
    static ModeBits from(u64 raw) { return {static_cast<u32>(raw)}; }
};
template <> struct Decode<SignalNumber> {
    static constexpr ArgumentKind kind = ArgumentKind::signal;
    static SignalNumber from(u64 raw) { return {static_cast<i32>(raw)}; }
};
template <typename T>
    requires requires(T t) { t.at; }
struct Decode<T> {
    static constexpr ArgumentKind kind = std::is_base_of_v<UserString, T> ? ArgumentKind::text : ArgumentKind::address;
    static T from(u64 raw) {
        T argument;
        argument.at = {raw};
        return argument;
    }
};
template <typename T>
    requires std::is_base_of_v<VirtAddr, T>
struct Decode<T> {
    static constexpr ArgumentKind kind = std::is_same_v<T, UserData> ? ArgumentKind::data : std::is_same_v<T, UserBuffer> ? ArgumentKind::buffer : ArgumentKind::address;
    static T from(u64 raw) {
        T argument;
        argument.value = raw;
        return argument;
    }
};

/// What the program gets for a call that failed. Tells the task when signal delivery has to look at it.
[[gnu::cold]] i64 fail_call(Task& task, Error error, Interrupt interrupt);

template <auto Function>
struct Wrap;
template <typename R, typename... Args, R (*Function)(Task&, Args...)>
struct Wrap<Function> {
    static_assert(sizeof...(Args) <= 6);

    template <Interrupt interrupt>
    static i64 enter(void* owner, arch::TrapFrame& frame) {
        return call<interrupt>(task_of(owner), frame, std::index_sequence_for<Args...>{});
    }
    static constexpr CallInfo info(i32 number, std::string_view name, Status status, std::string_view note) {
        CallInfo info{number, name, status, {}, note};
        unsigned at = 0;
        ((info.arguments[at++] = Decode<Args>::kind), ...);
        return info;
    }

private:
    template <Interrupt interrupt, std::size_t... index>
    static i64 call(Task& task, const arch::TrapFrame& frame, std::index_sequence<index...>) {
        auto result = Function(task, Decode<Args>::from(arch::system_call_argument(frame, index))...);
        if (!result) [[unlikely]] return fail_call(task, result.error(), interrupt);
        if constexpr (std::is_same_v<R, Result<void>>) return 0;
        else return static_cast<i64>(*result);
    }
};

}  // namespace detail
}  // namespace spore::linux
